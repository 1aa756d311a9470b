/* Logs of gradient norms, the running median, refinement, fitting and scoring, each next to its formula done naively. */
#include "fuzz.h"

enum { MOST = 96, CAPACITY = 20 };

/* Values of the input: any double, or only what `accepts` lets through. */
static size_t take_values(Input *input, double *values, int (*accepts)(double)) {
  const size_t count = 1 + take_below(input, MOST);
  for (size_t i = 0; i < count; i++) {
    values[i] = take_real(input);
    if (accepts && !accepts(values[i])) values[i] = 1;
  }
  return count;
}

static int is_number(double x) { return !isnan(x); }
static int is_multiplier(double x) { return isfinite(x) && x >= 0; }
static int is_moderate(double x) { return x >= 1e-3 && x <= 1e3; }

/* The norms of updates 0, k, 2k, ... with a stride that doubles when the log is full. */
static void log_norms(Input *input) {
  double added[512], kept[CAPACITY];
  size_t count = 0;
  stepsize_norm_log *log = NULL;
  const size_t capacity = 2 + take_below(input, CAPACITY - 1);
  EXPECT(stepsize_norm_log_create(capacity, &log, NULL) == STEPSIZE_OK);
  while (input->size > 0 && count < 512) {
    const double norm = take_real(input);
    const stepsize_status status = stepsize_norm_log_add(log, norm);
    EXPECT(status == (norm < 0 ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK));
    if (status == STEPSIZE_OK) added[count++] = norm;
    if (take_byte(input) % 32 == 0) {
      stepsize_norm_log *other = NULL;
      size_t size;
      uint8_t *state = norm_log_state(log, &size);
      EXPECT(stepsize_norm_log_restore(state, size, &other, NULL) == STEPSIZE_OK);
      free(state);
      stepsize_norm_log_destroy(log);
      log = other;
    }
  }
  const int64_t stride = stepsize_norm_log_stride(log);
  const size_t size = stepsize_norm_log_kept(log);
  EXPECT(stepsize_norm_log_count(log) == (int64_t)count && size <= capacity);
  EXPECT(stride >= 1 && (stride & (stride - 1)) == 0);
  EXPECT(count <= capacity ? stride == 1 : (int64_t)capacity * stride < 2 * (int64_t)count);
  EXPECT(size == (count + (size_t)stride - 1) / (size_t)stride);
  EXPECT(stepsize_norm_log_values(log, kept, CAPACITY) == (size > CAPACITY ? STEPSIZE_ERROR_SIZE : STEPSIZE_OK));
  for (size_t i = 0; i < size; i++) {
    const double norm = added[i * (size_t)stride];
    EXPECT(isnan(norm) ? isnan(kept[i]) : kept[i] == norm);
  }
  stepsize_norm_log_destroy(log);
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void filter(Input *input) {
  double values[MOST], out[MOST], window[MOST * 2 + 1];
  const double tau = take_byte(input) / 255.0;
  const size_t count = take_values(input, values, is_number);
  stepsize_error error;
  EXPECT(stepsize_median_filter(values, count, tau, out, &error) == STEPSIZE_OK);
  const int n = (int)count, half = (int)floor(floor(tau * (double)count) / 2);
  for (int i = 0; i < n; i++) {
    for (int j = -half; j <= half; j++) {
      const int k = i + j < 0 ? 0 : i + j >= n ? 2 * (n - 1) - (i + j) : i + j;
      window[j + half] = values[k];
    }
    qsort(window, (size_t)(2 * half + 1), sizeof *window, compare);
    EXPECT(out[i] == window[half]);
  }
}

/* w = norm^-p, value[t] = w[t] (w[t+1] + ... + w[T-1]) / the largest. */
static void check_refinement(const double *norms, size_t count, int power, const double *values) {
  long double expected[MOST], rest = 0, largest = 0;
  for (size_t i = count; i-- > 0;) {
    const long double weight = powl((long double)norms[i], -power);
    expected[i] = count == 1 ? 1 : weight * rest;
    rest += weight;
    largest = fmaxl(largest, expected[i]);
  }
  for (size_t i = 0; i < count; i++) {
    const long double value = expected[i] / largest;
    EXPECT(fabsl((long double)values[i] - value) <= 1e-12L * value);
  }
}

static void refine(Input *input) {
  double norms[MOST], values[MOST];
  stepsize_refine_options options;
  stepsize_refine_result result = {.size = sizeof result};
  stepsize_error error;
  EXPECT(stepsize_refine_defaults(&options, sizeof options) == STEPSIZE_OK);
  const uint8_t choice = take_byte(input);
  const int is_plain = choice & 8;
  options.optimizer = choice & 1, options.capped = choice >> 1 & 1, options.tau = 0;
  if (!is_plain) {
    options.tau = take_byte(input) / 255.0, options.floor = choice & 4 ? take_byte(input) / 255.0 : 0;
    options.distance = fabs(take_real(input)), options.total = choice & 16 ? 1 + take_below(input, MOST) : 0;
  } else {
    options.capped = 0;
  }
  const size_t count = take_values(input, norms, is_plain ? is_moderate : NULL);
  const size_t total = options.total ? (size_t)options.total : count;
  memset(values, 0x5a, sizeof values);
  const double untouched = values[0];
  const stepsize_status status = stepsize_refine(&options, norms, count, values, total, &result, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, NULL);
    for (size_t i = 0; i < total; i++) EXPECT(values[i] == untouched);
    EXPECT(!is_plain);
    return;
  }
  double largest = 0;
  for (size_t i = 0; i < total; i++) {
    EXPECT(is_rate(values[i]) && values[i] <= 1);
    largest = fmax(largest, values[i]);
  }
  EXPECT(largest == 1 && (total == 1 || values[total - 1] == 0));
  EXPECT(result.warmup >= 0 && result.warmup < (int64_t)total);
  EXPECT(result.collapsed == 0 || result.collapsed == 1);
  if (is_plain) check_refinement(norms, count, options.optimizer == STEPSIZE_OPTIMIZER_SGD ? 2 : 1, values);
}

