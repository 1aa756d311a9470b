/* Another schedule for a running scheduler: from the current update on its rates, with all that the controllers know,
   the record and its phases as they really were; refused where it cannot be, with nothing changed. */
#include "making.h"

enum { STEPS = 60 };

static const double one = 1;

static int32_t extend(stepsize_scheduler *s, const char *text, stepsize_error *error) {
  stepsize_schedule *schedule = parsed(text);
  int32_t status = stepsize_scheduler_extend(s, schedule, error);
  stepsize_schedule_destroy(schedule);
  return status;
}

static double loss_at(int64_t t) {
  uint64_t random = (uint64_t)t * 77 + 5;
  return 0.5 + uniform(&random);
}

static double step(stepsize_scheduler *s) {
  double rate = -1;
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss_at(stepsize_scheduler_get_step(s)), &rate, 1), STEPSIZE_OK);
  return rate;
}

/* The multiplier of a controller does not depend on the schedule: a run that is extended has the rates of one that had
   the longer schedule from the start, bit for bit, also where it is saved and restored before and after. */
static void goes_on(const char *controllers, int record) {
  char shorter[256], longer[256];
  sprintf(shorter, "%s * linear(50)", controllers), sprintf(longer, "%s * linear(100)", controllers);
  for (int at = 0; at < STEPS; at += 7)
    for (int save = 0; save < 2; save++) {
      stepsize_scheduler *whole = scheduler_from(longer, 1, &one, NULL, NULL, record, 0);
      stepsize_scheduler *s = scheduler_from(shorter, 1, &one, NULL, NULL, record, 0);
      for (int t = 0; t < at; t++) step(s), step(whole);
      for (int k = 0; k <= save; k++) {
        if (save) {
          size_t size;
          uint8_t *state = state_of(s, &size);
          stepsize_scheduler_destroy(s);
          s = restored(state, size);
          free(state);
        }
        if (k == 0) CHECK_STATUS(extend(s, "linear(100)", NULL), STEPSIZE_OK);
      }
      CHECK(stepsize_scheduler_get_step(s) == at && stepsize_scheduler_schedule_step(s) == at);
      CHECK_SAME(rate_of(s), rate_of(whole));
      for (int t = at; t < STEPS + 50; t++) CHECK_SAME(step(s), step(whole));
      CHECK(stepsize_scheduler_finished(s) == 1);
      char text[256], expected[256];
      CHECK_STATUS(stepsize_scheduler_print(s, text, sizeof text, NULL), STEPSIZE_OK);
      CHECK_STATUS(stepsize_scheduler_print(whole, expected, sizeof expected, NULL), STEPSIZE_OK);
      CHECK_TEXT(text, expected);
      stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(whole);
    }
}

/* ---- Phases ------------------------------------------------------------------------------------ */

static void check_phase(const stepsize_schedule *schedule, int64_t t, const char *name, int64_t start, int64_t length) {
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  CHECK_STATUS(stepsize_schedule_phase(schedule, t, &phase), STEPSIZE_OK);
  if (!CHECK(strcmp(phase.name, name) == 0 && (!*name || (phase.start == start && phase.length == length))))
    fprintf(stderr, "    at %lld: %s from %lld, %lld long\n", (long long)t, phase.name, (long long)phase.start,
            (long long)phase.length);
}

