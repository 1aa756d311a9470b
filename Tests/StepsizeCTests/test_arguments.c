/* Schedules and controllers from named values: the same as from their text. */
#include "check.h"

static void same_schedule(const char *name, const stepsize_argument *arguments, size_t count, const char *text) {
  stepsize_schedule *made = NULL, *from_text = parsed(text);
  stepsize_error error = {0};
  char a[512], b[512];
  CHECK_STATUS(stepsize_schedule_create(name, arguments, count, &made, &error), STEPSIZE_OK);
  if (!made) fprintf(stderr, "    %s: %s\n", text, error.text);
  REQUIRE(made != NULL);
  CHECK_STATUS(stepsize_schedule_print(made, a, sizeof a, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_print(from_text, b, sizeof b, NULL), STEPSIZE_OK);
  CHECK_TEXT(a, b);
  stepsize_schedule_destroy(made);
  stepsize_schedule_destroy(from_text);
}

static void schedules(void) {
  const stepsize_argument cosine[] = {STEPSIZE_REAL("floor", 0.1), STEPSIZE_INTEGER("total", 9500)};
  same_schedule("cosine", cosine, 2, "cosine(9500, floor=0.1)");
  const stepsize_argument whole[] = {STEPSIZE_REAL("total", 100)}; /* a whole real is an integer */
  same_schedule("linear", whole, 1, "linear(100)");
  const stepsize_argument integer[] = {STEPSIZE_INTEGER("gamma", 1)}; /* and an integer a real */
  same_schedule("exponential", integer, 1, "exponential(1)");
  const stepsize_argument fall[] = {STEPSIZE_INTEGER("total", 10), STEPSIZE_WORD("shape", "mirror-cosine")};
  same_schedule("cooldown", fall, 2, "cooldown(10, shape=\"mirror-cosine\")");
  const double steps[] = {0, 10}, values[] = {1, 0.5};
  const stepsize_argument knots[] = {STEPSIZE_REALS("steps", steps, 2), STEPSIZE_REALS("values", values, 2)};
  same_schedule("knots", knots, 2, "knots([0, 10], [1, 0.5])");
  const int64_t milestones[] = {3, 5, 5};
  const stepsize_argument cuts[] = {{"milestones", STEPSIZE_VALUE_INTEGERS, 0, 0, 0, milestones, 3}};
  same_schedule("multistep", cuts, 1, "multistep([3, 5, 5])");
  stepsize_schedule *part = parsed("linear(5)");
  const stepsize_argument again[] = {{"schedule", STEPSIZE_VALUE_SCHEDULE, 0, 0, 0, part, 0},
                                     {"count", STEPSIZE_VALUE_NONE, 0, 0, 0, NULL, 0}};
  same_schedule("repeat", again, 2, "repeat(linear(5))");
  stepsize_schedule_destroy(part);
  const stepsize_argument cycle[] = {STEPSIZE_INTEGER("total", 9), STEPSIZE_FLAG("three_phase", 0)};
  same_schedule("onecycle", cycle, 2, "onecycle(9)");
}

/* A parameter of a controller, with the value that it has there. */
static stepsize_argument argument_of(const stepsize_controller *controller, size_t p, char name[64], char value[256]) {
  char kind[64];
  stepsize_argument argument = {name, STEPSIZE_VALUE_NONE, 0, 0, 0, NULL, 0};
  REQUIRE(stepsize_controller_parameter(controller, p, STEPSIZE_TEXT_NAME, name, 64, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_parameter(controller, p, STEPSIZE_TEXT_VALUE, value, 256, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_parameter(controller, p, STEPSIZE_TEXT_KIND, kind, sizeof kind, NULL) == STEPSIZE_OK);
  if (strcmp(value, "none") == 0) return argument;
  if (strcmp(kind, "flag") == 0) argument.kind = STEPSIZE_VALUE_FLAG, argument.integer = value[0] == 't';
  else if (strcmp(kind, "count") == 0) argument.kind = STEPSIZE_VALUE_INTEGER, argument.integer = atoll(value);
  else if (strcmp(kind, "real") == 0) argument.kind = STEPSIZE_VALUE_REAL, argument.real = atof(value);
  else {
    value[strlen(value) - 1] = 0; /* its quotes */
    argument.kind = STEPSIZE_VALUE_WORD, argument.data = value + 1;
  }
  return argument;
}

/* Every parameter of every controller, set to its default by name: the default controller. */
static void controllers(void) {
  const size_t count = stepsize_catalogue_count(STEPSIZE_CATALOGUE_CONTROLLERS);
  CHECK(count >= 6);
  for (size_t i = 0; i < count; i++) {
    char name[64], names[24][64], values[24][256], a[512] = "", b[512] = "";
    stepsize_argument arguments[24];
    stepsize_controller *plain = NULL, *full = NULL;
    stepsize_error error = {0};
    CHECK_STATUS(stepsize_catalogue_text(STEPSIZE_CATALOGUE_CONTROLLERS, i, STEPSIZE_TEXT_NAME, name, sizeof name, NULL),
                 STEPSIZE_OK);
    CHECK_STATUS(stepsize_controller_create(name, NULL, 0, &plain, NULL), STEPSIZE_OK);
    const size_t parameters = stepsize_catalogue_parameter_count(STEPSIZE_CATALOGUE_CONTROLLERS, i);
    REQUIRE(plain && parameters > 0 && parameters <= 24);
    for (size_t p = 0; p < parameters; p++) /* in any order */
      arguments[parameters - 1 - p] = argument_of(plain, p, names[p], values[p]);
    CHECK_STATUS(stepsize_controller_create(name, arguments, parameters, &full, &error), STEPSIZE_OK);
    if (!full) fprintf(stderr, "    %s: %s\n", name, error.text);
    CHECK_STATUS(stepsize_controller_print(plain, a, sizeof a, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_controller_print(full, b, sizeof b, NULL), STEPSIZE_OK);
    CHECK_TEXT(a, b);
    stepsize_controller_destroy(plain);
    stepsize_controller_destroy(full);
  }
  /* The defaults are those of the variant that is given, wherever it stands. */
  const stepsize_argument paper[] = {STEPSIZE_REAL("factor", 0.5), STEPSIZE_WORD("variant", "paper")};
  stepsize_controller *controller = NULL;
  char text[256], value[64];
  REQUIRE(stepsize_controller_create("greedy", paper, 2, &controller, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(controller, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "greedy(\"paper\", factor=0.5)");
  CHECK_STATUS(stepsize_controller_parameter(controller, 3, STEPSIZE_TEXT_VALUE, value, sizeof value, NULL), STEPSIZE_OK);
  CHECK_TEXT(value, "0");
  stepsize_controller_destroy(controller);
  const double bounds[] = {1e-4, 1e-3};
  const stepsize_argument each[] = {STEPSIZE_REALS("min_lr", bounds, 2)};
  REQUIRE(stepsize_controller_create("plateau", each, 1, &controller, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(controller, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "plateau(min_lr=[0.0001, 0.001])");
  stepsize_controller_destroy(controller);
}

static void refused(const char *name, const stepsize_argument *arguments, size_t count, stepsize_status status,
                    const char *part) {
  stepsize_controller *controller = (stepsize_controller *)&check_passed;
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_controller_create(name, arguments, count, &controller, &error), status);
  CHECK(controller == NULL && error.status == status);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s\n", error.text);
}

static void refusals(void) {
  static const double reals[2] = {1, 2};
  const stepsize_argument unknown[] = {STEPSIZE_INTEGER("patients", 1)};
  refused("greedy", unknown, 1, STEPSIZE_ERROR_NAME, "patience");
  refused("gredy", NULL, 0, STEPSIZE_ERROR_NAME, "greedy");
  refused(NULL, NULL, 0, STEPSIZE_ERROR_NULL, "NULL");
  refused("", NULL, 0, STEPSIZE_ERROR_NAME, "unknown controller");
  refused("linear", NULL, 0, STEPSIZE_ERROR_NAME, "unknown controller");
  const stepsize_argument twice[] = {STEPSIZE_INTEGER("patience", 1), STEPSIZE_INTEGER("patience", 2)};
  refused("greedy", twice, 2, STEPSIZE_ERROR_ARGUMENT, "twice");
  const stepsize_argument nameless[] = {STEPSIZE_INTEGER(NULL, 1)};
  refused("greedy", nameless, 1, STEPSIZE_ERROR_NULL, "NULL");
  const stepsize_argument range[] = {STEPSIZE_INTEGER("patience", -1)};
  refused("greedy", range, 1, STEPSIZE_ERROR_ARGUMENT, "patience = -1");
  const stepsize_argument fraction[] = {STEPSIZE_REAL("patience", 1.5)};
  refused("greedy", fraction, 1, STEPSIZE_ERROR_ARGUMENT, "patience = 1.5");
  const stepsize_argument nan[] = {STEPSIZE_REAL("factor", NAN)};
  refused("greedy", nan, 1, STEPSIZE_ERROR_ARGUMENT, "factor = nan");
  const stepsize_argument infinite[] = {STEPSIZE_REAL("factor", INFINITY)};
  refused("greedy", infinite, 1, STEPSIZE_ERROR_ARGUMENT, "factor = inf");
  const stepsize_argument word[] = {STEPSIZE_WORD("mode", "most")};
  refused("greedy", word, 1, STEPSIZE_ERROR_ARGUMENT, "\"max\"");
  const stepsize_argument none[] = {{"factor", STEPSIZE_VALUE_NONE, 0, 0, 0, NULL, 0}};
  refused("greedy", none, 1, STEPSIZE_ERROR_ARGUMENT, "factor = none");
  const stepsize_argument flag[] = {STEPSIZE_FLAG("smooth", 2)};
  refused("greedy", flag, 1, STEPSIZE_ERROR_ARGUMENT, "smooth");
  const stepsize_argument kind[] = {{"factor", 99, 0, 0, 0.5, NULL, 0}};
  refused("greedy", kind, 1, STEPSIZE_ERROR_ARGUMENT, "factor");
  const stepsize_argument null[] = {{"min_lr", STEPSIZE_VALUE_REALS, 0, 0, 0, NULL, 2}};
  refused("greedy", null, 1, STEPSIZE_ERROR_NULL, "min_lr");
  const stepsize_argument wordless[] = {STEPSIZE_WORD("mode", NULL)};
  refused("greedy", wordless, 1, STEPSIZE_ERROR_NULL, "mode");
  const stepsize_argument odd[] = {{"min_lr", STEPSIZE_VALUE_REALS, 0, 0, 0, (const char *)reals + 1, 1}};
  refused("greedy", odd, 1, STEPSIZE_ERROR_ARGUMENT, "min_lr");
  const stepsize_argument huge[] = {{"min_lr", STEPSIZE_VALUE_REALS, 0, 0, 0, reals, SIZE_MAX}};
  refused("greedy", huge, 1, STEPSIZE_ERROR_ARGUMENT, "min_lr");
  refused("greedy", NULL, 1, STEPSIZE_ERROR_NULL, "arguments");
  refused("greedy", unknown, 1000, STEPSIZE_ERROR_SIZE, "arguments");
  const stepsize_argument reset[] = {STEPSIZE_INTEGER("reset_start", 0)};
  refused("greedy", reset, 1, STEPSIZE_ERROR_ARGUMENT, "reset_start = 0");
  const stepsize_argument beta[] = {STEPSIZE_WORD("variant", "multiplicative"), STEPSIZE_REAL("beta", 1)};
  refused("hypergradient", beta, 2, STEPSIZE_ERROR_ARGUMENT, "beta = 1");
  const stepsize_argument reserved[] = {{"factor", STEPSIZE_VALUE_REAL, 1, 0, 0.5, NULL, 0}};
  refused("greedy", reserved, 1, STEPSIZE_ERROR_ARGUMENT, "reserved is not 0 in the argument factor");
  CHECK_STATUS(stepsize_controller_create("greedy", NULL, 0, NULL, NULL), STEPSIZE_ERROR_NULL);

  stepsize_schedule *schedule = (stepsize_schedule *)&check_passed;
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_schedule_create("linear", NULL, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(schedule == NULL && strstr(error.text, "total is missing"));
  CHECK_STATUS(stepsize_schedule_create("liner", NULL, 0, &schedule, &error), STEPSIZE_ERROR_NAME);
  CHECK(strstr(error.text, "linear"));
  CHECK_STATUS(stepsize_schedule_create("linear", NULL, 0, NULL, NULL), STEPSIZE_ERROR_NULL);
}

/* NULL in a struct or an array, as NULL itself (Tests/abi/libffi.c). */
static void nulls(void) {
  const double base[2] = {1, 2};
  const stepsize_schedule *schedules[2] = {NULL, NULL};
  const stepsize_controller *stops[1] = {NULL};
  stepsize_schedule *schedule = NULL, *clamped = NULL;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error;
  const stepsize_argument part[] = {{"schedule", STEPSIZE_VALUE_SCHEDULE, 0, 0, 0, NULL, 0}};
  CHECK_STATUS(stepsize_schedule_create("clamp", part, 1, &clamped, &error), STEPSIZE_ERROR_NULL);
  CHECK(clamped == NULL);
  REQUIRE(stepsize_schedule_linear(9, 0, &schedule, NULL) == STEPSIZE_OK);
  schedules[0] = schedule;
  for (int k = 0; k < 6; k++) {
    REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
    options.group_count = 2, options.base_lr = base;
    if (k == 0) options.base_lr = NULL;
    if (k == 1) options.min_lr_count = 1;
    if (k == 2) options.max_lr_count = 2;
    if (k == 3) options.early_stop_count = 1;
    if (k == 4) options.early_stop_count = 1, options.early_stops = stops;
    if (k == 5) options.schedule_count = 2, options.schedules = schedules;
    CHECK_STATUS(stepsize_scheduler_create(&options, &scheduler, &error), STEPSIZE_ERROR_NULL);
    if (!CHECK(scheduler == NULL && strstr(error.text, "NULL"))) fprintf(stderr, "    %d: %s\n", k, error.text);
  }
  stepsize_schedule_destroy(schedule);
}

/* What a controller is shown in arrays: squares and norms below 0 are refused and change nothing; what is not finite is a
   training that diverges. */
static void squares(void) {
  const double base[2] = {1, 2}, bad[] = {-1, -5e-324, -INFINITY};
  stepsize_scheduler_options options;
  double lr[2], good[2] = {1, 1};
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 2, options.base_lr = base;
  static const char *const texts[] = {"line_search(projected=true)", "hypergradient(\"multiplicative\")"};
  for (int k = 0; k < 2; k++) {
    stepsize_scheduler *s = NULL;
    REQUIRE(stepsize_scheduler_parse(texts[k], strlen(texts[k]), &options, &s, NULL) == STEPSIZE_OK);
    if (k == 0) CHECK_STATUS(stepsize_scheduler_propose(s, 1, good, 2, NULL, 0), STEPSIZE_OK);
    size_t size;
    uint8_t before[512], after[512];
    CHECK_STATUS(stepsize_scheduler_save(s, before, sizeof before, &size), STEPSIZE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
      for (int g = 0; g < 2; g++) {
        double numbers[2] = {3, 3};
        stepsize_trial trial = 9;
        numbers[g] = bad[i], lr[0] = -7;
        if (k == 0) {
          CHECK_STATUS(stepsize_scheduler_propose(s, 1, numbers, 2, lr, 2), STEPSIZE_ERROR_ARGUMENT);
          CHECK_STATUS(stepsize_scheduler_report(s, 1, numbers, 2, &trial, lr, 2), STEPSIZE_ERROR_ARGUMENT);
          CHECK(trial == 9);
        } else {
          CHECK_STATUS(stepsize_scheduler_observe_gradient(s, good, numbers, 2, lr, 2), STEPSIZE_ERROR_ARGUMENT);
        }
        CHECK_STATUS(stepsize_scheduler_save(s, after, sizeof after, &size), STEPSIZE_OK);
        CHECK(lr[0] == -7 && memcmp(before, after, size) == 0);
      }
    const double diverged[2] = {NAN, INFINITY};
    if (k == 0) CHECK_STATUS(stepsize_scheduler_propose(s, NAN, diverged, 2, lr, 2), STEPSIZE_OK);
    else CHECK_STATUS(stepsize_scheduler_observe_gradient(s, diverged, diverged, 2, lr, 2), STEPSIZE_OK);
    stepsize_scheduler_destroy(s);
  }
}

/* A range can depend on the variant, as a default does; the catalogue has that of the first one. */
static void ranges_of_variants(void) {
  static const struct {
    const char *controller, *name, *range;
  } cases[] = {
      {"greedy()", "reset_start", "an integer from 1 to 9223372036854775807, or none"},
      {"greedy(\"paper\")", "reset_start", "an integer from 1 to 9223372036854775807, or none"},
      {"greedy(\"huggingface\", reset_start=0)", "reset_start", "an integer from 0 to 9223372036854775807, or none"},
      {"hypergradient()", "beta", "a finite number > 0"},
      {"hypergradient(\"adam\")", "beta", "a finite number > 0"},
      {"hypergradient(\"multiplicative\")", "beta", "a number in (0, 1)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    stepsize_controller *controller = NULL;
    const char *text = cases[i].controller;
    char name[64], range[128];
    REQUIRE(stepsize_controller_parse(text, strlen(text), &controller, NULL) == STEPSIZE_OK);
    size_t p = 0;
    do REQUIRE(stepsize_controller_parameter(controller, p++, STEPSIZE_TEXT_NAME, name, sizeof name, NULL) == STEPSIZE_OK);
    while (strcmp(name, cases[i].name) != 0);
    CHECK_STATUS(stepsize_controller_parameter(controller, p - 1, STEPSIZE_TEXT_RANGE, range, sizeof range, NULL), STEPSIZE_OK);
    CHECK_TEXT(range, cases[i].range);
    stepsize_controller_destroy(controller);
  }
}

int main(void) {
  schedules();
  controllers();
  refusals();
  nulls();
  squares();
  ranges_of_variants();
  return finish();
}
