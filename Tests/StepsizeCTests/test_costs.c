/* What a text or a state can ask for is bounded by its own size. Sizes are those at which a cost that grows with the
   square would take minutes. */
#include "memory.h"

#include <time.h>

#ifndef __GLIBC__
int main(void) {
  printf("skipped: needs glibc\n");
  return 0;
}
#else

/* ---- Memory -------------------------------------------------------------------------------------- */

/* The text, what stands between two of it, and the text after the last one. */
static char *repeated(const char *piece, const char *between, size_t count, const char *end) {
  char *text = malloc(count * (strlen(piece) + strlen(between)) + strlen(end) + 1), *at = text;
  REQUIRE(text != NULL);
  for (size_t i = 0; i < count; i++) at += sprintf(at, "%s%s", i ? between : "", piece);
  strcpy(at, end);
  return text;
}

static void text_is_bounded(const char *text) {
  const double base = 0.1;
  const size_t before = begin(), size = strlen(text);
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base, options.record = 1, options.norm_capacity = 1 << 24;
  const stepsize_status status = stepsize_scheduler_parse(text, size, &options, &scheduler, &error);
  if (!CHECK(status == STEPSIZE_OK)) fprintf(stderr, "    %.60s: %s\n", text, error.text);
  bounded(text, before, size);
  if (!scheduler) return;
  const int observes_more = (stepsize_scheduler_needs(scheduler) & ~STEPSIZE_NEEDS_LOSS) != 0;
  for (int i = 0; i < 10; i++)
    CHECK_STATUS(observes_more ? stepsize_scheduler_advance(scheduler, NULL, 0)
                               : stepsize_scheduler_step_with_loss(scheduler, 1, NULL, 0),
                 STEPSIZE_OK);
  /* Printing, saving, restoring. */
  size_t printed, saved;
  CHECK_STATUS(stepsize_scheduler_print(scheduler, NULL, 0, &printed), STEPSIZE_OK);
  uint8_t *state = state_of(scheduler, &saved);
  bounded(text, before, size);
  const size_t again = begin();
  stepsize_scheduler_destroy(restored(state, saved));
  bounded("the state", again, saved);
  free(state);
  stepsize_scheduler_destroy(scheduler);
  CHECK(used == before);
}

static void texts_are_bounded(void) {
  static const char *const texts[] = {
      "constant()", "greedy(window=16777216)", "greedy(\"huggingface\", smooth=true, window=16777216, min_lr=0.001)",
      "plateau(patience=9223372036854775807)", "repeat(linear(1), 9223372036854775807)",
      "line_search()", "learned(\"mlp\")", "hypergradient()", "knots([0, 9e18], [1, 0])", "wsd(9223372036854775807)",
      "cosine_cycles([1e18, 1e18])", "stretch(noise(), 1e300)", "restarts(1)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) text_is_bounded(texts[i]);
  char *crafted[] = {
      repeated("early_stop(window=16777216)", " * ", 16, ""),
      repeated("linear(1)", ">>", 65535, ""),
      repeated("rex(9)", ">>", 65535, ""),
      repeated("linear(1,phase=\"a\")", ">>", 65535, ""),
      repeated("wsd(9)", ">>", 10000, ""),
      repeated("noise()", "*", 64, ""),
      repeated("clamp(", "", 62, "linear(9)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"),
  };
  for (size_t i = 0; i < sizeof crafted / sizeof *crafted; i++) {
    text_is_bounded(crafted[i]);
    free(crafted[i]);
  }
  char *list = repeated("1", ",", 100000, "])"), *text = malloc(strlen(list) + 16);
  sprintf(text, "table([%s", list);
  text_is_bounded(text);
  free(list), free(text);
}

/* ---- States that say much in a few bytes ------------------------------------------------------------ */

/* A record that says that one rate was used in 2^27 updates, under a schedule with a phase in every second one. */
static void long_record(void) {
  const double base = 0.1;
  const uint64_t updates = UINT64_C(1) << 27;
  stepsize_scheduler *s =
      scheduler_from("repeat(constant(1, phase=\"a\") >> constant(1, phase=\"b\"))", 1, &base, NULL, NULL, 1, 0);
  for (int i = 0; i < 77; i++) CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  size_t size;
  uint8_t *state = state_of(s, &size);
  stepsize_scheduler_destroy(s);
  int changed = 0;
  for (size_t i = size; i >= 32; i--) /* step, time, repeats and count */
    if (state[i - 8] == 77 && !memcmp(state + i - 7, "\0\0\0\0\0\0\0", 7)) put(state + i - 8, updates, 8), changed++;
  REQUIRE(changed == 4);
  seal(state, size);
  const size_t before = begin();
  s = restored(state, size);
  bounded("a long record", before, size);
  stepsize_schedule *replayed = NULL;
  stepsize_error error;
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replayed, &error), STEPSIZE_ERROR_LIMIT);
  CHECK(replayed == NULL && strstr(error.text, "65536 phases") != NULL);
  /* Another schedule: the phases of the first one are too many to be kept. */
  stepsize_phase phase = {.size = sizeof phase};
  CHECK_STATUS(stepsize_scheduler_phase_at(s, 5, &phase), STEPSIZE_OK);
  CHECK_TEXT(phase.name, "b");
  CHECK_STATUS(stepsize_scheduler_extend(s, NULL, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_phase_at(s, 5, &phase), STEPSIZE_OK);
  CHECK_TEXT(phase.name, "");
  CHECK(stepsize_scheduler_extended_at(s) == (int64_t)updates);
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replayed, &error), STEPSIZE_OK);
  CHECK(stepsize_schedule_length(replayed) == (int64_t)updates);
  stepsize_schedule_destroy(replayed);
  free(state);
  stepsize_scheduler_destroy(s);
}

