/* Layout of the public structs, sizes of older and newer callers, defaults, versions and names. */
#include <stddef.h>

#include "check.h"

#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))

/* On every 64-bit platform. */
static void layout(void) {
  CHECK(sizeof(stepsize_error) == 512);
  AT(stepsize_error, size, 0);
  AT(stepsize_error, status, 4);
  AT(stepsize_error, offset, 8);
  AT(stepsize_error, text, 16);

  CHECK(sizeof(stepsize_greedy_options) == 120);
  AT(stepsize_greedy_options, size, 0);
  AT(stepsize_greedy_options, variant, 4);
  AT(stepsize_greedy_options, mode, 8);
  AT(stepsize_greedy_options, threshold_mode, 12);
  AT(stepsize_greedy_options, factor, 16);
  AT(stepsize_greedy_options, threshold, 24);
  AT(stepsize_greedy_options, eps, 32);
  AT(stepsize_greedy_options, patience, 40);
  AT(stepsize_greedy_options, cooldown, 48);
  AT(stepsize_greedy_options, warmup, 56);
  AT(stepsize_greedy_options, window, 64);
  AT(stepsize_greedy_options, reset_start, 72);
  AT(stepsize_greedy_options, smooth, 80);
  AT(stepsize_greedy_options, reserved, 84);
  AT(stepsize_greedy_options, min_lr, 88);
  AT(stepsize_greedy_options, min_lr_count, 96);
  AT(stepsize_greedy_options, max_lr, 104);
  AT(stepsize_greedy_options, max_lr_count, 112);

  CHECK(sizeof(stepsize_plateau_options) == 88);
  AT(stepsize_plateau_options, size, 0);
  AT(stepsize_plateau_options, counting, 4);
  AT(stepsize_plateau_options, mode, 8);
  AT(stepsize_plateau_options, threshold_mode, 12);
  AT(stepsize_plateau_options, factor, 16);
  AT(stepsize_plateau_options, threshold, 24);
  AT(stepsize_plateau_options, extra_threshold, 32);
  AT(stepsize_plateau_options, eps, 40);
  AT(stepsize_plateau_options, patience, 48);
  AT(stepsize_plateau_options, cooldown, 56);
  AT(stepsize_plateau_options, accumulation, 64);
  AT(stepsize_plateau_options, min_lr, 72);
  AT(stepsize_plateau_options, min_lr_count, 80);

  CHECK(sizeof(stepsize_scheduler_options) == 96);
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
  AT(stepsize_scheduler_options, settlings, 72);
  AT(stepsize_scheduler_options, settling_count, 80);
  AT(stepsize_scheduler_options, norm_capacity, 88);

  CHECK(sizeof(stepsize_phase) == 112);
  AT(stepsize_phase, size, 0);
  AT(stepsize_phase, entered, 4);
  AT(stepsize_phase, start, 8);
  AT(stepsize_phase, length, 16);
  AT(stepsize_phase, position, 24);
  AT(stepsize_phase, progress, 32);
  AT(stepsize_phase, name, 40);

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
}

static void defaults(void) {
  stepsize_greedy_options greedy;
  memset(&greedy, 0x5a, sizeof greedy);
  CHECK_STATUS(stepsize_greedy_defaults(&greedy, STEPSIZE_GREEDY_DEFAULT), STEPSIZE_OK);
  CHECK(greedy.size == sizeof greedy && greedy.variant == STEPSIZE_GREEDY_DEFAULT);
  CHECK(greedy.mode == STEPSIZE_MODE_MIN && greedy.threshold_mode == STEPSIZE_THRESHOLD_ABS);
  CHECK(greedy.factor == 0.95 && greedy.threshold == 1e-6 && greedy.eps == 1e-8);
  CHECK(greedy.patience == 10 && greedy.cooldown == 0 && greedy.warmup == 0);
  CHECK(greedy.window == 50 && greedy.reset_start == 500 && greedy.smooth == 1 && greedy.reserved == 0);
  CHECK(!greedy.min_lr && !greedy.min_lr_count && !greedy.max_lr && !greedy.max_lr_count);
  CHECK_STATUS(stepsize_greedy_defaults(&greedy, STEPSIZE_GREEDY_HUGGINGFACE), STEPSIZE_OK);
  CHECK(greedy.size == sizeof greedy && greedy.variant == STEPSIZE_GREEDY_HUGGINGFACE && greedy.smooth == 0);

  stepsize_scheduler_options scheduler;
  memset(&scheduler, 0x5a, sizeof scheduler);
  CHECK_STATUS(stepsize_scheduler_defaults(&scheduler), STEPSIZE_OK);
  stepsize_scheduler_options expected;
  memset(&expected, 0, sizeof expected);
  expected.size = sizeof expected;
  CHECK(memcmp(&scheduler, &expected, sizeof expected) == 0);
  CHECK_STATUS(stepsize_scheduler_defaults(NULL), STEPSIZE_ERROR_NULL);

  stepsize_refine_options refine;
  memset(&refine, 0x5a, sizeof refine);
  CHECK_STATUS(stepsize_refine_defaults(&refine), STEPSIZE_OK);
  CHECK(refine.size == sizeof refine && refine.optimizer == STEPSIZE_OPTIMIZER_SGD && refine.tau == 0.1);
  CHECK(refine.total == 0 && refine.floor == 0 && refine.distance == 1 && !refine.capped && !refine.reserved);
}

