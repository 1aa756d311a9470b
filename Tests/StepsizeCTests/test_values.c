/* Closed forms and schedules: values at every edge, lengths, bulk values, refusals. */
#include "check.h"

static const double TINY = 5e-324, HUGE_RATE = 1.7976931348623157e308;

static void closed_forms(void) {
  CHECK_SAME(stepsize_linear(0, 10, 2, 0), 2);
  CHECK_SAME(stepsize_linear(5, 10, 2, 0), 1);
  CHECK_SAME(stepsize_linear(10, 10, 2, 0), 0);
  CHECK_SAME(stepsize_linear(11, 10, 2, 0.5), 1);
  CHECK_SAME(stepsize_linear(-1, 10, 2, 0), 2);
  CHECK_SAME(stepsize_linear(INT64_MIN, 10, 2, 0), 2);
  CHECK_SAME(stepsize_linear(INT64_MAX, 10, 2, 0.25), 0.5);
  CHECK_SAME(stepsize_linear(0, INT64_MAX, 2, 0), 2);
  CHECK_SAME(stepsize_linear(INT64_MAX, INT64_MAX, 2, 0), 0);
  CHECK(stepsize_linear(INT64_MAX - 1, INT64_MAX, 2, 0) > 0);
  CHECK_SAME(stepsize_linear(3, 10, 0, 0), 0);
  CHECK_SAME(stepsize_linear(3, 10, 1, 1), 1);

  CHECK_SAME(stepsize_cosine(0, 10, 2, 0), 2);
  CHECK_NEAR(stepsize_cosine(5, 10, 2, 0), 1, 4);
  CHECK_SAME(stepsize_cosine(10, 10, 2, 0), 0);
  CHECK_SAME(stepsize_cosine(10, 10, 2, 0.5), 1);
  CHECK_SAME(stepsize_cosine(INT64_MIN, 10, 2, 0), 2);
  CHECK_SAME(stepsize_cosine(INT64_MAX, 10, 2, 0.5), 1);
  CHECK(stepsize_cosine(999999, 1000000, 1, 0) > 0); /* where 1 + cos would be 0 or rough */
  CHECK_NEAR(stepsize_cosine(999999, 1000000, 1, 0), 2.4674011002703103e-12, 4);

  CHECK_SAME(stepsize_polynomial(5, 10, 1, 0, 2), 0.25);
  CHECK_SAME(stepsize_polynomial(5, 10, 1, 0, 1), 0.5);
  CHECK_SAME(stepsize_polynomial(0, 10, 1, 0, 3.7), 1);
  CHECK_SAME(stepsize_polynomial(10, 10, 1, 0.1, 3.7), 0.1);
  CHECK_SAME(stepsize_polynomial(INT64_MIN, 10, 1, 0, 0.5), 1);
  CHECK_SAME(stepsize_polynomial(INT64_MAX, 10, 1, 0, 0.5), 0);

  CHECK_SAME(stepsize_warmup(0, 4, 1), 0.25);
  CHECK_SAME(stepsize_warmup(2, 4, 1), 0.75);
  CHECK_SAME(stepsize_warmup(3, 4, 1), 1);
  CHECK_SAME(stepsize_warmup(4, 4, 1), 1);
  CHECK_SAME(stepsize_warmup(-9, 4, 1), 0.25);
  CHECK_SAME(stepsize_warmup(INT64_MIN, 4, 1), 0.25);
  CHECK_SAME(stepsize_warmup(INT64_MAX, 4, 1), 1);
  CHECK_SAME(stepsize_warmup(INT64_MAX, INT64_MAX, 1), 1);
  CHECK_SAME(stepsize_warmup(0, 0, 3), 3);
}

