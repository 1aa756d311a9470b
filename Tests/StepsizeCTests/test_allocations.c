/* How often memory is asked for: never by a step, nor for a single value. The allocator of this program counts; what a
   shared library asks for comes here as well (glibc). */
#include <errno.h>

#include "making.h"

#ifndef __GLIBC__
int main(void) {
  printf("skipped: needs glibc\n");
  return 0;
}
#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

static long allocations, live;

static void *counted(void *pointer) {
  allocations++;
  live += pointer != NULL;
  return pointer;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = counted(__libc_memalign(alignment, size));
  return *out ? 0 : ENOMEM;
}
void *realloc(void *pointer, size_t size) {
  allocations++;
  live += pointer == NULL;
  return __libc_realloc(pointer, size);
}
void free(void *pointer) {
  live -= pointer != NULL;
  __libc_free(pointer);
}

enum { GROUPS = 8, STEPS = 20000, FILLED = 100000 };

static double base[GROUPS], lrs[GROUPS], row[FILLED];
static float single[FILLED];

static stepsize_controller *controller_of(const char *variant, int32_t smooth) {
  const stepsize_argument arguments[] = {
      STEPSIZE_WORD("variant", variant), STEPSIZE_FLAG("smooth", smooth), STEPSIZE_INTEGER("patience", 2),
      STEPSIZE_INTEGER("cooldown", 1), STEPSIZE_INTEGER("warmup", 1), STEPSIZE_INTEGER("reset_start", 3),
      STEPSIZE_REAL("min_lr", 1e-4),
  };
  stepsize_controller *controller = NULL;
  REQUIRE(stepsize_controller_create("greedy", arguments, sizeof arguments / sizeof *arguments, &controller, NULL) ==
          STEPSIZE_OK);
  return controller;
}

static void steps_allocate_nothing(const char *text, stepsize_controller *controller) {
  stepsize_schedule *schedule = parsed(text);
  stepsize_scheduler *s = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = GROUPS, options.base_lr = base, options.schedule = schedule, options.controller = controller;
  long before_creation = live;
  REQUIRE(stepsize_scheduler_create(&options, &s, NULL) == STEPSIZE_OK);
  CHECK(allocations > 0); /* the count works */
  long before = allocations;
  int wrong = 0;
  for (int i = 0; i < STEPS; i++) {
    double loss = i % 997 == 3 ? NAN : 5 + 0.1 * (i % 23) - 1e-4 * i;
    if (!controller) wrong += stepsize_scheduler_step(s, lrs, GROUPS) != STEPSIZE_OK;
    if (!controller) wrong += stepsize_scheduler_next(s, lrs, GROUPS) != STEPSIZE_OK;
    if (!controller) wrong += stepsize_scheduler_next_float(s, single, GROUPS) != STEPSIZE_OK;
    wrong += !(stepsize_scheduler_lr(s, 1) >= 0 && stepsize_scheduler_lr_float(s, 1) >= 0);
    wrong += stepsize_scheduler_step_with_loss(s, loss, lrs, GROUPS) != STEPSIZE_OK;
    wrong += stepsize_scheduler_advance(s, lrs, GROUPS) != STEPSIZE_OK;
    wrong += stepsize_scheduler_rates(s, lrs, GROUPS) != STEPSIZE_OK;
    wrong += stepsize_scheduler_step(s, lrs, 1) == STEPSIZE_OK; /* refusals do not either */
  }
  wrong += stepsize_scheduler_set_step(s, 0) != STEPSIZE_OK;
  wrong += stepsize_scheduler_finished(s) != 0;
  CHECK(wrong == 0);
  if (!CHECK(allocations == before)) fprintf(stderr, "    %s: %ld allocations\n", text, allocations - before);
  stepsize_scheduler_destroy(s);
  CHECK(live == before_creation);

  before = allocations;
  double sum = 0;
  for (int64_t t = 0; t < STEPS; t++) sum += stepsize_schedule_at(schedule, t) + stepsize_cosine(t, STEPS, 1, 0);
  CHECK(sum > 0);
  if (!CHECK(allocations == before)) fprintf(stderr, "    %s: %ld allocations\n", text, allocations - before);

  /* Many values are made in blocks, which may need room while the call lasts. */
  before_creation = live, before = allocations;
  CHECK(stepsize_schedule_fill(schedule, 0, 1, 1e-3, row, FILLED) == STEPSIZE_OK);
  CHECK(stepsize_schedule_fill(schedule, 9, -3, 1e-3, row, FILLED) == STEPSIZE_OK);
  CHECK(stepsize_schedule_fill_float(schedule, 0, 1, 1e-3, single, FILLED) == STEPSIZE_OK);
  if (!CHECK(allocations - before <= 3 * FILLED / 256))
    fprintf(stderr, "    %s: %ld allocations\n", text, allocations - before);
  CHECK(live == before_creation);
  stepsize_schedule_destroy(schedule);
}

