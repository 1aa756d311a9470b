/* A learning-rate range test: options, losses and rates of the input, next to the words of the header done naively. */
#include "fuzz.h"

enum { MOST = 128 };

typedef struct Model {
  stepsize_finder_options options;
  size_t count;
  double rates[MOST], losses[MOST];
  long double smoothed[MOST], best, largest; /* of the losses, which roundings are relative to */
  int32_t stop;
} Model;

/* Sums of losses larger than these overflow. */
static int is_moderate(double x) { return fabs(x) <= 1e290; }

/* What roundings can make, also where the losses are subnormal. */
static long double tolerance_of(const Model *model) { return 1e-12L * model->largest + 1e-300L; }

static long double rate_of(const Model *model) {
  const long double x = (long double)model->count / (long double)(model->options.count - 1);
  const long double start = model->options.start, end = model->options.end;
  return model->options.spacing == STEPSIZE_SPACING_LINEAR ? start * (1 - x) + end * x : powl(start, 1 - x) * powl(end, x);
}

static void tell(Model *model, double rate, double loss) {
  if (!isfinite(loss)) {
    model->stop = STEPSIZE_STOP_DIVERGED;
    return;
  }
  long double sum = 0, weights = 0, weight = 1;
  model->largest = fmaxl(model->largest, fabsl((long double)loss));
  model->rates[model->count] = rate, model->losses[model->count++] = loss;
  for (size_t i = model->count; i-- > 0; weight *= model->options.smoothing)
    sum += weight * model->losses[i], weights += weight;
  model->smoothed[model->count - 1] = sum / weights;
}

/* Whether it has diverged is the library's to say where rounding decides. */
static void check_stop(Model *model, const stepsize_finder *finder) {
  const long double last = model->smoothed[model->count - 1];
  if (model->count == 1 || last < model->best) model->best = last;
  const long double limit = model->best + (model->options.divergence - 1) * fabsl(model->best);
  const long double tolerance = tolerance_of(model) * model->options.divergence;
  const int32_t stop = stepsize_finder_stop_reason(finder);
  if (last > limit + tolerance) EXPECT(stop == STEPSIZE_STOP_DIVERGED);
  else if (last < limit - tolerance) EXPECT(stop != STEPSIZE_STOP_DIVERGED);
  if (stop != STEPSIZE_STOP_DIVERGED)
    EXPECT((stop == STEPSIZE_STOP_END) == ((int64_t)model->count == model->options.count));
  model->stop = stop;
}

static void check_curve(const Model *model, const stepsize_finder *finder, int is_smooth) {
  double rates[MOST], losses[MOST], smoothed[MOST];
  EXPECT(stepsize_finder_count(finder) == model->count);
  EXPECT(stepsize_finder_curve(finder, rates, losses, smoothed, MOST) == STEPSIZE_OK);
  if (model->count) EXPECT(stepsize_finder_curve(finder, rates, NULL, NULL, model->count - 1) == STEPSIZE_ERROR_SIZE);
  for (size_t i = 0; i < model->count; i++) {
    EXPECT(bits_of(rates[i]) == bits_of(model->rates[i]) && bits_of(losses[i]) == bits_of(model->losses[i]));
    if (is_smooth) EXPECT(fabsl(smoothed[i] - model->smoothed[i]) <= tolerance_of(model));
  }
}

/* A suggestion is one of the rates that were tried, or a tenth of it; where there is none it says why. */
static void check_suggestions(const Model *model, const stepsize_finder *finder) {
  stepsize_error error;
  for (stepsize_suggest method = STEPSIZE_SUGGEST_HALFWAY; method <= STEPSIZE_SUGGEST_MINIMUM + 1; method++) {
    double rate = 1;
    const stepsize_status status = stepsize_finder_suggest(finder, method, &rate, &error);
    if (status != STEPSIZE_OK) {
      expect_refusal(status, &error, NULL);
      EXPECT(isnan(rate));
      EXPECT(status == (method > STEPSIZE_SUGGEST_MINIMUM ? STEPSIZE_ERROR_NAME : STEPSIZE_ERROR_NO_SUGGESTION));
      continue;
    }
    const double part = method == STEPSIZE_SUGGEST_MINIMUM ? 0.1 : 1;
    EXPECT(method <= STEPSIZE_SUGGEST_MINIMUM && model->count >= 10);
    EXPECT(rate >= model->rates[0] * part * (1 - 1e-15) && rate <= model->rates[model->count - 1] * part * (1 + 1e-15));
  }
}

static stepsize_finder *created(Model *model, Input *input) {
  stepsize_finder *finder = NULL;
  stepsize_error error;
  stepsize_finder_options *options = &model->options;
  EXPECT(stepsize_finder_defaults(options, sizeof *options) == STEPSIZE_OK);
  const uint8_t choice = take_byte(input);
  options->spacing = choice & 1;
  if (choice & 2) options->smoothing = take_real(input);
  if (choice & 4) options->divergence = take_real(input);
  if (choice & 8) options->count = take_integer(input);
  if (choice & 16) options->start = take_real(input), options->end = take_real(input);
  if (choice >= 128) options->spacing = choice;
  const stepsize_status status = stepsize_finder_create(options, &finder, &error);
  const int is_allowed = options->count >= 2 && options->count <= 1 << 20 && options->start > 0 && isfinite(options->end) &&
                         options->end > options->start && options->smoothing >= 0 && options->smoothing < 1 &&
                         options->divergence > 1;
  EXPECT((status == STEPSIZE_OK) == (is_allowed && choice < 128));
  if (status != STEPSIZE_OK) expect_refusal(status, &error, finder);
  return finder;
}

static void target(Input input) {
  static Model model;
  stepsize_error error;
  model = (Model){.stop = STEPSIZE_STOP_NONE};
  stepsize_finder *finder = created(&model, &input);
  if (!finder) return;
  int is_smooth = 1;
  while (input.size > 0 && model.count < MOST) {
    const uint8_t kind = take_byte(&input);
    const double next = stepsize_finder_rate(finder), loss = take_real(&input);
    double rate = next;
    stepsize_status status;
    EXPECT(isnan(next) == (model.stop != STEPSIZE_STOP_NONE));
    /* A subnormal first rate has few bits, and so have its powers. */
    if (!isnan(next) && model.options.start >= 1e-300)
      EXPECT(fabsl(next - rate_of(&model)) <= 1e-12L * rate_of(&model));
    if (kind % 4) {
      status = stepsize_finder_tell(finder, loss);
    } else {
      rate = take_real(&input);
      status = stepsize_finder_tell_at(finder, rate, loss, &error);
      if (status != STEPSIZE_OK) expect_refusal(status, &error, NULL);
    }
    const double before = model.count ? model.rates[model.count - 1] : 0;
    const int is_above = isfinite(rate) && rate > before;
    EXPECT(status == (model.stop ? STEPSIZE_ERROR_ORDER : is_above ? STEPSIZE_OK : STEPSIZE_ERROR_ARGUMENT));
    if (status != STEPSIZE_OK) continue;
    tell(&model, rate, loss);
    is_smooth &= !isfinite(loss) || is_moderate(loss);
    if (!isfinite(loss)) EXPECT(stepsize_finder_stop_reason(finder) == model.stop);
    else if (is_smooth) check_stop(&model, finder);
    else model.stop = stepsize_finder_stop_reason(finder);
  }
  check_curve(&model, finder, is_smooth);
  check_suggestions(&model, finder);
  stepsize_finder_destroy(finder);
}
