/* Structs that are shorter or longer than the library's: what older and newer callers have. */
#ifndef GROWTH_H
#define GROWTH_H

#include "check.h"

/* Room for the largest struct that is ever legal, and guards beyond it. */
enum { LARGEST = 65536, SPACE = LARGEST + 64, GUARD = 0x5a };

/* Whether nothing beyond `size` was touched, and what is beyond `own` is 0. */
static inline int is_filled(const unsigned char bytes[SPACE], size_t own, size_t size) {
  for (size_t i = own; i < size; i++)
    if (bytes[i] != 0) return 0;
  for (size_t i = size; i < SPACE; i++)
    if (bytes[i] != GUARD) return 0;
  return 1;
}

/* The sizes that are tried for a struct of `own` bytes. */
static const int64_t deltas[] = {-1000000, -8, -4, -1, 0, 1, 4, 8, 24, 1000, LARGEST, 4000000000};
enum { DELTAS = sizeof deltas / sizeof *deltas };

static inline size_t size_of(size_t own, int i) {
  const int64_t size = (int64_t)own + deltas[i];
  return size < 0 ? 0 : (size_t)size;
}

static inline int is_legal(size_t own, size_t size) { return size >= own && size <= LARGEST; }

#endif
