/* What is observed before an update: what is needed, missing, wrong or not finite; of one group or of several. The rules
   themselves are in the golden traces. */
#include "making.h"

enum { LOSS = STEPSIZE_SCALAR_LOSS, NORM = STEPSIZE_SCALAR_GRAD_NORM };

static const double bases[2] = {1, 0.5};

static stepsize_observation seen_of(double loss, double norm) {
  return (stepsize_observation){.size = sizeof(stepsize_observation), .given = LOSS | NORM, .loss = loss, .grad_norm = norm};
}

static stepsize_scheduler *of(const char *text) { return scheduler_from(text, 2, bases, NULL, NULL, 0, 0); }

static void needs(void) {
  static const struct {
    const char *text;
    stepsize_needs needs;
  } controllers[] = {
      {"polyak(\"sps\")", STEPSIZE_NEEDS_OBSERVATION | STEPSIZE_NEEDS_LOSS_FROM_ZERO | LOSS | NORM},
      {"polyak(\"sps\", lower_bound=0, norm=\"l1\")", STEPSIZE_NEEDS_OBSERVATION | LOSS | STEPSIZE_SCALAR_GRAD_L1},
      {"polyak(lower_bound=-1)", STEPSIZE_NEEDS_OBSERVATION | LOSS | NORM | STEPSIZE_SCALAR_DOT_UPDATE | STEPSIZE_SCALAR_UPDATE_NORM},
      {"polyak(\"momo\", lower_bound=0)", STEPSIZE_NEEDS_OBSERVATION | LOSS | STEPSIZE_SCALAR_DOT_X | STEPSIZE_SCALAR_MEAN_NORM |
                               STEPSIZE_SCALAR_MEAN_DOT_X},
      {"auto(9, \"sgd\", lower_bound=-1)", STEPSIZE_NEEDS_OBSERVATION | LOSS | NORM | STEPSIZE_SCALAR_DOT_UPDATE | STEPSIZE_SCALAR_UPDATE_NORM},
      {"auto()", STEPSIZE_NEEDS_OBSERVATION | STEPSIZE_NEEDS_LOSS_FROM_ZERO | LOSS | NORM | STEPSIZE_SCALAR_GRAD_L1 |
                     STEPSIZE_SCALAR_DOT_UPDATE | STEPSIZE_SCALAR_UPDATE_NORM},
      {"dog()", STEPSIZE_NEEDS_OBSERVATION | NORM | STEPSIZE_SCALAR_DISTANCE | STEPSIZE_SCALAR_START_NORM},
      {"dog(init_lr=1, per_group=true)",
       STEPSIZE_NEEDS_OBSERVATION | STEPSIZE_NEEDS_EACH_GROUP | NORM | STEPSIZE_SCALAR_DISTANCE},
      {"dadapt()", STEPSIZE_NEEDS_OBSERVATION | NORM | STEPSIZE_SCALAR_DISTANCE | STEPSIZE_SCALAR_DOT_START},
      {"hypergradient()", STEPSIZE_NEEDS_GRADIENT | STEPSIZE_SCALAR_DOT_UPDATE},
      {"hypergradient(\"multiplicative\")",
       STEPSIZE_NEEDS_GRADIENT | STEPSIZE_SCALAR_DOT_UPDATE | NORM | STEPSIZE_SCALAR_UPDATE_NORM},
      {"line_search()", STEPSIZE_NEEDS_SEARCH | STEPSIZE_NEEDS_EACH_GROUP | LOSS | NORM},
      {"greedy()", STEPSIZE_NEEDS_LOSS},
      {"linear(5)", 0},
  };
  for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
    stepsize_scheduler *s = of(controllers[i].text);
    if (!CHECK(stepsize_scheduler_needs(s) == controllers[i].needs)) fprintf(stderr, "    %s\n", controllers[i].text);
    stepsize_scheduler_destroy(s);
  }
}

static void refused(stepsize_scheduler *s, const stepsize_observation *seen, size_t count, stepsize_status status,
                    const char *reason) {
  double before[2], lrs[2] = {-1, -1};
  stepsize_error error = {0};
  const stepsize_decision decision = stepsize_scheduler_decision(s);
  REQUIRE(stepsize_scheduler_rates(s, before, 2) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_observe(s, seen, count, lrs, 2, &error), status);
  if (!CHECK(error.status == status && strstr(error.text, reason))) fprintf(stderr, "    %s: %s\n", reason, error.text);
  CHECK(lrs[0] == -1 && lrs[1] == -1 && stepsize_scheduler_decision(s) == decision);
  REQUIRE(stepsize_scheduler_rates(s, lrs, 2) == STEPSIZE_OK);
  CHECK(lrs[0] == before[0] && lrs[1] == before[1]);
}

