/* Layout of the public structs, sizes of older and newer callers, defaults, versions and names. */
#include <stddef.h>

#include "growth.h"

#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))

/* On every 64-bit platform. */
static void layout(void) {
  CHECK(sizeof(stepsize_error) == 512);
  AT(stepsize_error, status, 0);
  AT(stepsize_error, reserved, 4);
  AT(stepsize_error, offset, 8);
  AT(stepsize_error, text, 16);

  CHECK(sizeof(stepsize_allocator) == 24);
  AT(stepsize_allocator, allocate, 0);
  AT(stepsize_allocator, release, 8);
  AT(stepsize_allocator, context, 16);
  CHECK(sizeof(stepsize_argument) == 48);
  AT(stepsize_argument, name, 0);
  AT(stepsize_argument, kind, 8);
  AT(stepsize_argument, reserved, 12);
  AT(stepsize_argument, integer, 16);
  AT(stepsize_argument, real, 24);
  AT(stepsize_argument, data, 32);
  AT(stepsize_argument, count, 40);

  CHECK(sizeof(stepsize_scheduler_options) == 120);
  AT(stepsize_scheduler_options, size, 0);
  AT(stepsize_scheduler_options, record, 4);
  AT(stepsize_scheduler_options, group_count, 8);
  AT(stepsize_scheduler_options, base_lr, 16);
  AT(stepsize_scheduler_options, schedule, 24);
  AT(stepsize_scheduler_options, controller, 32);
  AT(stepsize_scheduler_options, min_lr, 40);
  AT(stepsize_scheduler_options, min_lr_count, 48);
  AT(stepsize_scheduler_options, max_lr, 56);
  AT(stepsize_scheduler_options, max_lr_count, 64);
  AT(stepsize_scheduler_options, early_stops, 72);
  AT(stepsize_scheduler_options, early_stop_count, 80);
  AT(stepsize_scheduler_options, norm_capacity, 88);
  AT(stepsize_scheduler_options, schedules, 96);
  AT(stepsize_scheduler_options, schedule_count, 104);
  AT(stepsize_scheduler_options, total, 112);

  CHECK(sizeof(stepsize_phase) == 120);
  AT(stepsize_phase, size, 0);
  AT(stepsize_phase, entered, 4);
  AT(stepsize_phase, start, 8);
  AT(stepsize_phase, length, 16);
  AT(stepsize_phase, position, 24);
  AT(stepsize_phase, progress, 32);
  AT(stepsize_phase, name, 40);
  AT(stepsize_phase, until, 112);

  CHECK(sizeof(stepsize_structure) == 168);
  AT(stepsize_structure, size, 0);
  AT(stepsize_structure, form, 4);
  AT(stepsize_structure, part_count, 8);
  AT(stepsize_structure, parameter_count, 16);
  AT(stepsize_structure, factor, 24);
  AT(stepsize_structure, name, 32);
  AT(stepsize_structure, phase, 96);

  CHECK(sizeof(stepsize_refine_options) == 48);
  AT(stepsize_refine_options, size, 0);
  AT(stepsize_refine_options, optimizer, 4);
  AT(stepsize_refine_options, tau, 8);
  AT(stepsize_refine_options, total, 16);
  AT(stepsize_refine_options, floor, 24);
  AT(stepsize_refine_options, distance, 32);
  AT(stepsize_refine_options, capped, 40);
  AT(stepsize_refine_options, reserved, 44);

  CHECK(sizeof(stepsize_refine_result) == 88);
  AT(stepsize_refine_result, size, 0);
  AT(stepsize_refine_result, collapsed, 4);
  AT(stepsize_refine_result, warmup, 8);
  AT(stepsize_refine_result, anneal_start, 16);
  AT(stepsize_refine_result, repaired_count, 24);
  AT(stepsize_refine_result, zero_count, 32);
  AT(stepsize_refine_result, raised_count, 40);
  AT(stepsize_refine_result, floor, 48);
  AT(stepsize_refine_result, suggested_floor, 56);
  AT(stepsize_refine_result, median, 64);
  AT(stepsize_refine_result, base_lr, 72);
  AT(stepsize_refine_result, bound, 80);

  CHECK(sizeof(stepsize_score_result) == 64);
  AT(stepsize_score_result, size, 0);
  AT(stepsize_score_result, reserved, 4);
  AT(stepsize_score_result, a, 8);
  AT(stepsize_score_result, b, 16);
  AT(stepsize_score_result, gamma, 24);
  AT(stepsize_score_result, omega, 32);
  AT(stepsize_score_result, bound, 40);
  AT(stepsize_score_result, rate, 48);
  AT(stepsize_score_result, count, 56);

  CHECK(sizeof(stepsize_finder_options) == 48);
  AT(stepsize_finder_options, size, 0);
  AT(stepsize_finder_options, spacing, 4);
  AT(stepsize_finder_options, count, 8);
  AT(stepsize_finder_options, start, 16);
  AT(stepsize_finder_options, end, 24);
  AT(stepsize_finder_options, smoothing, 32);
  AT(stepsize_finder_options, divergence, 40);
}

