/* The few functions of a C library that the library calls, for WebAssembly, which has none. One thread. */
#include <stdint.h>
#include <stdlib.h>

/* ---- Memory in bulk: one instruction each ---- */

void *memcpy(void *to, const void *from, size_t count) { return __builtin_memcpy(to, from, count); }
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int byte, size_t count) { return __builtin_memset(to, byte, count); }

__attribute__((no_builtin)) int memcmp(const void *a, const void *b, size_t count) {
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < count; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

/* ---- The product of two 128-bit numbers, which the compiler calls for ---- */

__int128 __multi3(__int128 a, __int128 b);
__int128 __multi3(__int128 a, __int128 b) {
  const uint64_t x = (uint64_t)a, y = (uint64_t)b, low = 0xFFFFFFFFu;
  uint64_t p = (x & low) * (y & low), q = (x >> 32) * (y & low) + (p >> 32), r = (x & low) * (y >> 32) + (q & low);
  uint64_t high = (x >> 32) * (y >> 32) + (q >> 32) + (r >> 32);
  high += (uint64_t)(a >> 64) * y + x * (uint64_t)(b >> 64);
  return (__int128)((unsigned __int128)high << 64 | (r << 32 | (p & low)));
}

/* ---- malloc ----
   Blocks of four sizes in each power of two, with a list of the free ones of each size: constant time, a fifth of the memory
   lost at most, and nothing is searched or joined. What a list lacks comes from the end of the memory, which grows. */

enum { HEADER = 16, SIZES = 4 * 32, PAGE = 65536 };

struct block {
  size_t size;        /* which of the SIZES */
  struct block *next; /* of the free ones */
};

extern unsigned char __heap_base;
static struct block *unused[SIZES];
static uintptr_t end;

/* The smallest size that holds `count` bytes, and how many it holds. */
static size_t size_for(size_t count, size_t *bytes) {
  unsigned power = 31 - (unsigned)__builtin_clz((unsigned)(count < 64 ? 64 : count) - 1);
  size_t quarter = (size_t)1 << (power - 2), steps = (count < 64 ? 64 : count) - ((size_t)1 << power);
  steps = (steps + quarter - 1) / quarter;
  *bytes = ((size_t)1 << power) + steps * quarter;
  return 4 * power + steps - 1;
}

void *malloc(size_t count) {
  if (count > (size_t)1 << 30) return NULL;
  size_t bytes, size = size_for(count + HEADER, &bytes);
  struct block *block = unused[size];
  if (block != NULL) {
    unused[size] = block->next;
    return (char *)block + HEADER;
  }
  if (end == 0) end = ((uintptr_t)&__heap_base + HEADER - 1) / HEADER * HEADER;
  size_t memory = __builtin_wasm_memory_size(0) * (size_t)PAGE;
  if (bytes > UINTPTR_MAX - end) return NULL;
  if (end + bytes > memory) {
    size_t pages = (end + bytes - memory + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) return NULL;
  }
  block = (struct block *)end;
  end += bytes;
  block->size = size;
  return (char *)block + HEADER;
}

void free(void *pointer) {
  if (pointer == NULL) return;
  struct block *block = (struct block *)((char *)pointer - HEADER);
  block->next = unused[block->size];
  unused[block->size] = block;
}
