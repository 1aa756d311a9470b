/* Controllers: their text form; hypergradient descent and the line search against the equations of their
   papers, written again here; what happens to losses that are no numbers; and a million random calls.
       test_controllers [CALLS]      only the random calls, so many of them */
#include "making.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- Text form --------------------------------------------------------------------------------- */

static void same_text(const char *text, const char *canonical) {
  char printed[512];
  size_t length = 0;
  stepsize_controller *controller = NULL;
  stepsize_error error = {0};
  for (int round = 0; round < 2; round++) { /* what is printed is read again */
    int32_t status = stepsize_controller_parse(text, strlen(text), &controller, &error);
    if (!CHECK_STATUS(status, STEPSIZE_OK)) {
      fprintf(stderr, "    %s: %s\n", text, error.text);
      return;
    }
    CHECK_STATUS(stepsize_controller_print(controller, printed, sizeof printed, &length), STEPSIZE_OK);
    CHECK(length == strlen(printed));
    CHECK_TEXT(printed, canonical);
    CHECK_STATUS(stepsize_controller_print(controller, NULL, 0, &length), STEPSIZE_OK);
    CHECK(length == strlen(printed));
    CHECK_STATUS(stepsize_controller_print(controller, printed, length, NULL), STEPSIZE_ERROR_SIZE);
    stepsize_controller_destroy(controller);
    text = canonical;
  }
}

static void refused_text(const char *text, int32_t status, int64_t offset, const char *part) {
  stepsize_controller *controller = (stepsize_controller *)&check_passed;
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_controller_parse(text, strlen(text), &controller, &error), status);
  CHECK(controller == NULL && error.status == status);
  if (!CHECK(error.offset == offset)) fprintf(stderr, "    %s: at %lld\n", text, (long long)error.offset);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s: %s\n", text, error.text);
}

static void texts(void) {
  same_text("greedy()", "greedy()");
  same_text(" greedy ( patience = 5 , factor=0.90 ) ", "greedy(factor=0.9, patience=5)");
  same_text("greedy(\"huggingface\", min_lr=[0.1, 0.2], smooth=true)",
            "greedy(\"huggingface\", min_lr=[0.1, 0.2], smooth=true)");
  same_text("greedy(variant=\"paper\", patience=0)", "greedy(\"paper\")");
  same_text("greedy(reset_start=none)", "greedy(reset_start=none)");
  same_text("greedy(reset_start=500, window=50)", "greedy()");
  same_text("plateau(counting=\"keras\", min_lr=[1e-5])", "plateau(\"keras\", min_lr=1e-5)");
  same_text("plateau(patience=3, mode=\"max\")", "plateau(mode=\"max\", patience=3)");
  same_text("hypergradient(beta=1e-6)", "hypergradient()");
  same_text("hypergradient(\"adam\", 1e-8)", "hypergradient(\"adam\")");
  same_text("hypergradient(variant=\"multiplicative\", beta=0.5)",
            "hypergradient(\"multiplicative\", beta=0.5)");
  same_text("line_search(c=0.5, reset=\"initial\", projected=true)",
            "line_search(0.5, reset=\"initial\", projected=true)");
  same_text("early_stop(\"main\", patience=7)", "early_stop(\"main\", patience=7)");
  same_text("early_stop()", "early_stop()");

  refused_text("greedi(patience=5)", STEPSIZE_ERROR_NAME, 0, "greedy");
  refused_text("greedy(patiense=5)", STEPSIZE_ERROR_NAME, 7, "patience");
  refused_text("line_serch()", STEPSIZE_ERROR_NAME, 0, "line_search");
  refused_text("hypergradient(\"rmsprop\")", STEPSIZE_ERROR_ARGUMENT, 0, "multiplicative");
  refused_text("hypergradient(\"multiplicative\", beta=1)", STEPSIZE_ERROR_ARGUMENT, 0, "beta");
  refused_text("  hypergradient(beta=-1)", STEPSIZE_ERROR_ARGUMENT, 2, "beta = -1");
  refused_text("line_search(c=1)", STEPSIZE_ERROR_ARGUMENT, 0, "c = 1");
  refused_text("line_search(max_trials=0)", STEPSIZE_ERROR_ARGUMENT, 0, "max_trials");
  refused_text("early_stop(patience=0)", STEPSIZE_ERROR_ARGUMENT, 0, "patience");
  refused_text("early_stop(\"\")", STEPSIZE_ERROR_ARGUMENT, 0, "phase");
  static const char *const greedy[][2] = {
      {"factor=0", "factor = 0"}, {"factor=1", "factor = 1"}, {"factor=-0.5", "factor = -0.5"},
      {"factor=1.5", "factor = 1.5"},
      {"threshold=-1", "threshold = -1"}, {"eps=-1", "eps = -1"}, {"min_lr=-1", "min_lr = -1"},
      {"max_lr=[1, -1]", "max_lr = [1, -1]"}, {"\"mine\"", "variant"}, {"mode=\"most\"", "mode"},
      {"threshold_mode=\"none\"", "threshold_mode"}, {"patience=-1", "patience = -1"}, {"cooldown=-1", "cooldown = -1"},
      {"warmup=-1", "warmup = -1"}, {"window=0", "window = 0"}, {"window=16777217", "window = 16777217"},
      {"reset_start=0", "reset_start = 0"},
  };
  for (int i = 0; i < COUNT(greedy); i++) {
    char text[64];
    sprintf(text, "greedy(%s)", greedy[i][0]);
    refused_text(text, STEPSIZE_ERROR_ARGUMENT, 0, greedy[i][1]);
  }
  refused_text("greedy(", STEPSIZE_ERROR_SYNTAX, 7, "");
  refused_text("greedy() * linear(5)", STEPSIZE_ERROR_SYNTAX, 9, "");
  refused_text("linear(5)", STEPSIZE_ERROR_NAME, 0, "controller");
  refused_text("", STEPSIZE_ERROR_SYNTAX, 0, "controller");
  refused_text("greedy(patience=5, patience=6)", STEPSIZE_ERROR_SYNTAX, 19, "twice");
  refused_text("line_search(phase=\"main\")", STEPSIZE_ERROR_NAME, 0, "phase");
}

