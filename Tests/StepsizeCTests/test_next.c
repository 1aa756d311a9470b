/* Asked before each update: stepsize_scheduler_lr and stepsize_scheduler_next, and both in single precision, against
   stepsize_scheduler_rates and _step. */
#include "making.h"

enum { GROUPS = 3 };
static const double base[GROUPS] = {1e-3, 0.25, 0};
static const char *const texts[] = {"constant()", "linear(40)", "cosine(50)", "warmup(10) >> cosine(30, floor=0.1)",
                                    "repeat(warmup(3) >> linear(5))", "llmc(\"wsd\", 5, 40, 0)", "noise(0.3)"};
enum { TEXTS = sizeof texts / sizeof *texts, UPDATES = 60 };

/* The first call gives the rates of update 0, and both schedulers are in the same state between updates. */
static void as_steps(int record) {
  for (int k = 0; k < TEXTS; k++) {
    stepsize_scheduler *a = scheduler_from(texts[k], GROUPS, base, NULL, NULL, record, 0);
    stepsize_scheduler *b = scheduler_from(texts[k], GROUPS, base, NULL, NULL, record, 0);
    stepsize_scheduler *c = scheduler_from(texts[k], GROUPS, base, NULL, NULL, record, 0);
    double steps[GROUPS], next[GROUPS];
    float single[GROUPS];
    REQUIRE(stepsize_scheduler_rates(a, steps, GROUPS) == STEPSIZE_OK);
    for (int t = 0; t < UPDATES; t++) {
      for (size_t g = 0; g < GROUPS; g++) {
        CHECK_SAME(stepsize_scheduler_lr(b, g), steps[g]);
        CHECK_SAME(stepsize_scheduler_lr(b, g), steps[g]); /* asking moves nothing */
        CHECK(stepsize_scheduler_lr_float(c, g) == (float)steps[g]);
      }
      REQUIRE(stepsize_scheduler_next(b, next, GROUPS) == STEPSIZE_OK);
      REQUIRE(stepsize_scheduler_next_float(c, single, GROUPS) == STEPSIZE_OK);
      for (int g = 0; g < GROUPS; g++) {
        CHECK_SAME(next[g], steps[g]);
        CHECK(single[g] == (float)steps[g]);
      }
      REQUIRE(stepsize_scheduler_step(a, steps, GROUPS) == STEPSIZE_OK);
      CHECK(stepsize_scheduler_get_step(b) == t + 1 && stepsize_scheduler_get_step(c) == t + 1);
      CHECK(stepsize_scheduler_finished(a) == stepsize_scheduler_finished(b));
    }
    size_t size[3];
    uint8_t *state[3] = {state_of(a, &size[0]), state_of(b, &size[1]), state_of(c, &size[2])};
    for (int i = 1; i < 3; i++) CHECK(size[i] == size[0] && memcmp(state[i], state[0], size[0]) == 0);
    for (int i = 0; i < 3; i++) free(state[i]);
    stepsize_scheduler_destroy(a);
    stepsize_scheduler_destroy(b);
    stepsize_scheduler_destroy(c);
  }
}

/* Saved between any two updates, another scheduler continues with the same bits. */
static void resumed(void) {
  for (int cut = 0; cut <= UPDATES; cut += 7) {
    stepsize_scheduler *whole = scheduler_of(texts[3], 0.5), *first = scheduler_of(texts[3], 0.5);
    double expected, lr;
    size_t size;
    for (int t = 0; t < cut; t++) REQUIRE(stepsize_scheduler_next(first, NULL, 0) == STEPSIZE_OK);
    uint8_t *state = state_of(first, &size);
    stepsize_scheduler *second = restored(state, size);
    for (int t = 0; t < UPDATES; t++) {
      REQUIRE(stepsize_scheduler_next(whole, &expected, 1) == STEPSIZE_OK);
      if (t < cut) continue;
      REQUIRE(stepsize_scheduler_next(second, &lr, 1) == STEPSIZE_OK);
      CHECK_SAME(lr, expected);
    }
    free(state);
    stepsize_scheduler_destroy(whole);
    stepsize_scheduler_destroy(first);
    stepsize_scheduler_destroy(second);
  }
}

/* A scheduler that needs a loss refuses, and nothing has changed; its rate can be asked for. */
static void with_losses(void) {
  static const char *const needing[] = {"greedy()", "plateau()", "greedy() * linear(10)", "early_stop()"};
  for (int k = 0; k < 4; k++) {
    stepsize_scheduler *scheduler = scheduler_of(needing[k], 0.5);
    double lr = -1;
    float single = -1;
    CHECK_STATUS(stepsize_scheduler_next(scheduler, &lr, 1), STEPSIZE_ERROR_LOSS_REQUIRED);
    CHECK_STATUS(stepsize_scheduler_next_float(scheduler, &single, 1), STEPSIZE_ERROR_LOSS_REQUIRED);
    CHECK(lr == -1 && single == -1 && stepsize_scheduler_get_step(scheduler) == 0);
    for (int t = 0; t < 50; t++) {
      CHECK_SAME(stepsize_scheduler_lr(scheduler, 0), rate_of(scheduler));
      CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, 1, NULL, 0), STEPSIZE_OK);
    }
    stepsize_scheduler_destroy(scheduler);
  }
}

/* An array that is too short: nothing is written and no update is counted. */
static void refused(void) {
  stepsize_scheduler *scheduler = scheduler_from("linear(9)", GROUPS, base, NULL, NULL, 0, 0);
  double lrs[GROUPS] = {-1, -1, -1};
  float singles[GROUPS] = {-1, -1, -1};
  CHECK_STATUS(stepsize_scheduler_next(scheduler, lrs, GROUPS - 1), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_scheduler_next_float(scheduler, singles, GROUPS - 1), STEPSIZE_ERROR_SIZE);
  CHECK(lrs[0] == -1 && singles[0] == -1 && stepsize_scheduler_get_step(scheduler) == 0);
  CHECK_STATUS(stepsize_scheduler_next(scheduler, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_next_float(scheduler, NULL, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_get_step(scheduler) == 2);
  CHECK(isnan(stepsize_scheduler_lr(scheduler, GROUPS)) && isnan(stepsize_scheduler_lr(NULL, 0)));
  CHECK(isnan(stepsize_scheduler_lr_float(scheduler, SIZE_MAX)) && isnan(stepsize_scheduler_lr_float(NULL, 0)));
  stepsize_scheduler_destroy(scheduler);
}

/* What single precision cannot hold: no rate above 0 becomes 0, none is infinite. */
static void extremes(void) {
  static const double rates[] = {0, 5e-324, 1e-60, 1e-45, 1.5e-45, 0.1, 3.4e38, 3.5e38, DBL_MAX};
  static const float expected[] = {0, 1e-45f, 1e-45f, 1e-45f, 1e-45f, 0.1f, 3.4e38f, FLT_MAX, FLT_MAX};
  for (int i = 0; i < 9; i++) {
    stepsize_scheduler *scheduler = scheduler_of("constant()", rates[i]);
    float lr;
    CHECK(stepsize_scheduler_lr_float(scheduler, 0) == expected[i]);
    CHECK_STATUS(stepsize_scheduler_next_float(scheduler, &lr, 1), STEPSIZE_OK);
    CHECK(lr == expected[i]);
    stepsize_scheduler_destroy(scheduler);
  }
}

int main(void) {
  as_steps(0);
  as_steps(1);
  resumed();
  with_losses();
  refused();
  extremes();
  return finish();
}