/* Group counts and window lengths that the bytes do not have. */
static void promises(void) {
  stepsize_scheduler *s = scheduler_of("greedy(window=16777216)", 0.1), *other = NULL;
  size_t size;
  uint8_t *state = state_of(s, &size);
  CHECK(size < 400 && state[8] == 3); /* it was 134 million bytes */
  for (size_t i = 24; i + 8 <= size; i += 1) {
    uint8_t *bad = malloc(size);
    memcpy(bad, state, size);
    put(bad + i, 1 << 20, 8);
    seal(bad, size);
    const size_t before = begin();
    if (stepsize_scheduler_restore(bad, size, &other, NULL) == STEPSIZE_OK) stepsize_scheduler_destroy(other);
    bounded("a crafted state", before, size);
    free(bad);
  }
  free(state);
  stepsize_scheduler_destroy(s);
}

/* ---- Time ------------------------------------------------------------------------------------------ */

/* Half a minute where each phase looks through the record again. */
static void replay_of_many_phases(void) {
  enum { UPDATES = 160000 };
  const double base = 0.1;
  stepsize_scheduler *s =
      scheduler_from("repeat(linear(9, phase=\"train\") >> constant(1, phase=\"rest\"))", 1, &base, NULL, NULL, 1, 0);
  double *rates = malloc(UPDATES * sizeof *rates);
  for (int t = 0; t < UPDATES; t++) {
    rates[t] = rate_of(s);
    REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
  }
  stepsize_schedule *replayed = NULL;
  CHECK_STATUS(stepsize_scheduler_replay(s, 0, &replayed, NULL), STEPSIZE_OK);
  int wrong = 0, phases = 0;
  for (int t = 0; t < UPDATES; t++) wrong += stepsize_schedule_at(replayed, t) != rates[t];
  stepsize_phase phase = {.size = sizeof phase};
  for (int64_t t = 0; t < UPDATES; t = phase.until, phases++) {
    REQUIRE(stepsize_schedule_phase(replayed, t, &phase) == STEPSIZE_OK);
    wrong += strcmp(phase.name, phases % 2 ? "rest" : "train") != 0 || phase.start != t;
  }
  CHECK(wrong == 0 && phases == UPDATES / 5);
  /* Each entry by a call of its own, from the end: a quarter of an hour where a call reads from the start. */
  for (int t = UPDATES; t-- > 0;) {
    double rate;
    size_t written;
    wrong += stepsize_scheduler_record(s, 0, t, &rate, 1, &written) != STEPSIZE_OK || written != 1 || rate != rates[t];
  }
  CHECK(wrong == 0);
  stepsize_schedule_destroy(replayed);
  stepsize_scheduler_destroy(s);
  free(rates);
}

