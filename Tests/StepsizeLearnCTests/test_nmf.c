/* Factorizations through the C interface: the loss, the bounds, seeds, strides, factors, errors. */
#include "check.h"

#include "stepsize/learn.h"

#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))

enum { ROWS = 37, COLUMNS = 23, STRIDE = 29, RANK = 4 };
static double x[ROWS * STRIDE];
static double w[ROWS * RANK], h[RANK * COLUMNS];

static double uniform(uint64_t *state) { return (double)(random_bits(state) >> 11) * 0x1p-53; }

static stepsize_nmf_options defaults(void) {
  stepsize_nmf_options options;
  REQUIRE(stepsize_nmf_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.rank = RANK;
  return options;
}

static stepsize_nmf *made(const stepsize_nmf_options *options) {
  stepsize_nmf *nmf = NULL;
  stepsize_error error = {0};
  if (stepsize_nmf_create(options, x, ROWS, COLUMNS, STRIDE, &nmf, &error) != STEPSIZE_OK) puts(error.text);
  REQUIRE(nmf != NULL);
  return nmf;
}

static void get(const stepsize_nmf *nmf) {
  REQUIRE(stepsize_nmf_get_factors(nmf, w, ROWS * RANK, h, RANK * COLUMNS) == STEPSIZE_OK);
}

/* From its definition. */
static double loss_of_factors(void) {
  double sum = 0;
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLUMNS; j++) {
      double residual = x[i * STRIDE + j];
      for (int k = 0; k < RANK; k++) residual -= w[i * RANK + k] * h[k * COLUMNS + j];
      sum += residual * residual;
    }
  return sum / 2;
}

static double squares_of(const double *values, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) sum += values[i] * values[i];
  return sum;
}

static void losses_and_bounds(void) {
  stepsize_nmf_options options = defaults();
  double norm = 0;
  for (int i = 0; i < ROWS; i++) norm += squares_of(x + i * STRIDE, COLUMNS);
  norm = sqrt(norm);
  options.order = STEPSIZE_NMF_SIMULTANEOUS;
  options.theta = 1.404;
  stepsize_nmf *nmf = made(&options);
  CHECK(fabs(stepsize_nmf_apriori_bound(nmf) * (3 * sqrt(RANK) + 1) * norm / 1.404 - 1) < 1e-12);
  double last = INFINITY;
  for (int t = 0; t < 300; t++) {
    stepsize_nmf_update update = {.size = sizeof update};
    double loss;
    get(nmf);
    CHECK_STATUS(stepsize_nmf_loss(nmf, x, STRIDE, &loss, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, 1e9, &update, NULL), STEPSIZE_OK);
    CHECK(fabs(loss - loss_of_factors()) <= 1e-12 * norm * norm && fabs(update.loss - loss) <= 1e-13 * norm * norm);
    CHECK(loss <= last + 1e-13 * norm * norm);
    double curvature = squares_of(w, ROWS * RANK) + squares_of(h, RANK * COLUMNS) + sqrt(2 * loss);
    CHECK(fabs(update.w_bound * curvature / 1.404 - 1) < 1e-10);
    CHECK(update.clipped == 1 && update.w_rate == update.w_bound && update.h_rate == update.w_rate);
    CHECK(update.rows == ROWS && fabs(sqrt(update.squares) / norm - 1) < 1e-12 && update.w_gradient > 0);
    last = loss;
  }
  stepsize_nmf_destroy(nmf);
}

