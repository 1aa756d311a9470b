/* What a schedule is made of, its phases one after the other, those of a running scheduler, and what one needs. */
#define _POSIX_C_SOURCE 199309L
#include <inttypes.h>
#include <time.h>

#include "making.h"

/* ---- The parts ---------------------------------------------------------------------------------- */

static const char *const forms[] = {"call", "sequence", "product", "scale", "group"};

/* One line for each node of the tree: how deep, where it begins, what it is. */
static void outline(const stepsize_schedule *schedule, int64_t start, int depth, char *lines) {
  stepsize_structure structure = {sizeof structure, 0, 0, 0, 0, "", ""};
  REQUIRE(stepsize_schedule_structure(schedule, &structure) == STEPSIZE_OK);
  REQUIRE(structure.form >= 0 && structure.form < 5);
  sprintf(lines + strlen(lines), "%d %" PRId64 " %s", depth, start, forms[structure.form]);
  if (structure.name[0]) sprintf(lines + strlen(lines), " %s", structure.name);
  if (structure.form == STEPSIZE_FORM_SCALE) sprintf(lines + strlen(lines), " %g", structure.factor);
  if (structure.phase[0]) sprintf(lines + strlen(lines), " \"%s\"", structure.phase);
  strcat(lines, "\n");
  CHECK((structure.form == STEPSIZE_FORM_CALL) == (structure.name[0] != 0));
  CHECK((structure.form == STEPSIZE_FORM_CALL) == (structure.parameter_count > 0));
  CHECK(structure.form == STEPSIZE_FORM_SCALE || structure.factor == 1);
  for (size_t i = 0; i < structure.part_count; i++) {
    stepsize_schedule *part = NULL;
    REQUIRE(stepsize_schedule_part(schedule, i, &start, &part) == STEPSIZE_OK);
    outline(part, start, depth + 1, lines);
    stepsize_schedule_destroy(part);
  }
}

static void trees(void) {
  char lines[2000] = "";
  stepsize_schedule *schedule = parsed(
      "warmup(5) >> 0.5 * (linear(10) * constant(3) >> clamp(wsd(9, warmup=2, decay=1), min=0.1), phase=\"x\")");
  outline(schedule, 0, 0, lines);
  CHECK_TEXT(lines, "0 0 sequence\n"
                    "1 0 call warmup\n"
                    "1 5 scale 0.5\n"
                    "2 0 group \"x\"\n"
                    "3 0 sequence\n"
                    "4 0 product\n"
                    "5 0 call linear\n"
                    "5 0 call constant\n"
                    "4 10 call clamp\n"
                    "5 0 call wsd\n"
                    "6 0 sequence\n"
                    "7 0 call warmup \"warmup\"\n"
                    "7 2 call constant \"main\"\n"
                    "7 8 call cooldown \"anneal\"\n");
  stepsize_schedule *part = NULL;
  REQUIRE(stepsize_schedule_part(schedule, 0, NULL, &part) == STEPSIZE_OK);
  stepsize_schedule_destroy(schedule); /* the part lives on */
  CHECK(stepsize_schedule_at(part, 0) == 0.2 && stepsize_schedule_length(part) == 5);
  stepsize_schedule_destroy(part);
}

static void parameters(void) {
  static const struct { stepsize_text what; const char *text; } expected[] = {
      {STEPSIZE_TEXT_NAME, "floor"}, {STEPSIZE_TEXT_KIND, "real"}, {STEPSIZE_TEXT_DEFAULT, "0"}, {STEPSIZE_TEXT_VALUE, "0.25"},
      {STEPSIZE_TEXT_UNIT, ""}};
  stepsize_schedule *schedule = parsed("linear(12, floor=0.25, phase=\"x\")");
  char text[64];
  size_t size;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    CHECK_STATUS(stepsize_schedule_parameter(schedule, 1, expected[i].what, text, sizeof text, &size), STEPSIZE_OK);
    CHECK_TEXT(text, expected[i].text);
    CHECK(size == strlen(text));
  }
  CHECK_STATUS(stepsize_schedule_parameter(schedule, 0, STEPSIZE_TEXT_VALUE, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "12");
  CHECK_STATUS(stepsize_schedule_parameter(schedule, 2, STEPSIZE_TEXT_VALUE, text, sizeof text, NULL), STEPSIZE_ERROR_ARGUMENT);
  stepsize_schedule_destroy(schedule);
}

static void horizons(void) {
  static const struct { const char *text; int64_t horizon; } expected[] = {
      {"linear(30)", 30}, {"constant(0)", 1}, {"constant()", 1000}, {"noam(4000)", 16000}, {"stretch(noam(100), 60)", 24000},
      {"noise(seed=1000000000)", 1000}, {"warmup(500) >> inverse_sqrt(1000)", 4500}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    stepsize_schedule *schedule = parsed(expected[i].text);
    CHECK(stepsize_schedule_horizon(schedule) == expected[i].horizon);
    stepsize_schedule_destroy(schedule);
  }
}