static void defaults(void) {
  stepsize_scheduler_options scheduler;
  memset(&scheduler, 0x5a, sizeof scheduler);
  CHECK_STATUS(stepsize_scheduler_defaults(&scheduler, sizeof scheduler), STEPSIZE_OK);
  stepsize_scheduler_options expected;
  memset(&expected, 0, sizeof expected);
  expected.size = sizeof expected;
  CHECK(memcmp(&scheduler, &expected, sizeof expected) == 0);

  stepsize_refine_options refine;
  memset(&refine, 0x5a, sizeof refine);
  CHECK_STATUS(stepsize_refine_defaults(&refine, sizeof refine), STEPSIZE_OK);
  CHECK(refine.size == sizeof refine && refine.optimizer == STEPSIZE_OPTIMIZER_SGD && refine.tau == 0.1);
  CHECK(refine.total == 0 && refine.floor == 0 && refine.distance == 1 && !refine.capped && !refine.reserved);
}

/* ---- Structs that are shorter or longer than the library's ---- */

static union {
  uint32_t size;
  unsigned char bytes[SPACE];
  stepsize_scheduler_options scheduler;
  stepsize_refine_options refine;
  stepsize_finder_options finder;
  stepsize_refine_result refined;
  stepsize_score_result score;
  stepsize_phase phase;
  stepsize_structure structure;
} space;