/* The record of a run under three schedules: its rates bit for bit, and its phases as they were. */
static void replayed(int save) {
  const char *second = "constant(4, phase=\"x\") >> linear(6, phase=\"b\") >> 0.3 * constant(20, phase=\"c\")";
  double used[STEPS];
  stepsize_scheduler *s =
      scheduler_from("constant(4, phase=\"a\") >> linear(20, phase=\"b\")", 1, &one, NULL, NULL, 1, 0);
  for (int t = 0; t < 40; t++) {
    used[t] = rate_of(s);
    /* "b" begins at 4 under both, "c" at 10 under the second, at 12 again "b" under the third. */
    if (t == 7) CHECK_STATUS(extend(s, second, NULL), STEPSIZE_OK);
    if (t == 12) CHECK_STATUS(extend(s, "constant(12) >> 0.7 * constant(phase=\"b\")", NULL), STEPSIZE_OK);
    if (t == 7 || t == 12) used[t] = rate_of(s);
    if (save) {
      size_t size;
      uint8_t *state = state_of(s, &size);
      CHECK(state[8] == (t >= 7 ? 2 : 1)); /* older libraries read what they can */
      stepsize_scheduler_destroy(s);
      s = restored(state, size);
      free(state);
    }
    CHECK(stepsize_scheduler_extended_at(s) == (t >= 12 ? 12 : t >= 7 ? 7 : 0));
    step(s);
  }
  CHECK_SAME(used[7], stepsize_linear(3, 6, 1, 0));
  CHECK_SAME(used[12], 0.7);
  stepsize_schedule *replay = NULL;
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replay, NULL), STEPSIZE_OK);
  REQUIRE(replay != NULL);
  for (int t = 0; t < 40; t++) {
    CHECK_SAME(stepsize_schedule_at(replay, t), used[t]);
    if (t < 4) check_phase(replay, t, "a", 0, 4);
    else if (t < 10) check_phase(replay, t, "b", 4, 6);
    else if (t < 12) check_phase(replay, t, "c", 10, 2);
    else check_phase(replay, t, "b", 12, 28);
  }
  stepsize_schedule_destroy(replay);
  /* Back before the second schedule, which from then on is the third. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 5), STEPSIZE_OK);
  CHECK_SAME(rate_of(s), 1);
  for (int t = 5; t < 15; t++) step(s);
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replay, NULL), STEPSIZE_OK);
  check_phase(replay, 3, "a", 0, 4);
  check_phase(replay, 4, "b", 4, 1);
  check_phase(replay, 5, "", 0, 0);
  check_phase(replay, 12, "b", 12, 3);
  stepsize_schedule_destroy(replay);
  /* A record that begins anew knows nothing of before. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 50), STEPSIZE_OK);
  step(s);
  size_t size;
  uint8_t *state = state_of(s, &size);
  CHECK(state[8] == 1);
  free(state);
  stepsize_scheduler_destroy(s);
}

/* A phase that was ended early: the schedule's step continues, in the extended one as well. */
static void ended_early(void) {
  const char *text = "early_stop(\"main\", patience=3) * (constant(50, phase=\"main\") >> linear(10, phase=\"end\"))";
  stepsize_error error = {0};
  stepsize_scheduler *s = scheduler_of(text, 1);
  for (int t = 0; t < 6; t++) CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  int64_t now = stepsize_scheduler_schedule_step(s);
  CHECK(now == 52 && stepsize_scheduler_get_step(s) == 6); /* observations 0 to 3, then the first of "end" at 4 */

  size_t size, after_size;
  uint8_t *before = state_of(s, &size);
  CHECK_STATUS(extend(s, "constant(50) >> linear(20, phase=\"end\")", &error), STEPSIZE_ERROR_ARGUMENT);
  if (!CHECK(strstr(error.text, "early_stop") && strstr(error.text, "\"main\""))) fprintf(stderr, "    %s\n", error.text);
  CHECK_STATUS(stepsize_scheduler_extend(s, NULL, &error), STEPSIZE_ERROR_ARGUMENT);
  uint8_t *after = state_of(s, &after_size);
  CHECK(size == after_size && memcmp(before, after, size) == 0);
  free(before), free(after);

  CHECK_STATUS(extend(s, "constant(50, phase=\"main\") >> linear(20, phase=\"end\")", &error), STEPSIZE_OK);
  CHECK_SAME(rate_of(s), 0.9);
  CHECK(stepsize_scheduler_schedule_step(s) == 52);
  stepsize_scheduler_destroy(s);

  /* Stopped early in the last phase: with a longer schedule there is no reason to stop until the rule applies again. */
  s = scheduler_of("early_stop(\"end\", patience=2) * (constant(2) >> linear(9, phase=\"end\"))", 1);
  for (int t = 0; t < 6; t++) CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_EARLY);
  CHECK_STATUS(extend(s, "constant(2) >> linear(9, phase=\"end\") >> 0.1 * constant(7)", NULL), STEPSIZE_OK);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  CHECK_SAME(rate_of(s), 0.1);
  stepsize_scheduler_destroy(s);
}

/* Where the steps end. */
static void at_the_largest_step(void) {
  stepsize_scheduler *s = scheduler_from("linear(50, phase=\"a\")", 1, &one, NULL, NULL, 1, 0);
  for (int k = 0; k < 2; k++) {
    CHECK_STATUS(stepsize_scheduler_set_step(s, INT64_MAX - 1 + k), STEPSIZE_OK);
    for (int t = 0; t < 3; t++) step(s);
    CHECK_STATUS(extend(s, "constant(phase=\"b\")", NULL), STEPSIZE_OK);
    step(s);
    size_t size;
    uint8_t *state = state_of(s, &size);
    stepsize_scheduler_destroy(restored(state, size));
    free(state);
    stepsize_schedule *replay = NULL;
    CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replay, NULL), STEPSIZE_OK);
    stepsize_schedule_destroy(replay);
  }
  stepsize_scheduler_destroy(s);
}

static void constant_and_base_rates(void) {
  const double base[2] = {0.5, 0.25};
  stepsize_scheduler *s = scheduler_from("plateau(patience=0, factor=0.5) * linear(4)", 2, base, NULL, NULL, 0, 0);
  for (int t = 0; t < 3; t++) CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_extend(s, NULL, NULL), STEPSIZE_OK);
  CHECK(rate_of(s) == 0.125 && stepsize_scheduler_finished(s) == 0);
  CHECK(stepsize_scheduler_base_lr(s, 0) == 0.5 && stepsize_scheduler_base_lr(s, 1) == 0.25);
  CHECK(isnan(stepsize_scheduler_base_lr(s, 2)) && isnan(stepsize_scheduler_base_lr(NULL, 0)));
  CHECK(stepsize_scheduler_schedule_step(NULL) == -1);
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_scheduler_extend(NULL, NULL, &error), STEPSIZE_ERROR_NULL);
  CHECK(strstr(error.text, "NULL") != NULL);
  stepsize_scheduler_destroy(s);
}

int main(void) {
  for (int record = 0; record < 2; record++) {
    goes_on("greedy(patience=1, window=7)", record);
    goes_on("greedy(patience=1, smooth=false, factor=0.5, cooldown=1, warmup=1)", record);
    goes_on("plateau(patience=1, factor=0.5, cooldown=2)", record);
    goes_on("learned(total=40)", record);
  }
  replayed(0);
  replayed(1);
  ended_early();
  at_the_largest_step();
  constant_and_base_rates();
  return finish();
}
