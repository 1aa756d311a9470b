#include "CMathShims.h"

#include <math.h>

/* glibc 2.29 gave exp, log and pow new versions that differ only in how they
   report errors. The older ones are asked for here, so that the library also
   loads where glibc is older. The directives act on this file alone, hence
   these functions are not inline. */
#if defined(__x86_64__) && defined(__GLIBC__)
__asm__(".symver exp,exp@GLIBC_2.2.5");
__asm__(".symver log,log@GLIBC_2.2.5");
__asm__(".symver pow,pow@GLIBC_2.2.5");
#elif defined(__aarch64__) && defined(__GLIBC__)
__asm__(".symver exp,exp@GLIBC_2.17");
__asm__(".symver log,log@GLIBC_2.17");
__asm__(".symver pow,pow@GLIBC_2.17");
#endif

double stepsize_math_exp(double x) { return exp(x); }
double stepsize_math_expm1(double x) { return expm1(x); }
double stepsize_math_log(double x) { return log(x); }
double stepsize_math_log1p(double x) { return log1p(x); }
double stepsize_math_pow(double x, double y) { return pow(x, y); }
double stepsize_math_tanh(double x) { return tanh(x); }

#if defined(__linux__) && defined(__GLIBC__) && defined(__x86_64__)
#include <stddef.h>

/* The compiler calls memcpy to move large values; the one of glibc is of version 2.14. memmove does the same and is of 2.2.5,
   the oldest there is. */
void *memmove(void *to, const void *from, size_t count);
__attribute__((visibility("hidden"), no_builtin)) void *memcpy(void *to, const void *from, size_t count) {
  return memmove(to, from, count);
}
#endif