static void refused_scheduler(const char *text, int32_t status, int64_t offset, const char *part) {
  const double base = 0.1;
  stepsize_scheduler *s = (stepsize_scheduler *)&check_passed;
  stepsize_error error = {0};
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  CHECK_STATUS(stepsize_scheduler_parse(text, strlen(text), &options, &s, &error), status);
  CHECK(s == NULL && error.status == status);
  if (!CHECK(error.offset == offset)) fprintf(stderr, "    %s: at %lld\n", text, (long long)error.offset);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s: %s\n", text, error.text);
}

static void scheduler_texts(void) {
  static const char *const texts[] = {
      "linear(10)", "warmup(5) >> linear(10)", "greedy()", "greedy(patience=3) * linear(10)",
      "greedy() * (warmup(5) >> linear(10))",
      "hypergradient(\"adam\") * early_stop(\"main\") * (warmup(5) >> constant(9, phase=\"main\") >> linear(5))",
      "early_stop() * early_stop(\"a\", patience=3) * constant(5, phase=\"a\")",
  };
  char printed[512];
  for (int i = 0; i < COUNT(texts); i++) {
    stepsize_scheduler *s = scheduler_of(texts[i], 0.1);
    CHECK_STATUS(stepsize_scheduler_print(s, printed, sizeof printed, NULL), STEPSIZE_OK);
    CHECK_TEXT(printed, texts[i]);
    /* Its parts, asked for one by one and put together again. */
    stepsize_schedule *schedule = NULL;
    stepsize_controller *parts[4] = {NULL};
    size_t count = 0;
    CHECK_STATUS(stepsize_scheduler_schedule(s, &schedule), STEPSIZE_OK);
    do CHECK_STATUS(stepsize_scheduler_controller(s, count, &parts[count]), STEPSIZE_OK);
    while (parts[count] && ++count < 4);
    const double base = 0.1;
    stepsize_scheduler_options options;
    stepsize_scheduler *same = NULL;
    REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
    options.group_count = 1, options.base_lr = &base, options.schedule = schedule;
    char text[512] = "";
    if (count) CHECK_STATUS(stepsize_controller_print(parts[0], text, sizeof text, NULL), STEPSIZE_OK);
    size_t first = count && strncmp(text, "early_stop", 6) != 0;
    options.controller = first ? parts[0] : NULL;
    options.early_stops = (const stepsize_controller *const *)parts + first, options.early_stop_count = count - first;
    CHECK_STATUS(stepsize_scheduler_create(&options, &same, NULL), STEPSIZE_OK);
    memset(text, 0, sizeof text);
    CHECK_STATUS(stepsize_scheduler_print(same, text, sizeof text, NULL), STEPSIZE_OK);
    CHECK_TEXT(text, texts[i]);
    for (size_t k = 0; k < count; k++) stepsize_controller_destroy(parts[k]);
    stepsize_schedule_destroy(schedule);
    stepsize_scheduler_destroy(same);
    stepsize_scheduler_destroy(s);
  }
  refused_scheduler("greedy() >> linear(10)", STEPSIZE_ERROR_SYNTAX, 9, "brackets");
  refused_scheduler("greedy() * warmup(5) >> linear(10)", STEPSIZE_ERROR_SYNTAX, 21, "brackets");
  refused_scheduler("linear(10) * greedy()", STEPSIZE_ERROR_SYNTAX, 13, "first");
  refused_scheduler("greedy() * plateau()", STEPSIZE_ERROR_ARGUMENT, 0, "more than one");
  refused_scheduler("greedy() * early_stop(\"mian\") * constant(9, phase=\"main\")", STEPSIZE_ERROR_ARGUMENT, 0, "mian");
  refused_scheduler("early_stop(\"main\")", STEPSIZE_ERROR_ARGUMENT, 0, "main");
  refused_scheduler("greedy(min_lr=0.5)", STEPSIZE_ERROR_ARGUMENT, -1, "0.1");
  refused_scheduler("greedy(max_lr=0.05)", STEPSIZE_ERROR_ARGUMENT, -1, "[0.01, 0.05]");
  refused_scheduler("line_search(max_lr=[1, 2])", STEPSIZE_ERROR_ARGUMENT, -1, "max_lr");
  refused_scheduler("greedy() * liner(10)", STEPSIZE_ERROR_NAME, 11, "linear");
}

/* ---- Hypergradient descent --------------------------------------------------------------------- */

