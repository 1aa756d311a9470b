/* The same things as libstepsize, written by hand in C for one schedule each: what a careful C programmer would put
   into a training program. Same arguments, same checks, same statuses, same rates. Only for the benchmark. */
#ifndef TWIN_H
#define TWIN_H

#include <stddef.h>
#include <stdint.h>

enum { TWIN_OK = 0, TWIN_ERROR_NULL = 1, TWIN_ERROR_SIZE = 2, TWIN_ERROR_ARGUMENT = 10 };

/* floor + (1 - floor) (1 - t/total) */
typedef struct twin_linear twin_linear;
int32_t twin_linear_create(int64_t total, double floor, size_t group_count, const double *base, const double *min,
                           const double *max, twin_linear **out);
int32_t twin_linear_step(twin_linear *scheduler, double *lrs, size_t count);
void twin_linear_destroy(twin_linear *scheduler);

/* GreedyLR with a constant schedule; bounds of the base rates are base/10 and 10 base. */
typedef struct twin_greedy twin_greedy;
int32_t twin_greedy_create(int huggingface, int64_t window /* 0: no smoothing */, size_t group_count,
                           const double *base, const double *min, const double *max, twin_greedy **out);
int32_t twin_greedy_step_with_loss(twin_greedy *scheduler, double loss, double *lrs, size_t count);
void twin_greedy_destroy(twin_greedy *scheduler);

/* warmup(warmup) >> cosine(total, floor) */
typedef struct twin_schedule {
  int64_t warmup, total;
  double floor;
} twin_schedule;
double twin_schedule_at(const twin_schedule *schedule, int64_t step);

int32_t twin_fill_linear(int64_t total, double floor, int64_t first, double base, double *out, size_t count);
int32_t twin_fill_cosine(int64_t total, double floor, int64_t first, double base, double *out, size_t count);

#endif
