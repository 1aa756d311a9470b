/* Named phases: where they are in schedules of every build, when they are entered, how an early stop rule ends them, and
   why a training can stop. */
#include "making.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

struct stretch {
  const char *name; /* "" for none */
  int64_t start, end; /* end INT64_MAX: none */
};

static void check_phase(const char *text, int64_t t, const stepsize_phase *phase, const struct stretch *expected) {
  int64_t position = t < expected->start ? 0 : (t < expected->end ? t : expected->end) - expected->start;
  int64_t length = expected->end == INT64_MAX ? INT64_MAX : expected->end - expected->start;
  int right = strcmp(phase->name, expected->name) == 0;
  if (expected->name[0]) {
    right = right && phase->start == expected->start && phase->length == length && phase->position == position;
    right = right && phase->entered == (t == expected->start);
    right = right && phase->progress == (length == INT64_MAX ? 0 : (double)position / (double)length);
  } else {
    right = right && phase->start == 0 && phase->length == INT64_MAX && phase->position == 0 && phase->progress == 0;
    right = right && phase->entered == 0;
  }
  if (!CHECK(right))
    fprintf(stderr, "    %s at %lld: \"%s\" from %lld, %lld long, position %lld, progress %g, entered %d\n", text,
            (long long)t, phase->name, (long long)phase->start, (long long)phase->length, (long long)phase->position,
            phase->progress, phase->entered);
}

/* `stretches` follow each other from 0 on; the last one holds after the end of a schedule that has one. */
static void phases(const char *text, const struct stretch *stretches, int count) {
  stepsize_schedule *schedule = parsed(text);
  stepsize_scheduler *s = scheduler_of(text, 1);
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  int endless = stepsize_schedule_length(schedule) == STEPSIZE_NEVER;
  int64_t last = stretches[count - 1].end;
  if (last == INT64_MAX) last = stretches[count - 1].start + 50;
  else if (!endless) last += 5;
  for (int64_t t = 0, k = 0; t < last; t++) {
    while (k + 1 < count && t >= stretches[k].end) k++;
    CHECK_STATUS(stepsize_schedule_phase(schedule, t, &phase), STEPSIZE_OK);
    check_phase(text, t, &phase, &stretches[k]);
    CHECK_STATUS(stepsize_scheduler_phase(s, &phase), STEPSIZE_OK); /* the same while nothing ends early */
    check_phase(text, t, &phase, &stretches[k]);
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  }
  CHECK_STATUS(stepsize_schedule_phase(schedule, INT64_MAX, &phase), STEPSIZE_OK);
  if (!endless) CHECK_TEXT(phase.name, stretches[count - 1].name);
  CHECK_STATUS(stepsize_schedule_phase(schedule, INT64_MIN, &phase), STEPSIZE_OK);
  CHECK_TEXT(phase.name, stretches[0].name);
  stepsize_schedule_destroy(schedule);
  stepsize_scheduler_destroy(s);
}
#define PHASES(text, ...) \
  do { \
    const struct stretch stretches[] = {__VA_ARGS__}; \
    phases(text, stretches, COUNT(stretches)); \
  } while (0)

