/* A program of another version of the headers than the library's (compatibility.sh): each struct that can grow has the
   size that its header knows, and nothing beyond it is touched. With -DNEWER each of them ends with a field `later` that
   the library does not know. */
#include "check.h"

#include "stepsize/learn.h"

#ifdef NEWER
#define LATER_IS_0(value) CHECK((value).later == 0)
#else
#define LATER_IS_0(value) ((void)0)
#endif

/* `name` is a struct of the type, followed by bytes that stay; its size is set where a result is to be received. */
enum { GUARD = 0x5a };
#define GUARDED(type, name) \
  struct { \
    type value; \
    unsigned char guard[256]; \
  } name; \
  memset(&name, GUARD, sizeof name); \
  name.value.size = sizeof(type)
#define CHECK_GUARDED(name) CHECK(name.value.size == sizeof name.value && is_whole(name.guard, sizeof name.guard))

static int is_whole(const unsigned char *guard, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (guard[i] != GUARD) return 0;
  return 1;
}

static void versions(void) {
  CHECK(stepsize_abi_version() == STEPSIZE_ABI_VERSION && stepsize_learn_abi_version() == STEPSIZE_ABI_VERSION);
  CHECK(stepsize_version() >= 1000000 * STEPSIZE_VERSION_MAJOR + 1000 * STEPSIZE_VERSION_MINOR + STEPSIZE_VERSION_PATCH);
}

/* A run that is saved and goes on, and the structs on its way. */
static void schedulers(void) {
  const char *text = "greedy(patience=2) * (warmup(4, phase=\"up\") >> linear(6, phase=\"down\"))";
  const double base_lr = 0.5;
  double lr = 0, again = 0;
  unsigned char state[4096];
  size_t size = 0;
  stepsize_scheduler *scheduler = NULL, *restored = NULL;
  GUARDED(stepsize_scheduler_options, options);
  GUARDED(stepsize_phase, phase);
  struct {
    stepsize_error value;
    unsigned char guard[256];
  } error;
  memset(&error, GUARD, sizeof error);

  REQUIRE(stepsize_scheduler_defaults(&options.value, sizeof options.value) == STEPSIZE_OK);
  CHECK_GUARDED(options);
  LATER_IS_0(options.value);
  options.value.group_count = 1, options.value.base_lr = &base_lr;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options.value, &scheduler, NULL) == STEPSIZE_OK);
  for (int t = 0; t < 5; t++) CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, 1, &lr, 1), STEPSIZE_OK);
  CHECK(lr > 0 && lr < base_lr);
  CHECK_STATUS(stepsize_scheduler_phase(scheduler, &phase.value), STEPSIZE_OK);
  CHECK_GUARDED(phase);
  LATER_IS_0(phase.value);
  CHECK_TEXT(phase.value.name, "down");
  CHECK(phase.value.start == 4 && phase.value.position == 1 && phase.value.length == 6);

  CHECK_STATUS(stepsize_scheduler_save(scheduler, state, sizeof state, &size), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_restore(state, size, &restored, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, 1, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(restored, 1, &again, 1), STEPSIZE_OK);
  CHECK_SAME(lr, again);
  stepsize_scheduler_destroy(scheduler);
  stepsize_scheduler_destroy(restored);

  CHECK_STATUS(stepsize_scheduler_parse("liner(10)", 9, &options.value, &scheduler, &error.value), STEPSIZE_ERROR_NAME);
  CHECK(error.value.status == STEPSIZE_ERROR_NAME && is_whole(error.guard, sizeof error.guard));
  CHECK(memchr(error.value.text, 0, sizeof error.value.text) != NULL && error.value.text[0] != 0);

#ifdef NEWER
  options.value.later = 1;
  CHECK_STATUS(stepsize_scheduler_parse(text, strlen(text), &options.value, &scheduler, &error.value),
               STEPSIZE_ERROR_SIZE);
  CHECK(scheduler == NULL && strstr(error.value.text, "size") != NULL);
#endif
}

