/* What the introduction of the header promises and no other test holds it to; docs/reliability.md has the list. */
#define _GNU_SOURCE
#include <fenv.h>
#include <float.h>
#include <link.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "making.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const texts[] = {
    "linear(100)", "warmup(10) >> cosine(90, floor=0.1)", "0.5 * exponential(0.99)", "repeat(linear(7), 5)",
    "clamp(inverse_sqrt(10), min=0.2) * linear(50)", "table([0.5, 0.25, 1, 0])", "noise(30)", "onecycle(40)",
    "stretch(restarts(5, 3), 2.5)", "constant(5, phase=\"main\") >> piecewise([3, 9], [1, 0.5, 0.1])",
};

/* ---- Three kinds of object --------------------------------------------------------------------- */

/* Any step in any order, always with the same bits; 1 is the base rate. */
static void schedules(void) {
  uint64_t random = 11;
  for (int i = 0; i < COUNT(texts); i++) {
    stepsize_schedule *schedule = parsed(texts[i]);
    double values[128];
    for (int t = 0; t < 128; t++) values[t] = stepsize_schedule_at(schedule, t);
    for (int k = 0; k < 1000; k++) {
      const int t = (int)below(&random, 128);
      CHECK_SAME(stepsize_schedule_at(schedule, t), values[t]);
    }
    stepsize_schedule_destroy(schedule);
  }
  stepsize_scheduler *scheduler = scheduler_of("constant(value=1)", 0.3);
  CHECK_SAME(rate_of(scheduler), 0.3);
  stepsize_scheduler_destroy(scheduler);
}