/* The controllers by their texts, with all that can be told to one; early_stops watch phases on the way. */
static void controllers_allocate_nothing(const char *text) {
  double numbers[GROUPS], norms[GROUPS];
  int32_t trial = STEPSIZE_TRIAL_RETRY;
  stepsize_scheduler *s = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = GROUPS, options.base_lr = base;
  long before_creation = live;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &s, NULL) == STEPSIZE_OK);
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  long before = allocations;
  int wrong = 0;
  int observes = strstr(text, "hypergradient") != NULL, searches = strstr(text, "line_search") != NULL;
  const int looks = (stepsize_scheduler_needs(s) & STEPSIZE_NEEDS_OBSERVATION) != 0;
  static stepsize_observation seen[GROUPS];
  uint64_t seed = 1;
  for (int i = 0; i < STEPS; i++) {
    double loss = i % 997 == 3 ? NAN : 5 + 0.1 * (i % 23) - 1e-4 * i;
    for (int g = 0; g < GROUPS; g++) numbers[g] = 0.1 * (i % 7 - 3), norms[g] = 1 + g;
    if (observes)
      wrong += stepsize_scheduler_observe_gradient(s, numbers, norms, GROUPS, lrs, GROUPS) != STEPSIZE_OK;
    for (int g = 0; g < GROUPS; g++) seen[g] = observation_by(&seed, 0.01);
    if (looks) wrong += stepsize_scheduler_observe(s, seen, GROUPS, lrs, GROUPS, NULL) != STEPSIZE_OK;
    if (searches) {
      wrong += stepsize_scheduler_propose(s, loss, norms, GROUPS, lrs, GROUPS) != STEPSIZE_OK;
      do wrong += stepsize_scheduler_report(s, loss - 0.3 * (i % 5), norms, GROUPS, &trial, lrs, GROUPS) != STEPSIZE_OK;
      while (trial == STEPSIZE_TRIAL_RETRY);
    }
    wrong += stepsize_scheduler_step_with_loss(s, loss, lrs, GROUPS) != STEPSIZE_OK;
    wrong += stepsize_scheduler_decision(s) < 0;
    wrong += stepsize_scheduler_trial_count(s) < 0 || stepsize_scheduler_stop_reason(s) < 0;
  }
  wrong += stepsize_scheduler_phase(s, &phase) != STEPSIZE_OK;
  CHECK(wrong == 0);
  /* A phase that is ended early is written down, in a list that grows to 4096 of them. */
  long allowed = strstr(text, "patience=3") ? 12 : 0;
  if (!CHECK(allocations - before <= allowed)) fprintf(stderr, "    %s: %ld allocations\n", text, allocations - before);
  stepsize_scheduler_destroy(s);
  CHECK(live == before_creation);
}

int main(void) {
  static const char *const controllers[] = {
      "greedy()", "greedy(\"paper\")", "greedy(\"huggingface\", smooth=true, min_lr=0)",
      "greedy(window=5000) * (warmup(500) >> cosine(10000))", "plateau()", "plateau(\"keras\") * linear(30000)",
      "plateau(\"optax\", accumulation=3)", "hypergradient()", "hypergradient(\"adam\") * cosine(9000)",
      "hypergradient(\"multiplicative\")", "dog(per_group=true)", "dadapt() * linear(30000)", "polyak() * cosine(9000)", "auto(9000)",
      "line_search()", "line_search(reset=\"initial\", projected=true)",
      "line_search(max_trials=2) * linear(30000)", "early_stop(patience=100)", "greedy() * early_stop(window=50)",
      "plateau(phase=\"main\", after=3) * (warmup(10) >> constant(90000, phase=\"main\") >> linear(9))",
      "early_stop(\"main\") * (warmup(10) >> constant(90000, phase=\"main\") >> linear(9))",
      "early_stop(\"up\", patience=3) * repeat(warmup(9, phase=\"up\") >> (0.5 * stretch(linear(5, phase=\"down\"), 2.5)))",
  };
  const char *texts[] = {
      "linear(100000)",
      "warmup(500) >> cosine(99500, floor=0.1)",
      "0.5 * (warmup(10) >> clamp(cosine(5000) * linear(20000), min=0.1)) >> table([1, 2, 3, 4]) >> constant()",
      "noise() * random(seed=3) * restarts(50, growth=2) * cosine_cycles([3, 4, 5])",
      "knots([5, 9], [0.3, 1], \"cosine\") * piecewise([3, 9], [1, 0.5, 0.25]) * multistep([3, 50])",
      "repeat(shift(stretch(take(cyclic(3, 5), 9), 2.5, interpolation=\"linear\"), -4)) * tanh(30)",
  };
  for (int i = 0; i < GROUPS; i++) base[i] = 0.01 * (i + 1);
  long before = 0;
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
      steps_allocate_nothing(texts[i], NULL);
      for (int variant = 0; variant < 2; variant++)
        for (int32_t smooth = 0; smooth < 2; smooth++) {
          stepsize_controller *controller = controller_of(variant ? "huggingface" : "default", smooth);
          steps_allocate_nothing(texts[i], controller);
          stepsize_controller_destroy(controller);
        }
    }
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) controllers_allocate_nothing(controllers[i]);
    /* The first round may leave tables that are made once; the second leaves nothing. */
    if (round == 1) CHECK(live == before);
    before = live;
  }
  return finish();
}
#endif
