/* Memory that runs out, in every function of the library: see failing.h. And what needs more than there is, or claims to. */
#define _GNU_SOURCE
#include "failing.h"

#include <pthread.h>
#include <sys/resource.h>

#include "making.h"

static stepsize_error error;
static char text[LARGEST];
static size_t size;
static double base[3] = {0.1, 0.2, 0.3}, lrs[3], numbers[3000], more[3000];
static float singles[3000];

static size_t describe_schedule(void *object, uint8_t *bytes, size_t capacity) {
  size_t count = 0;
  REQUIRE(stepsize_schedule_print(object, (char *)bytes, capacity, &count) == STEPSIZE_OK);
  return count;
}

static size_t describe_controller(void *object, uint8_t *bytes, size_t capacity) {
  size_t count = 0;
  REQUIRE(stepsize_controller_print(object, (char *)bytes, capacity, &count) == STEPSIZE_OK);
  return count;
}

static size_t describe_scheduler(void *object, uint8_t *bytes, size_t capacity) {
  size_t count = 0;
  REQUIRE(stepsize_scheduler_save(object, bytes, capacity - sizeof lrs, &count) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_rates(object, lrs, 3) == STEPSIZE_OK);
  memcpy(bytes + count, lrs, sizeof lrs);
  return count + sizeof lrs;
}

static size_t describe_log(void *object, uint8_t *bytes, size_t capacity) {
  size_t count = 0;
  REQUIRE(stepsize_norm_log_save(object, bytes, capacity, &count) == STEPSIZE_OK);
  return count;
}

#define DESTROY_SCHEDULE(p) stepsize_schedule_destroy(p)
#define DESTROY_CONTROLLER(p) stepsize_controller_destroy(p)
#define DESTROY_SCHEDULER(p) stepsize_scheduler_destroy(p)
#define DESTROY_LOG(p) stepsize_norm_log_destroy(p)

/* ---- Schedules --------------------------------------------------------------------------------- */

static const char *const schedule_texts[] = {
    "warmup(500) >> cosine(9500, floor=0.1)",
    "warmup(500) >> constant(8000, phase=\"main\") >> linear(1500, phase=\"anneal\")",
    "0.5 * (warmup(10) >> clamp(cosine(5000) * linear(20000), min=0.1)) >> table([1, 2, 3, 4]) >> constant()",
    "noise() * random(seed=3) * restarts(50, growth=2) * cosine_cycles([3, 4, 5])",
    "knots([5, 9], [0.3, 1], \"cosine\") * piecewise([3, 9], [1, 0.5, 0.25]) * multistep([3, 50])",
    "repeat(shift(stretch(take(cyclic(3, 5), 9), 2.5, interpolation=\"linear\"), -4)) * tanh(30)",
    "repeat(warmup(9, phase=\"up\") >> (0.5 * stretch(linear(5, phase=\"down\"), 2.5)))",
    "wsd(10000)",
    "inverse_sqrt(500)",
};

/* Whatever is asked of a schedule. */
static void asked_of(stepsize_schedule *schedule) {
  stepsize_structure structure = {sizeof structure, 0, 0, 0, 0, "", ""};
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  const stepsize_schedule *both[2] = {schedule, schedule};
  stepsize_schedule *part = NULL;
  int64_t start = 0;
  WORKS(stepsize_schedule_print(schedule, text, sizeof text, &size));
  WORKS(stepsize_schedule_phase(schedule, 600, &phase));
  WORKS(stepsize_schedule_structure(schedule, &structure));
  for (size_t i = 0; i < structure.part_count; i++) {
    MAKES(stepsize_schedule_part(schedule, i, &start, &part), &part, DESTROY_SCHEDULE);
    DESTROY_SCHEDULE(part);
  }
  for (size_t i = 0; i < structure.parameter_count; i++) {
    WORKS(stepsize_schedule_parameter(schedule, i, STEPSIZE_TEXT_VALUE, text, sizeof text, &size));
    WORKS(stepsize_schedule_parameter(schedule, i, STEPSIZE_TEXT_RANGE, text, sizeof text, &size));
  }
  WORKS(stepsize_schedule_fill_float(schedule, 0, 1, 1, singles, 3000));
  ASKS_NOTHING(stepsize_schedule_fill(schedule, 0, 1, 1, more, 3000));
  ASKS_NOTHING(stepsize_schedule_fill(schedule, 5000, -3, 1, more, 3000));
  NEEDS_NOTHING(stepsize_schedule_at(schedule, 600));
  NEEDS_NOTHING(stepsize_schedule_length(schedule));
  NEEDS_NOTHING(stepsize_schedule_horizon(schedule));
  ASKS_NOTHING(stepsize_schedule_rates(both, base, 2, 600, lrs));
}