static void wrong(void) {
  stepsize_scheduler *s = of("polyak(\"sps\")"), *greedy = of("greedy()"), *search = of("line_search()");
  stepsize_observation seen[2] = {seen_of(2, 1), seen_of(2, 1)};
  refused(greedy, seen, 1, STEPSIZE_ERROR_ORDER, "loss alone");
  refused(search, seen, 1, STEPSIZE_ERROR_ARGUMENT, "one for each group");
  seen[0].given = LOSS;
  refused(s, seen, 1, STEPSIZE_ERROR_ORDER, "not given: grad_norm");
  refused(s, seen, 2, STEPSIZE_ERROR_ORDER, "not given: grad_norm");
  seen[0] = seen_of(2, 1), seen[1].given = NORM;
  refused(s, seen, 2, STEPSIZE_ERROR_ORDER, "not given: loss");
  seen[1] = seen_of(2, -1);
  refused(s, seen, 2, STEPSIZE_ERROR_ARGUMENT, "below 0: grad_norm");
  seen[0].loss = seen[1].loss = -1, seen[1].grad_norm = 1;
  refused(s, seen, 2, STEPSIZE_ERROR_ARGUMENT, "lower_bound");
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(greedy), stepsize_scheduler_destroy(search);
  /* Not so where a bound is given. */
  s = of("polyak(\"sps\", lower_bound=-3, c=1)");
  double lrs[2];
  CHECK_STATUS(stepsize_scheduler_observe(s, seen, 1, lrs, 2, NULL), STEPSIZE_OK);
  CHECK(lrs[0] == 2 && lrs[1] == 1);
  stepsize_scheduler_destroy(s);
}

/* Before the first observation the rate is 0. A NaN, an infinity, and what overflows change nothing. */
static void not_finite(void) {
  static const char *const texts[] = {"polyak()", "polyak(\"sps\")", "polyak(\"momo\")", "auto()", "auto(50)", "dog()", "dog(per_group=true)", "dadapt()"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    stepsize_scheduler *s = of(texts[i]);
    double lrs[2], before;
    uint64_t seed = i + 1;
    CHECK(rate_of(s) == 0 && stepsize_scheduler_base_lr(s, 0) == 1);
    for (int t = 0; t < 50; t++) {
      stepsize_observation seen[2] = {observation_by(&seed, 0), observation_by(&seed, 0)};
      before = rate_of(s);
      const stepsize_needs needs = stepsize_scheduler_needs(s);
      double *numbers = &seen[t & 1].loss;
      const int place = t % 11, is_read = (needs >> place & STEPSIZE_SCALAR_LOSS) != 0;
      if (t % 3 == 1) numbers[place] = t & 2 ? NAN : INFINITY;
      if (t % 3 == 2) numbers[place] = place == 0 ? 1e308 : 1e200; /* its square, or the sum of two, is infinite */
      CHECK_STATUS(stepsize_scheduler_observe(s, seen, 2, lrs, 2, NULL), STEPSIZE_OK);
      CHECK(isfinite(lrs[0]) && lrs[0] >= 0 && isfinite(lrs[1]) && lrs[1] >= 0);
      if (t % 3 == 1 && is_read) CHECK(lrs[0] == before && stepsize_scheduler_decision(s) == STEPSIZE_DECISION_IGNORED);
      if (t % 3 == 0) CHECK(lrs[0] > 0 || strstr(texts[i], "momo"));
      REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
    }
    CHECK(stepsize_scheduler_stop_reason(s) == STEPSIZE_STOP_NONE);
    stepsize_scheduler_destroy(s);
  }
}