static void schedules(void) {
  const double norms[] = {4, 3, 2, 1};
  double values[4] = {0};
  stepsize_schedule *schedule = parsed("warmup(2) >> cosine(2)");
  GUARDED(stepsize_structure, structure);
  GUARDED(stepsize_score_result, score);
  GUARDED(stepsize_refine_options, options);
  GUARDED(stepsize_refine_result, result);
  CHECK_STATUS(stepsize_schedule_structure(schedule, &structure.value), STEPSIZE_OK);
  CHECK_GUARDED(structure);
  LATER_IS_0(structure.value);
  CHECK(structure.value.part_count == 2 && structure.value.factor == 1);
  CHECK_STATUS(stepsize_score(schedule, 4, norms, 4, 1, &score.value, NULL), STEPSIZE_OK);
  CHECK_GUARDED(score);
  LATER_IS_0(score.value);
  CHECK(score.value.omega >= score.value.bound && score.value.bound > 0);
  stepsize_schedule_destroy(schedule);

  REQUIRE(stepsize_refine_defaults(&options.value, sizeof options.value) == STEPSIZE_OK);
  CHECK_GUARDED(options);
  LATER_IS_0(options.value);
  CHECK_STATUS(stepsize_refine(&options.value, norms, 4, values, 4, &result.value, NULL), STEPSIZE_OK);
  CHECK_GUARDED(result);
  LATER_IS_0(result.value);
  CHECK(result.value.median > 0 && values[0] > 0);
#ifdef NEWER
  options.value.later = 1;
  CHECK_STATUS(stepsize_refine(&options.value, norms, 4, values, 4, &result.value, NULL), STEPSIZE_ERROR_SIZE);
#endif
}

static void learning(void) {
  const double x[] = {1, 2, 3, 2, 4, 6};
  stepsize_nmf *nmf = NULL;
  stepsize_agent *agent = NULL;
  GUARDED(stepsize_nmf_options, options);
  GUARDED(stepsize_nmf_update, update);
  GUARDED(stepsize_agent_options, trained);
  REQUIRE(stepsize_nmf_defaults(&options.value, sizeof options.value) == STEPSIZE_OK);
  CHECK_GUARDED(options);
  LATER_IS_0(options.value);
  options.value.rank = 1;
  REQUIRE(stepsize_nmf_create(&options.value, x, 2, 3, 3, &nmf, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_nmf_step(nmf, x, 3, 1e-3, &update.value, NULL), STEPSIZE_OK);
  CHECK_GUARDED(update);
  LATER_IS_0(update.value);
  CHECK(update.value.rows == 2 && update.value.loss > 0);
  stepsize_nmf_destroy(nmf);

  REQUIRE(stepsize_agent_defaults(&trained.value, sizeof trained.value) == STEPSIZE_OK);
  CHECK_GUARDED(trained);
  LATER_IS_0(trained.value);
  CHECK_STATUS(stepsize_agent_create(&trained.value, &agent, NULL), STEPSIZE_OK);
  stepsize_agent_destroy(agent);
#ifdef NEWER
  options.value.later = 1;
  trained.value.later = 1;
  CHECK_STATUS(stepsize_nmf_create(&options.value, x, 2, 3, 3, &nmf, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_agent_create(&trained.value, &agent, NULL), STEPSIZE_ERROR_SIZE);
#endif
}

/* What is observed before an update, and a range test. */
static void observations(void) {
  const char *text = "polyak(\"sps\")";
  const double base_lr = 1;
  double lr = 0;
  stepsize_scheduler *scheduler = NULL;
  stepsize_finder *finder = NULL;
  GUARDED(stepsize_scheduler_options, options);
  GUARDED(stepsize_observation, seen);
  GUARDED(stepsize_finder_options, range);

  REQUIRE(stepsize_scheduler_defaults(&options.value, sizeof options.value) == STEPSIZE_OK);
  options.value.group_count = 1, options.value.base_lr = &base_lr;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options.value, &scheduler, NULL) == STEPSIZE_OK);
  memset(&seen.value, 0, sizeof seen.value);
  seen.value.size = sizeof seen.value, seen.value.given = STEPSIZE_SCALAR_LOSS | STEPSIZE_SCALAR_GRAD_NORM;
  seen.value.loss = 2, seen.value.grad_norm = 2;
  CHECK_STATUS(stepsize_scheduler_observe(scheduler, &seen.value, 1, &lr, 1, NULL), STEPSIZE_OK);
  CHECK(lr > 0);
  CHECK_GUARDED(seen);
  stepsize_scheduler_destroy(scheduler);

  REQUIRE(stepsize_finder_defaults(&range.value, sizeof range.value) == STEPSIZE_OK);
  CHECK_GUARDED(range);
  LATER_IS_0(range.value);
  REQUIRE(stepsize_finder_create(&range.value, &finder, NULL) == STEPSIZE_OK);
  stepsize_finder_destroy(finder);
}

int main(void) {
  versions();
  schedulers();
  observations();
  schedules();
  learning();
  return finish();
}