static void seeds_and_batches(void) {
  stepsize_nmf_options options = defaults();
  options.batch_size = 8, options.relative = 1, options.seed = 5;
  stepsize_nmf *a = made(&options), *b = made(&options);
  options.seed = 6;
  stepsize_nmf *c = made(&options);
  int same = 1, other = 0;
  int64_t rows = 0;
  for (int t = 0; t < 50; t++) {
    stepsize_nmf_update u = {.size = sizeof u}, v = u, z = u;
    CHECK_STATUS(stepsize_nmf_step(a, x, STRIDE, 0.5, &u, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_nmf_step(b, x, STRIDE, 0.5, &v, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_nmf_step(c, x, STRIDE, 0.5, &z, NULL), STEPSIZE_OK);
    same = same && bits_of(u.loss) == bits_of(v.loss);
    other = other || u.loss != z.loss;
    CHECK(u.w_rate == 0.5 * u.w_bound && !u.clipped);
    rows += u.rows;
    if (t % 5 == 4) CHECK(rows == (t + 1) / 5 * ROWS);
  }
  CHECK(same && other);
  stepsize_nmf_destroy(a), stepsize_nmf_destroy(b), stepsize_nmf_destroy(c);
}

static void factors_and_transform(void) {
  stepsize_nmf_options options = defaults();
  stepsize_nmf *nmf = made(&options);
  for (int t = 0; t < 200; t++) CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, 1e9, NULL, NULL), STEPSIZE_OK);
  get(nmf);
  double found[ROWS * RANK], before = loss_of_factors(), loss;
  CHECK_STATUS(stepsize_nmf_transform(h, RANK, COLUMNS, x, ROWS, STRIDE, 1000, found, NULL), STEPSIZE_OK);
  memcpy(w, found, sizeof w);
  CHECK(loss_of_factors() <= before * (1 + 1e-9));
  CHECK_STATUS(stepsize_nmf_set_factors(nmf, found, ROWS * RANK, NULL, 0, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_nmf_loss(nmf, x, STRIDE, &loss, NULL), STEPSIZE_OK);
  CHECK(fabs(loss - loss_of_factors()) <= 1e-9 * before);
  stepsize_error error = {0};
  found[3] = -1;
  CHECK_STATUS(stepsize_nmf_set_factors(nmf, found, ROWS * RANK, NULL, 0, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "w = -1") != NULL);
  CHECK_STATUS(stepsize_nmf_set_factors(nmf, found, 3, NULL, 0, &error), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_nmf_get_factors(nmf, w, 3, NULL, 0), STEPSIZE_ERROR_SIZE);
  stepsize_nmf_destroy(nmf);
}

static void errors(void) {
  stepsize_nmf_options options = defaults();
  stepsize_nmf *nmf = NULL;
  stepsize_error error = {0};
  x[2 * STRIDE + 3] = -0.5;
  CHECK_STATUS(stepsize_nmf_create(&options, x, ROWS, COLUMNS, STRIDE, &nmf, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_TEXT(error.text, "nmf: x[2, 3] = -0.5, expected a number in [0, 1e100]");
  x[2 * STRIDE + 3] = NAN;
  CHECK_STATUS(stepsize_nmf_create(&options, x, ROWS, COLUMNS, STRIDE, &nmf, &error), STEPSIZE_ERROR_ARGUMENT);
  x[2 * STRIDE + 3] = 0.5;
  options.rank = COLUMNS + 1;
  CHECK_STATUS(stepsize_nmf_create(&options, x, ROWS, COLUMNS, STRIDE, &nmf, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_TEXT(error.text, "nmf: rank = 24, expected an integer from 1 to 23");
  options = defaults();
  CHECK_STATUS(stepsize_nmf_create(&options, x, 0, COLUMNS, STRIDE, &nmf, &error), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS - 1, &nmf, &error), STEPSIZE_ERROR_SIZE);
  options.bound = 4;
  CHECK_STATUS(stepsize_nmf_create(&options, x, ROWS, COLUMNS, STRIDE, &nmf, &error), STEPSIZE_ERROR_NAME);
  CHECK(nmf == NULL);
  options = defaults();
  nmf = made(&options);
  stepsize_nmf_update update = {.size = 8};
  CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, 0.1, &update, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_nmf_step(nmf, x, COLUMNS - 1, 0.1, NULL, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, NAN, NULL, NULL), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, -1, NULL, NULL), STEPSIZE_ERROR_ARGUMENT);
  stepsize_nmf_destroy(nmf);
}

/* Rows that are none of a matrix without negative entries: the update says which entry, changes nothing, and is made
   once the entry is mended. */
static void illegal_rows(void) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{NAN, "nan"}, {-0.5, "-0.5"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}, {2e100, "2e100"}};
  for (int order = 0; order < 2; order++) {
    stepsize_nmf_options options = defaults();
    options.batch_size = 5, options.relative = 1, options.order = order;
    stepsize_nmf *nmf = made(&options), *twin = made(&options);
    int refusals = 0;
    for (int t = 0; t < 40; t++) {
      stepsize_nmf_update u = {.size = sizeof u}, v = u, kept = u;
      stepsize_error error = {0};
      /* A row in one of eight batches. */
      int i = 7 * t % ROWS, j = t % 2 ? COLUMNS - 1 : 5 * t % COLUMNS;
      double *entry = &x[i * STRIDE + j], good = *entry, loss = 0.5;
      *entry = cases[t % 5].value;
      char text[128];
      sprintf(text, "nmf: x[%d, %d] = %s, expected a number in [0, 1e100]", i, j, cases[t % 5].text);
      CHECK_STATUS(stepsize_nmf_loss(nmf, x, STRIDE, &loss, &error), STEPSIZE_ERROR_ARGUMENT);
      CHECK_TEXT(error.text, text);
      CHECK(loss == 0.5);
      error.text[0] = 0;
      int32_t status = stepsize_nmf_step(nmf, x, STRIDE, 0.5, &u, &error);
      *entry = good;
      if (status != STEPSIZE_OK) {
        CHECK_STATUS(status, STEPSIZE_ERROR_ARGUMENT);
        CHECK_TEXT(error.text, text);
        CHECK(memcmp(&u, &kept, sizeof u) == 0);
        refusals++;
        CHECK_STATUS(stepsize_nmf_step(nmf, x, STRIDE, 0.5, &u, &error), STEPSIZE_OK);
      }
      CHECK_STATUS(stepsize_nmf_step(twin, x, STRIDE, 0.5, &v, NULL), STEPSIZE_OK);
      CHECK(memcmp(&u, &v, sizeof u) == 0);
    }
    CHECK(refusals > 1 && refusals < 20);
    stepsize_nmf_destroy(nmf), stepsize_nmf_destroy(twin);
  }
}

