/* Schedules and controllers by their names in the catalogue, with named values: refused with a reason, or as good as those of
   a text. Controllers then steer a training. */
#include "training.h"

enum { ARGUMENTS = 6, NUMBERS = 4, WORD = 64, RANGE = 512, CALLS = 16, STEPS = 5 };

/* What the arguments of one call point to. */
typedef struct Values {
  char names[ARGUMENTS][WORD], words[ARGUMENTS][RANGE];
  int64_t integers[ARGUMENTS][NUMBERS];
  double reals[ARGUMENTS][NUMBERS];
  stepsize_schedule *schedule;
  stepsize_argument arguments[ARGUMENTS];
  size_t count;
} Values;

/* One of the quoted words of a range such as: one of "fall", "rise"; all of the range where it has none. */
static const char *take_word(char *range, Input *input) {
  char *words[16];
  size_t count = 0;
  for (char *next = strchr(range, '"'); next && count < 16; next = strchr(next, '"')) {
    words[count++] = ++next;
    next = strchr(next, '"');
    EXPECT(next != NULL);
    *next++ = 0;
  }
  const unsigned choice = take_below(input, 16);
  return count ? words[choice % count] : range;
}

/* The kind of value that a parameter of this kind takes. */
static int32_t kind_of(const char *kind) {
  static const struct {
    const char *name;
    int32_t kind;
  } kinds[] = {{"count", STEPSIZE_VALUE_INTEGER},   {"real", STEPSIZE_VALUE_REAL},      {"flag", STEPSIZE_VALUE_FLAG},
               {"word", STEPSIZE_VALUE_WORD},       {"name", STEPSIZE_VALUE_WORD},      {"counts", STEPSIZE_VALUE_INTEGERS},
               {"reals", STEPSIZE_VALUE_REALS},     {"per_group", STEPSIZE_VALUE_REALS}, {"schedule", STEPSIZE_VALUE_SCHEDULE}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, kind) == 0) return kinds[i].kind;
  EXPECT(!"a known kind");
  return STEPSIZE_VALUE_NONE;
}

static void take_argument(Values *values, stepsize_catalogue catalogue, size_t index, size_t parameter, Input *input) {
  const size_t i = values->count++;
  char kind[WORD];
#define ASK(what, buffer) \
  EXPECT(stepsize_catalogue_parameter_text(catalogue, index, parameter, what, buffer, sizeof buffer, NULL) == STEPSIZE_OK)
  ASK(STEPSIZE_TEXT_NAME, values->names[i]);
  ASK(STEPSIZE_TEXT_KIND, kind);
  ASK(STEPSIZE_TEXT_RANGE, values->words[i]);
#undef ASK
  stepsize_argument *argument = &values->arguments[i];
  const uint8_t other = take_byte(input);
  /* Now and then not what it takes. */
  *argument = (stepsize_argument){.name = values->names[i], .kind = other >= 240 ? other % 8 : kind_of(kind)};
  switch (argument->kind) {
  case STEPSIZE_VALUE_INTEGER: argument->integer = take_integer(input); break;
  case STEPSIZE_VALUE_REAL: argument->real = take_real(input); break;
  case STEPSIZE_VALUE_FLAG: argument->integer = take_byte(input) & 1; break;
  case STEPSIZE_VALUE_WORD: argument->data = take_word(values->words[i], input); break;
  case STEPSIZE_VALUE_INTEGERS:
    argument->count = take_below(input, NUMBERS + 1), argument->data = values->integers[i];
    for (size_t k = 0; k < argument->count; k++) values->integers[i][k] = take_integer(input);
    break;
  case STEPSIZE_VALUE_REALS:
    argument->count = take_below(input, NUMBERS + 1), argument->data = values->reals[i];
    for (size_t k = 0; k < argument->count; k++) values->reals[i][k] = take_real(input);
    break;
  case STEPSIZE_VALUE_SCHEDULE: argument->data = values->schedule; break;
  default: break;
  }
}