/* No rate has a sign: a base rate of -0 is 0, wherever one is given. */
static void minus_zero(void) {
  double base[] = {-0.0, -0.0}, out[2];
  float single[2];
  stepsize_schedule *s = NULL;
  const stepsize_schedule *both[2];
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  CHECK_SAME(stepsize_linear(3, 10, -0.0, -0.0), 0);
  CHECK_SAME(stepsize_cosine(3, 10, -0.0, 0.5), 0);
  CHECK_SAME(stepsize_polynomial(3, 10, -0.0, 0, 2), 0);
  CHECK_SAME(stepsize_warmup(3, 10, -0.0), 0);
  REQUIRE(stepsize_schedule_linear(10, 0, &s, NULL) == STEPSIZE_OK);
  both[0] = both[1] = s;
  /* In a row, at one step, and where the values are found one by one. */
  for (int64_t stride = 0; stride < 3; stride++) {
    CHECK_STATUS(stepsize_schedule_fill(s, 9, stride, -0.0, out, 2), STEPSIZE_OK);
    CHECK_SAME(out[0], 0), CHECK_SAME(out[1], 0);
    CHECK_STATUS(stepsize_schedule_fill_float(s, 9, stride, -0.0, single, 2), STEPSIZE_OK);
    CHECK_SAME(single[0], 0), CHECK_SAME(single[1], 0);
  }
  CHECK_STATUS(stepsize_schedule_rates(both, base, 2, 3, out), STEPSIZE_OK);
  CHECK_SAME(out[0], 0), CHECK_SAME(out[1], 0);
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 2, options.base_lr = base, options.schedule = s;
  options.min_lr = base, options.min_lr_count = 2;
  REQUIRE(stepsize_scheduler_create(&options, &scheduler, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_scheduler_step(scheduler, out, 2), STEPSIZE_OK);
  CHECK_SAME(out[0], 0), CHECK_SAME(out[1], 0);
  CHECK_SAME(stepsize_scheduler_base_lr(scheduler, 1), 0);
  stepsize_scheduler_destroy(scheduler);
  stepsize_schedule_destroy(s);
}

/* Arguments outside their range give NaN, one at a time. */
static void closed_forms_refuse(void) {
  const double bad_rates[] = {-1, -TINY, NAN, INFINITY, -INFINITY};
  const double bad_floors[] = {-TINY, -0.5, 1.0000000000000002, NAN, INFINITY, -INFINITY};
  const double bad_powers[] = {0, -1, NAN, INFINITY, -INFINITY};
  const int64_t bad_totals[] = {0, -1, INT64_MIN};
  for (int i = 0; i < 5; i++) {
    CHECK(isnan(stepsize_linear(1, 10, bad_rates[i], 0)));
    CHECK(isnan(stepsize_cosine(1, 10, bad_rates[i], 0)));
    CHECK(isnan(stepsize_polynomial(1, 10, bad_rates[i], 0, 2)));
    CHECK(isnan(stepsize_warmup(1, 10, bad_rates[i])));
    CHECK(isnan(stepsize_polynomial(1, 10, 1, 0, bad_powers[i])));
  }
  for (int i = 0; i < 6; i++) {
    CHECK(isnan(stepsize_linear(1, 10, 1, bad_floors[i])));
    CHECK(isnan(stepsize_cosine(1, 10, 1, bad_floors[i])));
    CHECK(isnan(stepsize_polynomial(1, 10, 1, bad_floors[i], 2)));
  }
  for (int i = 0; i < 3; i++) {
    CHECK(isnan(stepsize_linear(1, bad_totals[i], 1, 0)));
    CHECK(isnan(stepsize_cosine(1, bad_totals[i], 1, 0)));
    CHECK(isnan(stepsize_polynomial(1, bad_totals[i], 1, 0, 2)));
  }
  CHECK(isnan(stepsize_warmup(1, -1, 1)));
  CHECK(isnan(stepsize_warmup(1, INT64_MIN, 1)));
  /* Large and small rates are legal and stay finite. */
  CHECK_SAME(stepsize_linear(0, 10, HUGE_RATE, 0), HUGE_RATE);
  CHECK_SAME(stepsize_cosine(0, 10, HUGE_RATE, 1), HUGE_RATE);
  CHECK_SAME(stepsize_warmup(3, 4, TINY), TINY);
}

static double at(const stepsize_schedule *schedule, int64_t step) { return stepsize_schedule_at(schedule, step); }

static void schedules(void) {
  stepsize_schedule *s, *a, *b;
  REQUIRE(stepsize_schedule_constant(7, 0.25, &s, NULL) == STEPSIZE_OK);
  CHECK(stepsize_schedule_length(s) == 7);
  CHECK_SAME(at(s, INT64_MIN), 0.25);
  CHECK_SAME(at(s, 0), 0.25);
  CHECK_SAME(at(s, INT64_MAX), 0.25);
  stepsize_schedule_destroy(s);
  REQUIRE(stepsize_schedule_constant(STEPSIZE_NEVER, 3, &s, NULL) == STEPSIZE_OK);
  CHECK(stepsize_schedule_length(s) == STEPSIZE_NEVER);
  CHECK_STATUS(stepsize_schedule_sequence(s, s, &a, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK(a == NULL);
  stepsize_schedule_destroy(s);

  /* A schedule object and the closed form agree in every bit. */
  const int64_t steps[] = {INT64_MIN, -1, 0, 1, 2, 48, 49, 50, 98, 99, 100, 101, INT64_MAX - 1, INT64_MAX};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    REQUIRE(stepsize_schedule_linear(100, 0.1, &s, NULL) == STEPSIZE_OK);
    CHECK(stepsize_schedule_length(s) == 100);
    CHECK_SAME(at(s, steps[i]), stepsize_linear(steps[i], 100, 1, 0.1));
    stepsize_schedule_destroy(s);
    REQUIRE(stepsize_schedule_cosine(100, 0.1, &s, NULL) == STEPSIZE_OK);
    CHECK(stepsize_schedule_length(s) == 100);
    CHECK_SAME(at(s, steps[i]), stepsize_cosine(steps[i], 100, 1, 0.1));
    stepsize_schedule_destroy(s);
    REQUIRE(stepsize_schedule_polynomial(100, 0.1, 1.7, &s, NULL) == STEPSIZE_OK);
    CHECK(stepsize_schedule_length(s) == 100);
    CHECK_SAME(at(s, steps[i]), stepsize_polynomial(steps[i], 100, 1, 0.1, 1.7));
    stepsize_schedule_destroy(s);
    REQUIRE(stepsize_schedule_warmup(100, &s, NULL) == STEPSIZE_OK);
    CHECK(stepsize_schedule_length(s) == 100);
    CHECK_SAME(at(s, steps[i]), stepsize_warmup(steps[i], 100, 1));
    stepsize_schedule_destroy(s);
  }

  double values[] = {1, 0.5, 0, 2};
  REQUIRE(stepsize_schedule_table(values, 4, &s, NULL) == STEPSIZE_OK);
  values[1] = 77; /* it was copied */
  CHECK(stepsize_schedule_length(s) == 4);
  CHECK_SAME(at(s, -5), 1);
  CHECK_SAME(at(s, 1), 0.5);
  CHECK_SAME(at(s, 3), 2);
  CHECK_SAME(at(s, 4), 2);
  CHECK_SAME(at(s, INT64_MAX), 2);
  stepsize_schedule_destroy(s);

  REQUIRE(stepsize_schedule_warmup(4, &a, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_linear(10, 0, &b, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_sequence(a, b, &s, NULL) == STEPSIZE_OK);
  stepsize_schedule *product, *scaled, *clamped;
  REQUIRE(stepsize_schedule_product(a, b, &product, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_scale(b, 3, &scaled, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_clamp(b, 0.25, 0.75, &clamped, NULL) == STEPSIZE_OK);
  stepsize_schedule_destroy(a); /* parts may go before the whole */
  stepsize_schedule_destroy(b);
  CHECK(stepsize_schedule_length(s) == 14);
  CHECK_SAME(at(s, 0), 0.25);
  CHECK_SAME(at(s, 3), 1);
  CHECK_SAME(at(s, 4), 1);
  CHECK_SAME(at(s, 9), 0.5);
  CHECK_SAME(at(s, 14), 0);
  CHECK(stepsize_schedule_length(product) == 10);
  CHECK_SAME(at(product, 0), 0.25);
  CHECK_SAME(at(product, 5), 0.5);
  CHECK(stepsize_schedule_length(scaled) == 10);
  CHECK_SAME(at(scaled, 0), 3);
  CHECK_SAME(at(scaled, 5), 1.5);
  CHECK_SAME(at(clamped, 0), 0.75);
  CHECK_SAME(at(clamped, 5), 0.5);
  CHECK_SAME(at(clamped, 10), 0.25);
  stepsize_schedule_destroy(s);
  stepsize_schedule_destroy(product);
  stepsize_schedule_destroy(scaled);
  stepsize_schedule_destroy(clamped);

  CHECK(isnan(at(NULL, 0)));
  CHECK(stepsize_schedule_length(NULL) == -1);
  stepsize_schedule_destroy(NULL);
}

/* A refusal names field and value, and leaves NULL. */
static void schedules_refuse(void) {
  stepsize_schedule *s = (stepsize_schedule *)&check_passed;
  stepsize_error error = {0};
  CHECK_STATUS(stepsize_schedule_linear(0, 0, &s, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(s == NULL);
  CHECK(error.status == STEPSIZE_ERROR_ARGUMENT);
  CHECK(error.offset == -1);
  CHECK(strstr(error.text, "linear") && strstr(error.text, "total") && strstr(error.text, "0"));
  CHECK_STATUS(stepsize_schedule_cosine(10, 1.5, &s, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "floor") && strstr(error.text, "1.5") && strstr(error.text, "[0, 1]"));
  CHECK_STATUS(stepsize_schedule_polynomial(10, 0, 0, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_constant(-1, 1, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_constant(1, NAN, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_constant(1, -1, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_warmup(-1, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  const double bad[] = {1, -1};
  CHECK_STATUS(stepsize_schedule_table(bad, 2, &s, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_table(NULL, 2, &s, NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_table(bad, 16777217, &s, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_schedule_linear(1, 0, NULL, &error), STEPSIZE_ERROR_NULL);
  CHECK(error.status == STEPSIZE_ERROR_NULL && error.text[0]);

  stepsize_schedule *half = parsed("constant(4611686018427387904)"), *twice = NULL;
  CHECK_STATUS(stepsize_schedule_sequence(half, half, &twice, &error), STEPSIZE_ERROR_LIMIT);
  CHECK(twice == NULL);
  CHECK_STATUS(stepsize_schedule_scale(half, -1, &twice, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_scale(half, NAN, &twice, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_clamp(half, 1, 0.5, &twice, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_clamp(half, 0, INFINITY, &twice, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_product(half, NULL, &twice, NULL), STEPSIZE_ERROR_NULL);
  stepsize_schedule_destroy(half);
}

/* first + i stride, kept in the range of int64_t. */
static int64_t step_of(int64_t first, int64_t stride, int64_t i) {
  __extension__ typedef __int128 wide;
  wide step = (wide)first + (wide)stride * i;
  return step > INT64_MAX ? INT64_MAX : step < INT64_MIN ? INT64_MIN : (int64_t)step;
}

enum { FILLED = 67 };

static void fill_equals_at(const char *text, int64_t first, int64_t stride, double base) {
  stepsize_schedule *s = parsed(text);
  double out[FILLED + 1];
  float single[FILLED + 1];
  int wrong = 0;
  out[FILLED] = -7, single[FILLED] = -7;
  REQUIRE(stepsize_schedule_fill(s, first, stride, base, out, FILLED) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_fill_float(s, first, stride, base, single, FILLED) == STEPSIZE_OK);
  for (int i = 0; i < FILLED; i++) {
    double expected = base * at(s, step_of(first, stride, i));
    if (expected > HUGE_RATE) expected = HUGE_RATE;
    float rounded = expected > 3.4028234663852886e38 ? 3.4028234663852886e38f : (float)expected;
    if (expected > 0 && rounded == 0) rounded = 1.4012984643248171e-45f;
    if (bits_of(out[i]) != bits_of(expected) || memcmp(&single[i], &rounded, sizeof rounded)) wrong++;
  }
  if (!CHECK(wrong == 0 && "fill equals at") && check_is_told())
    fprintf(stderr, "    %s, first %lld, stride %lld, base %g: %d values\n", text, (long long)first,
            (long long)stride, base, wrong);
  CHECK(out[FILLED] == -7 && single[FILLED] == -7);
  stepsize_schedule_destroy(s);
}

static void filling(void) {
  const char *texts[] = {
      "warmup(5) >> cosine(40, floor=0.1)",
      "linear(50)",
      "cosine(33)",
      "polynomial(50, power=1.5)",
      "table([1, 0.5, 1e-320, 1e308])",
      "2 * linear(20) * cosine(30) >> constant(5) >> clamp(cosine(9), min=0.25)",
      "constant(9223372036854775806) >> linear(1)",
      "linear(9223372036854775807)",
      "cosine(9007199254740993)",
  };
  const int64_t firsts[] = {INT64_MIN, INT64_MIN + 1, -3, 0, 1, 4, 5, 44, 1000, INT64_MAX - 30, INT64_MAX};
  const int64_t strides[] = {1, 0, -1, 2, -7, 1LL << 62, -(1LL << 62), INT64_MAX, INT64_MIN, 1LL << 53};
  const double bases[] = {1, 1e-3, 0, 1e300};
  for (size_t a = 0; a < sizeof texts / sizeof *texts; a++)
    for (size_t b = 0; b < sizeof firsts / sizeof *firsts; b++)
      for (size_t c = 0; c < sizeof strides / sizeof *strides; c++)
        for (size_t d = 0; d < 4; d++) fill_equals_at(texts[a], firsts[b], strides[c], bases[d]);
}

static void extending(void) {
  stepsize_schedule *s = parsed("linear(100)"), *extended = NULL;
  CHECK_STATUS(stepsize_schedule_extend(s, 200, STEPSIZE_EXTEND_CONTINUE, 50, &extended, NULL), STEPSIZE_OK);
  CHECK(stepsize_schedule_length(extended) == 200);
  for (int64_t t = 0; t <= 50; t++) CHECK(stepsize_schedule_at(extended, t) == stepsize_schedule_at(s, t));
  CHECK(fabs(stepsize_schedule_at(extended, 125) - 0.25) < 1e-15);
  stepsize_schedule_destroy(extended);
  CHECK_STATUS(stepsize_schedule_extend(s, 200, 3, 50, &extended, NULL), STEPSIZE_ERROR_NAME);
  CHECK(extended == NULL);
  CHECK_STATUS(stepsize_schedule_extend(s, 200, STEPSIZE_EXTEND_CONTINUE, 100, &extended, NULL), STEPSIZE_ERROR_ARGUMENT);
  stepsize_schedule_destroy(s);
}

static void filling_refuses(void) {
  stepsize_schedule *s = parsed("linear(10)");
  double out[4] = {9, 9, 9, 9};
  float single[4] = {9, 9, 9, 9};
  CHECK_STATUS(stepsize_schedule_fill(NULL, 0, 1, 1, out, 4), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_fill(s, 0, 1, 1, NULL, 4), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_fill(s, 0, 1, 1, NULL, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_fill(s, 0, 1, 1, out, 0), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_fill(s, 0, 1, 1, out, SIZE_MAX), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_schedule_fill_float(s, 0, 1, 1, single, SIZE_MAX / 4), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_schedule_fill_float(NULL, 0, 1, 1, single, 4), STEPSIZE_ERROR_NULL);
  const double bad[] = {-1, NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 4; i++) {
    CHECK_STATUS(stepsize_schedule_fill(s, 0, 1, bad[i], out, 4), STEPSIZE_ERROR_ARGUMENT);
    CHECK_STATUS(stepsize_schedule_fill_float(s, 0, 1, bad[i], single, 4), STEPSIZE_ERROR_ARGUMENT);
  }
  for (int i = 0; i < 4; i++) CHECK(out[i] == 9 && single[i] == 9);
  stepsize_schedule_destroy(s);
}

static void catalogue(stepsize_catalogue which, size_t least) {
  size_t count = stepsize_catalogue_count(which), size = 0;
  char name[64], text[8192];
  CHECK(count >= least);
  for (size_t i = 0; i < count; i++) {
    CHECK_STATUS(stepsize_catalogue_text(which, i, STEPSIZE_TEXT_NAME, name, sizeof name, &size), STEPSIZE_OK);
    CHECK(size == strlen(name) && size > 0);
    for (stepsize_text what = STEPSIZE_TEXT_NAME; what <= STEPSIZE_TEXT_SOURCE; what++) {
      CHECK_STATUS(stepsize_catalogue_text(which, i, what, text, sizeof text, &size), STEPSIZE_OK);
      CHECK(size == strlen(text) && (size > 0 || what == STEPSIZE_TEXT_SOURCE));
    }
    CHECK_STATUS(stepsize_catalogue_text(which, i, STEPSIZE_TEXT_KIND, text, sizeof text, &size), STEPSIZE_ERROR_NAME);
    CHECK_STATUS(stepsize_catalogue_text(which, i, STEPSIZE_TEXT_NAME, text, 2, &size), STEPSIZE_ERROR_SIZE);
    CHECK(size == strlen(name) && text[0] == name[0] && text[1] == 0);
    size_t parameters = stepsize_catalogue_parameter_count(which, i);
    for (size_t p = 0; p < parameters; p++) {
      const stepsize_text whats[] = {STEPSIZE_TEXT_NAME, STEPSIZE_TEXT_SUMMARY, STEPSIZE_TEXT_KIND, STEPSIZE_TEXT_RANGE,
                                     STEPSIZE_TEXT_DEFAULT, STEPSIZE_TEXT_UNIT};
      for (int w = 0; w < 6; w++) {
        CHECK_STATUS(stepsize_catalogue_parameter_text(which, i, p, whats[w], text, sizeof text, &size), STEPSIZE_OK);
        CHECK(size == strlen(text) && (size > 0 || w > 1));
      }
      CHECK_STATUS(stepsize_catalogue_parameter_text(which, i, p, STEPSIZE_TEXT_VALUE, text, sizeof text, NULL),
                   STEPSIZE_ERROR_NAME);
    }
    CHECK_STATUS(stepsize_catalogue_parameter_text(which, i, parameters, STEPSIZE_TEXT_NAME, text, sizeof text, NULL),
                 STEPSIZE_ERROR_ARGUMENT);
  }
  CHECK_STATUS(stepsize_catalogue_text(which, count, STEPSIZE_TEXT_NAME, text, sizeof text, NULL),
               STEPSIZE_ERROR_ARGUMENT);
  CHECK(stepsize_catalogue_parameter_count(which, count) == 0);
}

/* Groups with base rates of their own: the products, and groups with the same schedule need no order. */
static void rates_of_groups(void) {
  stepsize_schedule *a, *b;
  REQUIRE(stepsize_schedule_linear(100, 0, &a, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_cosine(100, 0.1, &b, NULL) == STEPSIZE_OK);
  const stepsize_schedule *const schedules[] = {a, a, b, a};
  const double bases[] = {1, 0.5, 2, HUGE_RATE};
  const int64_t steps[] = {INT64_MIN, -1, 0, 1, 50, 99, 100, INT64_MAX};
  double lrs[4];
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    CHECK_STATUS(stepsize_schedule_rates(schedules, bases, 4, steps[i], lrs), STEPSIZE_OK);
    for (int group = 0; group < 4; group++) CHECK_SAME(lrs[group], bases[group] * at(schedules[group], steps[i]));
  }
  /* A rate stays a number. */
  stepsize_schedule *c;
  REQUIRE(stepsize_schedule_constant(STEPSIZE_NEVER, 8, &c, NULL) == STEPSIZE_OK);
  const stepsize_schedule *const one[] = {c};
  CHECK_STATUS(stepsize_schedule_rates(one, &bases[3], 1, 0, lrs), STEPSIZE_OK);
  CHECK(isfinite(lrs[0]) && lrs[0] >= HUGE_RATE);
  /* Nothing is written where one is NULL. */
  const stepsize_schedule *const holes[] = {a, NULL};
  lrs[0] = lrs[1] = 7;
  CHECK_STATUS(stepsize_schedule_rates(holes, bases, 2, 0, lrs), STEPSIZE_ERROR_NULL);
  CHECK(lrs[0] == 7 && lrs[1] == 7);
  const double refused[] = {NAN, INFINITY, -INFINITY, -1, -5e-324};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const double mixed[4] = {1, 1, 1, refused[i]};
    CHECK_STATUS(stepsize_schedule_rates(schedules, mixed, 4, 0, lrs), STEPSIZE_ERROR_ARGUMENT);
    CHECK(lrs[0] == 7);
  }
  stepsize_schedule_destroy(a);
  stepsize_schedule_destroy(b);
  stepsize_schedule_destroy(c);
}

int main(void) {
  closed_forms();
  minus_zero();
  closed_forms_refuse();
  schedules();
  schedules_refuse();
  filling();
  rates_of_groups();
  extending();
  filling_refuses();
  catalogue(STEPSIZE_CATALOGUE_SCHEDULES, 40);
  catalogue(STEPSIZE_CATALOGUE_CONTROLLERS, 6);
  catalogue(STEPSIZE_CATALOGUE_CONTROLLERS + 1, 0); /* there is none: nothing is in it */
  CHECK(stepsize_catalogue_count(STEPSIZE_CATALOGUE_CONTROLLERS + 1) == 0);
  return finish();
}
