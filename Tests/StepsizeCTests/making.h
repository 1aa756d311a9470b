/* What tests of whole schedulers share: one from a text, its state, one step of a random training. */
#ifndef MAKING_H
#define MAKING_H

#include <float.h>

#include "check.h"

/* For a text that must be right, or may be wrong where `may_fail`. */
static inline stepsize_scheduler *scheduler_from(const char *text, size_t group_count, const double *base,
                                                 const double *min_lr, const double *max_lr, int record, int may_fail) {
  stepsize_error error = {0};
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = group_count, options.base_lr = base, options.record = record;
  options.min_lr = min_lr, options.min_lr_count = min_lr ? group_count : 0;
  options.max_lr = max_lr, options.max_lr_count = max_lr ? group_count : 0;
  int32_t status = stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error);
  CHECK((status == STEPSIZE_OK) == (scheduler != NULL));
  if (!scheduler) CHECK(error.status == status && error.text[0] != 0);
  if (!scheduler && !may_fail) {
    fprintf(stderr, "%s: %s\n", text, error.text);
    CHECK(!"the text is right");
    exit(finish());
  }
  return scheduler;
}

static inline stepsize_scheduler *scheduler_of(const char *text, double base) {
  return scheduler_from(text, 1, &base, NULL, NULL, 0, 0);
}

static inline double rate_of(const stepsize_scheduler *scheduler) {
  double rates[8];
  REQUIRE(stepsize_scheduler_rates(scheduler, rates, 8) == STEPSIZE_OK);
  return rates[0];
}

/* What is observed of an update: all numbers, by a seed; some are not finite, `part` times 1 of them. */
static inline stepsize_observation observation_by(uint64_t *seed, double part) {
  stepsize_observation seen = {.size = sizeof seen, .given = 0x7ff * STEPSIZE_SCALAR_LOSS};
  for (double *number = &seen.loss; number <= &seen.mean_dot_x; number++) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    *number = (double)(*seed >> 11) * 0x1p-53;
    if ((double)(*seed >> 12 & 1023) < 1024 * part) *number = *seed & 2048 ? NAN : INFINITY;
  }
  return seen;
}

/* To be freed. */
static inline uint8_t *state_of(stepsize_scheduler *scheduler, size_t *size) {
  REQUIRE(stepsize_scheduler_save(scheduler, NULL, 0, size) == STEPSIZE_OK);
  uint8_t *state = malloc(*size);
  REQUIRE(state != NULL);
  REQUIRE(stepsize_scheduler_save(scheduler, state, *size, NULL) == STEPSIZE_OK);
  return state;
}

static inline size_t state_size_of(stepsize_scheduler *scheduler) {
  size_t size = 0;
  REQUIRE(stepsize_scheduler_save(scheduler, NULL, 0, &size) == STEPSIZE_OK);
  return size;
}

static inline stepsize_scheduler *restored(const uint8_t *state, size_t size) {
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error = {0};
  if (stepsize_scheduler_restore(state, size, &scheduler, &error) != STEPSIZE_OK) fprintf(stderr, "%s\n", error.text);
  REQUIRE(scheduler != NULL);
  return scheduler;
}

/* In [0, 1). */
static inline double uniform(uint64_t *random) { return (double)(random_bits(random) >> 11) * 0x1p-53; }
static inline unsigned below(uint64_t *random, unsigned n) { return (unsigned)(uniform(random) * n); }

/* Mostly the loss of a noisy training, at times whatever a double can be. */
static inline double random_loss(uint64_t *random, double wild) {
  static const double edges[] = {NAN, INFINITY, -INFINITY, 5e-324, -5e-324, 0, -0.0, DBL_MAX, -DBL_MAX, 1e300, -1e-300};
  if (uniform(random) >= wild) return 0.5 + uniform(random);
  if (below(random, 3) == 0) { /* any bits at all */
    uint64_t bits = random_bits(random);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
  }
  return edges[below(random, sizeof edges / sizeof *edges)];
}

#endif