/* x <- x - lr g on f(x) = sum a x^2 / 2, with lr <- lr + beta g(t).g(t-1) first (Algorithm 4 of arXiv 1703.04783). */
static void sgd_with_hypergradient(void) {
  enum { N = 4 };
  const double a[N] = {1, 3, 0.5, 7};
  const double beta = 1e-3;
  double x[N] = {1, -2, 3, 0.5}, previous[N] = {0}, lr = 0.01, returned;
  stepsize_scheduler *s = scheduler_of("hypergradient(beta=1e-3)", lr);
  double first = 0, last = 0;
  int moved = 0;
  for (int t = 0; t < 300; t++) {
    double g[N], h = 0, f = 0;
    for (int i = 0; i < N; i++) g[i] = a[i] * x[i], h += g[i] * previous[i], f += a[i] * x[i] * x[i] / 2;
    if (t == 0) first = f;
    last = f;
    double before = lr;
    lr = lr + beta * h;
    CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &h, NULL, 1, &returned, 1), STEPSIZE_OK);
    CHECK_SAME(returned, lr);
    int32_t decision = stepsize_scheduler_decision(s);
    CHECK(decision == (lr > before   ? STEPSIZE_DECISION_RAISED
                       : lr < before ? STEPSIZE_DECISION_CUT
                                     : STEPSIZE_DECISION_KEPT));
    moved += lr != before;
    for (int i = 0; i < N; i++) x[i] -= lr * g[i], previous[i] = g[i];
    CHECK_STATUS(stepsize_scheduler_step(s, &returned, 1), STEPSIZE_OK);
    CHECK_SAME(returned, lr);
  }
  CHECK(moved > 100 && last < 1e-3 * first);
  stepsize_scheduler_destroy(s);
}

/* Adam-HD (Algorithm 6): u is Adam's step without its rate. */
static void adam_with_hypergradient(void) {
  const double a[3] = {1, 10, 100}, beta = 1e-4, b1 = 0.9, b2 = 0.999;
  double x[3] = {1, 1, -1}, m[3] = {0}, v[3] = {0}, u[3] = {0}, lr = 1e-3, returned, p1 = 1, p2 = 1;
  stepsize_scheduler *s = scheduler_of("hypergradient(\"adam\", beta=1e-4)", lr);
  for (int t = 0; t < 200; t++) {
    double h = 0;
    p1 *= b1, p2 *= b2;
    for (int i = 0; i < 3; i++) h += a[i] * x[i] * u[i];
    lr += beta * h;
    if (lr > 1) lr = 1; /* 1000 base */
    if (lr < 1e-6) lr = 1e-6;
    CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &h, NULL, 1, &returned, 1), STEPSIZE_OK);
    CHECK_SAME(returned, lr);
    for (int i = 0; i < 3; i++) {
      double g = a[i] * x[i];
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      u[i] = m[i] / (1 - p1) / (sqrt(v[i] / (1 - p2)) + 1e-8);
      x[i] -= lr * u[i];
    }
    CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, NULL, 0), STEPSIZE_OK);
  }
  CHECK(lr != 1e-3);
  stepsize_scheduler_destroy(s);
}

/* The bounds are base/1000 and 1000 base where none are given, for each group. */
static double within(double lr, double base) {
  return lr < base / 1000 ? base / 1000 : lr > 1000 * base ? 1000 * base : lr;
}

static void groups_of_hypergradient(void) {
  static const char *const texts[] = {"hypergradient(beta=0.01)", "hypergradient(\"adam\", beta=0.01)",
                                      "hypergradient(\"multiplicative\", beta=0.3)"};
  const double base[3] = {0.1, 0.02, 1};
  uint64_t random = 5;
  for (int variant = 0; variant < 3; variant++)
    for (int summed = 0; summed < 2; summed++) {
      stepsize_scheduler *s = scheduler_from(texts[variant], 3, base, NULL, NULL, 0, 0);
      double expected[3] = {0.1, 0.02, 1}, lr[3], dots[3], norms[3];
      int at_bound = 0, ignored = 0;
      for (int t = 0; t < 3000; t++) {
        double pull = t < 1500 ? -0.7 : -0.2; /* down to the bounds, then up to them */
        for (int g = 0; g < 3; g++) {
          norms[g] = uniform(&random) * 3;
          dots[g] = (uniform(&random) + pull) * 3 * norms[g];
          if (variant == 2 && dots[g] > norms[g]) dots[g] = norms[g]; /* Cauchy and Schwarz */
          if (variant == 2 && dots[g] < -norms[g]) dots[g] = -norms[g];
          if (below(&random, 30) == 0) dots[g] = random_loss(&random, 1);
          if (below(&random, 60) == 0) norms[g] = 0;
        }
        for (int g = 0; g < 3; g++) {
          double h = dots[summed ? 0 : g], n = norms[summed ? 0 : g], wanted = expected[g];
          if (!isfinite(h)) {
            ignored++;
          } else if (variant < 2) {
            wanted = expected[g] + 0.01 * h;
          } else if (n > 0) { /* a zero norm changes nothing; no cosine is beyond 1 */
            wanted = expected[g] * (1 + 0.3 * fmin(fmax(h / n, -1), 1));
          }
          expected[g] = within(wanted, base[g]);
          at_bound += expected[g] != wanted;
        }
        CHECK_STATUS(stepsize_scheduler_observe_gradient(s, dots, norms, summed ? 1 : 3, lr, 3), STEPSIZE_OK);
        for (int g = 0; g < 3; g++) CHECK_SAME(lr[g], expected[g]);
        CHECK_STATUS(stepsize_scheduler_step(s, lr, 3), STEPSIZE_OK);
      }
      CHECK(at_bound > 50 && ignored > 5);
      /* Refused, and nothing changes. */
      CHECK_STATUS(stepsize_scheduler_observe_gradient(s, dots, norms, 2, lr, 3), STEPSIZE_ERROR_ARGUMENT);
      CHECK_STATUS(stepsize_scheduler_observe_gradient(s, dots, norms, 0, lr, 3), STEPSIZE_ERROR_ARGUMENT);
      CHECK_STATUS(stepsize_scheduler_observe_gradient(s, dots, NULL, 3, lr, 3),
                   variant == 2 ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK);
      stepsize_scheduler_destroy(s);
    }
}