static void where_they_are(void) {
  PHASES("linear(10)", {"", 0, INT64_MAX});
  PHASES("linear(10, phase=\"all\")", {"all", 0, 10});
  PHASES("constant(phase=\"for ever\")", {"for ever", 0, INT64_MAX});
  PHASES("warmup(3, phase=\"up\") >> constant(5, phase=\"main\") >> linear(4, phase=\"anneal\")", {"up", 0, 3},
         {"main", 3, 8}, {"anneal", 8, 12});
  PHASES("warmup(3) >> constant(5, phase=\"main\") >> linear(4, phase=\"anneal\")", {"", 0, 3}, {"main", 3, 8},
         {"anneal", 8, 12});
  PHASES("warmup(3, phase=\"main\") >> constant(5, phase=\"main\") >> linear(4)", {"main", 0, 8}, {"", 8, 12});
  PHASES("constant(5, phase=\"a\") >> constant(phase=\"b\")", {"a", 0, 5}, {"b", 5, INT64_MAX});
  PHASES("wsd(20, warmup=4, decay=5)", {"warmup", 0, 4}, {"main", 4, 15}, {"anneal", 15, 20});
  PHASES("warmup_linear(10, warmup=4)", {"warmup", 0, 4}, {"main", 4, 10});
  /* Brackets, factors and scales keep the names; the innermost name counts. */
  PHASES("(warmup(3) >> linear(7), phase=\"both\")", {"both", 0, 10});
  PHASES("(warmup(3, phase=\"in\") >> linear(7), phase=\"out\") >> constant(5)", {"in", 0, 3}, {"out", 0, 10}, {"", 10, 15});
  PHASES("0.5 * (constant(4, phase=\"a\") >> constant(3, phase=\"b\"))", {"a", 0, 4}, {"b", 4, 7});
  PHASES("constant() * (constant(4, phase=\"a\") >> constant(3, phase=\"b\"))", {"a", 0, 4}, {"b", 4, 7});
  PHASES("clamp(constant(4, phase=\"a\") >> linear(3, phase=\"b\"), min=0.1)", {"a", 0, 4}, {"b", 4, 7});
  PHASES("take(constant(4, phase=\"a\") >> linear(30, phase=\"b\"), 9)", {"a", 0, 4}, {"b", 4, 9});
  PHASES("take(constant(4, phase=\"a\") >> linear(30, phase=\"b\"), 3)", {"a", 0, 3});
  PHASES("shift(constant(4, phase=\"a\") >> linear(6, phase=\"b\"), -2)", {"a", 0, 2}, {"b", 2, 8});
  PHASES("stretch(constant(2, phase=\"a\") >> linear(3, phase=\"b\"), 4)", {"a", 0, 8}, {"b", 8, 20});
  PHASES("stretch(constant(2, phase=\"a\") >> linear(3, phase=\"b\"), 2.5)", {"a", 0, 5}, {"b", 5, 13});
  PHASES("repeat(warmup(2, phase=\"up\") >> linear(3, phase=\"down\"), 2)", {"up", 0, 2}, {"down", 2, 5}, {"up", 5, 7},
         {"down", 7, 10});
  PHASES("repeat(warmup(2, phase=\"up\") >> linear(3, phase=\"down\"))", {"up", 0, 2}, {"down", 2, 5}, {"up", 5, 7},
         {"down", 7, 10}, {"up", 10, 12}, {"down", 12, 15}, {"up", 15, 17}, {"down", 17, 20});
  PHASES("constant(3) >> repeat(stretch(warmup(2, phase=\"up\") >> linear(3, phase=\"down\"), 2), 2) >> linear(4)",
         {"", 0, 3}, {"up", 3, 7}, {"down", 7, 13}, {"up", 13, 17}, {"down", 17, 23}, {"", 23, 27});

  stepsize_phase phase = {sizeof phase - 8, 0, 0, 0, 0, 0, "as it was", 0};
  stepsize_schedule *schedule = parsed("linear(10, phase=\"all\")");
  stepsize_scheduler *s = scheduler_of("linear(10, phase=\"all\")", 1);
  CHECK_STATUS(stepsize_schedule_phase(schedule, 0, &phase), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_scheduler_phase(s, &phase), STEPSIZE_ERROR_SIZE);
  CHECK_TEXT(phase.name, "as it was");
  stepsize_schedule_destroy(schedule);
  stepsize_scheduler_destroy(s);
  /* The longest name. */
  char text[128];
  sprintf(text, "linear(10, phase=\"%064d\")", 7);
  s = scheduler_of(text, 1);
  phase.size = sizeof phase;
  CHECK_STATUS(stepsize_scheduler_phase(s, &phase), STEPSIZE_OK);
  CHECK(strlen(phase.name) == 64);
  stepsize_scheduler_destroy(s);
}

