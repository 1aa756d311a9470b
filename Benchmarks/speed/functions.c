/* exp, log and their relatives of the core against those of libm, in one run and in turns: the time of independent calls,
   as in a table of rates. The ratio is the median of the ratios of neighbours in time. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "timing.h"

enum { REPEATS = 101, ARGUMENTS = 2048, ROUNDS = 8 };

double core_exp(double), core_expm1(double), core_log(double), core_log1p(double), core_tanh(double);
double core_pow(double, double), core_half_wave(double), core_cos_pi(double);

/* What the core has of the cosine: (1 - cos(pi x))/2, as a decay needs it, and cos(pi x). */
static double libm_half_wave(double x) { return 0.5 * (1 - cos(3.14159265358979323846 * x)); }
static double libm_cos_pi(double x) { return cos(3.14159265358979323846 * x); }

static double x[ARGUMENTS], y[ARGUMENTS];
static volatile double sink;

static double uniform(double low, double high) {
  static uint64_t state;
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53);
}

/* Of one argument, or of two where g is given. */
static double time_of(double (*f)(double), double (*g)(double, double)) {
  double sum = 0, started = now();
  for (int r = 0; r < ROUNDS; r++)
    for (int i = 0; i < ARGUMENTS; i++) sum += f ? f(x[i]) : g(x[i], y[i]);
  sink = sum;
  return now() - started;
}

static void compare(const char *name, double (*f)(double), double (*libm)(double), double (*g)(double, double),
                    double (*libm2)(double, double)) {
  double ours[REPEATS], theirs[REPEATS], ratios[REPEATS];
  for (int i = 0; i < REPEATS; i++) {
    ours[i] = time_of(f, g), theirs[i] = time_of(libm, libm2);
    ratios[i] = ours[i] / theirs[i];
  }
  qsort(ours, REPEATS, sizeof *ours, ascending);
  qsort(theirs, REPEATS, sizeof *theirs, ascending);
  qsort(ratios, REPEATS, sizeof *ratios, ascending);
  double scale = 1e9 / (ROUNDS * ARGUMENTS);
  printf("%-44s %10.2f %10.2f %8.2f\n", name, ours[0] * scale, theirs[0] * scale, ratios[REPEATS / 2]);
}

static void one(const char *name, double (*f)(double), double (*libm)(double), double low, double high) {
  char text[64];
  for (int i = 0; i < ARGUMENTS; i++) x[i] = uniform(low, high);
  snprintf(text, sizeof text, "%s, %g to %g", name, low, high);
  compare(text, f, libm, NULL, NULL);
}

static void power(double low, double high, double low_exponent, double high_exponent) {
  char text[64];
  for (int i = 0; i < ARGUMENTS; i++) x[i] = uniform(low, high), y[i] = uniform(low_exponent, high_exponent);
  snprintf(text, sizeof text, "pow, %g to %g, to %g to %g", low, high, low_exponent, high_exponent);
  compare(text, NULL, NULL, core_pow, pow);
}

int main(void) {
  printf("%-44s %10s %10s %8s\n", "ns for each call", "core", "libm", "ratio");
  one("exp", core_exp, exp, -10, 1);
  one("expm1", core_expm1, expm1, -0.05, 0.05);
  one("expm1", core_expm1, expm1, -5, 5);
  one("log", core_log, log, 0.01, 10);
  one("log", core_log, log, 0.95, 1.05);
  one("log1p", core_log1p, log1p, -0.02, 0.02);
  one("log1p", core_log1p, log1p, -0.9, 10);
  one("tanh", core_tanh, tanh, -0.5, 0.5);
  one("tanh", core_tanh, tanh, -5, 5);
  one("(1 - cos(pi x))/2", core_half_wave, libm_half_wave, 0, 1);
  one("cos(pi x)", core_cos_pi, libm_cos_pi, 0, 10);
  power(0, 1, 0, 4);
  power(0.99, 1, 0, 1000);
  return 0;
}
