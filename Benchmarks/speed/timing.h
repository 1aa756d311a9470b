/* What the benchmarks in C measure with. */
#ifndef TIMING_H
#define TIMING_H

#include <time.h>

/* Time of this thread, so that what else the machine does counts as little as possible. Needs _POSIX_C_SOURCE. */
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* For qsort. */
static inline int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

#endif