/* ---- Phases one after the other ------------------------------------------------------------------ */

static stepsize_phase phase_at(const stepsize_schedule *schedule, int64_t step) {
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  REQUIRE(stepsize_schedule_phase(schedule, step, &phase) == STEPSIZE_OK);
  return phase;
}

static int is_same(const stepsize_phase *a, const stepsize_phase *b) {
  return a->start == b->start && a->length == b->length && strcmp(a->name, b->name) == 0;
}

static const char *const names[] = {"a", "b", "main"};

/* A random text of short schedules in which many parts have names. */
static void write_random(uint64_t *random, int depth, char *text) {
  char *end = text + strlen(text);
  const int is_named = below(random, 2) == 0;
  const unsigned kind = depth < 3 ? below(random, 9) : 8;
  if (is_named && kind < 8) strcat(text, "(");
  switch (kind) {
    case 0: case 1: case 2:
      for (int i = 0; i < 3; i++) strcat(text, i ? " >> " : ""), write_random(random, depth + 1, text);
      break;
    case 3: write_random(random, depth + 1, text), strcat(text, " * "), write_random(random, depth + 1, text); break;
    case 4: strcat(text, "repeat("), write_random(random, depth + 1, text), sprintf(text + strlen(text), ", %u)", 1 + below(random, 4)); break;
    case 5: strcat(text, "shift("), write_random(random, depth + 1, text), sprintf(text + strlen(text), ", %d)", (int)below(random, 9) - 4); break;
    case 6: strcat(text, "stretch("), write_random(random, depth + 1, text), sprintf(text + strlen(text), ", %g)", 0.25 * (1 + below(random, 10))); break;
    case 7: strcat(text, "take("), write_random(random, depth + 1, text), sprintf(text + strlen(text), ", %u)", below(random, 20)); break;
    default: sprintf(end, is_named ? "linear(%u, phase=\"%s\")" : "linear(%u)", 1 + below(random, 5), names[below(random, 3)]);
  }
  if (is_named && kind < 8) sprintf(text + strlen(text), ", phase=\"%s\")", names[below(random, 3)]);
}