static void decisions_of_hypergradient(void) {
  const double base[2] = {1, 1};
  double lr[2], dots[2];
  stepsize_scheduler *s = scheduler_from("hypergradient(beta=0.5, min_lr=0.5, max_lr=2)", 2, base, NULL, NULL, 0, 0);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_NONE);
#define SHOW(a, b) (dots[0] = (a), dots[1] = (b), stepsize_scheduler_observe_gradient(s, dots, NULL, 2, lr, 2))
  CHECK_STATUS(SHOW(0, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_KEPT);
  CHECK_STATUS(SHOW(1, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_RAISED && lr[0] == 1.5 && lr[1] == 1);
  CHECK_STATUS(SHOW(-1, 0), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_CUT && lr[0] == 1);
  CHECK_STATUS(SHOW(9, 9), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_RAISED && lr[0] == 2 && lr[1] == 2);
  CHECK_STATUS(SHOW(9, 1e308), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_BOUND && lr[0] == 2 && lr[1] == 2);
  CHECK_STATUS(SHOW(NAN, INFINITY), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_IGNORED && lr[0] == 2 && lr[1] == 2);
  CHECK_STATUS(SHOW(-1e308, -1e308), STEPSIZE_OK);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_CUT && lr[0] == 0.5 && lr[1] == 0.5);
  stepsize_scheduler_destroy(s);
  /* The bounds of the scheduler and its schedule come on top. */
  const double low = 0.75, high = 1.25, one = 1;
  s = scheduler_from("hypergradient(beta=0.5) * linear(4)", 1, &one, &low, &high, 0, 0);
  dots[0] = 2;
  CHECK_STATUS(stepsize_scheduler_observe_gradient(s, dots, NULL, 1, lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr[0], 1.25);
  CHECK_STATUS(stepsize_scheduler_step(s, lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr[0], 1.25);
  CHECK_STATUS(stepsize_scheduler_advance(s, lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr[0], 1);
  CHECK_STATUS(stepsize_scheduler_advance(s, lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr[0], 0.75);
  stepsize_scheduler_destroy(s);
}

/* ---- Line search ------------------------------------------------------------------------------- */

enum { DIMENSIONS = 5 };

/* f(x) = sum a x^2 / 2 of one batch, whose curvatures a change from batch to batch. */
static double loss_at(const double *x, const double *a) {
  double f = 0;
  for (int i = 0; i < DIMENSIONS; i++) f += a[i] * x[i] * x[i] / 2;
  return f;
}

/* x+ = P(x - rate g), where P keeps x in [0, 10] if `projected`; its squared distance from x. */
static double stepped(double *to, const double *x, const double *g, double rate, int projected) {
  double squares = 0;
  for (int i = 0; i < DIMENSIONS; i++) {
    to[i] = x[i] - rate * g[i];
    if (projected) to[i] = fmin(fmax(to[i], 0), 10);
    squares += (to[i] - x[i]) * (to[i] - x[i]);
  }
  return squares;
}

/* The algorithm as it is published (arXiv 1905.09997, section 3 and its resetting rules), with the two caps. */
static void line_search(int reset, int projected, int max_trials, int factor) {
  static const char *const rules[] = {"previous", "grow", "initial"};
  const double base = 0.5, c = 0.1, backtrack = 0.7, gamma = 3, low = base / 1e6, high = 10 * base;
  const int batches = 20;
  char text[160];
  snprintf(text, sizeof text,
           "line_search(backtrack=0.7, reset=\"%s\", gamma=3, batches_per_epoch=20, max_trials=%d, projected=%s)",
           rules[reset], max_trials, projected ? "true" : "false");
  stepsize_scheduler *s = scheduler_of(text, base);
  double x[DIMENSIONS] = {1, 2, 3, 4, 5}, rate = base, returned;
  uint64_t random = 77;
  int64_t work = 0;
  int accepted = 0, failed = 0, capped = 0;
  for (int t = 0; t < 400; t++) {
    double a[DIMENSIONS], g[DIMENSIONS], to[DIMENSIONS], f, norm = 0, squares;
    for (int i = 0; i < DIMENSIONS; i++) {
      a[i] = factor * exp(4 * uniform(&random) - 2);
      g[i] = a[i] * x[i] + (projected ? 0.3 : 0);
      norm += g[i] * g[i];
    }
#define LOSS(at) (loss_at((at), a) + (projected ? 0.3 * (at[0] + at[1] + at[2] + at[3] + at[4]) : 0))
    f = LOSS(x);
    double start = rate;
    rate = reset == 0 ? rate : reset == 1 ? rate * pow(gamma, 1.0 / batches) : base;
    capped += rate > high;
    rate = fmin(fmax(rate, low), high);
    if (sqrt(norm) < 1e-8) rate = start;
    CHECK_STATUS(stepsize_scheduler_propose(s, f, &norm, 1, &returned, 1), STEPSIZE_OK);
    CHECK_SAME(returned, rate);
    int32_t trial = STEPSIZE_TRIAL_RETRY, expected = STEPSIZE_TRIAL_RETRY;
    for (int k = 0; expected == STEPSIZE_TRIAL_RETRY; k++) {
      squares = stepped(to, x, g, rate, projected);
      double reached = LOSS(to), wanted = f - c * (projected ? squares / rate : rate * norm);
      work++;
      double next = rate;
      if (reached <= wanted || sqrt(norm) < 1e-8) {
        expected = STEPSIZE_TRIAL_ACCEPTED;
      } else {
        next = fmax(rate * backtrack, low);
        expected = k + 1 < max_trials ? STEPSIZE_TRIAL_RETRY : STEPSIZE_TRIAL_FAILED;
      }
      rate = next;
      CHECK_STATUS(stepsize_scheduler_report(s, reached, &squares, 1, &trial, &returned, 1), STEPSIZE_OK);
      CHECK(trial == expected);
      if (trial == STEPSIZE_TRIAL_FAILED) CHECK_SAME(returned, low);
      else CHECK_SAME(returned, rate);
      if (trial != expected) break;
    }
    if (expected == STEPSIZE_TRIAL_FAILED) stepped(to, x, g, low, projected), failed++;
    else accepted++;
    CHECK(stepsize_scheduler_trial_count(s) == work);
    CHECK(stepsize_scheduler_decision(s) == (expected == STEPSIZE_TRIAL_FAILED ? STEPSIZE_DECISION_CUT
                                             : rate > start                    ? STEPSIZE_DECISION_RAISED
                                             : rate < start                    ? STEPSIZE_DECISION_CUT
                                                                               : STEPSIZE_DECISION_KEPT));
    /* A search of this update is over: there is nothing to report. */
    CHECK_STATUS(stepsize_scheduler_report(s, 0, &squares, 1, &trial, &returned, 1), STEPSIZE_ERROR_ORDER);
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
    memcpy(x, to, sizeof x);
    if (t % 50 == 49) /* away from the solution again */
      for (int i = 0; i < DIMENSIONS; i++) x[i] = 1 + 5 * uniform(&random);
  }
  if (!CHECK(accepted > 20 && (max_trials > 3 || projected || failed > 20)))
    fprintf(stderr, "    %s, curvatures %d: %d accepted, %d failed\n", text, factor, accepted, failed);
  if (reset == 1 && factor == 0 && projected) CHECK(capped > 0);
  stepsize_scheduler_destroy(s);
}

static void line_searches(void) {
  for (int reset = 0; reset < 3; reset++)
    for (int projected = 0; projected < 2; projected++) {
      line_search(reset, projected, 100, 1);
      line_search(reset, projected, 100, 0); /* flat: a gradient of 0, or the linear part alone, which never ends */
      line_search(reset, projected, 100, 30);
      if (reset == 2) line_search(reset, projected, 3, 2);
    }
}

static void order_of_line_search(void) {
  double lr = -1, norm = 4, nothing = 0;
  int32_t trial = 77;
  stepsize_scheduler *s = scheduler_of("line_search(backtrack=0.5, reset=\"previous\", max_trials=2)", 1);
  CHECK(stepsize_scheduler_trial_count(s) == 0);
  CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_ERROR_ORDER);
  CHECK(lr == -1 && trial == 77);
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 2, &lr, 1), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 0, &lr, 1), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_ERROR_ORDER);

  /* Out of trials: the lowest rate; then on from where the trials had come to. */
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 1);
  CHECK_STATUS(stepsize_scheduler_report(s, NAN, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
  CHECK(trial == STEPSIZE_TRIAL_RETRY && lr == 0.5);
  CHECK_STATUS(stepsize_scheduler_report(s, -INFINITY, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
  CHECK(trial == STEPSIZE_TRIAL_FAILED && lr == 1e-6);
  CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_CUT);
  CHECK_STATUS(stepsize_scheduler_step(s, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.25);
  CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
  CHECK(trial == STEPSIZE_TRIAL_ACCEPTED && lr == 0.25);

  /* A new proposal for the same update begins anew; one of another update is not reported on. */
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_OK);
  CHECK_SAME(lr, 0.25);
  CHECK_STATUS(stepsize_scheduler_step(s, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_ERROR_ORDER);

  /* A batch that is no number: the lowest rate at once, and as if it had not been. */
  const double bad[][2] = {{NAN, 4}, {INFINITY, 4}, {-INFINITY, 4}, {1, NAN}, {1, INFINITY}};
  for (int i = 0; i < COUNT(bad); i++) {
    CHECK_STATUS(stepsize_scheduler_propose(s, bad[i][0], &bad[i][1], 1, &lr, 1), STEPSIZE_OK);
    CHECK_SAME(lr, 1e-6);
    CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
    CHECK(trial == STEPSIZE_TRIAL_FAILED && lr == 1e-6);
    CHECK(stepsize_scheduler_decision(s) == STEPSIZE_DECISION_IGNORED);
    CHECK_STATUS(stepsize_scheduler_step(s, NULL, 0), STEPSIZE_OK);
    CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_OK);
    CHECK_SAME(lr, 0.25);
  }
  /* What no gradient can have is an error. */
  const double negative = -1;
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &negative, 1, &lr, 1), STEPSIZE_ERROR_ARGUMENT);
  /* A gradient of 0 is accepted without a look at the loss. */
  CHECK_STATUS(stepsize_scheduler_propose(s, 1, &nothing, 1, &lr, 1), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_report(s, NAN, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
  CHECK(trial == STEPSIZE_TRIAL_ACCEPTED && lr == 0.25);
  stepsize_scheduler_destroy(s);

  /* Projected: the distances must be told. Several groups: the terms add up, each with its own rate. */
  const double base[2] = {1, 0.5}, norms[2] = {2, 4}, distances[2] = {2, 1};
  double rates[2];
  s = scheduler_from("line_search(c=0.25, backtrack=0.5, reset=\"previous\")", 2, base, NULL, NULL, 0, 0);
  CHECK_STATUS(stepsize_scheduler_propose(s, 10, norms, 2, rates, 2), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_report(s, 9.001, NULL, 0, &trial, rates, 2), STEPSIZE_OK); /* 10 - (1*2 + 0.5*4)/4 */
  CHECK(trial == STEPSIZE_TRIAL_RETRY && rates[0] == 0.5 && rates[1] == 0.25);
  CHECK_STATUS(stepsize_scheduler_report(s, 9.5, NULL, 0, &trial, rates, 2), STEPSIZE_OK);
  CHECK(trial == STEPSIZE_TRIAL_ACCEPTED && rates[0] == 0.5 && rates[1] == 0.25);
  stepsize_scheduler_destroy(s);
  s = scheduler_from("line_search(c=0.25, reset=\"previous\", projected=true)", 2, base, NULL, NULL, 0, 0);
  CHECK_STATUS(stepsize_scheduler_propose(s, 10, norms, 2, rates, 2), STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_report(s, 9, NULL, 0, &trial, rates, 2), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_report(s, 9, distances, 1, &trial, rates, 2), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_scheduler_report(s, 9, distances, 2, &trial, rates, 2), STEPSIZE_OK); /* 10 - (2 + 2)/4 */
  CHECK(trial == STEPSIZE_TRIAL_ACCEPTED);
  stepsize_scheduler_destroy(s);

  /* Other schedulers take none of these calls, and this one takes no gradient. */
  static const char *const others[] = {"linear(5)", "greedy()", "plateau()", "early_stop()"};
  for (int i = 0; i < COUNT(others); i++) {
    s = scheduler_of(others[i], 1);
    CHECK_STATUS(stepsize_scheduler_propose(s, 1, &norm, 1, &lr, 1), STEPSIZE_ERROR_ORDER);
    CHECK_STATUS(stepsize_scheduler_report(s, 1, &norm, 1, &trial, &lr, 1), STEPSIZE_ERROR_ORDER);
    CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &norm, &norm, 1, &lr, 1), STEPSIZE_ERROR_ORDER);
    stepsize_scheduler_destroy(s);
  }
  s = scheduler_of("line_search()", 1);
  CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &norm, &norm, 1, &lr, 1), STEPSIZE_ERROR_ORDER);
  stepsize_scheduler_destroy(s);
}

