/* The scheduler: every way to step, several groups, bounds, the end, and that a refused call changes nothing. */
#include "check.h"

static stepsize_scheduler *made(const stepsize_scheduler_options *options) {
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error = {0};
  if (stepsize_scheduler_create(options, &scheduler, &error) != STEPSIZE_OK) fprintf(stderr, "%s\n", error.text);
  REQUIRE(scheduler != NULL);
  return scheduler;
}

static stepsize_scheduler_options options_of(size_t count, const double *base, const stepsize_schedule *schedule) {
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = count, options.base_lr = base, options.schedule = schedule;
  return options;
}

static stepsize_controller *greedy(void) {
  const stepsize_argument arguments[] = {
      STEPSIZE_INTEGER("patience", 0), STEPSIZE_FLAG("smooth", 0), STEPSIZE_REAL("factor", 0.5)};
  stepsize_controller *controller = NULL;
  REQUIRE(stepsize_controller_create("greedy", arguments, 3, &controller, NULL) == STEPSIZE_OK);
  return controller;
}

static void one_group(void) {
  const double base = 0.5;
  double lr = -1;
  stepsize_schedule *schedule = parsed("warmup(4) >> linear(6)");
  stepsize_schedule *same = parsed("warmup(4) >> linear(6)");
  stepsize_scheduler_options options = options_of(1, &base, schedule);
  stepsize_scheduler *s = made(&options);
  stepsize_schedule_destroy(schedule); /* the scheduler has its own */
  CHECK(stepsize_scheduler_group_count(s) == 1);
  CHECK_STATUS(stepsize_scheduler_rates(s, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.125);
  for (int64_t t = 0; t < 14; t++) {
    CHECK(stepsize_scheduler_get_step(s) == t);
    CHECK(stepsize_scheduler_finished(s) == (t >= 10));
    CHECK_STATUS(stepsize_scheduler_rates(s, &lr, 1), STEPSIZE_OK);
    CHECK_SAME(lr, 0.5 * stepsize_schedule_at(same, t));
    CHECK_STATUS(stepsize_scheduler_step(s, &lr, 1), STEPSIZE_OK);
    CHECK_SAME(lr, 0.5 * stepsize_schedule_at(same, t + 1));
  }
  /* All ways to step are one where there is no controller; rates need not be asked for. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 2), STEPSIZE_OK);
  CHECK(!stepsize_scheduler_finished(s));
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, NAN, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.5);
  CHECK_STATUS(stepsize_scheduler_advance(s, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.5);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_advance(s, NULL, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_get_step(s) == 7);
  /* Any step may be set; the count saturates. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, INT64_MAX - 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(s, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(s, &lr, 1), STEPSIZE_OK);
  CHECK(stepsize_scheduler_get_step(s) == INT64_MAX);
  CHECK_SAME(lr, 0);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_rates(s, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.125);
  stepsize_scheduler_destroy(s);
  stepsize_schedule_destroy(same);
}

static void several_groups(void) {
  const double base[] = {1, 0.5, 0, 1e-3}, low[] = {0.25, 0, 0.125, 0}, high[] = {0.75, 1, 1, 1e300};
  double lr[6] = {-1, -1, -1, -1, -1, -1};
  stepsize_schedule *schedule = parsed("linear(8)");
  stepsize_scheduler_options options = options_of(4, base, schedule);
  options.min_lr = low, options.min_lr_count = 4;
  options.max_lr = high, options.max_lr_count = 4;
  stepsize_scheduler *s = made(&options);
  CHECK(stepsize_scheduler_group_count(s) == 4);
  CHECK_STATUS(stepsize_scheduler_rates(s, lr, 6), STEPSIZE_OK);
  CHECK(lr[0] == 0.75 && lr[1] == 0.5 && lr[2] == 0.125 && lr[3] == 1e-3);
  CHECK(lr[4] == -1 && lr[5] == -1); /* only the rates of the groups are written */
  for (int64_t t = 1; t <= 9; t++) {
    CHECK_STATUS(stepsize_scheduler_step(s, lr, 4), STEPSIZE_OK);
    double m = stepsize_schedule_at(schedule, t);
    for (int g = 0; g < 4; g++) {
      double expected = base[g] * m;
      expected = expected < low[g] ? low[g] : expected > high[g] ? high[g] : expected;
      CHECK_SAME(lr[g], expected);
    }
  }
  CHECK(stepsize_scheduler_finished(s));
  stepsize_scheduler_destroy(s);

  /* One bound for all, and none. */
  options.min_lr_count = 1, options.max_lr_count = 0;
  s = made(&options);
  CHECK_STATUS(stepsize_scheduler_rates(s, lr, 4), STEPSIZE_OK);
  CHECK(lr[0] == 1 && lr[1] == 0.5 && lr[2] == 0.25 && lr[3] == 0.25);
  stepsize_scheduler_destroy(s);

  /* Rates stay finite. */
  const double huge = 1e308;
  stepsize_schedule_destroy(schedule);
  schedule = parsed("constant(value=1e308)");
  options = options_of(1, &huge, schedule);
  s = made(&options);
  CHECK_STATUS(stepsize_scheduler_rates(s, lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr[0], 1.7976931348623157e308);
  CHECK(!stepsize_scheduler_finished(s));
  stepsize_scheduler_destroy(s);
  stepsize_schedule_destroy(schedule);

  /* Without a schedule the multiplier is 1, for ever. */
  options = options_of(4, base, NULL);
  s = made(&options);
  CHECK_STATUS(stepsize_scheduler_set_step(s, INT64_MAX), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_rates(s, lr, 4), STEPSIZE_OK);
  CHECK(memcmp(lr, base, sizeof base) == 0);
  CHECK(!stepsize_scheduler_finished(s));
  stepsize_scheduler_destroy(s);

  /* As many groups as are allowed. */
  enum { MANY = 1048576 };
  double *many = malloc((MANY + 1) * sizeof *many);
  REQUIRE(many != NULL);
  for (int i = 0; i <= MANY; i++) many[i] = 1;
  options = options_of(MANY, many, NULL);
  s = made(&options);
  CHECK_STATUS(stepsize_scheduler_step(s, many, MANY), STEPSIZE_OK);
  stepsize_scheduler_destroy(s);
  options.group_count = MANY + 1;
  CHECK(stepsize_scheduler_create(&options, &s, NULL) != STEPSIZE_OK);
  free(many);
}

/* A controller wants losses, moves the base rates, and leaves the schedule alone. */
static void with_controller(void) {
  const double base[] = {1, 0.25};
  double lr[2] = {-1, -1};
  stepsize_schedule *schedule = parsed("linear(8)");
  stepsize_controller *controller = greedy();
  stepsize_scheduler_options options = options_of(2, base, schedule);
  options.controller = controller;
  stepsize_scheduler *s = made(&options);
  stepsize_scheduler *other = made(&options); /* has a state of its own */
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(schedule);
  CHECK_STATUS(stepsize_scheduler_step(s, lr, 2), STEPSIZE_ERROR_LOSS_REQUIRED);
  CHECK(lr[0] == -1 && lr[1] == -1 && stepsize_scheduler_get_step(s) == 0);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 5, lr, 2), STEPSIZE_OK); /* better than none: raised */
  CHECK(lr[0] == 2 * 0.875 && lr[1] == 0.5 * 0.875);
  CHECK_STATUS(stepsize_scheduler_advance(s, lr, 2), STEPSIZE_OK);
  CHECK(lr[0] == 2 * 0.75 && lr[1] == 0.5 * 0.75);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 6, lr, 2), STEPSIZE_OK);
  CHECK(lr[0] == 0.625 && lr[1] == 0.25 * 0.625);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, NAN, lr, 2), STEPSIZE_OK);
  CHECK(lr[0] == 0.5 * 0.5 && lr[1] == 0.125 * 0.5);
  /* The controller's state outlives a jump. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_rates(s, lr, 2), STEPSIZE_OK);
  CHECK(lr[0] == 0.5 && lr[1] == 0.125);
  CHECK_STATUS(stepsize_scheduler_rates(other, lr, 2), STEPSIZE_OK);
  CHECK(lr[0] == 1 && lr[1] == 0.25);
  stepsize_scheduler_destroy(s);
  stepsize_scheduler_destroy(other);
}

static void refused_changes_nothing(void) {
  const double base[] = {1, 2, 4};
  stepsize_controller *controller = greedy();
  stepsize_scheduler_options options = options_of(3, base, NULL);
  options.controller = controller;
  stepsize_scheduler *s = made(&options), *twin = made(&options);
  double lr[4], before[4] = {0}, raw[4] = {-1, -1, -1, -1};
  double *misaligned = (double *)(void *)((char *)raw + 4);
  for (int round = 0; round < 8; round++) {
    double loss = round % 3 == 0 ? 5 - round : 9;
    CHECK_STATUS(stepsize_scheduler_rates(s, before, 3), STEPSIZE_OK);
    int64_t step = stepsize_scheduler_get_step(s);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, raw, 2), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, raw, 0), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, NULL, 3), STEPSIZE_ERROR_NULL);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, misaligned, 3), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(NULL, loss, raw, 3), STEPSIZE_ERROR_NULL);
    CHECK_STATUS(stepsize_scheduler_advance(s, raw, 2), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_advance(s, NULL, 1), STEPSIZE_ERROR_NULL);
    CHECK_STATUS(stepsize_scheduler_step(s, raw, 3), STEPSIZE_ERROR_LOSS_REQUIRED);
    CHECK_STATUS(stepsize_scheduler_rates(s, raw, 2), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_rates(s, misaligned, 3), STEPSIZE_ERROR_SIZE);
    CHECK_STATUS(stepsize_scheduler_set_step(s, -1), STEPSIZE_ERROR_ARGUMENT);
    CHECK_STATUS(stepsize_scheduler_set_step(s, INT64_MIN), STEPSIZE_ERROR_ARGUMENT);
    CHECK(stepsize_scheduler_get_step(s) == step);
    CHECK_STATUS(stepsize_scheduler_rates(s, lr, 3), STEPSIZE_OK);
    CHECK(memcmp(lr, before, 3 * sizeof *lr) == 0);
    for (int i = 0; i < 4; i++) CHECK(raw[i] == -1);
    /* Nor has the controller seen anything: it continues as its twin does. */
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, lr, 3), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_step_with_loss(twin, loss, before, 3), STEPSIZE_OK);
    CHECK(memcmp(lr, before, 3 * sizeof *lr) == 0);
  }
  stepsize_scheduler_destroy(s);
  stepsize_scheduler_destroy(twin);
  stepsize_controller_destroy(controller);
}

