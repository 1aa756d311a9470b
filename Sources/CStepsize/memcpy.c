/* The compiler calls memcpy to move large values; the one of glibc is of version 2.14. memmove does the same and is of
   2.2.5, the oldest there is. */
#if defined(__linux__) && defined(__x86_64__)
#include <stddef.h>

void *memmove(void *to, const void *from, size_t count);
__attribute__((visibility("hidden"), no_builtin)) void *memcpy(void *to, const void *from, size_t count) {
  return memmove(to, from, count);
}
#endif
