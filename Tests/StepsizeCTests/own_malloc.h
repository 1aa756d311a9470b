/* This program's own malloc and free, which count and can fail; what a shared library asks for comes here as well.
   RTLD_NEXT, and not the C library's own names, so that valgrind sees the blocks. The file that includes this defines
   _GNU_SOURCE first, and KEEPS_MALLOC where it sets an allocator itself. */
#ifndef OWN_MALLOC_H
#define OWN_MALLOC_H

#include <dlfcn.h>

#include "check.h"

static __thread long countdown = -1; /* allocations that succeed; negative: all */
static __thread int fails_on;        /* whether all after the first failure fail */
static __thread long failures, asked;
static long live; /* blocks */

static inline int is_to_fail(void) {
  asked++;
  if (countdown != 0) {
    countdown -= countdown > 0;
    return 0;
  }
  failures++;
  if (!fails_on) countdown = -1;
  return 1;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#endif

#ifndef IS_SANITIZED

static void *fetch(const char *name) { return dlsym(RTLD_NEXT, name); }

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

#elif !defined(KEEPS_MALLOC)

/* AddressSanitizer has a malloc of its own, which calls this program's before anything is ready: here the library is told
   to ask this program. */
static void *allocate(void *context, size_t size) {
  (void)context;
  if (is_to_fail()) return NULL;
  void *block = malloc(size);
  if (block) memset(block, 0xA5, size), __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
  return block;
}

static void release(void *context, void *block) {
  (void)context;
  __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
  free(block);
}

/* The program is made from the objects of both libraries, which then have one allocator. */
__attribute__((constructor)) static void tell(void) {
  const stepsize_allocator allocator = {allocate, release, NULL};
  if (stepsize_set_allocator(&allocator) != STEPSIZE_OK) abort();
}

#endif

#endif
