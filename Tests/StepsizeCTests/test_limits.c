/* The limits that the introduction of the header names: what is at them is accepted, what is beyond is refused.
   test_limits [--record]: the last one also fills a record, which takes 3 GB of memory and a minute. */
#include "making.h"

enum { LEVELS = 64, PIECES = 65536, FACTORS = 64, LIST = 1 << 24, EARLY_STOPS = 16, NAME = 64 };

/* `first`, `count` times `unit`, `last`; to be freed. */
static char *repeated(const char *first, const char *unit, size_t count, const char *last) {
  const size_t length = strlen(unit);
  char *text = malloc(strlen(first) + length * count + strlen(last) + 1), *end = text;
  REQUIRE(text != NULL);
  end += sprintf(end, "%s", first);
  for (size_t i = 0; i < count; i++, end += length) memcpy(end, unit, length);
  strcpy(end, last);
  return text;
}

/* The status of a schedule's text, which is freed. */
static stepsize_status status_of(char *text) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error;
  const stepsize_status status = stepsize_schedule_parse(text, strlen(text), &schedule, &error);
  CHECK((status == STEPSIZE_OK) == (schedule != NULL));
  stepsize_schedule_destroy(schedule);
  free(text);
  return status;
}

static stepsize_status nested(const char *opening, size_t levels) {
  char *closing = repeated("linear(9)", ")", levels, ""), *text = repeated("", opening, levels, closing);
  free(closing);
  return status_of(text);
}

static void texts(void) {
  const size_t size = (size_t)1 << 28;
  char *text = malloc(size + 1);
  stepsize_schedule *schedule = NULL;
  REQUIRE(text != NULL);
  memset(text, ' ', size + 1);
  memcpy(text, "linear(10)", 10);
  CHECK_STATUS(stepsize_schedule_parse(text, size, &schedule, NULL), STEPSIZE_OK);
  stepsize_schedule_destroy(schedule);
  CHECK_STATUS(stepsize_schedule_parse(text, size + 1, &schedule, NULL), STEPSIZE_ERROR_LIMIT);
  free(text);

  static const char *const opening[] = {"(", "clamp(", "0.5 * ("};
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(nested(opening[i], LEVELS), STEPSIZE_OK);
    CHECK_STATUS(nested(opening[i], LEVELS + 1), STEPSIZE_ERROR_LIMIT);
  }
  /* The sequence is a piece, too. */
  CHECK_STATUS(status_of(repeated("", "linear(9) >> ", PIECES - 2, "linear(9)")), STEPSIZE_OK);
  CHECK_STATUS(status_of(repeated("", "linear(9) >> ", PIECES - 1, "linear(9)")), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(status_of(repeated("", "linear(9) * ", FACTORS - 1, "linear(9)")), STEPSIZE_OK);
  CHECK_STATUS(status_of(repeated("", "linear(9) * ", FACTORS, "linear(9)")), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(status_of(repeated("constant(9, phase=\"", "p", NAME, "\")")), STEPSIZE_OK);
  CHECK_STATUS(status_of(repeated("constant(9, phase=\"", "p", NAME + 1, "\")")), STEPSIZE_ERROR_ARGUMENT);
}

static void lists(void) {
  double *values = malloc(((size_t)LIST + 1) * sizeof *values);
  stepsize_schedule *schedule = NULL;
  stepsize_controller *controller = NULL;
  REQUIRE(values != NULL);
  for (int i = 0; i <= LIST; i++) values[i] = 0.5;
  CHECK_STATUS(stepsize_schedule_table(values, LIST, &schedule, NULL), STEPSIZE_OK);
  CHECK(stepsize_schedule_length(schedule) == LIST);
  stepsize_schedule_destroy(schedule);
  CHECK_STATUS(stepsize_schedule_table(values, LIST + 1, &schedule, NULL), STEPSIZE_ERROR_SIZE);
  free(values);
  CHECK_STATUS(status_of(repeated("table([1", ",1", LIST, "])")), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_controller_parse("greedy(window=16777216)", 23, &controller, NULL), STEPSIZE_OK);
  stepsize_controller_destroy(controller);
  CHECK_STATUS(stepsize_controller_parse("greedy(window=16777217)", 23, &controller, NULL), STEPSIZE_ERROR_ARGUMENT);
}

static void lengths(void) {
  CHECK_STATUS(status_of(repeated("constant(9223372036854775806)", " >> linear(1)", 1, "")), STEPSIZE_OK);
  CHECK_STATUS(status_of(repeated("constant(9223372036854775806)", " >> linear(1)", 2, "")), STEPSIZE_ERROR_LIMIT);
}

static void early_stop_rules(void) {
  const double base = 1;
  for (size_t count = EARLY_STOPS; count <= EARLY_STOPS + 1; count++) {
    char *text = repeated("", "early_stop(patience=3) * ", count, "linear(10)");
    stepsize_scheduler *scheduler = scheduler_from(text, 1, &base, NULL, NULL, 0, 1);
    CHECK((scheduler != NULL) == (count == EARLY_STOPS));
    stepsize_scheduler_destroy(scheduler);
    free(text);
  }
}

static void values(void) {
  float lowest = 1;
  stepsize_schedule *schedule = parsed("1e200 * constant(value=1e200)");
  CHECK_SAME(stepsize_schedule_at(schedule, 3), DBL_MAX);
  stepsize_schedule_destroy(schedule);
  schedule = parsed("constant(value=1e-300)");
  CHECK_STATUS(stepsize_schedule_fill_float(schedule, 0, 1, 1, &lowest, 1), STEPSIZE_OK);
  CHECK(lowest == 0x1p-149f);
  stepsize_schedule_destroy(schedule);
}

/* The record is full after 2^27 changes: steps continue, and what is recorded stays. */
static void record(void) {
  const int64_t changes = INT64_C(1) << 27;
  const double base = 1;
  double lr;
  int64_t count = 0;
  stepsize_scheduler *scheduler = scheduler_from("linear(1000000000)", 1, &base, NULL, NULL, 1, 0);
  for (int64_t t = 0; t < changes + 1000; t++) REQUIRE(stepsize_scheduler_step(scheduler, &lr, 1) == STEPSIZE_OK);
  CHECK(lr < 1 && stepsize_scheduler_get_step(scheduler) == changes + 1000);
  CHECK_STATUS(stepsize_scheduler_record_range(scheduler, NULL, &count), STEPSIZE_OK);
  CHECK(count >= changes && count <= changes + 1);
  stepsize_scheduler_destroy(scheduler);
}

int main(int argument_count, char **arguments) {
  texts(), lists(), lengths(), early_stop_rules(), values();
  if (argument_count > 1 && strcmp(arguments[1], "--record") == 0) record();
  return finish();
}
