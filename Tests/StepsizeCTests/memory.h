/* How much memory is taken: the allocator of the program that includes this counts; what a shared library asks for comes
   here as well (glibc). And states with another word in them, whose checksum is right. */
#ifndef MEMORY_H
#define MEMORY_H

#include <errno.h>
#include <malloc.h>

#include "making.h"

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

static size_t used, most;

static inline void *counted(void *pointer) {
  if (pointer) used += malloc_usable_size(pointer);
  if (used > most) most = used;
  return pointer;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = counted(__libc_memalign(alignment, size));
  return *out ? 0 : ENOMEM;
}
void free(void *pointer) {
  if (pointer) used -= malloc_usable_size(pointer);
  __libc_free(pointer);
}

static inline size_t begin(void) { return most = used; }

/* The bound of the header's introduction. */
static inline void bounded(const char *what, size_t before, size_t size) {
  const size_t taken = most - before, allowed = 1024 * size + ((size_t)1 << 20);
  if (!CHECK(taken <= allowed)) fprintf(stderr, "    %.60s: %zu of %zu bytes\n", what, taken, allowed);
}

#endif

static inline void put(uint8_t *at, uint64_t word, int count) {
  for (int i = 0; i < count; i++) at[i] = (uint8_t)(word >> 8 * i);
}

static inline void seal(uint8_t *state, size_t size) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    if (i >= 12 && i < 16) continue;
    crc ^= state[i];
    for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  put(state + 12, ~crc, 4);
}

#endif