/* Defaults fill exactly the caller's size: what the library does not know is 0. */
static void defaults_of_other_sizes(void) {
  for (int i = 0; i < DELTAS; i++) {
    const size_t scheduler = size_of(sizeof space.scheduler, i), refine = size_of(sizeof space.refine, i);
    int is_fine = is_legal(sizeof space.scheduler, scheduler);
    memset(&space, GUARD, sizeof space);
    CHECK_STATUS(stepsize_scheduler_defaults(&space.scheduler, scheduler), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(is_fine ? space.size == scheduler && is_filled(space.bytes, sizeof space.scheduler, scheduler) : is_filled(space.bytes, 0, 0));

    is_fine = is_legal(sizeof space.refine, refine);
    memset(&space, GUARD, sizeof space);
    CHECK_STATUS(stepsize_refine_defaults(&space.refine, refine), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(is_fine ? space.size == refine && is_filled(space.bytes, sizeof space.refine, refine) : is_filled(space.bytes, 0, 0));
    CHECK(!is_fine || space.refine.tau == 0.1);

    const size_t finder = size_of(sizeof space.finder, i);
    is_fine = is_legal(sizeof space.finder, finder);
    memset(&space, GUARD, sizeof space);
    CHECK_STATUS(stepsize_finder_defaults(&space.finder, finder), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(is_fine ? space.size == finder && is_filled(space.bytes, sizeof space.finder, finder) : is_filled(space.bytes, 0, 0));
    CHECK(!is_fine || space.finder.smoothing == 0.98);
  }
  CHECK_STATUS(stepsize_scheduler_defaults(NULL, sizeof space.scheduler), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_refine_defaults(NULL, sizeof space.refine), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_finder_defaults(NULL, sizeof space.finder), STEPSIZE_ERROR_NULL);
}

/* Options: shorter ones are refused, longer ones accepted where what the library does not know is 0. */
static void options_of_other_sizes(void) {
  const double base = 1, norms[2] = {1, 1};
  double values[2];
  for (int i = 0; i < DELTAS; i++) {
    for (int is_dirty = 0; is_dirty < 2; is_dirty++) {
      size_t own = sizeof space.scheduler, size = size_of(own, i);
      int is_longer = size > own && size <= LARGEST, is_fine = is_legal(own, size) && !(is_dirty && is_longer);
      memset(&space, 0, sizeof space);
      REQUIRE(stepsize_scheduler_defaults(&space.scheduler, own) == STEPSIZE_OK);
      space.scheduler.group_count = 1, space.scheduler.base_lr = &base;
      space.size = (uint32_t)size;
      if (is_dirty && is_longer) space.bytes[size - 1] = 1;
      stepsize_scheduler *scheduler = (stepsize_scheduler *)&check_passed;
      stepsize_error error = {0};
      CHECK_STATUS(stepsize_scheduler_create(&space.scheduler, &scheduler, &error),
                   is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
      CHECK((scheduler != NULL) == is_fine && (is_fine || strstr(error.text, "size")));
      stepsize_scheduler_destroy(scheduler);

      own = sizeof space.refine, size = size_of(own, i);
      is_longer = size > own && size <= LARGEST, is_fine = is_legal(own, size) && !(is_dirty && is_longer);
      memset(&space, 0, sizeof space);
      REQUIRE(stepsize_refine_defaults(&space.refine, own) == STEPSIZE_OK);
      space.size = (uint32_t)size;
      if (is_dirty && is_longer) space.bytes[size - 1] = 1;
      CHECK_STATUS(stepsize_refine(&space.refine, norms, 2, values, 2, NULL, NULL),
                   is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);

      own = sizeof space.finder, size = size_of(own, i);
      is_longer = size > own && size <= LARGEST, is_fine = is_legal(own, size) && !(is_dirty && is_longer);
      memset(&space, 0, sizeof space);
      REQUIRE(stepsize_finder_defaults(&space.finder, own) == STEPSIZE_OK);
      space.size = (uint32_t)size;
      if (is_dirty && is_longer) space.bytes[size - 1] = 1;
      stepsize_finder *finder = (stepsize_finder *)&check_passed;
      CHECK_STATUS(stepsize_finder_create(&space.finder, &finder, NULL), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
      CHECK((finder != NULL) == is_fine);
      stepsize_finder_destroy(finder);
    }
  }
}

/* Results: nothing beyond the caller's size is touched, which stays; what the library does not know is 0. */
static void results_of_other_sizes(void) {
  const double norms[2] = {1, 1};
  double values[2];
  stepsize_refine_options options;
  stepsize_schedule *schedule = parsed("linear(2, phase=\"p\")");
  REQUIRE(stepsize_refine_defaults(&options, sizeof options) == STEPSIZE_OK);
  const size_t sizes[] = {sizeof space.refined, sizeof space.score, sizeof space.phase, sizeof space.structure};
  for (int kind = 0; kind < 4; kind++) {
    for (int i = 0; i < DELTAS; i++) {
      const size_t size = size_of(sizes[kind], i);
      const int is_fine = is_legal(sizes[kind], size);
      memset(&space, GUARD, sizeof space);
      space.size = (uint32_t)size;
      const stepsize_status status = kind == 0   ? stepsize_refine(&options, norms, 2, values, 2, &space.refined, NULL)
                                     : kind == 1 ? stepsize_score(schedule, 2, norms, 2, 1, &space.score, NULL)
                                     : kind == 2 ? stepsize_schedule_phase(schedule, 1, &space.phase)
                                                 : stepsize_schedule_structure(schedule, &space.structure);
      CHECK_STATUS(status, is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
      CHECK(space.size == (uint32_t)size);
      CHECK(is_fine ? is_filled(space.bytes, sizes[kind], size) : is_filled(space.bytes, sizeof space.size, sizeof space.size));
      if (!is_fine) continue;
      if (kind == 0) CHECK(space.refined.median == 1);
      if (kind == 1) CHECK(space.score.omega > 0 && space.score.reserved == 0);
      if (kind == 2) CHECK_TEXT(space.phase.name, "p");
      if (kind == 3) CHECK_TEXT(space.structure.name, "linear");
    }
  }
  stepsize_schedule_destroy(schedule);
}

/* The phase of a scheduler alike. */
static void phases_of_other_sizes(void) {
  const double base = 1;
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  REQUIRE(stepsize_scheduler_parse("linear(2, phase=\"p\")", 20, &options, &scheduler, NULL) == STEPSIZE_OK);
  const size_t own = sizeof space.phase;
  for (int i = 0; i < DELTAS; i++) {
    const size_t size = size_of(own, i);
    const int is_fine = is_legal(own, size);
    memset(&space, GUARD, sizeof space);
    space.size = (uint32_t)size;
    CHECK_STATUS(stepsize_scheduler_phase(scheduler, &space.phase), is_fine ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK(space.size == (uint32_t)size);
    CHECK(is_fine ? is_filled(space.bytes, own, size) : is_filled(space.bytes, sizeof space.size, sizeof space.size));
    if (is_fine) CHECK_TEXT(space.phase.name, "p");
  }
  stepsize_scheduler_destroy(scheduler);
}

/* An error need not be initialised: its size is fixed, and a text that does not fit is cut off. */
static void errors(void) {
  struct {
    stepsize_error error;
    unsigned char guard[64];
  } wide;
  stepsize_schedule *s;
  memset(&wide, GUARD, sizeof wide);
  CHECK_STATUS(stepsize_schedule_parse("liner(10)", 9, &s, &wide.error), STEPSIZE_ERROR_NAME);
  CHECK(wide.error.status == STEPSIZE_ERROR_NAME && wide.error.offset == 0 && wide.error.reserved == 0);
  CHECK(strncmp(wide.error.text, "unknown schedule", 16) == 0 && memchr(wide.error.text, 0, sizeof wide.error.text));

  /* The text of a mismatch holds a whole plan: longer than an error. */
  static char text[8000] = "table([1";
  for (size_t n = strlen(text); n < 6000; n += 13) strcpy(text + n, ", 0.123456789");
  strcat(text, "])");
  const double base = 1;
  stepsize_scheduler_options options;
  stepsize_scheduler *a = NULL, *b = NULL;
  static unsigned char state[16384];
  size_t size = 0;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &a, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_parse("linear(10)", 10, &options, &b, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_save(a, state, sizeof state, &size) == STEPSIZE_OK);
  memset(&wide, GUARD, sizeof wide);
  CHECK_STATUS(stepsize_scheduler_load(b, state, size, &wide.error), STEPSIZE_ERROR_MISMATCH);
  CHECK(strlen(wide.error.text) == sizeof wide.error.text - 1);
  for (size_t i = 0; i < sizeof wide.guard; i++) CHECK(wide.guard[i] == GUARD);
  stepsize_scheduler_destroy(a);
  stepsize_scheduler_destroy(b);

  /* A success leaves the error as it is. */
  stepsize_error error = {77, 1, 88, "before"};
  CHECK_STATUS(stepsize_schedule_parse("linear(10)", 10, &s, &error), STEPSIZE_OK);
  CHECK(error.status == 77 && error.reserved == 1 && error.offset == 88 && strcmp(error.text, "before") == 0);
  stepsize_schedule_destroy(s);
}

static void versions(void) {
  CHECK(stepsize_abi_version() == STEPSIZE_ABI_VERSION);
  CHECK(stepsize_version() ==
        1000000 * STEPSIZE_VERSION_MAJOR + 1000 * STEPSIZE_VERSION_MINOR + STEPSIZE_VERSION_PATCH);
  CHECK_TEXT(stepsize_status_name(STEPSIZE_OK), "STEPSIZE_OK");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_NULL), "STEPSIZE_ERROR_NULL");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_SIZE), "STEPSIZE_ERROR_SIZE");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_MEMORY), "STEPSIZE_ERROR_MEMORY");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_ARGUMENT), "STEPSIZE_ERROR_ARGUMENT");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_NAME), "STEPSIZE_ERROR_NAME");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_SYNTAX), "STEPSIZE_ERROR_SYNTAX");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_LIMIT), "STEPSIZE_ERROR_LIMIT");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_LOSS_REQUIRED), "STEPSIZE_ERROR_LOSS_REQUIRED");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_OBSERVATION_REQUIRED), "STEPSIZE_ERROR_OBSERVATION_REQUIRED");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_ORDER), "STEPSIZE_ERROR_ORDER");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_STATE), "STEPSIZE_ERROR_STATE");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_VERSION), "STEPSIZE_ERROR_VERSION");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_MISMATCH), "STEPSIZE_ERROR_MISMATCH");
  CHECK(stepsize_state_format() == 3);
  CHECK_TEXT(stepsize_status_name(4), "unknown status");
  CHECK_TEXT(stepsize_status_name(INT32_MIN), "unknown status");
}

int main(void) {
  layout();
  defaults();
  defaults_of_other_sizes();
  options_of_other_sizes();
  results_of_other_sizes();
  phases_of_other_sizes();
  errors();
  versions();
  return finish();
}
