#include "twin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct group {
  double initial, base, min, max;
} group;

static double clamp(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

static double finite_rate(double x) { return x > DBL_MAX ? DBL_MAX : x; }

static int is_misaligned(const double *lrs) { return (uintptr_t)lrs % _Alignof(double) != 0; }

static group *make_groups(size_t count, const double *base, const double *min, const double *max) {
  group *groups = malloc(count * sizeof *groups);
  if (!groups) return NULL;
  for (size_t i = 0; i < count; i++) groups[i] = (group){base[i], base[i], min[i], max[i]};
  return groups;
}

/* ---- Linear ------------------------------------------------------------------------------------ */

struct twin_linear {
  int64_t step, total;
  double floor;
  size_t count;
  group *groups;
};

int32_t twin_linear_create(int64_t total, double floor, size_t group_count, const double *base, const double *min,
                           const double *max, twin_linear **out) {
  twin_linear *s = malloc(sizeof *s);
  if (!s) return TWIN_ERROR_ARGUMENT;
  *s = (twin_linear){0, total, floor, group_count, make_groups(group_count, base, min, max)};
  *out = s;
  return TWIN_OK;
}

int32_t twin_linear_step(twin_linear *s, double *lrs, size_t count) {
  if (!s) return TWIN_ERROR_NULL;
  if (!lrs && count) return TWIN_ERROR_NULL;
  if (lrs && (count < s->count || is_misaligned(lrs))) return TWIN_ERROR_SIZE;
  if (s->step < INT64_MAX) s->step++;
  if (!lrs) return TWIN_OK;
  int64_t t = s->step < s->total ? s->step : s->total;
  double multiplier = s->floor + (1 - s->floor) * ((double)(s->total - t) / (double)s->total);
  for (size_t i = 0; i < s->count; i++) {
    const group *g = &s->groups[i];
    lrs[i] = clamp(finite_rate(g->base * multiplier), g->min, g->max);
  }
  return TWIN_OK;
}

void twin_linear_destroy(twin_linear *s) {
  if (!s) return;
  free(s->groups);
  free(s);
}

/* ---- GreedyLR ---------------------------------------------------------------------------------- */

struct twin_greedy {
  int huggingface;
  double factor, threshold, eps;
  int64_t patience, cooldown, warmup, reset_start;
  double best;
  int64_t good, bad, cooldown_left, warmup_left, reset_left;
  int64_t step;
  /* The moving average. */
  int64_t window, cursor, filled;
  double sum, *slots;
  /* Bounds of the base rates. */
  double *lower, *upper;
  size_t count;
  group *groups;
};

int32_t twin_greedy_create(int huggingface, int64_t window, size_t group_count, const double *base,
                           const double *min, const double *max, twin_greedy **out) {
  twin_greedy *s = calloc(1, sizeof *s);
  if (!s) return TWIN_ERROR_ARGUMENT;
  s->huggingface = huggingface;
  s->factor = 0.95, s->threshold = 1e-6, s->eps = 1e-8;
  s->patience = 10, s->reset_start = s->reset_left = 500;
  s->best = INFINITY;
  s->window = window;
  s->slots = calloc((size_t)(window ? window : 1), sizeof(double));
  s->lower = malloc(group_count * sizeof(double));
  s->upper = malloc(group_count * sizeof(double));
  s->count = group_count;
  s->groups = make_groups(group_count, base, min, max);
  if (!s->slots || !s->lower || !s->upper || !s->groups) return twin_greedy_destroy(s), TWIN_ERROR_ARGUMENT;
  for (size_t i = 0; i < group_count; i++) s->lower[i] = 0.1 * base[i], s->upper[i] = 10 * base[i];
  *out = s;
  return TWIN_OK;
}

/* The mean of the last values from two sums; nothing is ever subtracted. */
static double exact_mean(twin_greedy *s, double x) {
  s->slots[s->cursor] = x;
  s->sum += x;
  s->cursor++;
  if (s->cursor < s->window)
    return s->filled ? (s->sum + s->slots[s->cursor]) / (double)s->window : s->sum / (double)s->cursor;
  double mean = s->sum / (double)s->window, suffix = 0;
  for (int64_t i = s->window - 1; i >= 0; i--) s->slots[i] = suffix += s->slots[i];
  s->cursor = 0, s->sum = 0, s->filled = 1;
  return mean;
}

/* Add the new value, then subtract the evicted one. */
static double streaming_mean(twin_greedy *s, double x) {
  s->sum += x;
  if (s->filled == s->window)
    s->sum -= s->slots[s->cursor];
  else
    s->filled++;
  s->slots[s->cursor] = x;
  if (++s->cursor == s->window) s->cursor = 0;
  return s->sum / (double)s->filled;
}

static int is_change(const twin_greedy *s, double amount, double old, double new_, double bound) {
  if (s->huggingface) return amount > s->eps;
  return amount > s->eps * old || (new_ == bound && amount > 0);
}

static void raise_rates(twin_greedy *s) {
  for (size_t i = 0; i < s->count; i++) {
    double old = s->groups[i].base, new_ = old / s->factor;
    if (new_ > s->upper[i]) new_ = s->upper[i];
    if (is_change(s, new_ - old, old, new_, s->upper[i])) s->groups[i].base = new_;
  }
  s->reset_left = s->reset_start;
}

static int cut_rates(twin_greedy *s) {
  int at_bottom = 1;
  for (size_t i = 0; i < s->count; i++) {
    double old = s->groups[i].base, new_ = old * s->factor;
    if (new_ < s->lower[i]) new_ = s->lower[i];
    if (is_change(s, old - new_, old, new_, s->lower[i])) s->groups[i].base = new_;
    if (s->groups[i].base > s->lower[i]) at_bottom = 0;
  }
  if (!at_bottom || s->reset_start == INT64_MAX) return 0;
  if (s->reset_left > 1) {
    s->reset_left--;
    return 0;
  }
  for (size_t i = 0; i < s->count; i++) s->groups[i].base = s->groups[i].initial;
  s->best = INFINITY;
  s->good = s->bad = s->cooldown_left = s->warmup_left = 0;
  s->reset_left = s->reset_start;
  s->cursor = s->filled = 0, s->sum = 0;
  return 1;
}

static void observe(twin_greedy *s, double loss) {
  double x = loss;
  if (s->huggingface) {
    if (s->window) x = streaming_mean(s, loss);
  } else if (!isfinite(loss)) {
    x = NAN;
  } else if (s->window) {
    x = exact_mean(s, loss);
  }
  if (s->cooldown_left > 0) {
    s->cooldown_left--;
    s->good = s->bad = 0;
    return;
  }
  if (s->warmup_left > 0) {
    s->warmup_left--;
    s->good = s->bad = 0;
    return;
  }
  if (x < s->best - s->threshold) {
    s->best = x, s->bad = 0, s->good++;
  } else {
    s->bad++, s->good = 0;
  }
  if (s->good > s->patience) {
    raise_rates(s);
    s->warmup_left = s->warmup;
    s->good = 0;
  } else if (s->bad > s->patience) {
    int was_reset = cut_rates(s);
    if (!was_reset || s->huggingface) s->cooldown_left = s->cooldown;
    s->bad = 0;
  }
}

int32_t twin_greedy_step_with_loss(twin_greedy *s, double loss, double *lrs, size_t count) {
  if (!s) return TWIN_ERROR_NULL;
  if (!lrs && count) return TWIN_ERROR_NULL;
  if (lrs && (count < s->count || is_misaligned(lrs))) return TWIN_ERROR_SIZE;
  observe(s, loss);
  if (s->step < INT64_MAX) s->step++;
  if (!lrs) return TWIN_OK;
  for (size_t i = 0; i < s->count; i++) {
    const group *g = &s->groups[i];
    lrs[i] = clamp(g->base, g->min, g->max);
  }
  return TWIN_OK;
}

void twin_greedy_destroy(twin_greedy *s) {
  if (!s) return;
  free(s->slots);
  free(s->lower);
  free(s->upper);
  free(s->groups);
  free(s);
}

/* ---- Warm-up and cosine ------------------------------------------------------------------------ */

#define PI 3.14159265358979323846

double twin_schedule_at(const twin_schedule *s, int64_t step) {
  if (!s) return NAN;
  if (step < 0) step = 0;
  if (step < s->warmup) return (double)(step + 1) / (double)s->warmup;
  step -= s->warmup;
  if (step > s->total) step = s->total;
  return s->floor + (1 - s->floor) * (0.5 * (1 + cos(PI * (double)step / (double)s->total)));
}

/* ---- Many values ------------------------------------------------------------------------------- */

static int32_t check_fill(double base, const double *out, size_t count) {
  if (!out && count) return TWIN_ERROR_NULL;
  if (is_misaligned(out)) return TWIN_ERROR_SIZE;
  return base >= 0 && base <= DBL_MAX ? TWIN_OK : TWIN_ERROR_ARGUMENT;
}

int32_t twin_fill_linear(int64_t total, double floor, int64_t first, double base, double *out, size_t count) {
  int32_t status = check_fill(base, out, count);
  if (status) return status;
  for (size_t i = 0; i < count; i++) {
    int64_t t = first + (int64_t)i;
    t = t < 0 ? 0 : t > total ? total : t;
    out[i] = base * (floor + (1 - floor) * ((double)(total - t) / (double)total));
  }
  return TWIN_OK;
}

int32_t twin_fill_cosine(int64_t total, double floor, int64_t first, double base, double *out, size_t count) {
  int32_t status = check_fill(base, out, count);
  if (status) return status;
  for (size_t i = 0; i < count; i++) {
    int64_t t = first + (int64_t)i;
    t = t < 0 ? 0 : t > total ? total : t;
    out[i] = base * (floor + (1 - floor) * (0.5 * (1 + cos(PI * (double)t / (double)total))));
  }
  return TWIN_OK;
}