/* Of several groups the norms add up as of one long vector, and the groups keep the ratio of their base rates. */
static void groups(void) {
  stepsize_scheduler *apart = of("polyak(\"sps\", c=1)"), *together = of("polyak(\"sps\", c=1)");
  const stepsize_observation seen[2] = {seen_of(50, 3), seen_of(50, 4)}, all = seen_of(50, 5);
  double lrs[2], others[2];
  CHECK_STATUS(stepsize_scheduler_observe(apart, seen, 2, lrs, 2, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_observe(together, &all, 1, others, 2, NULL), STEPSIZE_OK);
  CHECK(lrs[0] == 2 && lrs[1] == 1 && others[0] == 2 && others[1] == 1);
  stepsize_scheduler_destroy(apart), stepsize_scheduler_destroy(together);
  /* Each with a rate of its own. */
  stepsize_scheduler *dog = of("dog(init_lr=0.25, per_group=true, eps=1e-30)");
  stepsize_observation steps[2] = {seen_of(0, 3), seen_of(0, 4)};
  for (int g = 0; g < 2; g++) steps[g].given |= STEPSIZE_SCALAR_DISTANCE;
  CHECK_STATUS(stepsize_scheduler_observe(dog, steps, 2, lrs, 2, NULL), STEPSIZE_OK);
  CHECK(lrs[0] == 0.25 && lrs[1] == 0.125);
  steps[0].grad_norm = 4, steps[1].grad_norm = 3, steps[0].distance = 10, steps[1].distance = 5;
  CHECK_STATUS(stepsize_scheduler_observe(dog, steps, 2, lrs, 2, NULL), STEPSIZE_OK);
  CHECK(lrs[0] == 2 && lrs[1] == 0.5);
  stepsize_scheduler_destroy(dog);
}

/* The calls of the hypergradient and the line search are other forms of it. */
static void other_forms(void) {
  double lrs[2], others[2];
  stepsize_scheduler *a = of("hypergradient(beta=0.125) * linear(8)"), *b = of("hypergradient(beta=0.125) * linear(8)");
  for (int t = 0; t < 6; t++) {
    const double dots[2] = {t ? 0.5 : 0, t ? -0.25 : 0};
    stepsize_observation seen[2] = {seen_of(1, 1), seen_of(1, 1)};
    REQUIRE(stepsize_scheduler_rates(a, lrs, 2) == STEPSIZE_OK);
    for (int g = 0; g < 2; g++) {
      seen[g].given |= STEPSIZE_SCALAR_DOT_UPDATE;
      /* What the rate of the last update has made of it. */
      seen[g].dot_update = t ? -dots[g] * (lrs[g] * (8 - (t - 1)) / (8 - t)) : 0;
    }
    CHECK_STATUS(stepsize_scheduler_observe(a, seen, 2, lrs, 2, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_observe_gradient(b, dots, NULL, 2, others, 2), STEPSIZE_OK);
    CHECK(fabs(lrs[0] - others[0]) < 1e-12 && fabs(lrs[1] - others[1]) < 1e-12);
    REQUIRE(stepsize_scheduler_step(a, NULL, 0) == STEPSIZE_OK && stepsize_scheduler_step(b, NULL, 0) == STEPSIZE_OK);
  }
  CHECK(lrs[0] != 1 * 3.0 / 8);
  stepsize_scheduler_destroy(a), stepsize_scheduler_destroy(b);

  a = of("line_search()"), b = of("line_search()");
  for (int t = 0; t < 3; t++) {
    const stepsize_observation seen[2] = {seen_of(8, 2), seen_of(8, t)};
    const double squares[2] = {4, t * t};
    int32_t trial, other;
    CHECK_STATUS(stepsize_scheduler_observe(a, seen, 2, lrs, 2, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_propose(b, 8, squares, 2, others, 2), STEPSIZE_OK);
    CHECK(lrs[0] == others[0] && lrs[1] == others[1]);
    CHECK_STATUS(stepsize_scheduler_report(a, 7.5, NULL, 0, &trial, lrs, 2), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_report(b, 7.5, NULL, 0, &other, others, 2), STEPSIZE_OK);
    CHECK(trial == other && lrs[0] == others[0] && lrs[1] == others[1]);
    REQUIRE(stepsize_scheduler_step(a, NULL, 0) == STEPSIZE_OK && stepsize_scheduler_step(b, NULL, 0) == STEPSIZE_OK);
  }
  stepsize_scheduler_destroy(a), stepsize_scheduler_destroy(b);
}

int main(void) {
  needs();
  wrong();
  not_finite();
  groups();
  other_forms();
  return finish();
}
