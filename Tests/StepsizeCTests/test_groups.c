/* Base rates and groups of a scheduler that runs: from the current update on; what the controller knows, the record and the
   state stay whole; refused where it cannot be, with nothing changed. A schedule for each group, and many updates at once. */
#include "making.h"

static const double two[] = {0.1, 0.4};
static double lrs[4];

static double *rates(stepsize_scheduler *s) {
  CHECK_STATUS(stepsize_scheduler_rates(s, lrs, 4), STEPSIZE_OK);
  return lrs;
}

static void lose(stepsize_scheduler *s, int updates, double loss) {
  for (int t = 0; t < updates; t++) CHECK_STATUS(stepsize_scheduler_step_with_loss(s, loss, lrs, 4), STEPSIZE_OK);
}

static int has_text(stepsize_scheduler *s, const char *expected) {
  char text[256];
  CHECK_STATUS(stepsize_scheduler_print(s, text, sizeof text, NULL), STEPSIZE_OK);
  return strcmp(text, expected) == 0;
}

static stepsize_scheduler *resumed(stepsize_scheduler *s) {
  size_t size;
  uint8_t *state = state_of(s, &size);
  stepsize_scheduler *other = restored(state, size);
  free(state);
  return other;
}

static int same_states(stepsize_scheduler *a, stepsize_scheduler *b) {
  size_t sizes[2];
  uint8_t *states[] = {state_of(a, &sizes[0]), state_of(b, &sizes[1])};
  int same = sizes[0] == sizes[1] && memcmp(states[0], states[1], sizes[0]) == 0;
  free(states[0]), free(states[1]);
  return same;
}

/* ---- Base rates -------------------------------------------------------------------------------- */

/* After a cut to a quarter the rates are a quarter of the new base rates; without a controller they are those of a
   scheduler made with them. The record has the rates that were used. */
static void base_rates(void) {
  stepsize_scheduler *s = scheduler_from("plateau(patience=0, factor=0.25) * constant()", 2, two, NULL, NULL, 1, 0);
  lose(s, 2, 1);
  CHECK(rates(s)[0] == 0.025 && lrs[1] == 0.1);
  static const double next[] = {1, 8}, one = 2;
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, next, 2, NULL), STEPSIZE_OK);
  CHECK(rates(s)[0] == 0.25 && lrs[1] == 2 && stepsize_scheduler_base_lr(s, 1) == 8);
  stepsize_scheduler *other = resumed(s);
  lose(s, 1, 1), lose(other, 1, 1);
  CHECK(rates(s)[0] == 0.0625 && rates(other)[0] == 0.0625 && same_states(s, other));
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, &one, 1, NULL), STEPSIZE_OK);
  CHECK(rates(s)[0] == 0.125 && lrs[1] == 0.125);
  static const double used[] = {0.1, 0.1, 0.25};
  double record[3];
  CHECK_STATUS(stepsize_scheduler_record(s, 0, 0, record, 3, NULL), STEPSIZE_OK);
  for (int t = 0; t < 3; t++) CHECK(record[t] == used[t]);
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);

  static const char *texts[] = {"warmup(5) >> cosine(40)", "greedy(patience=1) * linear(30)", "hypergradient()",
                                "line_search()", "learned()"};
  for (int i = 0; i < 5; i++) {
    stepsize_scheduler *changed = scheduler_from(texts[i], 2, two, NULL, NULL, 0, 0);
    stepsize_scheduler *made = scheduler_from(texts[i], 2, next, NULL, NULL, 0, 0);
    for (int t = 0; t < 7; t++) {
      CHECK_STATUS(stepsize_scheduler_advance(changed, NULL, 0), STEPSIZE_OK);
      CHECK_STATUS(stepsize_scheduler_advance(made, NULL, 0), STEPSIZE_OK);
    }
    CHECK_STATUS(stepsize_scheduler_set_base_lrs(changed, next, 2, NULL), STEPSIZE_OK);
    CHECK(same_states(changed, made));
    stepsize_scheduler_destroy(changed), stepsize_scheduler_destroy(made);
  }
}

