/* Refinement, the running median, scores and the log of gradient norms, by C alone. */
#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static stepsize_error error = {0};

static double uniform(uint64_t *state) { return (double)(random_bits(state) >> 11) * 0x1p-53; }

/* ---- The running median, by sorting each window ------------------------------------------------- */

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sorted_median(const double *values, long count, double tau, double *out) {
  double window[512];
  long half = (long)(tau * (double)count) / 2;
  for (long i = 0; i < count; i++) {
    for (long j = -half; j <= half; j++) {
      long k = i + j;
      if (k < 0 || count == 1) k = 0;
      else if ((k %= 2 * (count - 1)) >= count) k = 2 * (count - 1) - k;
      window[j + half] = values[k];
    }
    qsort(window, (size_t)(2 * half + 1), sizeof *window, compare);
    out[i] = window[half];
  }
}

static void medians(void) {
  uint64_t state = 7;
  double values[200], out[200], expected[200];
  for (long count = 1; count <= 200; count++) {
    double tau = count % 7 == 0 ? 1 : uniform(&state);
    for (long i = 0; i < count; i++)
      values[i] = count % 2 ? floor(4 * uniform(&state)) - 2 : uniform(&state) - 0.5;
    sorted_median(values, count, tau, expected);
    CHECK_STATUS(stepsize_median_filter(values, (size_t)count, tau, out, &error), STEPSIZE_OK);
    CHECK(memcmp(out, expected, (size_t)count * sizeof *out) == 0);
    /* In place. */
    CHECK_STATUS(stepsize_median_filter(values, (size_t)count, tau, values, &error), STEPSIZE_OK);
    CHECK(memcmp(values, expected, (size_t)count * sizeof *out) == 0);
  }
  values[3] = NAN, out[0] = 77;
  CHECK_STATUS(stepsize_median_filter(values, 10, 0.5, out, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "NaN") && out[0] == 77);
}

/* ---- Refinement -------------------------------------------------------------------------------- */

