/* libstepsize against the same functions written by hand in C (twin.c, a shared library as well), in one run and
   in turns. Values are compared before anything is timed. Ends with status 1 if values differ. */
#define _POSIX_C_SOURCE 200809L
#include "timing.h"
#include "twin.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepsize/stepsize.h"

enum { REPEATS = 21, CALLS = 1000000, CHECKED = 200000, FILLED = 1000000, MAX_GROUPS = 8, LOSSES = 4096 };

static double losses[LOSSES];
static volatile double sink;

static void fail(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

static void ok(int32_t status, const char *what) {
  if (status != STEPSIZE_OK) fail(what);
}

static double median(double *values) {
  qsort(values, REPEATS, sizeof *values, ascending);
  return values[REPEATS / 2];
}

/* Each of the two is a loop over `calls` calls. */
typedef void (*loop)(void *object, size_t calls);

/* The ratio is the median of the ratios of neighbours in time. */
static void compare(const char *name, loop ours, void *our_object, loop twin, void *twin_object, size_t calls,
                    double per_call) {
  double a[REPEATS], b[REPEATS], ratios[REPEATS];
  ours(our_object, calls / 10 + 1);
  twin(twin_object, calls / 10 + 1);
  for (int i = 0; i < REPEATS; i++) {
    double started, taken;
    for (int turn = 0; turn < 2; turn++) {
      started = now();
      if ((turn + i) % 2) ours(our_object, calls);
      else twin(twin_object, calls);
      taken = now() - started;
      if ((turn + i) % 2) a[i] = taken;
      else b[i] = taken;
    }
    ratios[i] = a[i] / b[i];
  }
  double scale = 1e9 / ((double)calls * per_call);
  printf("%-44s %10.2f %10.2f %8.2f\n", name, median(a) * scale, median(b) * scale, median(ratios));
  fflush(stdout);
}

/* ---- Scheduler steps --------------------------------------------------------------------------- */

static size_t group_count;
static double rates[MAX_GROUPS], twin_rates[MAX_GROUPS];

static void our_steps(void *s, size_t calls) {
  for (size_t i = 0; i < calls; i++) (void)!stepsize_scheduler_step(s, rates, group_count);
}

static void twin_steps(void *s, size_t calls) {
  for (size_t i = 0; i < calls; i++) twin_linear_step(s, twin_rates, group_count);
}

static void our_greedy_steps(void *s, size_t calls) {
  for (size_t i = 0; i < calls; i++) (void)!stepsize_scheduler_step_with_loss(s, losses[i % LOSSES], rates, group_count);
}

static void twin_greedy_steps(void *s, size_t calls) {
  for (size_t i = 0; i < calls; i++) twin_greedy_step_with_loss(s, losses[i % LOSSES], twin_rates, group_count);
}

static double base[MAX_GROUPS], low[MAX_GROUPS], high[MAX_GROUPS];

static stepsize_scheduler *make_scheduler(const stepsize_schedule *schedule, const stepsize_controller *controller) {
  stepsize_scheduler *out;
  stepsize_scheduler_options options;
  ok(stepsize_scheduler_defaults(&options, sizeof options), "defaults");
  options.group_count = group_count, options.base_lr = base;
  options.schedule = schedule, options.controller = controller;
  options.min_lr = low, options.min_lr_count = group_count;
  options.max_lr = high, options.max_lr_count = group_count;
  ok(stepsize_scheduler_create(&options, &out, NULL), "scheduler");
  return out;
}

static void same_rates(const char *name) {
  if (memcmp(rates, twin_rates, group_count * sizeof *rates)) fail(name);
}

static void bench_linear(void) {
  char name[64];
  stepsize_schedule *schedule;
  twin_linear *twin;
  ok(stepsize_schedule_linear(1000000000, 0.1, &schedule, NULL), "linear");
  stepsize_scheduler *ours = make_scheduler(schedule, NULL);
  ok(twin_linear_create(1000000000, 0.1, group_count, base, low, high, &twin), "twin");
  for (int i = 0; i < CHECKED; i++) {
    our_steps(ours, 1), twin_steps(twin, 1);
    same_rates("the rates of linear differ");
  }
  snprintf(name, sizeof name, "(a) step, linear, %zu group(s)", group_count);
  compare(name, our_steps, ours, twin_steps, twin, CALLS, 1);
  stepsize_schedule_destroy(schedule);
  stepsize_scheduler_destroy(ours);
  twin_linear_destroy(twin);
}

static void bench_greedy(const char *variant, int huggingface, int64_t window) {
  char name[64];
  stepsize_controller *controller;
  twin_greedy *twin;
  double lower[MAX_GROUPS], upper[MAX_GROUPS];
  for (size_t i = 0; i < group_count; i++) lower[i] = 0.1 * base[i], upper[i] = 10 * base[i];
  const stepsize_argument arguments[] = {
      STEPSIZE_WORD("variant", huggingface ? "huggingface" : "default"), STEPSIZE_FLAG("smooth", window > 0),
      STEPSIZE_INTEGER("window", window ? window : 1), STEPSIZE_REALS("min_lr", lower, group_count),
      STEPSIZE_REALS("max_lr", upper, group_count)};
  ok(stepsize_controller_create("greedy", arguments, 5, &controller, NULL), "greedy");
  stepsize_scheduler *ours = make_scheduler(NULL, controller);
  ok(twin_greedy_create(huggingface, window, group_count, base, low, high, &twin), "twin");
  int changes = 0;
  for (int i = 0; i < CHECKED; i++) {
    double before = rates[0], loss = losses[i % LOSSES] + (i % 50000 == 7 ? NAN : 0);
    if (huggingface && window) loss = losses[i % LOSSES]; /* there a NaN stays in the average */
    ok(stepsize_scheduler_step_with_loss(ours, loss, rates, group_count), "step");
    ok(twin_greedy_step_with_loss(twin, loss, twin_rates, group_count), "twin step");
    same_rates("the rates of greedy differ");
    if (rates[0] != before) changes++;
  }
  if (changes < 50) fail("GreedyLR hardly changed the rates: the comparison says nothing");
  snprintf(name, sizeof name, "(b) step_with_loss, %s, %zu group(s)", variant, group_count);
  compare(name, our_greedy_steps, ours, twin_greedy_steps, twin, CALLS, 1);
  stepsize_controller_destroy(controller);
  stepsize_scheduler_destroy(ours);
  twin_greedy_destroy(twin);
}

/* Both are ours: the cost of observing a loss relative to the cheapest step, whatever the window. */
static void bench_window(int64_t window) {
  char name[64], text[64];
  stepsize_controller *controller;
  stepsize_schedule *constant;
  snprintf(text, sizeof text, "greedy(window=%d)", (int)window);
  ok(stepsize_controller_parse(text, strlen(text), &controller, NULL), text);
  ok(stepsize_schedule_constant(STEPSIZE_NEVER, 1, &constant, NULL), "constant");
  stepsize_scheduler *greedy = make_scheduler(constant, controller), *plain = make_scheduler(constant, NULL);
  snprintf(name, sizeof name, "(e) window %d / step, constant, %zu group(s)", (int)window, group_count);
  compare(name, our_greedy_steps, greedy, our_steps, plain, CALLS, 1);
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(constant);
  stepsize_scheduler_destroy(greedy);
  stepsize_scheduler_destroy(plain);
}

/* A learned policy that decides at every update, beside the cheapest step. */
static void bench_learned(int units) {
  char name[64], text[4096];
  stepsize_controller *controller;
  stepsize_schedule *constant;
  int length = sprintf(text, "learned(\"custom\", total=1000000, parameters=[1, 3, %d", units);
  for (int i = 0; i < (units ? 9 * units + 1 : 8); i++) length += sprintf(text + length, ", %g", 0.01 * (i % 7 - 3));
  sprintf(text + length, "])");
  ok(stepsize_controller_parse(text, strlen(text), &controller, NULL), text);
  ok(stepsize_schedule_constant(STEPSIZE_NEVER, 1, &constant, NULL), "constant");
  stepsize_scheduler *learned = make_scheduler(constant, controller), *plain = make_scheduler(constant, NULL);
  snprintf(name, sizeof name, "(h) learned, %d hidden / step, constant", units);
  compare(name, our_greedy_steps, learned, our_steps, plain, CALLS, 1);
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(constant);
  stepsize_scheduler_destroy(learned);
  stepsize_scheduler_destroy(plain);
}

/* ---- Values ------------------------------------------------------------------------------------ */

enum { WARMUP = 500, TOTAL = 9500 };

static void our_values(void *schedule, size_t calls) {
  double sum = 0;
  for (size_t i = 0, t = 0; i < calls; i++, t = t + 1 < WARMUP + TOTAL ? t + 1 : 0)
    sum += stepsize_schedule_at(schedule, (int64_t)t);
  sink = sum;
}

static void twin_values(void *schedule, size_t calls) {
  double sum = 0;
  for (size_t i = 0, t = 0; i < calls; i++, t = t + 1 < WARMUP + TOTAL ? t + 1 : 0)
    sum += twin_schedule_at(schedule, (int64_t)t);
  sink = sum;
}

/* Units in the last place of the full rate: 1 + cos, as the twin has it, keeps no more near the floor. */
static double ulps(double a, double b, double full) { return fabs(a - b) / (full * 0x1p-53); }

static void bench_values(void) {
  const char *text = "warmup(500) >> cosine(9500, floor=0.1)";
  stepsize_schedule *ours;
  twin_schedule twin = {WARMUP, TOTAL, 0.1};
  ok(stepsize_schedule_parse(text, strlen(text), &ours, NULL), text);
  for (int64_t t = -5; t < WARMUP + TOTAL + 10; t++)
    if (ulps(stepsize_schedule_at(ours, t), twin_schedule_at(&twin, t), 1) > 4) fail("the values of cosine differ");
  compare("(c) schedule_at, warmup >> cosine", our_values, ours, twin_values, &twin, CALLS, 1);
  stepsize_schedule_destroy(ours);
}

static double filled[FILLED], twin_filled[FILLED];

static void our_fill(void *schedule, size_t calls) {
  for (size_t i = 0; i < calls; i++) ok(stepsize_schedule_fill(schedule, 0, 1, 0.001, filled, FILLED), "fill");
}

static void twin_linear_fill(void *unused, size_t calls) {
  (void)unused;
  for (size_t i = 0; i < calls; i++) ok(twin_fill_linear(FILLED, 0.1, 0, 0.001, twin_filled, FILLED), "fill");
}

static void twin_cosine_fill(void *unused, size_t calls) {
  (void)unused;
  for (size_t i = 0; i < calls; i++) ok(twin_fill_cosine(FILLED, 0.1, 0, 0.001, twin_filled, FILLED), "fill");
}

static void bench_fill(const char *name, stepsize_schedule *ours, loop twin) {
  our_fill(ours, 1);
  twin(NULL, 1);
  for (size_t i = 0; i < FILLED; i++)
    if (ulps(filled[i], twin_filled[i], 0.001) > 4) fail("the filled values differ");
  compare(name, our_fill, ours, twin, NULL, 2, FILLED);
  stepsize_schedule_destroy(ours);
}

int main(void) {
  /* Losses that fall from time to time and never stop: a sawtooth with noise, from a fixed seed. */
  uint32_t state = 1;
  for (int i = 0; i < LOSSES; i++) {
    state = state * 1664525u + 1013904223u;
    losses[i] = 3 - (double)(i % 64) / 64 - i * 1e-5 + (double)(state >> 8) / 16777216.0 * 0.2;
  }
  for (int i = 0; i < MAX_GROUPS; i++) base[i] = 1e-2 * (i + 1), low[i] = 1e-5, high[i] = 1e-1;

  printf("%-44s %10s %10s %8s\n", "one call (fill: one value)", "ns ours", "ns twin", "ratio");
  const size_t counts[] = {1, 8};
  for (int i = 0; i < 2; i++) {
    group_count = counts[i];
    bench_linear();
    bench_greedy("default", 0, 0);
    bench_greedy("window 50", 0, 50);
    bench_greedy("huggingface", 1, 0);
    bench_greedy("huggingface window 50", 1, 50);
  }
  group_count = 1;
  bench_window(1);
  bench_window(50);
  bench_window(5000);
  bench_window(500000);
  bench_learned(0);
  bench_learned(8);
  bench_values();
  stepsize_schedule *schedule;
  ok(stepsize_schedule_linear(FILLED, 0.1, &schedule, NULL), "linear");
  bench_fill("(d) fill, linear", schedule, twin_linear_fill);
  ok(stepsize_schedule_cosine(FILLED, 0.1, &schedule, NULL), "cosine");
  bench_fill("(d) fill, cosine", schedule, twin_cosine_fill);
  return 0;
}