/* A step says that the controller has not observed the update, and changes nothing; advance goes on. */
static void observations_are_needed(void) {
  static const char *const texts[] = {"line_search() * linear(9)", "hypergradient() * linear(9)",
                                      "line_search() * early_stop() * linear(9)"};
  const double one = 1;
  for (int record = 0; record < 2; record++)
    for (int i = 0; i < COUNT(texts); i++) {
      int searches = i != 1, stops = i == 2;
      double lr = -1;
      float single = -1;
      int32_t trial;
      stepsize_scheduler *s = scheduler_from(texts[i], 1, &one, NULL, NULL, record, 0);
#define STEP() (stops ? stepsize_scheduler_step_with_loss(s, 1, &lr, 1) : stepsize_scheduler_step(s, &lr, 1))
      /* There is no gradient before the first update. */
      if (!searches) CHECK_STATUS(STEP(), STEPSIZE_OK);
      for (int t = 0; t < 3; t++) {
        int64_t before = stepsize_scheduler_get_step(s);
        size_t size, again;
        uint8_t *state = state_of(s, &size);
        lr = -1;
        CHECK_STATUS(STEP(), STEPSIZE_ERROR_OBSERVATION_REQUIRED);
        CHECK_STATUS(stepsize_scheduler_step_with_loss(s, 1, &lr, 1), STEPSIZE_ERROR_OBSERVATION_REQUIRED);
        if (!stops) {
          CHECK_STATUS(stepsize_scheduler_next(s, &lr, 1), STEPSIZE_ERROR_OBSERVATION_REQUIRED);
          CHECK_STATUS(stepsize_scheduler_next_float(s, &single, 1), STEPSIZE_ERROR_OBSERVATION_REQUIRED);
        }
        CHECK(lr == -1 && single == -1);
        uint8_t *same = state_of(s, &again);
        CHECK(size == again && memcmp(state, same, size) == 0);
        free(state), free(same);
        CHECK_STATUS(stepsize_scheduler_advance(s, &lr, 1), STEPSIZE_OK);
        CHECK(stepsize_scheduler_get_step(s) == before + 1);
        if (searches) {
          CHECK_STATUS(stepsize_scheduler_propose(s, 1, &one, 1, &lr, 1), STEPSIZE_OK);
          if (t != 1) CHECK_STATUS(stepsize_scheduler_report(s, 0, NULL, 0, &trial, &lr, 1), STEPSIZE_OK);
        } else {
          CHECK_STATUS(stepsize_scheduler_observe_gradient(s, &one, NULL, 1, &lr, 1), STEPSIZE_OK);
        }
        /* What was observed counts after a restart, too. */
        state = state_of(s, &size);
        stepsize_scheduler_destroy(s);
        s = restored(state, size);
        free(state);
        CHECK_STATUS(STEP(), STEPSIZE_OK);
      }
#undef STEP
      stepsize_scheduler_destroy(s);
    }
}