/* What a controller knows belongs to the scheduler: two that were made with it do not share it. */
static void controllers(void) {
  const char *text = "greedy(patience=0, factor=0.5, smooth=false)";
  double base = 1, lr, other_lr;
  char before[256], after[256];
  stepsize_controller *controller = NULL;
  stepsize_scheduler *scheduler = NULL, *other = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_controller_parse(text, strlen(text), &controller, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base, options.controller = controller;
  REQUIRE(stepsize_scheduler_create(&options, &scheduler, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_create(&options, &other, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_print(controller, before, sizeof before, NULL) == STEPSIZE_OK);
  for (int i = 0; i < 5; i++) REQUIRE(stepsize_scheduler_step_with_loss(scheduler, 1 + i, &lr, 1) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_rates(other, &other_lr, 1) == STEPSIZE_OK);
  CHECK(lr < 1);
  CHECK_SAME(other_lr, 1);
  REQUIRE(stepsize_controller_print(controller, after, sizeof after, NULL) == STEPSIZE_OK);
  CHECK_TEXT(after, before);
  stepsize_controller_destroy(controller);
  stepsize_scheduler_destroy(scheduler), stepsize_scheduler_destroy(other);

  /* At most one that moves the rates. */
  static const char *const pairs[] = {"greedy() * plateau()", "plateau() * line_search() * linear(10)",
                                      "hypergradient() * learned()"};
  for (int i = 0; i < COUNT(pairs); i++) CHECK(scheduler_from(pairs[i], 1, &base, NULL, NULL, 0, 1) == NULL);
}

/* rate = clamp(base * schedule(t), min_lr, max_lr), for a scheduler that was just made (update 0) and after each step. */
static void rates(void) {
  static const double base[] = {1, 0.3, 2}, low[] = {0.25, 0, 0.5}, high[] = {0.75, 1, 1.5};
  for (int i = 0; i < COUNT(texts); i++) {
    stepsize_schedule *schedule = parsed(texts[i]);
    stepsize_scheduler *scheduler = scheduler_from(texts[i], 3, base, low, high, 0, 0);
    double lrs[3];
    REQUIRE(stepsize_scheduler_rates(scheduler, lrs, 3) == STEPSIZE_OK);
    CHECK(stepsize_scheduler_get_step(scheduler) == 0);
    for (int64_t t = 0; t < 120; t++) {
      for (int g = 0; g < 3; g++) {
        const double rate = base[g] * stepsize_schedule_at(schedule, t);
        CHECK_SAME(lrs[g], rate < low[g] ? low[g] : rate > high[g] ? high[g] : rate);
      }
      REQUIRE(stepsize_scheduler_step(scheduler, lrs, 3) == STEPSIZE_OK);
      CHECK(stepsize_scheduler_get_step(scheduler) == t + 1);
    }
    stepsize_scheduler_destroy(scheduler);
    stepsize_schedule_destroy(schedule);
  }
}

static void simplest_call(void) {
  CHECK_SAME(stepsize_cosine(0, 10000, 1e-3, 0.1), 1e-3);
  CHECK_NEAR(stepsize_cosine(5000, 10000, 1e-3, 0.1), 5.5e-4, 2);
  CHECK_NEAR(stepsize_cosine(10000, 10000, 1e-3, 0.1), 1e-4, 1);
}

/* ---- Time -------------------------------------------------------------------------------------- */

/* Before step 0 the value at 0, after the end the last value, whatever the schedule. */
static void ends(void) {
  for (int i = 0; i < COUNT(texts); i++) {
    stepsize_schedule *schedule = parsed(texts[i]);
    const int64_t length = stepsize_schedule_length(schedule);
    CHECK_SAME(stepsize_schedule_at(schedule, -1), stepsize_schedule_at(schedule, 0));
    CHECK_SAME(stepsize_schedule_at(schedule, INT64_MIN), stepsize_schedule_at(schedule, 0));
    for (int64_t more = 1; length < STEPSIZE_NEVER && more < 1000; more *= 3)
      CHECK_SAME(stepsize_schedule_at(schedule, length + more), stepsize_schedule_at(schedule, length));
    stepsize_schedule_destroy(schedule);
  }
}

/* ---- Ownership --------------------------------------------------------------------------------- */

/* What was passed in may be overwritten and destroyed at once. */
static void borrowed(void) {
  char text[] = "greedy(patience=1) * early_stop(\"main\", patience=3) * (constant(9, phase=\"main\") >> linear(9))";
  char name[] = "piecewise", early[] = "early_stop(\"main\", patience=3)";
  double base[] = {0.1, 0.2}, low[] = {0.01, 0.02}, values[] = {1, 0.5}, lr[2];
  int64_t boundaries[] = {4};
  stepsize_argument arguments[] = {
      {"boundaries", STEPSIZE_VALUE_INTEGERS, 0, 0, 0, boundaries, 1}, STEPSIZE_REALS("values", values, 2)};
  stepsize_schedule *schedule = NULL, *table = NULL, *both = NULL;
  stepsize_controller *rule = NULL;
  stepsize_scheduler *scheduler = NULL, *made = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 2, options.base_lr = base, options.min_lr = low, options.min_lr_count = 2;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_create(name, arguments, 2, &schedule, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_table(values, 2, &table, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_product(schedule, table, &both, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_parse(early, strlen(early), &rule, NULL) == STEPSIZE_OK);
  stepsize_schedule *phase = parsed("constant(9, phase=\"main\")");
  const stepsize_controller *early_stops[] = {rule};
  options.schedule = phase, options.early_stops = early_stops, options.early_stop_count = 1;
  REQUIRE(stepsize_scheduler_create(&options, &made, NULL) == STEPSIZE_OK);
  size_t size;
  uint8_t *state = state_of(scheduler, &size);
  stepsize_scheduler *again = restored(state, size);

  memset(text, '!', sizeof text - 1), memset(name, '!', sizeof name - 1), memset(early, '!', sizeof early - 1);
  memset(base, 0xff, sizeof base), memset(low, 0xff, sizeof low), memset(values, 0xff, sizeof values);
  memset(boundaries, 0xff, sizeof boundaries), memset(arguments, 0xff, sizeof arguments);
  memset(&options, 0xff, sizeof options), memset(state, 0xff, size);
  early_stops[0] = NULL;
  free(state);
  stepsize_schedule_destroy(schedule), stepsize_schedule_destroy(table), stepsize_schedule_destroy(phase);
  stepsize_controller_destroy(rule);

  CHECK_SAME(stepsize_schedule_at(both, 0), 1);
  CHECK_SAME(stepsize_schedule_at(both, 3), 0.5);
  CHECK_SAME(stepsize_schedule_at(both, 4), 0.25);
  REQUIRE(stepsize_scheduler_rates(scheduler, lr, 2) == STEPSIZE_OK);
  CHECK(lr[0] == 0.1 && lr[1] == 0.2);
  REQUIRE(stepsize_scheduler_rates(again, lr, 2) == STEPSIZE_OK);
  CHECK(lr[0] == 0.1 && lr[1] == 0.2);
  char printed[256];
  REQUIRE(stepsize_scheduler_print(made, printed, sizeof printed, NULL) == STEPSIZE_OK);
  CHECK_TEXT(printed, "early_stop(\"main\", patience=3) * constant(9, phase=\"main\")");
  stepsize_scheduler_destroy(scheduler), stepsize_scheduler_destroy(again), stepsize_scheduler_destroy(made);
  stepsize_schedule_destroy(both);

  /* A text that is returned is static. */
  for (int status = -1; status < 40; status++) {
    const char *once = stepsize_status_name(status);
    CHECK(once != NULL && once == stepsize_status_name(status));
  }
}

/* ---- NULL -------------------------------------------------------------------------------------- */

static void nothing(void) {
  stepsize_schedule_destroy(NULL), stepsize_controller_destroy(NULL);
  stepsize_scheduler_destroy(NULL), stepsize_norm_log_destroy(NULL);
  stepsize_schedule *schedule = parsed("linear(10)");
  stepsize_scheduler *scheduler = scheduler_of("linear(10)", 1);
  stepsize_schedule *made = NULL;
  CHECK_STATUS(stepsize_schedule_fill(schedule, 0, 1, 1, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_fill_float(schedule, 0, 1, 1, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(scheduler, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_rates(scheduler, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_create("constant", NULL, 0, &made, NULL), STEPSIZE_OK);
  stepsize_schedule_destroy(made);
  CHECK_STATUS(stepsize_schedule_fill(schedule, 0, 1, 1, NULL, 1), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_scheduler_step(scheduler, NULL, 1), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_parse("linear(10", 9, &made, NULL), STEPSIZE_ERROR_SYNTAX);
  stepsize_schedule_destroy(schedule), stepsize_scheduler_destroy(scheduler);
}

/* ---- Errors ------------------------------------------------------------------------------------ */

/* Calls that fail, each in its own way: `round` says with which of two wrong values. */
static void fail(stepsize_scheduler *scheduler, const stepsize_schedule *schedule, int round) {
  static const char *const wrong[] = {"cosine(100, floor=1.5)", "linear(10) >> cosin(5)", "linear(10", "((((", "linear(1e99)"};
  static const char *const others[] = {"cosine(100, floor=-2)", "linear(10) >> cosime(5)", "linear(11", "))))", "linear(-1)"};
  double lr, norm = -1, nan = NAN;
  uint8_t state[64] = "STEPSIZE";
  stepsize_error error;
  stepsize_schedule *made = NULL;
  for (int i = 0; i < COUNT(wrong); i++) {
    const char *text = round ? others[i] : wrong[i];
    CHECK(stepsize_schedule_parse(text, strlen(text), &made, &error) != STEPSIZE_OK && made == NULL);
  }
  CHECK_STATUS(stepsize_scheduler_step(scheduler, &lr, 1), STEPSIZE_ERROR_LOSS_REQUIRED);
  CHECK_STATUS(stepsize_scheduler_set_step(scheduler, -1 - round), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, 1 + round, NULL, 1), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_scheduler_observe_gradient(scheduler, &nan, NULL, 1, &lr, 1), STEPSIZE_ERROR_ORDER);
  CHECK_STATUS(stepsize_scheduler_log_norm(scheduler, norm - round), STEPSIZE_ERROR_ORDER);
  CHECK_STATUS(stepsize_scheduler_load(scheduler, state, sizeof state - (size_t)round, &error), STEPSIZE_ERROR_STATE);
  CHECK_STATUS(stepsize_schedule_scale(schedule, -1 - round, &made, &error), STEPSIZE_ERROR_ARGUMENT);
}

/* The text has the field, its value and what is allowed; nothing but `error` has changed. */
static void errors(void) {
  stepsize_schedule *schedule = parsed("linear(10)"), *made = NULL;
  stepsize_scheduler *scheduler = scheduler_of("greedy(patience=1) * linear(10)", 1);
  stepsize_error error;
  size_t size, again;
  const char *text = "cosine(100, floor=1.5)";
  CHECK(STEPSIZE_OK == 0);
  CHECK_STATUS(stepsize_schedule_parse(text, strlen(text), &made, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "floor") && strstr(error.text, "1.5") && strstr(error.text, "[0, 1]"));
  CHECK(error.status == STEPSIZE_ERROR_ARGUMENT && error.offset >= 0);

  uint8_t *before = state_of(scheduler, &size);
  fail(scheduler, schedule, 0);
  uint8_t *after = state_of(scheduler, &again);
  CHECK(size == again && memcmp(before, after, size) == 0);
  CHECK_SAME(stepsize_schedule_at(schedule, 5), 0.5);
  free(before), free(after);

  /* Success leaves `error` alone. */
  memset(&error, 0x5a, sizeof error);
  const stepsize_error untouched = error;
  REQUIRE(stepsize_schedule_parse("linear(3)", 9, &made, &error) == STEPSIZE_OK);
  CHECK(memcmp(&error, &untouched, sizeof error) == 0);
  stepsize_schedule_destroy(made);

  double lr;
  CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, NAN, &lr, 1), STEPSIZE_OK);
  CHECK(isfinite(lr) && stepsize_scheduler_get_step(scheduler) == 1);
  stepsize_scheduler_destroy(scheduler);
  stepsize_schedule_destroy(schedule);
}

/* The writable part of the shared library, copied; nothing where the static one is linked. */
typedef struct Globals {
  uint8_t *copy;
  size_t size;
} Globals;

static int copy_globals(struct dl_phdr_info *info, size_t size, void *out) {
  Globals *globals = out;
  (void)size;
  if (!strstr(info->dlpi_name, "libstepsize.so")) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_W)) continue;
    globals->copy = realloc(globals->copy, globals->size + part->p_memsz);
    REQUIRE(globals->copy != NULL);
    memcpy(globals->copy + globals->size, (const void *)(info->dlpi_addr + part->p_vaddr), part->p_memsz);
    globals->size += part->p_memsz;
  }
  return 1;
}

/* Nothing is printed, and nothing kept in a global variable: the second round has other values than the first, which has
   bound the symbols. */
static void quiet(void) {
  stepsize_schedule *schedule = parsed("linear(10)");
  stepsize_scheduler *scheduler = scheduler_of("greedy(patience=1) * linear(10)", 1);
  Globals before = {NULL, 0}, after = {NULL, 0};
  FILE *printed = tmpfile();
  REQUIRE(printed != NULL);
  const int file = fileno(printed), out = dup(1), err = dup(2);
  REQUIRE(out >= 0 && err >= 0);
  fflush(stdout), fflush(stderr);
  REQUIRE(dup2(file, 1) == 1 && dup2(file, 2) == 2);
  fail(scheduler, schedule, 0);
  dl_iterate_phdr(copy_globals, &before);
  fail(scheduler, schedule, 1);
  dl_iterate_phdr(copy_globals, &after);
  fflush(stdout), fflush(stderr);
  REQUIRE(dup2(out, 1) == 1 && dup2(err, 2) == 2);
  CHECK(lseek(file, 0, SEEK_END) == 0);
  CHECK(before.size == after.size && (before.size == 0 || memcmp(before.copy, after.copy, before.size) == 0));
  free(before.copy), free(after.copy);
  fclose(printed), close(out), close(err);
  stepsize_scheduler_destroy(scheduler);
  stepsize_schedule_destroy(schedule);
}

/* ---- The host ---------------------------------------------------------------------------------- */

static int thread_count(void) {
  char line[256];
  int count = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "Threads: %d", &count) == 1) break;
  if (file) fclose(file);
  return count;
}

/* A training with a save in it, as text and numbers, and a message with a number. */
static void train(char *text, size_t capacity, double *last) {
  stepsize_scheduler *scheduler = scheduler_of("greedy(patience=1, factor=0.5) * (warmup(5) >> cosine(95, floor=0.125))", 0.1);
  for (int i = 0; i < 50; i++) REQUIRE(stepsize_scheduler_step_with_loss(scheduler, 1 + i % 3, last, 1) == STEPSIZE_OK);
  size_t size;
  uint8_t *state = state_of(scheduler, &size);
  stepsize_scheduler *again = restored(state, size);
  REQUIRE(stepsize_scheduler_print(again, text, capacity, NULL) == STEPSIZE_OK);
  free(state);
  stepsize_scheduler_destroy(scheduler), stepsize_scheduler_destroy(again);
  stepsize_schedule *none = NULL;
  stepsize_error error;
  CHECK_STATUS(stepsize_schedule_parse("linear(10, floor=1.5)", 21, &none, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "1.5") != NULL);
  const size_t end = strlen(text);
  snprintf(text + end, capacity - end, "; %s", error.text);
}

static void host(void) {
  enum { SIGNALS = 65 };
  static struct sigaction before[SIGNALS];
  char plain[512], foreign[512];
  double last = 0, foreign_last = 0;
  for (int i = 1; i < SIGNALS; i++)
    if (sigaction(i, NULL, &before[i]) != 0) before[i].sa_handler = SIG_DFL;
  const int threads = thread_count();
  train(plain, sizeof plain, &last);
  CHECK(thread_count() == threads);
  for (int i = 1; i < SIGNALS; i++) {
    struct sigaction now;
    if (sigaction(i, NULL, &now) == 0) CHECK(now.sa_handler == before[i].sa_handler);
  }
  /* A decimal comma. run_c_tests.sh makes the locale where the machine has none. */
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
  for (int i = 0; i < COUNT(locales) && !setlocale(LC_ALL, locales[i]); i++) {}
  if (localeconv()->decimal_point[0] != ',') printf("test_introduction: skipped the decimal comma, no such locale\n");
  train(foreign, sizeof foreign, &foreign_last);
  setlocale(LC_ALL, "C");
  CHECK_TEXT(foreign, plain);
  CHECK(strstr(plain, "0.125") != NULL);
  CHECK_SAME(foreign_last, last);

  /* Another rounding mode may change the last bits, and no more. */
  static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (int i = 0; i < COUNT(texts); i++) {
    stepsize_schedule *schedule = parsed(texts[i]);
    for (int64_t t = 0; t < 100; t++) {
      const double nearest = stepsize_schedule_at(schedule, t);
      for (int k = 0; k < COUNT(modes); k++) {
        fesetround(modes[k]);
        const double value = stepsize_schedule_at(schedule, t);
        fesetround(FE_TONEAREST);
        CHECK(value >= 0 && fabs(value - nearest) <= 64 * DBL_EPSILON * nearest + DBL_MIN);
      }
    }
    stepsize_schedule_destroy(schedule);
  }
#ifdef __SSE2__
  /* With flush-to-zero the rates above 2.2e-308 are what they are, and a smaller one may be 0. */
  stepsize_schedule *schedule = parsed("cosine(100, floor=0.1) * constant(value=1e-307)"), *tiny = parsed("constant(value=1e-310)");
  for (int64_t t = 0; t < 50; t++) {
    const double with = stepsize_schedule_at(schedule, t);
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    const double without = stepsize_schedule_at(schedule, t), smallest = stepsize_schedule_at(tiny, t);
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_OFF);
    CHECK_NEAR(without, with, 64);
    CHECK(smallest == 0 || smallest == 1e-310);
  }
  stepsize_schedule_destroy(schedule), stepsize_schedule_destroy(tiny);
#endif
}

int main(void) {
  schedules(), controllers(), rates(), simplest_call();
  ends();
  borrowed();
  nothing();
  errors(), quiet();
  host();
  return finish();
}