static void refused(const stepsize_scheduler_options *options, int32_t status, const char *part) {
  stepsize_scheduler *s = (stepsize_scheduler *)&check_passed;
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_scheduler_create(options, &s, &error), status);
  CHECK(s == NULL);
  CHECK(error.status == status && error.offset == -1);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s has no %s\n", error.text, part);
}

static void creation_refuses(void) {
  const double base[] = {1, 2}, bad[] = {1, NAN}, negative[] = {1, -2}, endless[] = {INFINITY, 1};
  const stepsize_scheduler_options good = options_of(2, base, NULL);
  stepsize_scheduler_options options = good;
  refused(NULL, STEPSIZE_ERROR_NULL, "options");
  CHECK_STATUS(stepsize_scheduler_create(&good, NULL, NULL), STEPSIZE_ERROR_NULL);
  options.group_count = 0, refused(&options, STEPSIZE_ERROR_ARGUMENT, "group"), options = good;
  options.base_lr = NULL, refused(&options, STEPSIZE_ERROR_NULL, "base_lr"), options = good;
  options.base_lr = bad, refused(&options, STEPSIZE_ERROR_ARGUMENT, "base_lr"), options = good;
  options.base_lr = negative, refused(&options, STEPSIZE_ERROR_ARGUMENT, "-2"), options = good;
  options.base_lr = endless, refused(&options, STEPSIZE_ERROR_ARGUMENT, "base_lr"), options = good;
  options.group_count = SIZE_MAX, refused(&options, STEPSIZE_ERROR_SIZE, "base_lr"), options = good;
  options.min_lr_count = 1, refused(&options, STEPSIZE_ERROR_NULL, "min_lr"), options = good;
  options.max_lr = bad, options.max_lr_count = 2, refused(&options, STEPSIZE_ERROR_ARGUMENT, "max_lr"), options = good;
  options.min_lr = base, options.min_lr_count = 2, options.max_lr = base, options.max_lr_count = 1;
  refused(&options, STEPSIZE_ERROR_ARGUMENT, "max_lr");
  const double three[] = {1, 1, 1};
  options = good, options.min_lr = three, options.min_lr_count = 3;
  refused(&options, STEPSIZE_ERROR_ARGUMENT, "min_lr");

  CHECK(stepsize_scheduler_get_step(NULL) == -1);
  CHECK(stepsize_scheduler_group_count(NULL) == 0);
  CHECK(stepsize_scheduler_finished(NULL) == 0);
  CHECK_STATUS(stepsize_scheduler_rates(NULL, NULL, 0), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_scheduler_step(NULL, NULL, 0), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_scheduler_set_step(NULL, 0), STEPSIZE_ERROR_NULL);
  stepsize_scheduler_destroy(NULL);
}

int main(void) {
  one_group();
  several_groups();
  with_controller();
  refused_changes_nothing();
  creation_refuses();
  return finish();
}