/* ---- Random calls ------------------------------------------------------------------------------ */

static const char *random_word(uint64_t *random, const char *words) {
  static char word[32];
  unsigned count = 1;
  for (const char *c = words; *c; c++) count += *c == ' ';
  for (unsigned skip = below(random, count); skip > 0; words++) skip -= *words == ' ';
  sscanf(words, "%31s", word);
  return word;
}

static void add(char *text, const char *name, const char *value) {
  char *end = text + strlen(text);
  sprintf(end, "%s%s=%s", end[-1] == '(' ? "" : ", ", name, value);
}

/* A controller of any kind; each parameter is given or not. */
static void random_controller(uint64_t *random, char *text) {
  char value[64];
#define GIVE(name, words) \
  if (below(random, 2)) add(text, name, random_word(random, words))
#define GIVE_WORD(name, words) \
  if (below(random, 2)) sprintf(value, "\"%s\"", random_word(random, words)), add(text, name, value)
#define FACTORS "0.5 0.95 0.1 0.001 0.999999 5e-324"
#define COUNTS "0 1 1 2 3 5 9223372036854775807"
#define POSITIVE_COUNTS "1 1 2 3 5 9223372036854775807"
#define MARGINS "0 0.001 1e-6 0.5 1e300 5e-324 1.7976931348623157e308"
#define LOWS "0 1e-6 0.01 [1e-6] 5e-324"
#define HIGHS "10 1e6 1.7976931348623157e308 [100]"
  switch (below(random, 6)) {
  case 0:
  case 1:
    strcpy(text, "greedy(");
    GIVE_WORD("variant", "default huggingface paper");
    GIVE_WORD("mode", "min max");
    GIVE("factor", FACTORS);
    GIVE("patience", COUNTS);
    GIVE("threshold", MARGINS);
    GIVE_WORD("threshold_mode", "abs rel");
    GIVE("cooldown", COUNTS);
    GIVE("warmup", COUNTS);
    GIVE("min_lr", LOWS);
    GIVE("max_lr", HIGHS);
    GIVE("eps", MARGINS);
    GIVE("smooth", "true false");
    GIVE("window", "1 2 3 50 200");
    GIVE("reset_start", "1 2 3 none 9223372036854775807");
    break;
  case 2:
    strcpy(text, "plateau(");
    GIVE_WORD("counting", "pytorch keras optax");
    GIVE_WORD("mode", "min max");
    GIVE("factor", FACTORS);
    GIVE("patience", COUNTS);
    GIVE("threshold", MARGINS);
    GIVE_WORD("threshold_mode", "abs rel");
    GIVE("extra_threshold", MARGINS);
    GIVE("cooldown", COUNTS);
    GIVE("min_lr", LOWS);
    GIVE("eps", MARGINS);
    GIVE("accumulation", POSITIVE_COUNTS);
    break;
  case 3:
    strcpy(text, "hypergradient(");
    GIVE_WORD("variant", "sgd adam multiplicative");
    GIVE("beta", "0.001 0.5 0.999 1e-300 5e-324");
    GIVE("min_lr", LOWS);
    GIVE("max_lr", HIGHS);
    break;
  case 4:
    strcpy(text, "line_search(");
    GIVE("c", FACTORS);
    GIVE("backtrack", FACTORS);
    GIVE_WORD("reset", "previous grow initial");
    GIVE("gamma", "1 2 1e300 1.7976931348623157e308");
    GIVE("batches_per_epoch", POSITIVE_COUNTS);
    GIVE("max_trials", POSITIVE_COUNTS);
    GIVE("tolerance", MARGINS);
    GIVE("projected", "true false");
    GIVE("min_lr", LOWS);
    GIVE("max_lr", HIGHS);
    break;
  default:
    strcpy(text, "early_stop(");
    GIVE_WORD("phase", "a b");
    GIVE_WORD("mode", "min max");
    GIVE("patience", POSITIVE_COUNTS);
    GIVE("threshold", MARGINS);
    GIVE_WORD("threshold_mode", "abs rel");
    GIVE("window", "1 2 3 50 200");
  }
  strcat(text, ")");
}

