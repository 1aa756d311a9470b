/* The text of a schedule. One that is understood prints a text that means the same, and can be asked everything. */
#include "fuzz.h"

static const int64_t steps[] = {INT64_MIN, -1, 0, 1, 2, 7, 99, 100, 1000, 65537, INT64_C(1) << 40, INT64_MAX - 1, INT64_MAX};
enum { STEPS = sizeof steps / sizeof *steps, ROW = 24, PARTS = 40, PHASES = 20 };

static void check_values(const stepsize_schedule *schedule, const stepsize_schedule *again) {
  double row[ROW];
  float floats[ROW];
  const int64_t length = stepsize_schedule_length(schedule);
  EXPECT(length >= 0 && stepsize_schedule_length(again) == length);
  for (int i = 0; i < STEPS; i++) {
    const double value = stepsize_schedule_at(schedule, steps[i]);
    EXPECT(is_rate(value));
    EXPECT(bits_of(stepsize_schedule_at(again, steps[i])) == bits_of(value));
  }
  if (length < INT64_MAX) EXPECT(stepsize_schedule_at(schedule, length) == stepsize_schedule_at(schedule, INT64_MAX));
  /* In bulk the same bits as one by one, forwards to the end and back to the start. */
  const int64_t first = length < INT64_MAX && length > ROW / 2 ? length - ROW / 2 : 0;
  for (int stride = -1; stride <= 1; stride += 2) {
    EXPECT(stepsize_schedule_fill(schedule, first, stride, 1, row, ROW) == STEPSIZE_OK);
    EXPECT(stepsize_schedule_fill_float(schedule, first, stride, 1, floats, ROW) == STEPSIZE_OK);
    for (int i = 0; i < ROW; i++) {
      const int64_t t = first > INT64_MAX - ROW ? INT64_MAX : first + stride * i;
      if (t < INT64_MAX) EXPECT(bits_of(row[i]) == bits_of(stepsize_schedule_at(schedule, t)));
      EXPECT((row[i] > 0) == (floats[i] > 0));
    }
  }
}

/* The parts of a schedule, as deep as they go; at most `left` of them. */
static void walk(const stepsize_schedule *schedule, int *left) {
  stepsize_structure structure = {.size = sizeof structure};
  char text[64];
  EXPECT(stepsize_schedule_structure(schedule, &structure) == STEPSIZE_OK);
  for (size_t i = 0; i < structure.parameter_count; i++)
    for (stepsize_text what = STEPSIZE_TEXT_NAME; what <= STEPSIZE_TEXT_VALUE; what++) {
      const stepsize_status status = stepsize_schedule_parameter(schedule, i, what, text, sizeof text, NULL);
      const int is_of_entries = what == STEPSIZE_TEXT_FORMULA || what == STEPSIZE_TEXT_SOURCE;
      EXPECT(is_of_entries ? status == STEPSIZE_ERROR_NAME : status == STEPSIZE_OK || status == STEPSIZE_ERROR_SIZE);
    }
  for (size_t i = 0; i < structure.part_count && *left > 0; i++) {
    stepsize_schedule *part = NULL;
    int64_t start = -1;
    --*left;
    EXPECT(stepsize_schedule_part(schedule, i, &start, &part) == STEPSIZE_OK && start >= 0);
    walk(part, left);
    stepsize_schedule_destroy(part);
  }
}

static void check_phases(const stepsize_schedule *schedule) {
  const int64_t length = stepsize_schedule_length(schedule);
  stepsize_phase phase = {.size = sizeof phase};
  int64_t t = 0;
  for (int i = 0; i < PHASES && t < length; i++, t = phase.until) {
    EXPECT(stepsize_schedule_phase(schedule, t, &phase) == STEPSIZE_OK);
    EXPECT(phase.until > t);
    EXPECT(phase.progress >= 0 && phase.progress <= 1);
    EXPECT(memchr(phase.name, 0, sizeof phase.name) != NULL);
    if (phase.name[0]) EXPECT(phase.start >= 0 && phase.start <= t && phase.position >= 0 && phase.length >= 0);
  }
}

/* What is made from it: refused with a reason, or a schedule like any other. */
static void check_made(stepsize_status status, stepsize_schedule *made, const stepsize_error *error) {
  if (status != STEPSIZE_OK) {
    expect_refusal(status, error, made);
    return;
  }
  char *text = schedule_text(made, NULL);
  for (int i = 0; i < STEPS; i++) EXPECT(is_rate(stepsize_schedule_at(made, steps[i])));
  free(text);
  stepsize_schedule_destroy(made);
}

static void check_algebra(const stepsize_schedule *schedule, uint8_t choice) {
  stepsize_schedule *made = NULL;
  stepsize_error error;
  stepsize_status status;
  switch (choice % 5) {
  case 0: status = stepsize_schedule_sequence(schedule, schedule, &made, &error); break;
  case 1: status = stepsize_schedule_product(schedule, schedule, &made, &error); break;
  case 2: status = stepsize_schedule_scale(schedule, 1e300, &made, &error); break;
  case 3: status = stepsize_schedule_clamp(schedule, 0.1, 0.7, &made, &error); break;
  default: status = stepsize_schedule_extend(schedule, 1 + choice, choice % 3, choice % 7, &made, &error); break;
  }
  check_made(status, made, &error);
}

/* Without a total, or bound to one. */
static stepsize_status make(Input input, stepsize_schedule **schedule, stepsize_error *error) {
  const int64_t total = input.size ? steps[input.bytes[input.size / 3] % STEPS] : 0;
  const char *text = (const char *)input.bytes;
  const stepsize_status status = stepsize_schedule_parse(text, input.size, schedule, error);
  if (status == STEPSIZE_OK || total < 1) return status;
  expect_refusal(status, error, *schedule);
  return stepsize_schedule_bind(text, input.size, total, schedule, error);
}

static void target(Input input) {
  stepsize_schedule *schedule = NULL, *again = NULL;
  stepsize_error error;
  const stepsize_status status = make(input, &schedule, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, schedule);
    EXPECT(error.offset >= -1 && error.offset <= (int64_t)input.size);
    return;
  }
  size_t size;
  char *text = schedule_text(schedule, &size);
  EXPECT(stepsize_schedule_parse(text, size, &again, &error) == STEPSIZE_OK);
  char *same = schedule_text(again, NULL);
  EXPECT(strcmp(text, same) == 0);
  check_values(schedule, again);
  int left = PARTS;
  walk(schedule, &left);
  check_phases(schedule);
  EXPECT(stepsize_schedule_horizon(schedule) >= 1);
  check_algebra(schedule, input.size ? input.bytes[input.size / 2] : 0);
  free(text), free(same);
  stepsize_schedule_destroy(schedule), stepsize_schedule_destroy(again);
}