/* Bounds of a controller that are relative to the base rates follow them; those that are numbers hold. */
static void bounds(void) {
  stepsize_error error;
  stepsize_scheduler *s = scheduler_from("greedy(patience=0, factor=0.5, smooth=false)", 2, two, NULL, NULL, 0, 0);
  lose(s, 9, 1);
  CHECK_NEAR(rates(s)[0], 0.01, 1);
  static const double next[] = {3, 5}, far = 40, zero = 0, negative = -1;
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, next, 2, NULL), STEPSIZE_OK);
  CHECK(rates(s)[0] == 3.0 / 10 && lrs[1] == 5.0 / 10);
  lose(s, 3, 1);
  CHECK(rates(s)[0] == 3.0 / 10 && lrs[1] == 5.0 / 10);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, &zero, 1, NULL), STEPSIZE_OK);
  CHECK(rates(s)[0] == 0);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, next, 2, NULL), STEPSIZE_OK);
  CHECK(rates(s)[0] == 3);
  stepsize_scheduler_destroy(s);
  s = scheduler_from("greedy(min_lr=0.01, max_lr=20)", 2, two, NULL, NULL, 0, 0);
  stepsize_scheduler *before = resumed(s);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, &far, 1, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "outside [min_lr, max_lr]") != NULL);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, &negative, 1, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, next, 0, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_set_base_lrs(s, NULL, 2, &error), STEPSIZE_ERROR_NULL);
  CHECK(same_states(s, before));
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(before);
}

/* ---- Groups ------------------------------------------------------------------------------------ */

