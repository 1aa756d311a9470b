/* GreedyLR: the traces of transformers' GreedyLR bit for bit, and what the default variant does otherwise. */
#include "check.h"

static stepsize_greedy_options options_of(int32_t variant) {
  stepsize_greedy_options options;
  REQUIRE(stepsize_greedy_defaults(&options, variant) == STEPSIZE_OK);
  return options;
}

static stepsize_scheduler *made(const stepsize_greedy_options *greedy, double lr) {
  stepsize_error error = {sizeof error, 0, 0, ""};
  stepsize_controller *controller = NULL;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  REQUIRE(stepsize_scheduler_defaults(&options) == STEPSIZE_OK);
  if (stepsize_controller_greedy(greedy, &controller, &error) != STEPSIZE_OK) fprintf(stderr, "%s\n", error.text);
  options.group_count = 1, options.base_lr = &lr, options.controller = controller;
  if (stepsize_scheduler_create(&options, &scheduler, &error) != STEPSIZE_OK) fprintf(stderr, "%s\n", error.text);
  REQUIRE(scheduler != NULL);
  stepsize_controller_destroy(controller);
  return scheduler;
}

static void trace(const char *name, const stepsize_greedy_options *options, double lr, int count,
                  const double *losses, const double *expected) {
  stepsize_scheduler *s = made(options, lr);
  for (int i = 0; i < count; i++) {
    REQUIRE(stepsize_scheduler_step_with_loss(s, losses[i], &lr, 1) == STEPSIZE_OK);
    if (!CHECK_SAME(lr, expected[i])) fprintf(stderr, "    trace %s, step %d\n", name, i);
  }
  stepsize_scheduler_destroy(s);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Traces A to E, recorded from transformers 5.23.0. */
static void huggingface(void) {
  static const double plateau[] = {1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
  static const double a[] = {.1, .1, .05, .05, .1, .1, .1, .05, .05, .1, .1, .1, .05, .05};
  static const double b[] = {.1, .1, .05, .05, .05, .05, .1, .1, .1, .1, .1, .05, .05, .05};
  static const double fall[] = {10, 9, 8, 7, 6, 5};
  static const double up = 0.10526315789473685;
  const double c[] = {.1, up, up, up, up, up};
  const double gap[] = {1, NAN, .9, .8, .7, .6, .5, .4, .3};
  const double d[] = {.1, .1, .1, up, up};
  static const double e[] = {.1, .1, .095, .095, .09025, .09025, .0857375, .0857375, .08145062499999998};

  stepsize_greedy_options options = options_of(STEPSIZE_GREEDY_HUGGINGFACE);
  const double low = 0.05, lowest = 1e-6;
  CHECK(!options.smooth && options.patience == 10 && options.reset_start == 500 && options.eps == 1e-8);
  options.patience = 1, options.factor = 0.5, options.reset_start = 2;
  options.min_lr = &low, options.min_lr_count = 1;
  trace("A", &options, 0.1, COUNT(a), plateau, a);
  options.cooldown = 2;
  trace("B", &options, 0.1, COUNT(b), plateau, b);

  options = options_of(STEPSIZE_GREEDY_HUGGINGFACE);
  options.patience = 1, options.warmup = 3;
  trace("C", &options, 0.1, COUNT(c), fall, c);

  options = options_of(STEPSIZE_GREEDY_HUGGINGFACE);
  options.patience = 1, options.min_lr = &lowest, options.min_lr_count = 1;
  trace("D", &options, 0.1, COUNT(d), gap, d);
  options.smooth = 1, options.window = 2;
  trace("E", &options, 0.1, COUNT(e), gap, e);

  /* The other direction, with the losses turned round. */
  options = options_of(STEPSIZE_GREEDY_HUGGINGFACE);
  options.patience = 1, options.warmup = 3, options.mode = STEPSIZE_MODE_MAX;
  double rise[COUNT(fall)];
  for (int i = 0; i < COUNT(fall); i++) rise[i] = -fall[i];
  trace("C, max", &options, 0.1, COUNT(c), rise, c);
}

static void standard(void) {
  stepsize_greedy_options options = options_of(STEPSIZE_GREEDY_DEFAULT);
  CHECK(options.size == sizeof options && options.smooth == 1 && options.window == 50);
  options.smooth = 0, options.patience = 0, options.factor = 0.5, options.reset_start = 3;
  /* Bounds of a tenth and ten times the base are reached exactly; the third cut there starts anew; NaN and
     infinities are bad observations and leave the best alone. */
  const double losses[] = {1, 2, 2, NAN, INFINITY, 2, 2, 2, -1, -2, -3, -4, -5, -INFINITY};
  const double expected[] = {2, 1, .5, .25, .125, .1, .1, 1, 2, 4, 8, 10, 10, 5};
  trace("default", &options, 1, COUNT(losses), losses, expected);
  options.reset_start = STEPSIZE_NEVER;
  const double bad[] = {1, 2, 2, 2, 2, 2, 2, 2, 2};
  const double down[] = {2, 1, .5, .25, .125, .1, .1, .1, .1};
  trace("no reset", &options, 1, COUNT(bad), bad, down);

  /* The mean of a window forgets what leaves it. */
  options.smooth = 1, options.window = 2;
  const double waves[] = {4, 2, 1e300, 2, 0.5, 0.5};
  const double after[] = {2, 4, 2, 1, 2, 4};
  trace("window", &options, 1, COUNT(waves), waves, after);
}

static void refused(const stepsize_greedy_options *options, int32_t status, const char *part) {
  stepsize_controller *c = (stepsize_controller *)&check_passed;
  stepsize_error error = {sizeof error, 0, 0, ""};
  if (!CHECK_STATUS(stepsize_controller_greedy(options, &c, &error), status)) fprintf(stderr, "    for %s\n", part);
  CHECK(c == NULL);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s has no %s\n", error.text, part);
}

static void refusals(void) {
  const stepsize_greedy_options good = options_of(STEPSIZE_GREEDY_DEFAULT);
  stepsize_greedy_options o = good;
  const double bad_factors[] = {0, 1, -0.5, 1.5, NAN, INFINITY}, bad_margins[] = {-1, NAN, INFINITY};
  for (int i = 0; i < COUNT(bad_factors); i++)
    o.factor = bad_factors[i], refused(&o, STEPSIZE_ERROR_ARGUMENT, "factor"), o = good;
  for (int i = 0; i < COUNT(bad_margins); i++) {
    o.threshold = bad_margins[i], refused(&o, STEPSIZE_ERROR_ARGUMENT, "threshold"), o = good;
    o.eps = bad_margins[i], refused(&o, STEPSIZE_ERROR_ARGUMENT, "eps"), o = good;
    o.min_lr = &bad_margins[i], o.min_lr_count = 1, refused(&o, STEPSIZE_ERROR_ARGUMENT, "min_lr"), o = good;
    o.max_lr = &bad_margins[i], o.max_lr_count = 1, refused(&o, STEPSIZE_ERROR_ARGUMENT, "max_lr"), o = good;
  }
  o.variant = 7, refused(&o, STEPSIZE_ERROR_NAME, "variant"), o = good;
  o.mode = -1, refused(&o, STEPSIZE_ERROR_NAME, "mode"), o = good;
  o.threshold_mode = 2, refused(&o, STEPSIZE_ERROR_NAME, "threshold_mode"), o = good;
  o.patience = -1, refused(&o, STEPSIZE_ERROR_ARGUMENT, "patience"), o = good;
  o.cooldown = -1, refused(&o, STEPSIZE_ERROR_ARGUMENT, "cooldown"), o = good;
  o.warmup = INT64_MIN, refused(&o, STEPSIZE_ERROR_ARGUMENT, "warmup"), o = good;
  o.window = 0, refused(&o, STEPSIZE_ERROR_ARGUMENT, "window"), o = good;
  o.window = 16777217, refused(&o, STEPSIZE_ERROR_ARGUMENT, "window"), o = good;
  o.reset_start = -1, refused(&o, STEPSIZE_ERROR_ARGUMENT, "reset_start"), o = good;
  o.smooth = 2, refused(&o, STEPSIZE_ERROR_ARGUMENT, "smooth"), o = good;
  o.min_lr_count = 1, refused(&o, STEPSIZE_ERROR_SIZE, "min_lr"), o = good;
  o.max_lr_count = SIZE_MAX, refused(&o, STEPSIZE_ERROR_SIZE, "max_lr"), o = good;
  refused(NULL, STEPSIZE_ERROR_NULL, "options");
  CHECK_STATUS(stepsize_controller_greedy(&good, NULL, NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_greedy_defaults(&o, 3), STEPSIZE_ERROR_NAME);
  CHECK(memcmp(&o, &good, sizeof o) == 0);
  CHECK_STATUS(stepsize_greedy_defaults(NULL, 0), STEPSIZE_ERROR_NULL);
  stepsize_controller_destroy(NULL);

  /* Bounds are compared with the base rates where these are known. */
  const double high = 0.5, lr = 1;
  stepsize_controller *controller;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error = {sizeof error, 0, 0, ""};
  o = good, o.max_lr = &high, o.max_lr_count = 1;
  REQUIRE(stepsize_controller_greedy(&o, &controller, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_defaults(&options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &lr, options.controller = controller;
  CHECK_STATUS(stepsize_scheduler_create(&options, &scheduler, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(scheduler == NULL && strstr(error.text, "[0.1, 0.5]"));
  stepsize_controller_destroy(controller);
}

int main(void) {
  huggingface();
  standard();
  refusals();
  return finish();
}
