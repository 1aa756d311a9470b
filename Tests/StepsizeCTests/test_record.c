/* The record: what was used, in how many bytes, replayed bit for bit, also through its text, and after jumps. */
#include "making.h"

enum { GROUPS = 3, MANY = 1000000 };

static void check_range(const stepsize_scheduler *s, int64_t first, int64_t count) {
  int64_t f = -1, c = -1;
  CHECK_STATUS(stepsize_scheduler_record_range(s, &f, &c), STEPSIZE_OK);
  if (!CHECK(f == first && c == count)) fprintf(stderr, "    from %lld, %lld\n", (long long)f, (long long)c);
}

/* A million updates of `text`; the bytes that the record adds to the state. */
static size_t bytes_of_record(const char *text, size_t groups) {
  const double base[GROUPS] = {0.1, 0.01, 0.001};
  stepsize_scheduler *s = scheduler_from(text, groups, base, NULL, NULL, 1, 0);
  size_t before = state_size_of(s);
  uint64_t random = 3;
  for (int t = 0; t < MANY; t++)
    REQUIRE(stepsize_scheduler_step_with_loss(s, 1 + uniform(&random), NULL, 0) == STEPSIZE_OK);
  check_range(s, 0, MANY);
  size_t after = state_size_of(s);
  stepsize_scheduler_destroy(s);
  return after - before;
}

static void sizes(void) {
  size_t bytes = bytes_of_record("constant()", 1);
  CHECK(bytes <= 64);
  bytes = bytes_of_record("constant(400000) >> 0.5 * constant(400000) >> 0.1 * constant()", GROUPS);
  CHECK(bytes <= GROUPS * 64);
  bytes = bytes_of_record("noise()", 1); /* another rate at every update */
  CHECK(bytes <= 8 * (size_t)MANY + 64 && bytes >= 8 * (size_t)MANY - 64);
  bytes = bytes_of_record("cosine(1000000)", GROUPS);
  CHECK(bytes <= GROUPS * (8 * (size_t)MANY + 64));
  /* Rates that change at every second update, the worst case of the runs. */
  bytes = bytes_of_record("stretch(noise(), 2)", 1);
  CHECK(bytes <= 8 * (size_t)MANY + 64);
}

/* ---- Replay ------------------------------------------------------------------------------------ */

static double *used[GROUPS];

/* Runs `count` updates and writes down what was used, as a caller sees it. */
static stepsize_scheduler *trained(const char *text, const double *base, int count, double wild) {
  static const double low[GROUPS] = {1e-3, 0, 1e-5}, high[GROUPS] = {0.2, 0.2, 0.002};
  stepsize_scheduler *s = scheduler_from(text, GROUPS, base, low, high, 1, 0);
  uint64_t random = 11;
  double rates[GROUPS];
  REQUIRE(stepsize_scheduler_rates(s, rates, GROUPS) == STEPSIZE_OK);
  for (int t = 0; t < count; t++) {
    for (int g = 0; g < GROUPS; g++) used[g][t] = rates[g];
    REQUIRE(stepsize_scheduler_step_with_loss(s, random_loss(&random, wild), rates, GROUPS) == STEPSIZE_OK);
  }
  return s;
}

/* The same rates from a plain scheduler of the schedule, for a base rate of 1. */
static void same_rates(const stepsize_schedule *schedule, const double *expected, int count) {
  const double one = 1;
  double lr;
  stepsize_scheduler *s = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &one, options.schedule = schedule;
  REQUIRE(stepsize_scheduler_create(&options, &s, NULL) == STEPSIZE_OK);
  int wrong = 0;
  REQUIRE(stepsize_scheduler_rates(s, &lr, 1) == STEPSIZE_OK);
  for (int t = 0; t < count; t++) {
    wrong += bits_of(lr) != bits_of(expected[t]) || stepsize_scheduler_finished(s);
    REQUIRE(stepsize_scheduler_step(s, &lr, 1) == STEPSIZE_OK);
  }
  CHECK(wrong == 0);
  CHECK(stepsize_schedule_length(schedule) == count && stepsize_scheduler_finished(s));
  CHECK_SAME(lr, expected[count - 1]); /* the last one holds */
  stepsize_scheduler_destroy(s);
}

static void replayed(const char *text, int count, double wild) {
  const double base[GROUPS] = {0.1, 0.037, 0.0011};
  stepsize_scheduler *s = trained(text, base, count, wild);
  check_range(s, 0, count);
  double *copy = malloc((size_t)count * sizeof *copy + sizeof *copy);
  REQUIRE(copy != NULL);
  for (int g = 0; g < GROUPS; g++) {
    size_t written = 99;
    copy[count] = -1;
    CHECK_STATUS(stepsize_scheduler_record(s, (size_t)g, 0, copy, (size_t)count + 1, &written), STEPSIZE_OK);
    CHECK(written == (size_t)count && copy[count] == -1);
    CHECK(memcmp(copy, used[g], (size_t)count * sizeof *copy) == 0);
    CHECK_STATUS(stepsize_scheduler_record(s, (size_t)g, count / 2, copy, 7, &written), STEPSIZE_OK);
    CHECK(written == 7 && memcmp(copy, used[g] + count / 2, 7 * sizeof *copy) == 0);
    CHECK_STATUS(stepsize_scheduler_record(s, (size_t)g, count, copy, 7, &written), STEPSIZE_OK);
    CHECK(written == 0);

    stepsize_schedule *schedule = NULL;
    CHECK_STATUS(stepsize_scheduler_replay(s, (size_t)g, &schedule, NULL), STEPSIZE_OK);
    REQUIRE(schedule != NULL);
    same_rates(schedule, used[g], count);
    size_t length = 0;
    CHECK_STATUS(stepsize_schedule_print(schedule, NULL, 0, &length), STEPSIZE_OK);
    char *printed = malloc(length + 1);
    REQUIRE(printed != NULL);
    CHECK_STATUS(stepsize_schedule_print(schedule, printed, length + 1, NULL), STEPSIZE_OK);
    stepsize_schedule_destroy(schedule);
    schedule = parsed(printed);
    same_rates(schedule, used[g], count);
    stepsize_schedule_destroy(schedule);
    free(printed);
  }
  /* The record goes with the state. */
  size_t size;
  uint8_t *state = state_of(s, &size);
  stepsize_scheduler *other = restored(state, size);
  check_range(other, 0, count);
  size_t written;
  CHECK_STATUS(stepsize_scheduler_record(other, 1, 0, copy, (size_t)count, &written), STEPSIZE_OK);
  CHECK(memcmp(copy, used[1], (size_t)count * sizeof *copy) == 0);
  free(state), free(copy);
  stepsize_scheduler_destroy(other);
  stepsize_scheduler_destroy(s);
}