static void refinements(void) {
  static const double norms[] = {4, 2, 1, 1, 2}, sgd[] = {1 / 8., 9 / 20., 1, 1 / 5., 0},
                      adam[] = {1 / 2., 5 / 6., 1, 1 / 3., 0};
  double values[5] = {9, 9, 9, 9, 9};
  stepsize_refine_options options;
  stepsize_refine_result found = {sizeof found, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  REQUIRE(stepsize_refine_defaults(&options, sizeof options) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_refine(&options, norms, 5, values, 5, &found, &error), STEPSIZE_OK);
  for (int i = 0; i < 5; i++) CHECK_NEAR(values[i], sgd[i], 4);
  CHECK(found.size == sizeof found && !found.collapsed && found.warmup == 2 && found.anneal_start == 2);
  CHECK(found.median == 2 && found.floor == 0 && found.suggested_floor == 0);
  CHECK_NEAR(found.bound, 4 / sqrt(41), 4);
  CHECK(fabs(found.base_lr - 0.30472929) < 5e-9);
  options.optimizer = STEPSIZE_OPTIMIZER_ADAM;
  CHECK_STATUS(stepsize_refine(&options, norms, 5, values, 5, &found, &error), STEPSIZE_OK);
  for (int i = 0; i < 5; i++) CHECK_NEAR(values[i], adam[i], 4);
  CHECK(isnan(found.base_lr) && isnan(found.bound));

  /* Refused: nothing is written. */
  values[0] = 77, found.warmup = 77;
  options.tau = 2;
  CHECK_STATUS(stepsize_refine(&options, norms, 5, values, 5, &found, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "tau = 2, expected a number in [0, 1]"));
  options.tau = 0, options.total = 6;
  CHECK_STATUS(stepsize_refine(&options, norms, 5, values, 5, &found, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "value_count") && values[0] == 77 && found.warmup == 77);

  /* Every second norm of a constant run, for a run of another length. */
  double decay[101];
  static const double ones[] = {3, 3, 3, 3};
  options.total = 101;
  CHECK_STATUS(stepsize_refine(&options, ones, 4, decay, 101, NULL, &error), STEPSIZE_OK);
  for (int i = 0; i <= 100; i++) CHECK_NEAR(decay[i], (100 - i) / 100., 1);

  /* As few knots as it takes. */
  stepsize_schedule *schedule = NULL;
  char text[100];
  double largest = 9;
  CHECK_STATUS(stepsize_schedule_fit(decay, 101, 1e-6, &largest, &schedule, &error), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_print(schedule, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "knots([0, 100], [1, 0])");
  CHECK(largest < 1e-15);
  stepsize_schedule_destroy(schedule);

  /* Next to a large value the rounding of a line is more than the tolerance. */
  const double far_apart[] = {0.96875, 1e300, 0.640625, 0, 0, 0.25, 0};
  CHECK_STATUS(stepsize_schedule_fit(far_apart, COUNT(far_apart), 0.01, &largest, &schedule, &error), STEPSIZE_OK);
  CHECK(largest <= 0.01);
  for (size_t t = 0; t < COUNT(far_apart); t++)
    CHECK(fabs(stepsize_schedule_at(schedule, (int64_t)t) - far_apart[t]) <= 0.01);
  stepsize_schedule_destroy(schedule);
}

/* ---- Scores ------------------------------------------------------------------------------------ */

static void scores(void) {
  static const struct {
    const char *text;
    double omega;
  } known[] = {{"constant()", 0.0921111875}, {"linear(1000)", 0.0634343280}, {"cosine(1000)", 0.0652428348}};
  const double one = 1;
  for (size_t i = 0; i < COUNT(known); i++) {
    stepsize_score_result score = {sizeof score, 0, 0, 0, 0, 0, 0, 0, 0};
    stepsize_schedule *schedule = parsed(known[i].text);
    CHECK_STATUS(stepsize_score(schedule, 1000, &one, 1, 1, &score, &error), STEPSIZE_OK);
    CHECK(fabs(score.omega - known[i].omega) < 5e-11 && score.count == 1000);
    CHECK_NEAR(stepsize_score_at(score.a, score.b, score.gamma), score.omega, 8);
    CHECK(fabs(score.bound - 1 / sqrt(1000)) < 1e-15 && fabs(score.rate - 1 / sqrt(1000)) < 1e-15);
    stepsize_schedule_destroy(schedule);
  }
  CHECK(isnan(stepsize_score_at(1, 1, 0)) && isnan(stepsize_score_at(NAN, 1, 1)) && stepsize_score_at(1, 4, 2) == 8.5);
}

/* ---- The log ----------------------------------------------------------------------------------- */

static void logs(void) {
  stepsize_norm_log *log = NULL, *copy = NULL;
  double kept[8];
  uint8_t state[200];
  size_t length = 0;
  CHECK_STATUS(stepsize_norm_log_create(8, &log, &error), STEPSIZE_OK);
  for (int i = 0; i < 100; i++) CHECK_STATUS(stepsize_norm_log_add(log, i), STEPSIZE_OK);
  CHECK_STATUS(stepsize_norm_log_add(log, -1), STEPSIZE_ERROR_ARGUMENT);
  CHECK(stepsize_norm_log_count(log) == 100 && stepsize_norm_log_stride(log) == 16);
  CHECK(stepsize_norm_log_kept(log) == 7);
  CHECK_STATUS(stepsize_norm_log_values(log, kept, 8), STEPSIZE_OK);
  for (int i = 0; i < 7; i++) CHECK(kept[i] == 16 * i);

  CHECK_STATUS(stepsize_norm_log_save(log, NULL, 0, &length), STEPSIZE_OK);
  REQUIRE(length == 24 + 5 * 8 + 7 * 8);
  CHECK_STATUS(stepsize_norm_log_save(log, state, length - 1, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_norm_log_save(log, state, length, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_norm_log_restore(state, length, &copy, &error), STEPSIZE_OK);
  CHECK(stepsize_norm_log_count(copy) == 100 && stepsize_norm_log_stride(copy) == 16);
  stepsize_norm_log_destroy(copy);
  for (size_t i = 0; i < length; i++) {
    state[i] ^= 4;
    CHECK_STATUS(stepsize_norm_log_restore(state, length, &copy, &error), STEPSIZE_ERROR_STATE);
    CHECK(copy == NULL && strstr(error.text, "state"));
    state[i] ^= 4;
  }
  stepsize_norm_log_destroy(log);
}

int main(void) {
  medians();
  refinements();
  scores();
  logs();
  return finish();
}