/* ---- Ends that come early ---------------------------------------------------------------------- */

static stepsize_phase phase_of(const stepsize_scheduler *s) {
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  REQUIRE(stepsize_scheduler_phase(s, &phase) == STEPSIZE_OK);
  return phase;
}

static void step(stepsize_scheduler *s, double loss) {
  REQUIRE(stepsize_scheduler_step_with_loss(s, loss, NULL, 0) == STEPSIZE_OK);
}

static void ended_early(void) {
  static const char text[] =
      "early_stop(\"main\", patience=3, threshold=0.1, threshold_mode=\"abs\") * (warmup(5) >> constant(100, "
      "phase=\"main\") >> linear(10, phase=\"anneal\"))";
  stepsize_scheduler *s = scheduler_of(text, 1);
  CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_ERROR_LOSS_REQUIRED);
  for (int t = 0; t < 5; t++) step(s, 1); /* what is before the phase does not count */
  CHECK(phase_of(s).entered && strcmp(phase_of(s).name, "main") == 0);
  step(s, 1), step(s, 0.95), step(s, 0.5), step(s, 0.45), step(s, 0.6);
  CHECK(phase_of(s).position == 5 && phase_of(s).length == 100 && !phase_of(s).entered);
  CHECK(stepsize_scheduler_get_step(s) == 10 && rate_of(s) == 1);
  /* Without a loss nothing is observed. */
  CHECK_STATUS(stepsize_scheduler_advance(s, NULL, 0), STEPSIZE_OK);
  CHECK_TEXT(phase_of(s).name, "main");
  step(s, NAN); /* the third bad one */
  stepsize_phase phase = phase_of(s);
  CHECK_TEXT(phase.name, "anneal");
  CHECK(phase.entered && phase.start == 12 && phase.position == 0 && phase.length == 10);
  CHECK(stepsize_scheduler_get_step(s) == 12 && rate_of(s) == 1);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE && !stepsize_scheduler_finished(s));
  step(s, 1);
  CHECK(rate_of(s) == 0.9 && phase_of(s).start == 12 && phase_of(s).position == 1 && !phase_of(s).entered);

  /* Back over the jump, and forwards again: the jump was where it was, until it is gone back over. */
  CHECK_STATUS(stepsize_scheduler_set_step(s, 20), STEPSIZE_OK);
  CHECK_NEAR(rate_of(s), 0.2, 4);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 12), STEPSIZE_OK);
  CHECK(phase_of(s).entered && strcmp(phase_of(s).name, "anneal") == 0 && rate_of(s) == 1);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 11), STEPSIZE_OK);
  CHECK(strcmp(phase_of(s).name, "main") == 0 && phase_of(s).position == 6 && rate_of(s) == 1);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 20), STEPSIZE_OK);
  CHECK(strcmp(phase_of(s).name, "main") == 0 && phase_of(s).position == 15 && rate_of(s) == 1);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 2), STEPSIZE_OK);
  CHECK_NEAR(rate_of(s), 0.6, 1);
  stepsize_scheduler_destroy(s);

  /* A phase that lasts is not ended, and its end comes as planned. */
  s = scheduler_of(text, 1);
  for (int t = 0; t < 114; t++) step(s, 100 - t);
  CHECK(strcmp(phase_of(s).name, "anneal") == 0 && phase_of(s).start == 105);
  CHECK_NEAR(rate_of(s), 0.1, 4);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
  step(s, 1);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_END && stepsize_scheduler_finished(s));
  stepsize_scheduler_destroy(s);

  /* Every round of a repeat begins anew; two early_stops watch two phases. */
  s = scheduler_of(
      "early_stop(\"a\", patience=2) * early_stop(\"b\", patience=3) * repeat(constant(50, phase=\"a\") >> constant(50, phase=\"b\"), 2)",
      1);
  static const int64_t starts[] = {0, 3, 7, 10};
  for (int i = 0; i < 4; i++) { /* the first loss of a phase is its best */
    stepsize_phase now = phase_of(s);
    CHECK(now.start == starts[i] && now.entered && strcmp(now.name, i % 2 ? "b" : "a") == 0);
    for (int k = 0; k < (i % 2 ? 4 : 3); k++) {
      CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
      step(s, 1);
    }
  }
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_EARLY); /* the last phase */
  CHECK(phase_of(s).start == 10 && phase_of(s).position == 4);
  CHECK_STATUS(stepsize_scheduler_set_step(s, 14), STEPSIZE_OK);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
  stepsize_scheduler_destroy(s);

  /* With a controller that moves the rates. */
  s = scheduler_of("greedy(patience=0, smooth=false, factor=0.5) * early_stop(\"main\", patience=2) * (constant(50, "
                   "phase=\"main\") >> linear(4, phase=\"anneal\"))", 1);
  step(s, 1);
  CHECK(rate_of(s) == 2);
  step(s, 1), step(s, 1);
  CHECK(strcmp(phase_of(s).name, "anneal") == 0 && rate_of(s) == 0.5 && phase_of(s).start == 3);
  step(s, 0.5);
  CHECK(rate_of(s) == 0.75);
  stepsize_scheduler_destroy(s);
}

