/* The learning-rate finder: ask and tell, suggestions, and none. */
#include "check.h"

static stepsize_error error;

static stepsize_finder *made(double smoothing, int64_t count, double divergence) {
  stepsize_finder_options options;
  stepsize_finder *finder = NULL;
  REQUIRE(stepsize_finder_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.smoothing = smoothing, options.count = count, options.divergence = divergence;
  REQUIRE(stepsize_finder_create(&options, &finder, &error) == STEPSIZE_OK);
  return finder;
}

/* Gradient descent on x^2/2, with a gradient that is not exact: above a rate of 2 it diverges. */
static void quadratic(void) {
  stepsize_finder *finder = made(0, 200, 4);
  double x = 1, rate, before = 0;
  int updates = 0;
  while (!isnan(rate = stepsize_finder_rate(finder))) {
    CHECK(rate > before && rate >= 1e-7 && rate <= 10);
    before = rate;
    CHECK_STATUS(stepsize_finder_tell(finder, 1 + x * x / 2), STEPSIZE_OK);
    x -= rate * (x + (updates % 2 ? 0.1 : -0.1));
    updates++;
  }
  CHECK(stepsize_finder_stop_reason(finder) == STEPSIZE_STOP_DIVERGED);
  CHECK(updates < 200 && stepsize_finder_count(finder) == (size_t)updates);
  CHECK_STATUS(stepsize_finder_tell(finder, 1), STEPSIZE_ERROR_ORDER);
  CHECK_STATUS(stepsize_finder_tell_at(finder, 100, 1, &error), STEPSIZE_ERROR_ORDER);
  CHECK_TEXT(error.text, "finder: it has stopped, and takes no further loss");
  for (int32_t method = STEPSIZE_SUGGEST_HALFWAY; method <= STEPSIZE_SUGGEST_MINIMUM; method++) {
    CHECK_STATUS(stepsize_finder_suggest(finder, method, &rate, &error), STEPSIZE_OK);
    CHECK(rate > 1e-5 && rate < 2);
  }
  static double rates[200], losses[200], smoothed[200];
  CHECK_STATUS(stepsize_finder_curve(finder, rates, losses, smoothed, 200), STEPSIZE_OK);
  CHECK(rates[0] == 1e-7 && losses[0] == 1.5 && memcmp(losses, smoothed, sizeof losses) == 0);
  CHECK_STATUS(stepsize_finder_curve(finder, NULL, NULL, NULL, 200), STEPSIZE_OK);
  CHECK_STATUS(stepsize_finder_curve(finder, rates, NULL, NULL, (size_t)updates - 1), STEPSIZE_ERROR_SIZE);
  stepsize_finder_destroy(finder);
}

static void nothing_found(void) {
  static const struct {
    double slope;
    int count;
    const char *reason;
  } cases[] = {
      {-1, 9, "finder: there are too few losses for a suggestion, expected at least 10"},
      {0, 50, "finder: the loss does not fall"},
      {1, 50, "finder: the loss does not fall"},
      {-1, 50, "finder: the loss still falls at the last rate, expected a higher end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    stepsize_finder *finder = made(0, 50, INFINITY);
    double rate = 1;
    for (int k = 0; k < cases[i].count; k++) CHECK_STATUS(stepsize_finder_tell(finder, 100 + cases[i].slope * k), STEPSIZE_OK);
    CHECK(stepsize_finder_stop_reason(finder) == (cases[i].count == 50 ? STEPSIZE_STOP_END : STEPSIZE_STOP_NONE));
    CHECK_STATUS(stepsize_finder_suggest(finder, STEPSIZE_SUGGEST_HALFWAY, &rate, &error), STEPSIZE_ERROR_NO_SUGGESTION);
    CHECK(isnan(rate) && error.status == STEPSIZE_ERROR_NO_SUGGESTION);
    CHECK_TEXT(error.text, cases[i].reason);
    stepsize_finder_destroy(finder);
  }
  stepsize_finder *finder = made(0.98, 50, 4);
  CHECK_STATUS(stepsize_finder_tell(finder, NAN), STEPSIZE_OK);
  CHECK(stepsize_finder_count(finder) == 0 && stepsize_finder_stop_reason(finder) == STEPSIZE_STOP_DIVERGED);
  CHECK(isnan(stepsize_finder_rate(finder)));
  stepsize_finder_destroy(finder);
}

/* Of a log: rates of the caller's. */
static void logged(void) {
  stepsize_finder *finder = made(0, 1000, INFINITY);
  double rate;
  for (int i = 0; i < 60; i++)
    CHECK_STATUS(stepsize_finder_tell_at(finder, 0.01 * (i + 1), fabs(i - 40.0), &error), STEPSIZE_OK);
  CHECK_STATUS(stepsize_finder_tell_at(finder, 0.6, 1, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_TEXT(error.text, "finder: rate = 0.6, expected a finite number > 0.6");
  CHECK_STATUS(stepsize_finder_suggest(finder, STEPSIZE_SUGGEST_MINIMUM, &rate, NULL), STEPSIZE_OK);
  CHECK(fabs(rate - 0.041) < 1e-15);
  stepsize_finder_destroy(finder);
}

static void refused(void) {
  stepsize_finder_options options;
  stepsize_finder *finder = (stepsize_finder *)&options;
  REQUIRE(stepsize_finder_defaults(&options, sizeof options) == STEPSIZE_OK);
  CHECK(options.start == 1e-7 && options.end == 10 && options.count == 100 && options.smoothing == 0.98);
  CHECK(options.divergence == 4 && options.spacing == STEPSIZE_SPACING_GEOMETRIC);
  options.end = 1e-7;
  CHECK_STATUS(stepsize_finder_create(&options, &finder, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(finder == NULL);
  CHECK_TEXT(error.text, "finder: end = 1e-7, expected a finite number > 1e-7");
  options.end = 1, options.spacing = 2;
  CHECK_STATUS(stepsize_finder_create(&options, &finder, &error), STEPSIZE_ERROR_NAME);
  CHECK_TEXT(stepsize_status_name(STEPSIZE_ERROR_NO_SUGGESTION), "STEPSIZE_ERROR_NO_SUGGESTION");
}

int main(void) {
  quadratic();
  nothing_found();
  logged();
  refused();
  return finish();
}
