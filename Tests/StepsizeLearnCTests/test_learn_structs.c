/* The structs of the second library, shorter and longer than it knows. */
#include "growth.h"

#include "stepsize/learn.h"

static union {
  uint32_t size;
  unsigned char bytes[SPACE];
  stepsize_nmf_options nmf;
  stepsize_nmf_update update;
  stepsize_agent_options agent;
} space;

static const double x[] = {1, 2, 3, 2, 4, 6};
enum { ROWS = 2, COLUMNS = 3 };

/* Defaults fill exactly the caller's size: what the library does not know is 0. */
static void defaults_of_other_sizes(void) {
  for (int i = 0; i < DELTAS; i++) {
    const size_t nmf = size_of(sizeof space.nmf, i), agent = size_of(sizeof space.agent, i);
    int is_fine = is_legal(sizeof space.nmf, nmf);
    memset(&space, GUARD, sizeof space);
    CHECK_STATUS(stepsize_nmf_defaults(&space.nmf, nmf), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(is_fine ? space.size == nmf && is_filled(space.bytes, sizeof space.nmf, nmf) : is_filled(space.bytes, 0, 0));
    CHECK(!is_fine || space.nmf.theta == 1.4);

    is_fine = is_legal(sizeof space.agent, agent);
    memset(&space, GUARD, sizeof space);
    CHECK_STATUS(stepsize_agent_defaults(&space.agent, agent), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(is_fine ? space.size == agent && is_filled(space.bytes, sizeof space.agent, agent)
                  : is_filled(space.bytes, 0, 0));
    CHECK(!is_fine || space.agent.limit == 3);
  }
  CHECK_STATUS(stepsize_nmf_defaults(NULL, sizeof space.nmf), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_agent_defaults(NULL, sizeof space.agent), STEPSIZE_ERROR_NULL);
}

/* Options: shorter ones are refused, longer ones accepted where what the library does not know is 0. */
static void options_of_other_sizes(void) {
  for (int i = 0; i < DELTAS; i++)
    for (int is_dirty = 0; is_dirty < 2; is_dirty++) {
      size_t own = sizeof space.nmf, size = size_of(own, i);
      int is_longer = size > own && size <= LARGEST, is_fine = is_legal(own, size) && !(is_dirty && is_longer);
      stepsize_nmf *nmf = (stepsize_nmf *)&check_passed;
      stepsize_error error;
      memset(&space, 0, sizeof space);
      REQUIRE(stepsize_nmf_defaults(&space.nmf, own) == STEPSIZE_OK);
      space.size = (uint32_t)size;
      if (is_dirty && is_longer) space.bytes[size - 1] = 1;
      CHECK_STATUS(stepsize_nmf_create(&space.nmf, x, ROWS, COLUMNS, COLUMNS, &nmf, &error),
                   is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
      CHECK((nmf != NULL) == is_fine && (is_fine || strstr(error.text, "size")));
      stepsize_nmf_destroy(nmf);

      own = sizeof space.agent, size = size_of(own, i);
      is_longer = size > own && size <= LARGEST, is_fine = is_legal(own, size) && !(is_dirty && is_longer);
      stepsize_agent *agent = (stepsize_agent *)&check_passed;
      memset(&space, 0, sizeof space);
      REQUIRE(stepsize_agent_defaults(&space.agent, own) == STEPSIZE_OK);
      space.size = (uint32_t)size;
      if (is_dirty && is_longer) space.bytes[size - 1] = 1;
      CHECK_STATUS(stepsize_agent_create(&space.agent, &agent, &error), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
      CHECK((agent != NULL) == is_fine && (is_fine || strstr(error.text, "size")));
      stepsize_agent_destroy(agent);
    }
}

/* The result of an update: nothing beyond the caller's size is touched, which stays; where it is refused the
   factorization has not moved. */
static void results_of_other_sizes(void) {
  const size_t own = sizeof space.update;
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  double before[ROWS + COLUMNS], after[ROWS + COLUMNS];
  REQUIRE(stepsize_nmf_defaults(&options, sizeof options) == STEPSIZE_OK);
  REQUIRE(stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS, &nmf, NULL) == STEPSIZE_OK);
  for (int i = 0; i < DELTAS; i++) {
    const size_t size = size_of(own, i);
    const int is_fine = is_legal(own, size);
    REQUIRE(stepsize_nmf_get_factors(nmf, before, ROWS, before + ROWS, COLUMNS) == STEPSIZE_OK);
    memset(&space, GUARD, sizeof space);
    space.size = (uint32_t)size;
    CHECK_STATUS(stepsize_nmf_step(nmf, x, COLUMNS, 1e-3, &space.update, NULL),
                 is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(space.size == (uint32_t)size);
    CHECK(is_fine ? is_filled(space.bytes, own, size) : is_filled(space.bytes, sizeof space.size, sizeof space.size));
    CHECK(!is_fine || (space.update.rows == ROWS && space.update.loss > 0));
    REQUIRE(stepsize_nmf_get_factors(nmf, after, ROWS, after + ROWS, COLUMNS) == STEPSIZE_OK);
    CHECK((memcmp(before, after, sizeof before) != 0) == is_fine);
  }
  stepsize_nmf_destroy(nmf);
}

int main(void) {
  defaults_of_other_sizes();
  options_of_other_sizes();
  results_of_other_sizes();
  return finish();
}