/* Joined one by one, at either end and in the middle; minutes where each call copies all of them. */
static void joined_one_by_one(void) {
  enum { COUNT = 65535 };
  char *text = repeated("linear(3)", " >> ", COUNT, "");
  for (int side = 0; side < 2; side++) {
    stepsize_schedule *all = parsed("linear(3)"), *longer, *piece = parsed("linear(3)");
    for (int i = 1; i < COUNT; i++, all = longer) {
      REQUIRE(stepsize_schedule_sequence(side ? piece : all, side ? all : piece, &longer, NULL) == STEPSIZE_OK);
      stepsize_schedule_destroy(all);
    }
    CHECK(stepsize_schedule_length(all) == 3 * COUNT);
    char *printed = malloc(strlen(text) + 1);
    CHECK_STATUS(stepsize_schedule_print(all, printed, strlen(text) + 1, NULL), STEPSIZE_OK);
    CHECK(strcmp(printed, text) == 0);
    free(printed);
    int wrong = 0;
    for (int i = 0; i < COUNT; i++) {
      int64_t start = -1;
      stepsize_schedule *part = NULL;
      wrong += stepsize_schedule_part(all, (size_t)i, &start, &part) != STEPSIZE_OK || start != 3 * i;
      wrong += stepsize_schedule_at(all, 3 * i) != 1 || stepsize_schedule_at(all, 3 * i + 2) != stepsize_schedule_at(piece, 2);
      stepsize_schedule_destroy(part);
    }
    CHECK(wrong == 0);
    stepsize_error error;
    CHECK_STATUS(stepsize_schedule_sequence(all, piece, &longer, &error), STEPSIZE_ERROR_LIMIT);
    CHECK(longer == NULL);
    stepsize_schedule_destroy(all), stepsize_schedule_destroy(piece);
  }
  free(text);
}

static void walked(const char *piece, size_t count, size_t expected) {
  char *text = repeated(piece, " >> ", count, "");
  stepsize_schedule *schedule = parsed(text);
  const int64_t length = stepsize_schedule_length(schedule);
  stepsize_phase phase = {.size = sizeof phase};
  size_t found = 0;
  for (int64_t t = 0; t < length; t = phase.until, found++)
    REQUIRE(stepsize_schedule_phase(schedule, t, &phase) == STEPSIZE_OK);
  if (!CHECK(found == expected)) fprintf(stderr, "    %s: %zu\n", piece, found);
  stepsize_schedule_destroy(schedule);
  free(text);
}

static void walks(void) {
  walked("constant(1, phase=\"a\") >> constant(1, phase=\"b\")", 32000, 64000);
  walked("constant(1, phase=\"a\")", 65000, 1);
  walked("constant(1)", 65000, 1);
  /* One phase all along, which is interrupted in each part. */
  walked("(constant(1) >> constant(1, phase=\"b\"), phase=\"a\")", 20000, 40000);
}

/* Each level asks for two values of the one below: 2^60 for one value, if they were all made. */
static void nested_interpolations(void) {
  for (int depth = 15; depth <= 60; depth += depth == 15 ? 1 : depth == 16 ? 1 : 43) {
    char text[4096] = "", *at = text;
    for (int i = 0; i < depth; i++) at += sprintf(at, "stretch(");
    at += sprintf(at, "linear(9)");
    for (int i = 0; i < depth; i++) at += sprintf(at, ", 1.5, \"linear\")");
    stepsize_schedule *schedule = NULL;
    stepsize_error error;
    const stepsize_status status = stepsize_schedule_parse(text, strlen(text), &schedule, &error);
    CHECK_STATUS(status, depth <= 16 ? STEPSIZE_OK : STEPSIZE_ERROR_LIMIT);
    if (depth > 16) CHECK(strstr(error.text, "65536 evaluations") != NULL);
    else CHECK(stepsize_schedule_at(schedule, 100) > 0);
    stepsize_schedule_destroy(schedule);
  }
}