/* A struct that is larger than the library knows, or smaller than it ever was, is refused. */
static void sizes(void) {
  const double base = 1;
  stepsize_greedy_options greedy;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_greedy_defaults(&greedy, STEPSIZE_GREEDY_DEFAULT) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_defaults(&options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  const uint32_t bad[] = {0, 1, 4, 8, 72, 88, 95, 97, 119, 121, 256, UINT32_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    stepsize_controller *controller = (stepsize_controller *)&check_passed;
    stepsize_scheduler *scheduler = (stepsize_scheduler *)&check_passed;
    stepsize_error error = {sizeof error, 0, 0, ""};
    greedy.size = options.size = bad[i];
    CHECK_STATUS(stepsize_controller_greedy(&greedy, &controller, &error), STEPSIZE_ERROR_SIZE);
    CHECK(controller == NULL && strstr(error.text, "size"));
    CHECK_STATUS(stepsize_scheduler_create(&options, &scheduler, &error), STEPSIZE_ERROR_SIZE);
    CHECK(scheduler == NULL && strstr(error.text, "size"));
  }
  /* Each version's size stays legal. There is one version so far. */
  greedy.size = 120, options.size = 96;
  stepsize_scheduler *scheduler = NULL;
  CHECK_STATUS(stepsize_controller_greedy(&greedy, (stepsize_controller **)&options.controller, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_create(&options, &scheduler, NULL), STEPSIZE_OK);
  stepsize_controller_destroy((stepsize_controller *)options.controller);
  stepsize_scheduler_destroy(scheduler);
}

/* The structs of the theory alike; a result is not touched where its size is refused. */
static void theory_sizes(void) {
  const double norms[2] = {1, 1};
  double values[2];
  stepsize_refine_options options;
  stepsize_schedule *schedule = parsed("linear(2)");
  REQUIRE(stepsize_refine_defaults(&options) == STEPSIZE_OK);
  for (uint32_t size = 0; size <= 200; size++) {
    stepsize_refine_result refined = {0};
    stepsize_score_result score = {0};
    refined.size = score.size = size;
    CHECK_STATUS(stepsize_refine(&options, norms, 2, values, 2, &refined, NULL),
                 size == sizeof refined ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK((refined.median == 1) == (size == sizeof refined) && refined.size == size);
    CHECK_STATUS(stepsize_score(schedule, 2, norms, 2, 1, &score, NULL),
                 size == sizeof score ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
    CHECK((score.omega > 0) == (size == sizeof score) && score.size == size);
    stepsize_refine_options other = options;
    other.size = size;
    CHECK_STATUS(stepsize_refine(&other, norms, 2, values, 2, NULL, NULL),
                 size == sizeof options ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE);
  }
  stepsize_schedule_destroy(schedule);
}

/* An error receives as much as its size says, terminated, and not a byte more. */
static void error_sizes(void) {
  stepsize_schedule *s;
  for (uint32_t size = 0; size <= 300; size++) {
    union {
      stepsize_error error;
      char bytes[400];
    } space;
    memset(&space, '#', sizeof space);
    space.error.size = size;
    CHECK_STATUS(stepsize_schedule_parse("liner(10)", 9, &s, &space.error), STEPSIZE_ERROR_NAME);
    int untouched = 1;
    for (size_t i = size > 4 ? size : 4; i < sizeof space; i++) untouched = untouched && space.bytes[i] == '#';
    CHECK(untouched && space.error.size == size);
    if (size > 16) {
      CHECK(space.error.status == STEPSIZE_ERROR_NAME && space.error.offset == 0);
      CHECK(memchr(space.bytes + 16, 0, size - 16) != NULL);
      CHECK(strncmp(space.bytes + 16, "unknown schedule", strlen(space.bytes + 16) < 16 ? strlen(space.bytes + 16) : 16) == 0);
    }
  }
  /* A success leaves the error as it is. */
  stepsize_error error = {sizeof error, 77, 88, "before"};
  CHECK_STATUS(stepsize_schedule_parse("linear(10)", 10, &s, &error), STEPSIZE_OK);
  CHECK(error.status == 77 && error.offset == 88 && strcmp(error.text, "before") == 0);
  stepsize_schedule_destroy(s);
}

static void versions(void) {
  CHECK(stepsize_abi_version() == STEPSIZE_ABI_VERSION);
  CHECK(stepsize_version() ==
        1000000 * STEPSIZE_VERSION_MAJOR + 1000 * STEPSIZE_VERSION_MINOR + STEPSIZE_VERSION_PATCH);
  CHECK_TEXT(stepsize_status_name(STEPSIZE_OK), "STEPSIZE_OK");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_NULL), "STEPSIZE_ERROR_NULL");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_SIZE), "STEPSIZE_ERROR_SIZE");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_ARGUMENT), "STEPSIZE_ERROR_ARGUMENT");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_NAME), "STEPSIZE_ERROR_NAME");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_SYNTAX), "STEPSIZE_ERROR_SYNTAX");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_LIMIT), "STEPSIZE_ERROR_LIMIT");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_LOSS_REQUIRED), "STEPSIZE_ERROR_LOSS_REQUIRED");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_ORDER), "STEPSIZE_ERROR_ORDER");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_STATE), "STEPSIZE_ERROR_STATE");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_VERSION), "STEPSIZE_ERROR_VERSION");
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_MISMATCH), "STEPSIZE_ERROR_MISMATCH");
  CHECK(stepsize_state_format() == 2);
  CHECK_TEXT(stepsize_status_name(3), "unknown status");
  CHECK_TEXT(stepsize_status_name(INT32_MIN), "unknown status");
}

int main(void) {
  layout();
  defaults();
  sizes();
  theory_sizes();
  error_sizes();
  versions();
  return finish();
}