static void schedules(void) {
  stepsize_schedule *s = NULL, *a = NULL, *b = NULL, *chain = NULL;
  for (size_t i = 0; i < sizeof schedule_texts / sizeof *schedule_texts; i++) {
    const char *t = schedule_texts[i];
    MAKES(stepsize_schedule_parse(t, strlen(t), &s, &error), &s, DESTROY_SCHEDULE);
    keep(0, describe_schedule, s);
    asked_of(s);
    keep(0, NULL, NULL);
    DESTROY_SCHEDULE(s);
  }
  static const char shares[] = "warmup(10%) >> constant(rest) >> take(multistep([5%, 12.5%]), 20%)";
  MAKES(stepsize_schedule_bind(shares, sizeof shares - 1, 1000, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_constant(5, 0.5, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_linear(5, 0.5, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_polynomial(5, 0.5, 2, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_warmup(5, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_llmc("wsd", 5, 100, 0.1, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_cosine(5000, 0.5, &a, &error), &a, DESTROY_SCHEDULE);
  MAKES(stepsize_schedule_table(numbers, 3000, &b, &error), &b, DESTROY_SCHEDULE);
  keep(0, describe_schedule, a), keep(1, describe_schedule, b);
  const stepsize_argument arguments[] = {
      {"schedule", STEPSIZE_VALUE_SCHEDULE, 0, 0, 0, a, 0}, STEPSIZE_INTEGER("count", 3)};
  MAKES(stepsize_schedule_create("repeat", arguments, 2, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_sequence(a, b, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_product(a, a, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_scale(b, 0.3, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_schedule_clamp(b, 0.3, 0.7, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  for (int32_t policy = 0; policy < 3; policy++) {
    MAKES(stepsize_schedule_extend(b, 7000, policy, 20, &s, &error), &s, DESTROY_SCHEDULE);
    DESTROY_SCHEDULE(s);
  }
  /* Many pieces that share: more references than the small table holds. */
  REQUIRE(stepsize_schedule_cosine(50, 0, &chain, NULL) == STEPSIZE_OK);
  for (int i = 0; i < 40; i++) {
    if (i % 8 == 7) keep(2, describe_schedule, chain);
    if (i % 8 == 7) MAKES(stepsize_schedule_sequence(chain, i & 8 ? a : chain, &s, &error), &s, DESTROY_SCHEDULE);
    else REQUIRE(stepsize_schedule_sequence(chain, a, &s, &error) == STEPSIZE_OK);
    keep(2, NULL, NULL);
    DESTROY_SCHEDULE(chain);
    chain = s;
  }
  keep(0, NULL, NULL), keep(1, NULL, NULL);
  DESTROY_SCHEDULE(a), DESTROY_SCHEDULE(b);
  CHECK(stepsize_schedule_at(chain, 3) > 0);
  NEEDS_NOTHING(stepsize_schedule_destroy(chain));
  /* A message needs memory, too. */
  for (long k = 0;; k++) {
    long before = live, had = failures;
    countdown = k, fails_on = 0;
    stepsize_status status = stepsize_schedule_parse("warmup(5) >> cosin(3)", 21, &s, &error);
    countdown = -1;
    if (failures == had) {
      CHECK(status == STEPSIZE_ERROR_NAME && error.offset == 13);
      break;
    }
    CHECK(status == STEPSIZE_ERROR_MEMORY && live == before && s == NULL);
    CHECK(error.status == status && error.offset == -1);
    CHECK_TEXT(error.text, "out of memory");
  }
}

static void catalogue(void) {
  for (int32_t c = 0; c < 2; c++) {
    NEEDS_NOTHING(stepsize_catalogue_count(c));
    for (size_t i = 0; i < stepsize_catalogue_count(c); i += 5) {
      WORKS(stepsize_catalogue_text(c, i, STEPSIZE_TEXT_FORMULA, text, sizeof text, &size));
      size_t count = stepsize_catalogue_parameter_count(c, i);
      if (count > 0)
        WORKS(stepsize_catalogue_parameter_text(c, i, count - 1, STEPSIZE_TEXT_RANGE, text, sizeof text, &size));
    }
  }
  note_tried("stepsize_catalogue_parameter_count");
  countdown = 0, fails_on = 1;
  CHECK(stepsize_catalogue_parameter_count(0, 0) == 0);
  countdown = -1;
  CHECK(stepsize_catalogue_parameter_count(0, 0) > 0);
}

/* ---- Schedulers -------------------------------------------------------------------------------- */

static const char *const scheduler_texts[] = {
    "greedy(patience=10) * (warmup(500) >> linear(9500))", "greedy(\"paper\")", "plateau(\"keras\") * linear(30000)",
    "hypergradient(\"adam\") * cosine(9000)", "line_search(max_trials=2) * linear(30000)", "greedy() * early_stop(window=50)",
    "greedy(\"huggingface\", smooth=true, min_lr=0)", "learned(\"mlp\", total=1000)", "dog() * linear(900)", "polyak(\"momo\")",
    "plateau(phase=\"main\", after=3) * (warmup(10) >> constant(90000, phase=\"main\") >> linear(9))",
    "early_stop(\"main\") * (warmup(10) >> constant(90000, phase=\"main\") >> linear(9))",
};

static void controllers(void) {
  stepsize_controller *c = NULL;
  const stepsize_argument arguments[] = {STEPSIZE_INTEGER("patience", 3), STEPSIZE_REALS("min_lr", base, 3)};
  MAKES(stepsize_controller_create("greedy", arguments, 2, &c, &error), &c, DESTROY_CONTROLLER);
  keep(0, describe_controller, c);
  WORKS(stepsize_controller_print(c, text, sizeof text, &size));
  WORKS(stepsize_controller_parameter(c, 0, STEPSIZE_TEXT_VALUE, text, sizeof text, &size));
  keep(0, NULL, NULL);
  NEEDS_NOTHING(stepsize_controller_destroy(c));
  MAKES(stepsize_controller_parse("plateau(\"keras\")", 16, &c, &error), &c, DESTROY_CONTROLLER);
  DESTROY_CONTROLLER(c);
}

/* Each way of making an update, as far as the scheduler has it. */
static stepsize_status update(stepsize_scheduler *scheduler, int t) {
  if (stepsize_scheduler_needs(scheduler) & STEPSIZE_NEEDS_LOSS) {
    const double loss = t % 40 < 20 ? 5 + 0.1 * (t % 23) : 0.5;
    return t % 7 == 6 ? stepsize_scheduler_advance(scheduler, lrs, 3)
                      : stepsize_scheduler_step_with_loss(scheduler, loss, lrs, 3);
  }
  switch (t % 4) {
    case 0: return stepsize_scheduler_next(scheduler, lrs, 3);
    case 1: return stepsize_scheduler_next_float(scheduler, singles, 3);
    case 2: return stepsize_scheduler_step(scheduler, lrs, 3);
    default: return stepsize_scheduler_step_with_loss(scheduler, 1, NULL, 0);
  }
}

/* A step is whole or not made; what it has got ready stays. Returns how often one failed. */
static long stepped(stepsize_scheduler *scheduler, int t) {
  for (long k = 0;; k++) {
    const long had = failures;
    const int64_t step = stepsize_scheduler_get_step(scheduler);
    countdown = k, fails_on = t & 1;
    stepsize_status status = update(scheduler, t);
    countdown = -1;
    if (failures == had) {
      CHECK(status == STEPSIZE_OK && stepsize_scheduler_get_step(scheduler) == step + 1);
      return k;
    }
    CHECK(status == STEPSIZE_ERROR_MEMORY && stepsize_scheduler_get_step(scheduler) == step);
  }
}

/* What steps grow: records, with the places by which they are searched; where phases end early; windows. */
static const struct {
  const char *text;
  int record, count;
  int period, discarded; /* each time that so many updates have been made, so many are discarded */
  int least;             /* steps that must have failed */
} growing[] = {
    {"greedy() * early_stop(\"b\", patience=8) * "
     "repeat(constant(20, phase=\"a\") >> constant(40, phase=\"b\") >> linear(30, phase=\"c\"))", 1, 2000, 500, 100, 10},
    {"warmup(3000) >> cosine(4000) >> constant(100)", 1, 7500, 5000, 4900, 20},
    {"greedy(window=50000, reset_start=none) * constant()", 0, 40000, 0, 0, 3},
    {"greedy(\"huggingface\", smooth=true, window=50000, min_lr=0) * constant()", 0, 40000, 0, 0, 3},
    {"early_stop(window=10000) * early_stop(window=50000) * constant()", 0, 40000, 0, 0, 4},
};

/* They come to the same as those of a twin that never lacks memory. */
static void steps(void) {
  static uint8_t mine[LARGEST * 16], others[LARGEST * 16];
  note_tried("stepsize_scheduler_advance"), note_tried("stepsize_scheduler_step_with_loss");
  note_tried("stepsize_scheduler_next"), note_tried("stepsize_scheduler_next_float");
  for (size_t i = 0; i < sizeof growing / sizeof *growing; i++) {
    const int count = is_quick && !growing[i].period ? 12000 : growing[i].count;
    stepsize_scheduler *scheduler = scheduler_from(growing[i].text, 3, base, NULL, NULL, growing[i].record, 0);
    stepsize_scheduler *twin = scheduler_from(growing[i].text, 3, base, NULL, NULL, growing[i].record, 0);
    long failed = 0;
    for (int t = 0; t < count; t++) {
      failed += stepped(scheduler, t);
      REQUIRE(update(twin, t) == STEPSIZE_OK);
      if (growing[i].period && t % growing[i].period == growing[i].period - 1) {
        const int64_t step = stepsize_scheduler_get_step(twin) - growing[i].discarded;
        ASKS_NOTHING(stepsize_scheduler_set_step(scheduler, step));
        REQUIRE(stepsize_scheduler_set_step(twin, step) == STEPSIZE_OK);
      }
    }
    if (!CHECK(failed >= (is_quick ? 1 : growing[i].least)))
      fprintf(stderr, "    %s: %ld\n", growing[i].text, failed);
    size_t size_of_mine = describe_scheduler(scheduler, mine, sizeof mine);
    CHECK(size_of_mine == describe_scheduler(twin, others, sizeof others));
    CHECK(size_of_mine > 1000 && memcmp(mine, others, size_of_mine) == 0);
    DESTROY_SCHEDULER(scheduler), DESTROY_SCHEDULER(twin);
  }
}

/* More phases than there is room for, from one schedule after another. */
static void extensions(void) {
  stepsize_schedule *both[2] = {parsed("repeat(constant(3, phase=\"a\") >> constant(2, phase=\"b\"))"),
                                parsed("repeat(constant(2, phase=\"a\") >> constant(5, phase=\"c\"))")};
  stepsize_scheduler *scheduler = scheduler_from("linear(100)", 3, base, NULL, NULL, 1, 0);
  for (int i = 0; i < 8; i++) {
    for (int t = 0; t < 11 * i; t++) REQUIRE(stepsize_scheduler_step(scheduler, NULL, 0) == STEPSIZE_OK);
    keep(0, describe_scheduler, scheduler);
    WORKS(stepsize_scheduler_extend(scheduler, both[i % 2], &error));
    if (i % 3 == 2) REQUIRE(stepsize_scheduler_set_step(scheduler, 11 * i) == STEPSIZE_OK);
  }
  keep(0, NULL, NULL);
  DESTROY_SCHEDULE(both[0]), DESTROY_SCHEDULE(both[1]), DESTROY_SCHEDULER(scheduler);
}

static size_t describe_state(void *object, uint8_t *bytes, size_t capacity) {
  size_t count;
  REQUIRE(stepsize_scheduler_save(object, bytes, capacity, &count) == STEPSIZE_OK);
  return count;
}

/* Many updates are all made or none; what they have got ready stays. */
static void advanced(stepsize_scheduler *scheduler, int64_t count) {
  const int64_t step = stepsize_scheduler_get_step(scheduler);
  size_t sizes[2];
  for (long k = 0;; k++) {
    uint8_t *before = state_of(scheduler, &sizes[0]);
    const long had = failures;
    countdown = k, fails_on = k & 1;
    stepsize_status status = stepsize_scheduler_advance_by(scheduler, count, NULL, 0);
    countdown = -1;
    uint8_t *after = state_of(scheduler, &sizes[1]);
    const int same = sizes[0] == sizes[1] && memcmp(before, after, sizes[0]) == 0;
    free(before), free(after);
    if (failures == had) {
      CHECK(status == STEPSIZE_OK && stepsize_scheduler_get_step(scheduler) == step + count && k > 0);
      break;
    }
    CHECK(status == STEPSIZE_ERROR_MEMORY && same);
  }
  note_tried("stepsize_scheduler_advance_by");
  remember();
}

/* Other base rates, groups and schedules, and many updates at once. */
static void groups(void) {
  static const char *texts[] = {"plateau(patience=1) * linear(100)", "greedy(patience=1) * [linear(9), cosine(9), constant()]",
                                "line_search() * linear(100)", "learned() * cosine(100)"};
  stepsize_schedule *each[4] = {parsed("linear(30)"), parsed("cosine(40)"), parsed("constant(50)"), parsed("linear(60)")};
  stepsize_schedule *s = NULL;
  for (int i = 0; i < 4; i++) {
    stepsize_scheduler *scheduler = scheduler_from(texts[i], 3, base, NULL, NULL, 1, 0);
    for (int t = 0; t < 9; t++) REQUIRE(stepsize_scheduler_advance(scheduler, NULL, 0) == STEPSIZE_OK);
    keep(0, describe_state, scheduler);
    WORKS(stepsize_scheduler_set_base_lrs(scheduler, base, 3, &error));
    WORKS(stepsize_scheduler_set_base_lrs(scheduler, base, 1, &error));
    WORKS(stepsize_scheduler_add_group(scheduler, base[0], 0, 1, i == 2 ? NULL : each[0], &error));
    advanced(scheduler, 500);
    MAKES(stepsize_scheduler_group_schedule(scheduler, 2, &s), &s, DESTROY_SCHEDULE);
    DESTROY_SCHEDULE(s);
    WORKS(stepsize_scheduler_remove_group(scheduler, 1, &error));
    REQUIRE(stepsize_scheduler_group_count(scheduler) == 3);
    REQUIRE(stepsize_scheduler_add_group(scheduler, base[0], 0, 1, NULL, &error) == STEPSIZE_OK);
    remember();
    if (i != 2) WORKS(stepsize_scheduler_extend_groups(scheduler, (const stepsize_schedule *const *)each, 4, &error));
    keep(0, NULL, NULL);
    DESTROY_SCHEDULER(scheduler);
  }
  for (int i = 0; i < 4; i++) DESTROY_SCHEDULE(each[i]);
}

static void schedulers(void) {
  stepsize_schedule *schedule = parsed("warmup(9, phase=\"a\") >> constant(400, phase=\"b\") >> linear(300)");
  stepsize_schedule *longer = parsed("warmup(9, phase=\"a\") >> constant(400, phase=\"b\") >> linear(3000)");
  stepsize_schedule *s = NULL;
  stepsize_controller *greedy = NULL, *early_stop = NULL, *c = NULL;
  stepsize_scheduler *r = NULL, *q = NULL;
  stepsize_norm_log *log = NULL;
  keep(0, describe_schedule, schedule), keep(1, describe_schedule, longer);
  REQUIRE(stepsize_controller_parse("greedy(smooth=true)", 19, &greedy, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_parse("early_stop(\"b\")", 15, &early_stop, NULL) == STEPSIZE_OK);
  const stepsize_controller *early_stops[1] = {early_stop};
  stepsize_scheduler_options options;
  ASKS_NOTHING(stepsize_scheduler_defaults(&options, sizeof options));
  options.group_count = 3, options.base_lr = base, options.record = 1, options.norm_capacity = 100;
  options.min_lr = base, options.min_lr_count = 1;
  for (size_t i = 0; i < sizeof scheduler_texts / sizeof *scheduler_texts; i++) {
    const char *t = scheduler_texts[i];
    MAKES(stepsize_scheduler_parse(t, strlen(t), &options, &q, &error), &q, DESTROY_SCHEDULER);
    DESTROY_SCHEDULER(q);
  }
  options.schedule = schedule, options.controller = greedy;
  options.early_stops = early_stops, options.early_stop_count = 1;
  MAKES(stepsize_scheduler_create(&options, &r, &error), &r, DESTROY_SCHEDULER);
  for (int i = 0; i < 300; i++) {
    stepped(r, i);
    if (i % 50 == 0) keep(2, describe_scheduler, r);
    if (i % 50 == 0) WORKS(stepsize_scheduler_log_norm(r, i));
    else REQUIRE(stepsize_scheduler_log_norm(r, i) == STEPSIZE_OK);
  }
  keep(2, describe_scheduler, r);

  /* Asking. */
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  int64_t first, count;
  WORKS(stepsize_scheduler_print(r, text, sizeof text, &size));
  WORKS(stepsize_scheduler_phase(r, &phase));
  WORKS(stepsize_scheduler_phase_at(r, 30, &phase));
  WORKS(stepsize_scheduler_record(r, 1, 3, more, 100, &size));
  ASKS_NOTHING(stepsize_scheduler_record_range(r, &first, &count));
  ASKS_NOTHING(stepsize_scheduler_rates(r, lrs, 3));
  NEEDS_NOTHING(stepsize_scheduler_get_step(r));
  NEEDS_NOTHING(stepsize_scheduler_schedule_step(r));
  NEEDS_NOTHING(stepsize_scheduler_base_lr(r, 1));
  NEEDS_NOTHING(stepsize_scheduler_lr(r, 1));
  NEEDS_NOTHING(stepsize_scheduler_lr_float(r, 1));
  NEEDS_NOTHING(stepsize_scheduler_decision(r));
  NEEDS_NOTHING(stepsize_scheduler_group_count(r));
  NEEDS_NOTHING(stepsize_scheduler_schedule_count(r));
  NEEDS_NOTHING(stepsize_scheduler_finished(r));
  NEEDS_NOTHING(stepsize_scheduler_stop_reason(r));
  NEEDS_NOTHING(stepsize_scheduler_extended_at(r));
  NEEDS_NOTHING(stepsize_scheduler_needs(r));
  NEEDS_NOTHING(stepsize_scheduler_trial_count(r));
  MAKES(stepsize_scheduler_replay(r, 1, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_scheduler_schedule(r, &s), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);
  MAKES(stepsize_scheduler_controller(r, 1, &c), &c, DESTROY_CONTROLLER);
  DESTROY_CONTROLLER(c);
  MAKES(stepsize_scheduler_norm_log(r, &log), &log, DESTROY_LOG);
  keep(3, describe_log, log);
  /* It shares the scheduler's memory, which both continue from. */
  for (int i = 0; i < 3; i++) WORKS(stepsize_scheduler_log_norm(r, 5));
  for (int i = 0; i < 100; i++) REQUIRE(stepsize_norm_log_add(log, 5) == STEPSIZE_OK);
  remember();

  /* States. */
  size_t state_size;
  uint8_t *state = state_of(r, &state_size), *again = malloc(state_size);
  WORKS(stepsize_scheduler_save(r, again, state_size, &size));
  CHECK(size == state_size && memcmp(state, again, size) == 0);
  MAKES(stepsize_scheduler_restore(state, state_size, &q, &error), &q, DESTROY_SCHEDULER);
  for (int i = 0; i < 50; i++) REQUIRE(stepsize_scheduler_step_with_loss(q, i, lrs, 3) == STEPSIZE_OK);
  keep(4, describe_scheduler, q);
  ASKS_NOTHING(stepsize_scheduler_set_step(q, 330));
  ASKS_NOTHING(stepsize_scheduler_set_step(q, 101));
  remember();
  WORKS(stepsize_scheduler_load(q, state, state_size, &error));
  CHECK(stepsize_scheduler_get_step(q) == 300);
  WORKS(stepsize_scheduler_extend(q, longer, &error));
  ASKS_NOTHING(stepsize_scheduler_set_step(q, 150));
  remember();
  WORKS(stepsize_scheduler_extend(q, longer, &error));
  for (int i = 0; i < 50; i++) stepped(q, i);
  remember();
  MAKES(stepsize_scheduler_replay(q, 2, &s, &error), &s, DESTROY_SCHEDULE);
  DESTROY_SCHEDULE(s);

  /* Freed in another order than made, and used in between. */
  for (int i = 0; i < KEPT; i++) keep(i, NULL, NULL);
  DESTROY_SCHEDULE(schedule), DESTROY_SCHEDULE(longer), DESTROY_CONTROLLER(greedy), DESTROY_CONTROLLER(early_stop);
  CHECK(stepsize_scheduler_step_with_loss(r, 1, lrs, 3) == STEPSIZE_OK);
  NEEDS_NOTHING(stepsize_scheduler_destroy(r));
  CHECK(stepsize_scheduler_step_with_loss(q, 1, lrs, 3) == STEPSIZE_OK);
  DESTROY_SCHEDULER(q), DESTROY_LOG(log);
  free(state), free(again);
}

static void searches(void) {
  const double ones[3] = {1, 1, 1};
  stepsize_trial trial;
  stepsize_scheduler *r = scheduler_from("line_search()", 3, base, NULL, NULL, 0, 0);
  ASKS_NOTHING(stepsize_scheduler_propose(r, 5, ones, 3, lrs, 3));
  ASKS_NOTHING(stepsize_scheduler_report(r, 1, NULL, 0, &trial, lrs, 3));
  ASKS_NOTHING(stepsize_scheduler_step(r, lrs, 3));
  DESTROY_SCHEDULER(r);
  r = scheduler_from("hypergradient()", 3, base, NULL, NULL, 0, 0);
  ASKS_NOTHING(stepsize_scheduler_observe_gradient(r, ones, NULL, 3, lrs, 3));
  DESTROY_SCHEDULER(r);
  uint64_t seed = 5;
  const stepsize_observation seen[3] = {observation_by(&seed, 0), observation_by(&seed, 0), observation_by(&seed, 0)};
  for (int i = 0; i < 6; i++) {
    static const char *const observers[] = {"dog(per_group=true)", "dadapt()", "polyak()", "auto(90)", "hypergradient()", "line_search()"};
    r = scheduler_from(observers[i], 3, base, NULL, NULL, 0, 0);
    ASKS_NOTHING(stepsize_scheduler_observe(r, seen, 3, lrs, 3, &error));
    DESTROY_SCHEDULER(r);
  }
}

/* ---- Theory ------------------------------------------------------------------------------------ */

static void theory(void) {
  stepsize_schedule *s = NULL;
  stepsize_norm_log *log = NULL, *other = NULL;
  stepsize_refine_options options;
  stepsize_refine_result found = {.size = sizeof found};
  stepsize_score_result score = {.size = sizeof score};
  double one = 1;
  ASKS_NOTHING(stepsize_refine_defaults(&options, sizeof options));
  WORKS(stepsize_median_filter(numbers, 300, 0.1, more, &error));
  options.capped = 1, options.total = 700;
  WORKS(stepsize_refine(&options, numbers, 300, more, 700, &found, &error));
  MAKES(stepsize_schedule_fit(more, 700, 0.01, NULL, &s, &error), &s, DESTROY_SCHEDULE);
  WORKS(stepsize_score(s, 300, &one, 1, 1, &score, &error));
  DESTROY_SCHEDULE(s);

  MAKES(stepsize_norm_log_create(100, &log, &error), &log, DESTROY_LOG);
  keep(0, describe_log, log);
  for (int i = 0; i < 500; i++) WORKS(stepsize_norm_log_add(log, i));
  static uint8_t bytes[4096];
  WORKS(stepsize_norm_log_save(log, bytes, sizeof bytes, &size));
  MAKES(stepsize_norm_log_restore(bytes, size, &other, &error), &other, DESTROY_LOG);
  ASKS_NOTHING(stepsize_norm_log_values(log, more, 100));
  NEEDS_NOTHING(stepsize_norm_log_count(log));
  NEEDS_NOTHING(stepsize_norm_log_kept(log));
  NEEDS_NOTHING(stepsize_norm_log_stride(log));
  keep(0, NULL, NULL);
  NEEDS_NOTHING(stepsize_norm_log_destroy(log));
  DESTROY_LOG(other);
}

/* ---- The finder -------------------------------------------------------------------------------- */

static size_t describe_finder(void *object, uint8_t *bytes, size_t capacity) {
  double curve[2][300];
  const size_t count = stepsize_finder_count(object);
  REQUIRE(capacity >= sizeof curve && stepsize_finder_curve(object, curve[0], NULL, curve[1], 300) == STEPSIZE_OK);
  memcpy(bytes, curve[0], count * sizeof **curve);
  memcpy(bytes + count * sizeof **curve, curve[1], count * sizeof **curve);
  return 2 * count * sizeof **curve;
}

#define DESTROY_FINDER(p) stepsize_finder_destroy(p)

static void finders(void) {
  stepsize_finder *finder = NULL;
  stepsize_finder_options options;
  double rate;
  ASKS_NOTHING(stepsize_finder_defaults(&options, sizeof options));
  options.count = 300, options.smoothing = 0, options.divergence = INFINITY;
  MAKES(stepsize_finder_create(&options, &finder, &error), &finder, DESTROY_FINDER);
  keep(0, describe_finder, finder);
  for (int i = 0; i < 50; i++) WORKS(stepsize_finder_tell(finder, fabs(i - 40.0)));
  for (int i = 0; i < 100; i++) REQUIRE(stepsize_finder_tell(finder, 10 + i) == STEPSIZE_OK);
  remember();
  NEEDS_NOTHING(stepsize_finder_rate(finder));
  NEEDS_NOTHING(stepsize_finder_count(finder));
  NEEDS_NOTHING(stepsize_finder_stop_reason(finder));
  WORKS(stepsize_finder_curve(finder, numbers, NULL, more, 300));
  for (int32_t method = 0; method < 4; method++) WORKS(stepsize_finder_suggest(finder, method, &rate, &error));
  keep(0, NULL, NULL);
  NEEDS_NOTHING(stepsize_finder_destroy(finder));
  MAKES(stepsize_finder_create(&options, &finder, &error), &finder, DESTROY_FINDER);
  keep(0, describe_finder, finder);
  for (int k = 0; k < 10; k++) {
    rate = k;
    for (long failing = 0;; failing++) {
      const long had = failures;
      countdown = failing, fails_on = 1;
      const stepsize_status status = stepsize_finder_tell_at(finder, rate + 1, 5, &error);
      countdown = -1;
      if (failures == had) {
        CHECK(status == STEPSIZE_OK);
        break;
      }
      CHECK(status == STEPSIZE_ERROR_MEMORY && is_as_remembered());
    }
    remember();
  }
  note_tried("stepsize_finder_tell_at");
  CHECK(stepsize_finder_count(finder) == 10);
  keep(0, NULL, NULL);
  DESTROY_FINDER(finder);
}

static void numbers_alone(void) {
  NEEDS_NOTHING(stepsize_abi_version());
  NEEDS_NOTHING(stepsize_version());
  WITHOUT_MEMORY(CHECK_STATUS(stepsize_set_allocator(NULL), STEPSIZE_ERROR_NULL), "stepsize_set_allocator(");
  NEEDS_NOTHING(stepsize_status_name(STEPSIZE_ERROR_MEMORY));
  NEEDS_NOTHING(stepsize_state_format());
  NEEDS_NOTHING(stepsize_linear(5, 10, 1, 0));
  NEEDS_NOTHING(stepsize_cosine(5, 10, 1, 0));
  NEEDS_NOTHING(stepsize_polynomial(5, 10, 1, 0, 2));
  NEEDS_NOTHING(stepsize_warmup(5, 10, 1));
  NEEDS_NOTHING(stepsize_score_at(1, 1, 1));
}

/* ---- Threads ----------------------------------------------------------------------------------- */

static stepsize_schedule *shared[2];

/* Each thread runs out of memory by itself; what they share keeps its references. */
static void *work(void *seed) {
  uint64_t random = (uintptr_t)seed;
  long failed = 0;
  for (int i = 0; i < (is_quick ? 300 : 3000); i++) {
    uint64_t x = random_bits(&random);
    stepsize_schedule *s = NULL;
    char line[300];
    countdown = (long)(x >> 20 & 31), fails_on = x >> 30 & 1;
    stepsize_status status = x & 1 ? stepsize_schedule_sequence(shared[0], shared[1], &s, NULL)
                             : x & 2 ? stepsize_schedule_print(shared[x >> 8 & 1], line, sizeof line, NULL)
                                     : stepsize_schedule_product(shared[1], shared[0], &s, NULL);
    countdown = -1;
    failed += status == STEPSIZE_ERROR_MEMORY;
    stepsize_schedule_destroy(s);
  }
  return (void *)failed;
}

static void threads(void) {
  pthread_t all[4];
  shared[0] = parsed(schedule_texts[0]), shared[1] = parsed(schedule_texts[5]);
  keep(0, describe_schedule, shared[0]), keep(1, describe_schedule, shared[1]);
  for (uintptr_t i = 0; i < 4; i++) REQUIRE(pthread_create(&all[i], NULL, work, (void *)(i + 1)) == 0);
  for (int i = 0; i < 4; i++) {
    void *failed = NULL;
    REQUIRE(pthread_join(all[i], &failed) == 0);
    CHECK((long)failed > 10);
  }
  CHECK(is_as_remembered());
  keep(0, NULL, NULL), keep(1, NULL, NULL);
  DESTROY_SCHEDULE(shared[0]), DESTROY_SCHEDULE(shared[1]);
}

/* ---- More than there is ------------------------------------------------------------------------ */

/* What a state claims to be is looked at before it is copied: the rest of it is not even mapped here. */
static void states_of_any_size(void) {
  stepsize_scheduler *r = scheduler_of("linear(100)", 1), *q = NULL;
  stepsize_norm_log *log = NULL;
  size_t count;
  uint8_t *state = state_of(r, &count);
  const size_t sizes[] = {INT64_MAX, (size_t)3 << 30, count + 1, count - 1};
  for (size_t i = 0; i < 4; i++) {
    CHECK_STATUS(stepsize_scheduler_restore(state, sizes[i], &q, &error), STEPSIZE_ERROR_STATE);
    CHECK(q == NULL && strstr(error.text, "truncated") != NULL);
    CHECK_STATUS(stepsize_scheduler_load(r, state, sizes[i], &error), STEPSIZE_ERROR_STATE);
  }
  CHECK_STATUS(stepsize_scheduler_restore(state, SIZE_MAX, &q, &error), STEPSIZE_ERROR_SIZE);
  memset(state, 0, count);
  const long before = asked;
  CHECK_STATUS(stepsize_scheduler_restore(state, (size_t)3 << 30, &q, &error), STEPSIZE_ERROR_STATE);
  CHECK(asked - before < 10);
  CHECK_STATUS(stepsize_norm_log_restore(state, count, &log, &error), STEPSIZE_ERROR_STATE);
  DESTROY_SCHEDULER(r);
  free(state);
}

/* Last, as the limit stays: two tables do not fit into the address space that is left, and nothing is lost by it. */
static void a_limit(void) {
  const size_t count = 16777216;
  stepsize_schedule *a = NULL, *b = NULL, *s = NULL;
  double *values = malloc(count * sizeof *values);
  REQUIRE(values != NULL);
  for (size_t i = 0; i < count; i++) values[i] = 1;
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  REQUIRE(file != NULL && fscanf(file, "%ld", &pages) == 1);
  fclose(file);
  const rlim_t limit = (rlim_t)pages * 4096 + 300000000;
  REQUIRE(setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) == 0);
  stepsize_status first = stepsize_schedule_table(values, count, &a, &error);
  stepsize_status second = stepsize_schedule_table(values, count, &b, &error);
  CHECK(first == STEPSIZE_OK || first == STEPSIZE_ERROR_MEMORY);
  CHECK_STATUS(second, STEPSIZE_ERROR_MEMORY);
  CHECK(b == NULL);
  CHECK_TEXT(error.text, "out of memory");
  DESTROY_SCHEDULE(a);
  CHECK_STATUS(stepsize_schedule_table(values, 1000000, &s, &error), STEPSIZE_OK);
  DESTROY_SCHEDULE(s);
  free(values);
}

int main(int argc, char **argv) {
  const char *list = list_of(argc, argv);
  for (int i = 0; i < 3000; i++) numbers[i] = 1 + 0.5 * ((i * 7919) % 1000) / 1000;
  const long before = live;
  numbers_alone();
  catalogue();
  schedules();
  controllers();
  schedulers();
  steps();
  extensions();
  groups();
  searches();
  theory();
  finders();
  threads();
  states_of_any_size();
  CHECK(live == before);
  note_tried("stepsize_controller_learned"); /* test_learn_memory.c, which has a policy */
  if (list) all_were_tried(list);
  if (list) a_limit();
  fprintf(stderr, "%ld calls of %d functions, at most %ld allocations\n", call_count, tried_count, most);
  return finish();
}