enum { MAX_GROUPS = 3 };

static double random_number(uint64_t *random, const double *numbers, unsigned count) {
  return numbers[below(random, count)];
}

static void random_calls(long wanted) {
  static const char *const schedules[] = {
      "", " * linear(20)", " * cosine(100, floor=0.1)", " * (warmup(5) >> linear(50))", " * constant(value=1e300)",
      " * (warmup(3) >> constant(20, phase=\"a\") >> linear(20, phase=\"b\"))",
      " * repeat(linear(7, phase=\"a\") >> cosine(5, phase=\"b\"))",
      " * (constant(9, phase=\"a\") >> (0.5 * repeat(constant(3, phase=\"b\") >> constant(2), 4), phase=\"a\"))",
      " * stretch(constant(9, phase=\"b\") >> linear(3, phase=\"a\"), 2.5)",
      " * clamp(noise(3) * restarts(10), 0, 2)",
  };
  static const double bases[] = {0.1, 0.1, 1, 1e-3, 0, 5e-324, 1e-300, 1e300, DBL_MAX};
  static const double lows[] = {0, 0, 5e-324, 1e-6, 0.05}, highs[] = {DBL_MAX, 1e300, 10, 0.2, 0.05};
  uint64_t random = 2026;
  long calls = 0, wrong = 0, made = 0, refused = 0, accepted = 0, moved = 0, replaced = 0;
  while (calls < wanted) {
    size_t groups = 1 + below(&random, MAX_GROUPS);
    double base[MAX_GROUPS], low[MAX_GROUPS], high[MAX_GROUPS], lr[MAX_GROUPS], before[MAX_GROUPS] = {0};
    for (size_t g = 0; g < groups; g++) {
      base[g] = random_number(&random, bases, COUNT(bases));
      low[g] = random_number(&random, lows, COUNT(lows)), high[g] = random_number(&random, highs, COUNT(highs));
    }
    char text[1024];
    random_controller(&random, text);
    if (below(&random, 4) == 0 && strncmp(text, "early_stop", 6) != 0) strcat(text, " * early_stop(patience=2)");
    strcat(text, schedules[below(&random, COUNT(schedules))]);
    int bounded = below(&random, 2), records = below(&random, 4) == 0;
    stepsize_scheduler *s = scheduler_from(text, groups, base, bounded ? low : NULL, bounded ? high : NULL, records, 1);
    if (!s) {
      refused++;
      continue;
    }
    made++;
    double wild = uniform(&random);
    for (int i = 0; i < 300 && calls < wanted; i++, calls++) {
      double numbers[MAX_GROUPS], others[MAX_GROUPS];
      int32_t status = STEPSIZE_OK, trial = 0;
      for (size_t g = 0; g < groups; g++) {
        numbers[g] = random_loss(&random, wild), others[g] = random_loss(&random, wild);
        lr[g] = -1;
      }
      size_t told = below(&random, 2) ? 1 : groups;
      switch (below(&random, 12)) {
      case 0: status = stepsize_scheduler_step(s, lr, groups); break;
      case 1: status = stepsize_scheduler_advance(s, lr, groups); break;
      case 2: status = stepsize_scheduler_observe_gradient(s, numbers, others, told, lr, groups); break;
      case 3: status = stepsize_scheduler_propose(s, numbers[0], others, groups, lr, groups); break;
      case 4:
      case 5: status = stepsize_scheduler_report(s, numbers[0], others, groups, &trial, lr, groups); break;
      case 6:
        if (below(&random, 20) == 0)
          status = stepsize_scheduler_set_step(s, below(&random, 9) ? (int64_t)below(&random, 200)
                                                                    : (int64_t)(random_bits(&random) >> 1));
        break;
      case 7:
        if (below(&random, 10) == 0) { /* continues as another one, which has the same state */
          size_t size, again;
          uint8_t *state = state_of(s, &size);
          stepsize_scheduler *other = restored(state, size);
          uint8_t *same = state_of(other, &again);
          wrong += size != again || memcmp(state, same, size) != 0;
          wrong += stepsize_scheduler_load(s, same, again, NULL) != STEPSIZE_OK;
          free(state), free(same);
          stepsize_scheduler_destroy(s);
          s = other;
          replaced++;
        }
        break;
      default: status = stepsize_scheduler_step_with_loss(s, numbers[0], lr, groups);
      }
      int below_zero = 0; /* as no square and no norm is */
      for (size_t g = 0; g < groups; g++) below_zero += others[g] < 0;
      wrong += status != STEPSIZE_OK && status != STEPSIZE_ERROR_ORDER && status != STEPSIZE_ERROR_LOSS_REQUIRED &&
               status != STEPSIZE_ERROR_OBSERVATION_REQUIRED &&
               !(status == STEPSIZE_ERROR_ARGUMENT && below_zero);
      accepted += status == STEPSIZE_OK;
      if (status != STEPSIZE_OK) /* refused: nothing is written */
        for (size_t g = 0; g < groups; g++) wrong += lr[g] != -1;
      wrong += stepsize_scheduler_rates(s, lr, groups) != STEPSIZE_OK;
      for (size_t g = 0; g < groups; g++) {
        wrong += !(lr[g] >= (bounded ? low[g] : 0) && lr[g] <= (bounded ? high[g] : DBL_MAX));
        moved += lr[g] != before[g];
        before[g] = lr[g];
      }
      int32_t decision = stepsize_scheduler_decision(s), reason = stepsize_scheduler_stop_reason(s);
      wrong += decision < STEPSIZE_DECISION_NONE || decision > STEPSIZE_DECISION_IGNORED;
      wrong += reason < STEPSIZE_STOP_NONE || reason > STEPSIZE_STOP_EARLY;
      stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
      wrong += stepsize_scheduler_phase(s, &phase) != STEPSIZE_OK;
      wrong += !(phase.progress >= 0 && phase.progress <= 1) || phase.position < 0 || phase.length < 0;
      if (!CHECK(wrong == 0)) {
        fprintf(stderr, "    %s, call %d: status %d\n", text, i, status);
        exit(finish());
      }
    }
    stepsize_scheduler_destroy(s);
  }
  CHECK(made > refused && accepted > wanted / 2 && moved > wanted / 10 && replaced > wanted / 1000);
}

int main(int argc, char **argv) {
  if (argc == 2) {
    random_calls(atol(argv[1]));
    return finish();
  }
  texts();
  scheduler_texts();
  sgd_with_hypergradient();
  adam_with_hypergradient();
  groups_of_hypergradient();
  decisions_of_hypergradient();
  line_searches();
  order_of_line_search();
  observations_are_needed();
  random_calls(1000000);
  return finish();
}