/* A window takes memory as it fills, and its state is as long as what is in it; the bits stay the same. */
static void windows(void) {
  static const char *const texts[] = {
      "greedy(patience=2, window=100000, reset_start=none)",
      "greedy(\"huggingface\", smooth=true, window=100000, min_lr=0.001, reset_start=none)",
      "early_stop(window=100000)",
  };
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    uint64_t random = 5;
    const size_t fresh = used;
    stepsize_scheduler *s = scheduler_of(texts[k], 0.1);
    size_t previous = 0;
    int wrong = 0;
    for (int t = 0; t < 210000; t++) {
      const double loss = 2 + uniform(&random) - 5e-6 * t;
      double rate;
      if (t % 1021 == 0 || t % 100000 < 2) {
        size_t size;
        uint8_t *state = state_of(s, &size);
        wrong += size < previous && t < 90000;
        wrong += t < 90000 && (state[8] != (t < 98976 ? 3 : 1) || size > 8 * (size_t)t + 400);
        previous = size;
        stepsize_scheduler *other = restored(state, size);
        size_t again;
        uint8_t *same = state_of(other, &again);
        wrong += again != size || memcmp(state, same, size) != 0;
        stepsize_scheduler_destroy(s);
        s = other;
        free(state), free(same);
      }
      REQUIRE(stepsize_scheduler_step_with_loss(s, loss, &rate, 1) == STEPSIZE_OK);
      wrong += used - fresh > 16 * (size_t)(t < 8192 ? 8192 : t < 100000 ? t : 100000) + 8192;
    }
    if (!CHECK(wrong == 0)) fprintf(stderr, "    %s: %d\n", texts[k], wrong);
    /* As one that was never saved. */
    stepsize_scheduler *whole = scheduler_of(texts[k], 0.1);
    random = 5;
    for (int t = 0; t < 210000; t++)
      REQUIRE(stepsize_scheduler_step_with_loss(whole, 2 + uniform(&random) - 5e-6 * t, NULL, 0) == STEPSIZE_OK);
    CHECK_SAME(rate_of(s), rate_of(whole));
    size_t m, n;
    uint8_t *a = state_of(s, &m), *b = state_of(whole, &n);
    CHECK(m == n && memcmp(a, b, m) == 0);
    free(a), free(b);
    stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(whole);
  }
}

/* The last entries of a record take no longer than the first ones of a short one, however long it is. */
static void reading_a_part(void) {
  enum { UPDATES = 400000, PART = 100 };
  const double base = 1;
  double *rates = malloc(UPDATES * sizeof *rates), part[PART];
  size_t written = 0;
  stepsize_scheduler *s = scheduler_from("cosine(400000)", 1, &base, NULL, NULL, 1, 0);
  for (int64_t t = 0; t < UPDATES; t++) REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
  double whole_time = INFINITY, part_time = INFINITY;
  for (int i = 0; i < 9; i++) {
    const clock_t start = clock();
    CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, rates, UPDATES, &written), STEPSIZE_OK);
    const clock_t middle = clock();
    CHECK(written == UPDATES);
    for (int k = 0; k < 20; k++)
      REQUIRE(stepsize_scheduler_record(s, 0, UPDATES - PART, part, PART, &written) == STEPSIZE_OK);
    part_time = fmin(part_time, (double)(clock() - middle)), whole_time = fmin(whole_time, (double)(middle - start));
    CHECK(written == PART && memcmp(part, rates + UPDATES - PART, sizeof part) == 0);
  }
  /* 20 times a four-thousandth of it. */
  if (!CHECK(part_time < whole_time / 4)) fprintf(stderr, "    %g and %g ticks\n", part_time, whole_time);
  free(rates);
  stepsize_scheduler_destroy(s);
}

/* What a record took before a rewind is given back at the next step, where less than a quarter of it is left. */
static void rewinds_give_memory_back(void) {
  static const double base[2] = {1, 0.5};
  enum { UPDATES = 200000 };
  stepsize_scheduler *s = scheduler_from("cosine(400000)", 2, base, NULL, NULL, 1, 0);
  const size_t fresh = used;
  for (int64_t t = 0; t < UPDATES; t++) REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
  const size_t whole = used - fresh;
  CHECK(whole >= 2 * 8 * UPDATES);
  /* More than that stays. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, UPDATES * 3 / 4), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  CHECK(used - fresh == whole);
  size_t size = 0;
  double rates[40], again[40];
  CHECK_STATUS(stepsize_scheduler_record(s, 1, 1000, rates, 40, &size), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 2000), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  CHECK(used - fresh < 2 * 8 * 2000 * 3);
  /* What is left of it is whole, and goes on. */
  CHECK_STATUS(stepsize_scheduler_record(s, 1, 1000, again, 40, &size), STEPSIZE_OK);
  CHECK(size == 40 && memcmp(rates, again, sizeof rates) == 0);
  for (int64_t t = 0; t < 5000; t++) REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 6960, again, 40, &size), STEPSIZE_OK);
  stepsize_schedule *schedule = parsed("cosine(400000)");
  CHECK(size == 40 && again[39] == stepsize_schedule_at(schedule, 6999));
  stepsize_schedule_destroy(schedule);
  stepsize_scheduler_destroy(s);
}

int main(void) {
  texts_are_bounded();
  long_record();
  promises();
  replay_of_many_phases();
  joined_one_by_one();
  walks();
  nested_interpolations();
  windows();
  reading_a_part();
  rewinds_give_memory_back();
  return finish();
}

#endif