static void groups(void) {
  stepsize_error error;
  stepsize_schedule *own = parsed("constant(5) >> linear(5)");
  stepsize_scheduler *s = scheduler_from("plateau(patience=0, factor=0.5) * linear(10)", 2, two, NULL, NULL, 1, 0);
  lose(s, 2, 1);
  CHECK(rates(s)[0] == 0.1 * 0.5 * 0.8);
  CHECK_STATUS(stepsize_scheduler_add_group(s, 1, 0, INFINITY, NULL, &error), STEPSIZE_OK);
  CHECK(stepsize_scheduler_group_count(s) == 3 && rates(s)[0] == 0.1 * 0.5 * 0.8 && lrs[2] == 0.8);
  CHECK(has_text(s, "plateau(factor=0.5, patience=0) * linear(10)") && stepsize_scheduler_schedule_count(s) == 1);
  CHECK_STATUS(stepsize_scheduler_add_group(s, 1, 0.75, 0.875, own, &error), STEPSIZE_OK);
  CHECK(stepsize_scheduler_schedule_count(s) == 4);
  CHECK(has_text(s, "plateau(factor=0.5, patience=0) * [linear(10), linear(10), linear(10), constant(5) >> linear(5)]"));
  CHECK(rates(s)[3] == 0.875 && lrs[2] == 0.8);
  lose(s, 1, 1);
  CHECK(rates(s)[2] == 0.5 * 0.7 && lrs[3] == 0.75);
  stepsize_scheduler *other = resumed(s);
  lose(s, 9, 1), lose(other, 9, 1);
  CHECK(same_states(s, other) && rates(s)[2] == 0);
  static const double used[] = {0, 0, 0.8, 0.5 * 0.7};
  double record[4];
  CHECK_STATUS(stepsize_scheduler_record(s, 2, 0, record, 4, NULL), STEPSIZE_OK);
  for (int t = 0; t < 4; t++) CHECK(record[t] == used[t]);
  stepsize_schedule *replay = NULL;
  CHECK_STATUS(stepsize_scheduler_replay(s, 2, &replay, &error), STEPSIZE_OK);
  for (int t = 0; t < 4; t++) CHECK(stepsize_schedule_at(replay, t) == used[t]);
  CHECK_STATUS(stepsize_scheduler_remove_group(s, 0, &error), STEPSIZE_OK);
  CHECK(stepsize_scheduler_base_lr(s, 0) == 0.4 && stepsize_scheduler_group_count(s) == 3);
  CHECK_STATUS(stepsize_scheduler_record(s, 1, 0, record, 4, NULL), STEPSIZE_OK);
  for (int t = 0; t < 4; t++) CHECK(record[t] == used[t]);
  CHECK_STATUS(stepsize_scheduler_remove_group(s, 2, &error), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_remove_group(s, 1, &error), STEPSIZE_OK);
  CHECK(has_text(s, "plateau(factor=0.5, patience=0) * linear(10)"));
  CHECK_STATUS(stepsize_scheduler_remove_group(s, 0, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "group = 0, expected one of several groups") != NULL);
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);
  stepsize_schedule_destroy(own), stepsize_schedule_destroy(replay);

  s = scheduler_from("plateau(min_lr=[0.01, 0.02])", 2, two, NULL, NULL, 0, 0);
  other = resumed(s);
  CHECK_STATUS(stepsize_scheduler_add_group(s, 1, 0, INFINITY, NULL, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "expected none, one, or one for each group") != NULL);
  CHECK_STATUS(stepsize_scheduler_add_group(s, -1, 0, INFINITY, NULL, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_add_group(s, 1, NAN, INFINITY, NULL, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_add_group(s, 1, 2, 1, NULL, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(same_states(s, other));
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);
}

static void observe(stepsize_scheduler *s) {
  stepsize_observation seen[4] = {{0}};
  const size_t count = stepsize_scheduler_group_count(s);
  for (size_t g = 0; g < count; g++) {
    seen[g].size = sizeof *seen, seen[g].given = INT32_MAX;
    for (double *number = &seen[g].loss; number <= &seen[g].mean_dot_x; number++) *number = 1 + (double)g;
  }
  if (stepsize_scheduler_needs(s) & STEPSIZE_NEEDS_OBSERVATION)
    CHECK_STATUS(stepsize_scheduler_observe(s, seen, count, NULL, 0, NULL), STEPSIZE_OK);
  if (stepsize_scheduler_step_with_loss(s, 1, lrs, 4) != STEPSIZE_OK)
    CHECK_STATUS(stepsize_scheduler_advance(s, lrs, 4), STEPSIZE_OK);
}

/* Whatever a controller remembers, of each group or of all together: with a group more or one less it is saved and
   restored whole, and continues the same. */
static void remembered(void) {
  static const char *texts[] = {
      "greedy(patience=1)", "plateau(patience=0)", "hypergradient()", "line_search()", "learned()", "dog()",
      "dog(per_group=true)", "dadapt()", "polyak()", "polyak(\"sps\")", "polyak(\"momo\")"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (int is_removed = 0; is_removed < 2; is_removed++)
      for (int before = 0; before < 4; before++) {
        stepsize_scheduler *s = scheduler_from(texts[i], 2, two, NULL, NULL, 1, 0);
        for (int t = 0; t < before; t++) observe(s);
        if (is_removed) CHECK_STATUS(stepsize_scheduler_remove_group(s, 0, NULL), STEPSIZE_OK);
        else CHECK_STATUS(stepsize_scheduler_add_group(s, 0.2, 0, INFINITY, NULL, NULL), STEPSIZE_OK);
        stepsize_scheduler *other = resumed(s);
        CHECK(same_states(s, other));
        for (int t = 0; t < 3; t++) observe(s), observe(other);
        CHECK(same_states(s, other));
        stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);
      }
}

/* What is observed of all groups together stays when the first one goes. */
static void in_common(void) {
  stepsize_scheduler *s = scheduler_from("dog(init_lr=0.5)", 2, two, NULL, NULL, 0, 0);
  stepsize_observation seen = {.size = sizeof seen, .given = INT32_MAX, .grad_norm = 3, .distance = 2};
  CHECK_STATUS(stepsize_scheduler_observe(s, &seen, 1, lrs, 4, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_advance(s, lrs, 4), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_remove_group(s, 0, NULL), STEPSIZE_OK);
  seen.grad_norm = 4;
  CHECK_STATUS(stepsize_scheduler_observe(s, &seen, 1, lrs, 4, NULL), STEPSIZE_OK);
  /* 2/sqrt(3^2 + 4^2) of a base rate of 0.4. */
  CHECK(fabs(lrs[0] - 0.4 * 2 / 5) < 1e-8);
  stepsize_scheduler_destroy(s);
}

/* ---- A schedule for each group ----------------------------------------------------------------- */

static void schedules(void) {
  stepsize_error error;
  stepsize_schedule *each[] = {parsed("constant(4, phase=\"a\") >> linear(6, phase=\"b\")"), parsed("cosine(20)")}, *found;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.base_lr = two, options.group_count = 2, options.schedule_count = 2;
  options.schedules = (const stepsize_schedule *const *)each;
  stepsize_scheduler *s = NULL, *other = NULL;
  CHECK_STATUS(stepsize_scheduler_create(&options, &s, &error), STEPSIZE_OK);
  const char *text = "[constant(4, phase=\"a\") >> linear(6, phase=\"b\"), cosine(20)]";
  other = scheduler_from(text, 2, two, NULL, NULL, 0, 0);
  CHECK(has_text(s, text) && same_states(s, other));
  for (int t = 0; t < 25; t++) {
    for (int g = 0; g < 2; g++) {
      const double expected = two[g] * stepsize_schedule_at(each[g], t);
      float single[2];
      CHECK(rates(s)[g] == expected && stepsize_scheduler_lr(s, (size_t)g) == expected && rates(other)[g] == expected);
      if (t == 24) CHECK_STATUS(stepsize_scheduler_next_float(other, single, 2), STEPSIZE_OK);
    }
    stepsize_phase phase = {.size = sizeof phase};
    CHECK_STATUS(stepsize_scheduler_phase(s, &phase), STEPSIZE_OK);
    CHECK_TEXT(phase.name, t < 4 ? "a" : "b");
    CHECK(stepsize_scheduler_finished(s) == (t >= 20));
    CHECK_STATUS(stepsize_scheduler_step(s, lrs, 2), STEPSIZE_OK);
    stepsize_scheduler *resumed_one = resumed(s);
    CHECK(same_states(s, resumed_one));
    if (t < 24) CHECK_STATUS(stepsize_scheduler_step(other, lrs, 2), STEPSIZE_OK);
    stepsize_scheduler_destroy(resumed_one);
  }
  CHECK_STATUS(stepsize_scheduler_group_schedule(s, 1, &found), STEPSIZE_OK);
  CHECK(stepsize_schedule_length(found) == 20);
  stepsize_schedule_destroy(found);
  CHECK_STATUS(stepsize_scheduler_extend(s, each[1], &error), STEPSIZE_OK);
  CHECK(has_text(s, "cosine(20)"));
  CHECK_STATUS(stepsize_scheduler_extend_groups(s, (const stepsize_schedule *const *)each, 2, &error), STEPSIZE_OK);
  CHECK(has_text(s, text));
  CHECK_STATUS(stepsize_scheduler_extend_groups(s, (const stepsize_schedule *const *)each, 1, &error), STEPSIZE_OK);
  CHECK(has_text(s, "constant(4, phase=\"a\") >> linear(6, phase=\"b\")"));
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);

  options.group_count = 1;
  CHECK_STATUS(stepsize_scheduler_create(&options, &s, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "schedule count = 2") != NULL);
  options.group_count = 2, options.schedule = each[0];
  CHECK_STATUS(stepsize_scheduler_create(&options, &s, &error), STEPSIZE_ERROR_ARGUMENT);
  options.schedule = NULL, options.schedules = NULL;
  CHECK_STATUS(stepsize_scheduler_create(&options, &s, &error), STEPSIZE_ERROR_NULL);
  options.schedule_count = 0;
  static const char *wrong[] = {"[linear(10), linear(9)", "[]", "[linear(10),]", "[linear(10), linear(9)] * greedy()",
                                "line_search() * [linear(10), linear(9)]", "linear(3) * [linear(10), linear(9)]"};
  for (int i = 0; i < 6; i++)
    CHECK(stepsize_scheduler_parse(wrong[i], strlen(wrong[i]), &options, &s, &error) != STEPSIZE_OK && s == NULL);
  stepsize_schedule_destroy(each[0]), stepsize_schedule_destroy(each[1]);
}

/* ---- Many updates at once ---------------------------------------------------------------------- */

/* The rates, the state and the record of as many single ones. */
static void updates(void) {
  static const char *texts[] = {
      "linear(40)", "greedy(patience=1) * (warmup(5) >> cosine(40))", "[linear(10), constant()]",
      "early_stop(\"a\", patience=2) * (constant(20, phase=\"a\") >> linear(20, phase=\"b\"))", "constant()"};
  static const int64_t counts[] = {0, 1, 2, 17, 100, 3000};
  for (int i = 0; i < 5; i++)
    for (int record = 0; record < 2; record++)
      for (int k = 0; k < 6; k++) {
        stepsize_scheduler *s = scheduler_from(texts[i], 2, two, NULL, NULL, record, 0);
        stepsize_scheduler *single = scheduler_from(texts[i], 2, two, NULL, NULL, record, 0);
        lose(s, 3, 1), lose(single, 3, 1);
        double others[2];
        CHECK_STATUS(stepsize_scheduler_rates(single, others, 2), STEPSIZE_OK);
        CHECK_STATUS(stepsize_scheduler_advance_by(s, counts[k], lrs, 2), STEPSIZE_OK);
        for (int64_t t = 0; t < counts[k]; t++)
          CHECK_STATUS(stepsize_scheduler_advance(single, others, 2), STEPSIZE_OK);
        CHECK(lrs[0] == others[0] && lrs[1] == others[1] && same_states(s, single));
        lose(s, 5, 1), lose(single, 5, 1);
        CHECK(same_states(s, single));
        stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(single);
      }
  stepsize_scheduler *s = scheduler_from("linear(40)", 2, two, NULL, NULL, 1, 0);
  CHECK_STATUS(stepsize_scheduler_advance_by(s, -1, NULL, 0), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_advance_by(s, INT64_MAX - 1, lrs, 2), STEPSIZE_OK);
  CHECK(stepsize_scheduler_get_step(s) == INT64_MAX - 1 && lrs[0] == 0);
  CHECK_STATUS(stepsize_scheduler_advance_by(s, 2, NULL, 0), STEPSIZE_ERROR_ARGUMENT);
  int64_t count;
  CHECK_STATUS(stepsize_scheduler_record_range(s, NULL, &count), STEPSIZE_OK);
  CHECK(count == INT64_MAX - 1);
  stepsize_scheduler_destroy(s);
}

int main(void) {
  base_rates();
  bounds();
  groups();
  remembered();
  in_common();
  schedules();
  updates();
  return finish();
}