static void replays(void) {
  for (int g = 0; g < GROUPS; g++) {
    used[g] = malloc(MANY * sizeof **used);
    REQUIRE(used[g] != NULL);
  }
  replayed("greedy(patience=2, window=5) * cosine(20000)", 20000, 0.01);
  replayed("greedy(patience=2, smooth=false, factor=0.5)", 3000, 0.3);
  replayed("plateau(patience=3, factor=0.5)", 500, 0.1);
  replayed("early_stop(\"main\", patience=20) * (warmup(10) >> constant(5000, phase=\"main\") >> linear(100))", 200, 0);
  replayed("constant()", 12345, 0);
  replayed("constant(1000) >> 0.3 * constant(1000)", 12345, 0);
  replayed("repeat(linear(2))", 1001, 0);
  replayed("stretch(noise(), 2)", 1001, 0);
  replayed("stretch(noise(), 3)", 1000, 0);
  replayed("noise()", 200000, 0);
  for (int g = 0; g < GROUPS; g++) free(used[g]);
}

/* ---- What is refused, and jumps ---------------------------------------------------------------- */

static void jumps(void) {
  double copy[32];
  size_t written = 9;
  int64_t first, count;
  stepsize_schedule *schedule = (stepsize_schedule *)copy;
  stepsize_error error = {0};
  stepsize_scheduler *s = scheduler_of("linear(100)", 1);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  check_range(s, 0, 0);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, copy, 32, &written), STEPSIZE_OK);
  CHECK(written == 0);
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(schedule == NULL && strstr(error.text, "record"));
  stepsize_scheduler_destroy(s);

  const double one = 1;
  s = scheduler_from("linear(100)", 1, &one, NULL, NULL, 1, 0);
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_record(s, 1, 0, copy, 32, &written), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, -1, copy, 32, &written), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, NULL, 32, &written), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, NULL, 0, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_record_range(s, NULL, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_replay(s, 1, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  for (int t = 0; t < 10; t++) CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  check_range(s, 0, 10);
  /* Back: what was after that update was not. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 4), STEPSIZE_OK);
  check_range(s, 0, 4);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  check_range(s, 0, 5);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, copy, 32, &written), STEPSIZE_OK);
  CHECK(written == 5 && copy[0] == 1 && copy[4] == 0.96);
  /* To where it is: nothing happens. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 5), STEPSIZE_OK);
  check_range(s, 0, 5);
  /* Over a gap: the record begins anew. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 50), STEPSIZE_OK);
  check_range(s, 50, 0);
  for (int t = 0; t < 3; t++) CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  check_range(s, 50, 3);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 1, copy, 32, &written), STEPSIZE_OK);
  CHECK(written == 2 && copy[0] == 0.49 && copy[1] == 0.48);
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &schedule, NULL), STEPSIZE_OK);
  CHECK(stepsize_schedule_length(schedule) == 3 && stepsize_schedule_at(schedule, 0) == 0.5);
  stepsize_schedule_destroy(schedule);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 20), STEPSIZE_OK);
  check_range(s, 20, 0);
  /* A refused call is not written down; a step without a loss and one without the rates are. */
  CHECK_STATUS(stepsize_scheduler_step(s, copy, 0), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_scheduler_advance(s, NULL, 0), STEPSIZE_OK);
  check_range(s, 20, 1);
  /* At the largest step the count of the steps stands, that of the record too in the end. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, INT64_MAX), STEPSIZE_OK);
  for (int t = 0; t < 3; t++) CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_record_range(s, &first, &count), STEPSIZE_OK);
  CHECK(first == INT64_MAX);
  stepsize_scheduler_destroy(s);

  /* The rates that were used are those after the controller's last word before the update. */
  s = scheduler_from("hypergradient(beta=0.5)", 1, &one, NULL, NULL, 1, 0);
  for (int t = 0; t < 4; t++) {
    double dot = 1, lr;
    CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &dot, NULL, 1, &lr, 1), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  }
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, copy, 32, &written), STEPSIZE_OK);
  CHECK(written == 4 && copy[0] == 1.5 && copy[1] == 2 && copy[2] == 2.5 && copy[3] == 3);
  stepsize_scheduler_destroy(s);
}

int main(void) {
  sizes();
  replays();
  jumps();
  return finish();
}