/* ---- Why a training can stop ------------------------------------------------------------------- */

static void stops(void) {
  stepsize_scheduler *s = scheduler_of("linear(3)", 1);
  for (int t = 0; t < 6; t++) {
    CHECK(stepsize_scheduler_stop_reason(s) == (t < 3 ? STEPSIZE_STOP_NONE : STEPSIZE_STOP_END));
    step(s, 1);
  }
  stepsize_scheduler_destroy(s);

  /* An early stop rule without a phase is for the whole training: it stops and jumps nowhere. */
  s = scheduler_of("early_stop(patience=3) * (constant(50, phase=\"a\") >> linear(9, phase=\"b\"))", 1);
  for (int t = 0; t < 10; t++) {
    CHECK(stepsize_scheduler_stop_reason(s) == (t < 4 ? STEPSIZE_STOP_NONE : STEPSIZE_STOP_EARLY));
    CHECK(strcmp(phase_of(s).name, "a") == 0 && phase_of(s).position == t);
    step(s, 1);
  }
  stepsize_scheduler_destroy(s);
  s = scheduler_of("early_stop(patience=3)", 1);
  for (int t = 0; t < 4; t++) step(s, INFINITY);
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_EARLY);
  stepsize_scheduler_destroy(s);

  /* At its lower bound and staying there. */
  const double one = 1, low = 0.25;
  s = scheduler_from("linear(100)", 1, &one, &low, NULL, 0, 0);
  for (int t = 0; t < 100; t++) { /* 1 - t/100 <= 0.25 from 75 on */
    CHECK(stepsize_scheduler_stop_reason(s) == (t < 75 ? STEPSIZE_STOP_NONE : STEPSIZE_STOP_MINIMUM));
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  }
  stepsize_scheduler_destroy(s);
  /* It comes back up: not yet. */
  s = scheduler_from("repeat(linear(100))", 1, &one, &low, NULL, 0, 0);
  for (int t = 0; t < 300; t++) {
    CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
  }
  stepsize_scheduler_destroy(s);
  /* A controller's own bound. */
  s = scheduler_of("plateau(patience=0, factor=0.5, min_lr=0.25)", 1);
  for (int t = 0; t < 5; t++) {
    CHECK(stepsize_scheduler_stop_reason(s) == (rate_of(s) > 0.25 ? STEPSIZE_STOP_NONE : STEPSIZE_STOP_MINIMUM));
    step(s, 1);
  }
  CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_MINIMUM);
  stepsize_scheduler_destroy(s);
}

int main(void) {
  where_they_are();
  ended_early();
  stops();
  return finish();
}