static void fit(Input *input) {
  double values[MOST], largest = 0, max_error = NAN;
  const double tolerance = 1e-9 + take_byte(input) / 300.0;
  const size_t count = take_values(input, values, is_multiplier);
  stepsize_schedule *schedule = NULL;
  stepsize_error error;
  const stepsize_status status = stepsize_schedule_fit(values, count, tolerance, &max_error, &schedule, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, schedule);
    EXPECT(!"a list of multipliers can be fitted");
  }
  for (size_t t = 0; t < count; t++)
    largest = fmax(largest, fabs(stepsize_schedule_at(schedule, (int64_t)t) - values[t]));
  EXPECT(largest == max_error && max_error <= tolerance);
  EXPECT(stepsize_schedule_at(schedule, 0) == values[0]);
  EXPECT(stepsize_schedule_at(schedule, (int64_t)count - 1) == values[count - 1]);
  stepsize_schedule_destroy(schedule);
}

/* a = D^2/(2 S[0]), b = sum of s[t]^2 G[t]^2 / S[min(t + 1, T - 1)] / 2, updates at the end whose rate is 0 left out. */
static void score(Input *input) {
  double rates[MOST], norms[MOST];
  stepsize_schedule *schedule = NULL;
  stepsize_score_result result = {.size = sizeof result};
  stepsize_error error;
  const int is_plain = take_byte(input) & 1;
  const double distance = is_plain ? 1 + take_byte(input) : fabs(take_real(input));
  size_t count = take_values(input, rates, is_plain ? is_moderate : is_multiplier);
  for (size_t i = 0; i < count; i++) norms[i] = is_plain ? 0.5 + take_byte(input) / 16.0 : take_real(input);
  const size_t zeros = is_plain ? take_below(input, 3) : 0;
  for (size_t i = 0; i < zeros && i + 1 < count; i++) rates[count - 1 - i] = 0;
  EXPECT(stepsize_schedule_table(rates, count, &schedule, &error) == STEPSIZE_OK);
  const stepsize_status status = stepsize_score(schedule, 0, norms, count, distance, &result, &error);
  stepsize_schedule_destroy(schedule);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, NULL);
    EXPECT(!is_plain);
    return;
  }
  EXPECT(result.a >= 0 && result.b >= 0 && result.count >= 1 && result.count <= (int64_t)count);
  if (!is_plain) return;
  while (count > 1 && rates[count - 1] == 0) count--;
  EXPECT(result.count == (int64_t)count);
  long double tail = 0, b = 0;
  for (size_t t = count; t-- > 0;) {
    const long double s = rates[t], g = norms[t];
    b += s * s * g * g / (t == count - 1 ? s : tail) / 2;
    tail += s;
  }
  const long double a = (long double)distance * distance / (2 * tail);
  EXPECT(fabsl(result.a - a) <= 1e-12L * a && fabsl(result.b - b) <= 1e-12L * b);
  EXPECT(fabsl(result.omega - 2 * sqrtl(a * b)) <= 1e-12L * result.omega);
  EXPECT(result.omega >= result.bound * (1 - 1e-12));
}

static void target(Input input) {
  switch (take_below(&input, 5)) {
  case 0: log_norms(&input); break;
  case 1: filter(&input); break;
  case 2: refine(&input); break;
  case 3: fit(&input); break;
  default: score(&input); break;
  }
}
