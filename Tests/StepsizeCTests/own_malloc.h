/* This program's own malloc and free, which count and can fail; what a shared library asks for comes here as well.
   RTLD_NEXT, and not the C library's own names, so that valgrind sees the blocks. The file that includes this defines
   _GNU_SOURCE first. */
#ifndef OWN_MALLOC_H
#define OWN_MALLOC_H

#include <dlfcn.h>

#include "check.h"

static __thread long countdown = -1; /* allocations that succeed; negative: all */
static __thread int fails_on;        /* whether all after the first failure fail */
static __thread long failures, asked;
static long live; /* blocks */

static void *fetch(const char *name) { return dlsym(RTLD_NEXT, name); }

static int is_to_fail(void) {
  asked++;
  if (countdown != 0) {
    countdown -= countdown > 0;
    return 0;
  }
  failures++;
  if (!fails_on) countdown = -1;
  return 1;
}

void *malloc(size_t size) {
  static void *(*next)(size_t);
  if (!next) *(void **)&next = fetch("malloc");
  if (is_to_fail()) return NULL;
  void *block = next(size);
  /* What is not initialised is not 0. */
  if (block) memset(block, 0xA5, size), __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
  return block;
}

void free(void *block) {
  static void (*next)(void *);
  if (!next) *(void **)&next = fetch("free");
  if (block) __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
  next(block);
}

#endif