/* The walk changes exactly where the phase of the next step is another one. */
static void every_step(void) {
  uint64_t random = 11;
  int64_t changes = 0;
  for (int k = 0; k < 1500; k++) {
    char text[20000] = "";
    stepsize_schedule *schedule = NULL;
    write_random(&random, 0, text);
    if (stepsize_schedule_parse(text, strlen(text), &schedule, NULL) != STEPSIZE_OK) continue; /* one of no update is repeated */
    int64_t length = stepsize_schedule_length(schedule), until = 0;
    if (length > 2000) length = 2000;
    stepsize_phase current = phase_at(schedule, 0);
    for (int64_t t = 0; t < length; t++) {
      const stepsize_phase phase = phase_at(schedule, t);
      if (t == 0 || !is_same(&phase, &current)) {
        CHECK(t == until || t == 0);
        current = phase, changes++;
      }
      until = phase.until;
      CHECK(until > t && (until == STEPSIZE_NEVER || until < stepsize_schedule_length(schedule)));
      if (until == t + 1) {
        const stepsize_phase next = phase_at(schedule, until);
        CHECK(!is_same(&phase, &next));
      }
      CHECK(!phase.name[0] || (phase.start <= t && phase.length > phase.position && phase.position == t - phase.start));
    }
    CHECK(length == 0 || length == 2000 || until == STEPSIZE_NEVER);
    stepsize_schedule_destroy(schedule);
  }
  CHECK(changes > 5000);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Exact at any place of any number of rounds; a phase takes the same time wherever it is. */
static void many_rounds(void) {
  double least[2] = {1, 1};
  for (int k = 0; k < 2; k++) {
    const int64_t rounds = k == 0 ? 10 : 1000000000;
    char text[128];
    sprintf(text, "repeat(linear(3, phase=\"a\") >> constant(7) >> linear(3, phase=\"b\"), count=%" PRId64 ")", rounds);
    stepsize_schedule *schedule = parsed(text);
    CHECK(stepsize_schedule_length(schedule) == 13 * rounds);
    for (int turn = 0; turn < 200; turn++) {
      int64_t t = 13 * (rounds - 10), count = 0;
      const double begin = seconds();
      while (t != STEPSIZE_NEVER) {
        const stepsize_phase phase = phase_at(schedule, t);
        if (phase.name[0]) {
          const int64_t round = 13 * (rounds - 10 + count / 2);
          CHECK(strcmp(phase.name, count % 2 ? "b" : "a") == 0 && phase.entered && phase.length == 3);
          CHECK(phase.start == t && t == (count % 2 ? round + 10 : round));
          count++;
        }
        t = phase.until;
      }
      CHECK(count == 20);
      const double time = (seconds() - begin) / (double)count;
      if (time < least[k]) least[k] = time;
    }
    stepsize_schedule_destroy(schedule);
  }
  CHECK(least[1] < 20 * least[0]);
  fprintf(stderr, "a phase of 10 rounds takes %.0f ns, one of 10^9 rounds %.0f ns\n", 1e9 * least[0], 1e9 * least[1]);

  /* A name that comes once in 7 10^9 updates, and one behind as many. */
  stepsize_schedule *late =
      parsed("repeat(repeat(linear(7), 1000000000) >> linear(1, phase=\"x\"), 100000000)");
  stepsize_phase phase = phase_at(late, 0);
  CHECK(!phase.name[0] && phase.until == 7000000000);
  phase = phase_at(late, 7000000001 * 99999999);
  CHECK(!phase.name[0] && phase.until == 7000000001 * 100000000 - 1);
  phase = phase_at(late, phase.until);
  CHECK(phase.name[0] == 'x' && phase.length == 1 && phase.until == STEPSIZE_NEVER);
  stepsize_schedule_destroy(late);
}

/* ---- Those of a scheduler ------------------------------------------------------------------------ */

static stepsize_phase phase_of_scheduler(const stepsize_scheduler *s, int64_t step) {
  stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
  REQUIRE(stepsize_scheduler_phase_at(s, step, &phase) == STEPSIZE_OK);
  return phase;
}

/* Phases that are ended early, and a schedule that is extended twice: what is told afterwards is what was. */
static void of_schedulers(void) {
  static const char schedule[] = "repeat(warmup(4, phase=\"up\") >> constant(50, phase=\"main\") >> linear(6), 40)";
  enum { UPDATES = 400 };
  for (uint64_t seed = 0; seed < 40; seed++) {
    char text[400];
    static char seen[UPDATES][72];
    sprintf(text, "early_stop(\"main\", patience=6) * %s", schedule);
    const double one = 1;
    stepsize_scheduler *s = scheduler_from(text, 1, &one, NULL, NULL, 1, 0);
    uint64_t random = seed;
    for (int t = 0; t < UPDATES; t++) {
      stepsize_phase now = {sizeof now, 0, 0, 0, 0, 0, "", 0};
      if (seed % 2 && (t == 100 || t == 250)) {
        stepsize_schedule *longer = parsed(t == 100 ? "constant(120, phase=\"main\") >> repeat(linear(30, phase=\"down\"))"
                                                    : "constant(300, phase=\"main\") >> linear(9000, phase=\"end\")");
        CHECK_STATUS(stepsize_scheduler_extend(s, longer, NULL), STEPSIZE_OK);
        stepsize_schedule_destroy(longer);
      }
      REQUIRE(stepsize_scheduler_phase(s, &now) == STEPSIZE_OK);
      const stepsize_phase same = phase_of_scheduler(s, t);
      CHECK(is_same(&now, &same) && now.until == same.until && now.position == same.position);
      strcpy(seen[t], now.name);
      CHECK_STATUS(stepsize_scheduler_step_with_loss(s, uniform(&random), NULL, 0), STEPSIZE_OK);
    }
    CHECK(stepsize_scheduler_schedule_step(s) > UPDATES); /* phases were ended early */
    int64_t until = 0;
    for (int64_t t = 0; t < UPDATES; t++) {
      const stepsize_phase phase = phase_of_scheduler(s, t);
      CHECK_TEXT(phase.name, seen[t]);
      CHECK(phase.until > t);
      /* One walk through them changes where the names do. */
      if (t == until) until = phase.until;
      else CHECK(phase.until == until && strcmp(seen[t], seen[t - 1]) == 0);
    }
    stepsize_scheduler_destroy(s);
  }
}

static void needs(void) {
  static const struct { const char *text; stepsize_needs needs; } expected[] = {
      {"linear(10)", 0}, {"greedy()", STEPSIZE_NEEDS_LOSS}, {"plateau() * linear(10)", STEPSIZE_NEEDS_LOSS},
      {"hypergradient()", STEPSIZE_NEEDS_GRADIENT}, {"line_search()", STEPSIZE_NEEDS_SEARCH},
      {"early_stop()", STEPSIZE_NEEDS_LOSS}, {"line_search() * early_stop()", STEPSIZE_NEEDS_SEARCH | STEPSIZE_NEEDS_LOSS}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    stepsize_scheduler *s = scheduler_of(expected[i].text, 1);
    CHECK((stepsize_scheduler_needs(s) & 15) == expected[i].needs); /* without the numbers of an observation */
    stepsize_scheduler_destroy(s);
  }
}

int main(void) {
  trees();
  parameters();
  horizons();
  every_step();
  many_rounds();
  of_schedulers();
  needs();
  return finish();
}