/* The same of a transform, for its rows and for H. */
static void illegal_transforms(void) {
  static const double values[] = {NAN, -0.5, INFINITY, -INFINITY, 2e100};
  double parts[RANK * COLUMNS], found[ROWS * RANK];
  for (int i = 0; i < RANK * COLUMNS; i++) parts[i] = 1 + i % 3;
  for (size_t k = 0; k < sizeof values / sizeof *values; k++)
    for (int is_row = 0; is_row < 2; is_row++) {
      stepsize_error error = {0};
      double *entry = is_row ? &x[3 * STRIDE + 4] : &parts[7], good = *entry;
      for (int i = 0; i < ROWS * RANK; i++) found[i] = -7;
      *entry = values[k];
      CHECK_STATUS(stepsize_nmf_transform(parts, RANK, COLUMNS, x, ROWS, STRIDE, 9, found, &error), STEPSIZE_ERROR_ARGUMENT);
      CHECK(strstr(error.text, is_row ? "nmf: x[3, 4] = " : "nmf: h = ") == error.text);
      CHECK(found[0] == -7 && found[ROWS * RANK - 1] == -7);
      *entry = good;
      CHECK_STATUS(stepsize_nmf_transform(parts, RANK, COLUMNS, x, ROWS, STRIDE, 9, found, &error), STEPSIZE_OK);
      CHECK(found[0] >= 0);
    }
}

/* A norm of -0 is 0: the factors of zeros have no sign. */
static void a_norm_with_a_sign(void) {
  static const double zeros[2];
  stepsize_nmf_options options = defaults();
  stepsize_nmf *nmf = NULL;
  double w = NAN, h[2];
  options.rank = 1, options.batch_size = 0, options.norm = -0.0;
  CHECK_STATUS(stepsize_nmf_create(&options, zeros, 1, 2, 2, &nmf, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_nmf_step(nmf, zeros, 2, 0.5, NULL, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_nmf_get_factors(nmf, &w, 1, h, 2), STEPSIZE_OK);
  CHECK(w == 0 && !signbit(w) && h[0] == 0 && !signbit(h[0]) && h[1] == 0 && !signbit(h[1]));
  stepsize_nmf_destroy(nmf);
}

/* Layout and defaults of the public structs. */
static void structs(void) {
  CHECK(sizeof(stepsize_nmf_options) == 72);
  AT(stepsize_nmf_options, size, 0);
  AT(stepsize_nmf_options, order, 4);
  AT(stepsize_nmf_options, bound, 8);
  AT(stepsize_nmf_options, relative, 12);
  AT(stepsize_nmf_options, rank, 16);
  AT(stepsize_nmf_options, batch_size, 24);
  AT(stepsize_nmf_options, seed, 32);
  AT(stepsize_nmf_options, w_steps, 40);
  AT(stepsize_nmf_options, h_steps, 48);
  AT(stepsize_nmf_options, theta, 56);
  AT(stepsize_nmf_options, norm, 64);

  CHECK(sizeof(stepsize_nmf_update) == 80);
  AT(stepsize_nmf_update, size, 0);
  AT(stepsize_nmf_update, clipped, 4);
  AT(stepsize_nmf_update, loss, 8);
  AT(stepsize_nmf_update, squares, 16);
  AT(stepsize_nmf_update, w_rate, 24);
  AT(stepsize_nmf_update, h_rate, 32);
  AT(stepsize_nmf_update, w_bound, 40);
  AT(stepsize_nmf_update, h_bound, 48);
  AT(stepsize_nmf_update, w_gradient, 56);
  AT(stepsize_nmf_update, h_gradient, 64);
  AT(stepsize_nmf_update, rows, 72);
  stepsize_nmf_options nmf;
  memset(&nmf, 0x5a, sizeof nmf);
  CHECK_STATUS(stepsize_nmf_defaults(&nmf, sizeof nmf), STEPSIZE_OK);
  CHECK(nmf.size == sizeof nmf && nmf.order == STEPSIZE_NMF_ALTERNATING && nmf.bound == STEPSIZE_NMF_BOUND_STATE);
  CHECK(nmf.relative == 0 && nmf.rank == 1 && nmf.batch_size == 0 && nmf.seed == 0 && nmf.norm == 0);
  CHECK(nmf.w_steps == 20 && nmf.h_steps == 10 && nmf.theta == 1.4);
}

int main(void) {
  uint64_t state = 1;
  for (int i = 0; i < ROWS * STRIDE; i++) x[i] = i % STRIDE < COLUMNS ? uniform(&state) * uniform(&state) : NAN;
  losses_and_bounds();
  seeds_and_batches();
  factors_and_transform();
  errors();
  illegal_rows();
  illegal_transforms();
  a_norm_with_a_sign();
  structs();
  return finish();
}