static void try_schedule(const char *name, const Values *values) {
  static const int64_t steps[STEPS] = {0, 1, 7, 100, INT64_MAX};
  stepsize_schedule *schedule = NULL, *again = NULL;
  stepsize_error error;
  size_t size;
  const stepsize_status status = stepsize_schedule_create(name, values->arguments, values->count, &schedule, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, schedule);
    return;
  }
  char *text = schedule_text(schedule, &size);
  EXPECT(stepsize_schedule_parse(text, size, &again, &error) == STEPSIZE_OK);
  char *same = schedule_text(again, NULL);
  EXPECT(strcmp(text, same) == 0);
  const double base[] = {1, 2};
  const stepsize_schedule *both[] = {schedule, again};
  for (int i = 0; i < STEPS; i++) {
    double rates[2];
    const double value = stepsize_schedule_at(schedule, steps[i]);
    EXPECT(is_rate(value) && bits_of(stepsize_schedule_at(again, steps[i])) == bits_of(value));
    EXPECT(stepsize_schedule_rates(both, base, 2, steps[i], rates) == STEPSIZE_OK);
    EXPECT(bits_of(rates[0]) == bits_of(value) && (rates[1] == 2 * value || isinf(2 * value)));
  }
  free(text), free(same);
  stepsize_schedule_destroy(schedule), stepsize_schedule_destroy(again);
}

static char *controller_text(const stepsize_controller *controller) {
#define ASK(buffer, capacity, size) stepsize_controller_print(controller, buffer, capacity, size)
  TAKE_ALL(char, ASK, text, 1, bytes);
#undef ASK
  EXPECT(strlen(text) == bytes);
  return text;
}

/* A training with it, saved and restored in the end. A rule for an early stop may need a phase. */
static void steer(const stepsize_controller *controller, int is_stop, Input *input) {
  static const double base[] = {0.1, 0.05};
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  EXPECT(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.base_lr = base, options.group_count = 2, options.record = 1;
  if (is_stop) options.early_stops = &controller, options.early_stop_count = 1;
  else options.controller = controller;
  const stepsize_status status = stepsize_scheduler_create(&options, &scheduler, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, scheduler);
    return;
  }
  for (int i = 0; i < CALLS && input->size > 0; i++) (void)!training_call(scheduler, input); /* checked where it is made */
  ask_everything(scheduler);
  stepsize_scheduler_destroy(expect_restored(scheduler));
  stepsize_scheduler_destroy(scheduler);
}

static void try_controller(const char *name, const Values *values, Input *input) {
  stepsize_controller *controller = NULL, *again = NULL;
  stepsize_error error;
  const stepsize_status status = stepsize_controller_create(name, values->arguments, values->count, &controller, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, controller);
    return;
  }
  char *text = controller_text(controller), value[WORD];
  EXPECT(stepsize_controller_parse(text, strlen(text), &again, &error) == STEPSIZE_OK);
  char *same = controller_text(again);
  EXPECT(strcmp(text, same) == 0);
  for (size_t i = 0; i < 32; i++) {
    const stepsize_status found = stepsize_controller_parameter(controller, i, STEPSIZE_TEXT_VALUE, value, sizeof value, NULL);
    EXPECT(found == STEPSIZE_OK || found == STEPSIZE_ERROR_SIZE || found == STEPSIZE_ERROR_ARGUMENT);
  }
  steer(controller, strcmp(name, "early_stop") == 0, input);
  free(text), free(same);
  stepsize_controller_destroy(controller), stepsize_controller_destroy(again);
}

static void target(Input input) {
  static Values values;
  char name[WORD];
  const stepsize_catalogue catalogue = take_byte(&input) & 1;
  const size_t index = take_below(&input, (unsigned)stepsize_catalogue_count(catalogue));
  const size_t parameters = stepsize_catalogue_parameter_count(catalogue, index);
  EXPECT(stepsize_catalogue_text(catalogue, index, STEPSIZE_TEXT_NAME, name, sizeof name, NULL) == STEPSIZE_OK);
  const unsigned count = take_below(&input, ARGUMENTS + 1);
  values.count = 0, values.schedule = NULL;
  EXPECT(stepsize_schedule_linear(20, 0.5, &values.schedule, NULL) == STEPSIZE_OK);
  const unsigned first = take_byte(&input);
  for (unsigned i = 0; i < count && parameters > 0; i++)
    take_argument(&values, catalogue, index, (first + i * (1 + first / 64)) % parameters, &input);
  if (catalogue == STEPSIZE_CATALOGUE_SCHEDULES) try_schedule(name, &values);
  else try_controller(name, &values, &input);
  stepsize_schedule_destroy(values.schedule);
}
