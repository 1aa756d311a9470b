/* A test is a program: CHECK counts and continues, REQUIRE gives up, `finish` prints the result. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepsize/stepsize.h"

static int check_passed, check_failed;

#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)
#define REQUIRE(condition) \
  do { \
    if (!CHECK(condition)) exit(finish()); \
  } while (0)

/* Two doubles with the same bits; all NaN count as one. */
#define CHECK_SAME(a, b) check_same((a), (b), #a " is " #b, __FILE__, __LINE__)
/* Two doubles at most `limit` units in the last place apart. */
#define CHECK_NEAR(a, b, limit) check_near((a), (b), (limit), #a " is near " #b, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)
#define CHECK_TEXT(a, b) check_text((a), (b), #a, __FILE__, __LINE__)

/* The first failures are enough. */
static inline int check_is_told(void) { return check_failed <= 20; }

static inline int check(int condition, const char *what, const char *file, int line) {
  if (condition) check_passed++;
  else check_failed++;
  if (!condition && check_is_told()) fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  return condition;
}

static inline int finish(void) {
  printf("%d passed, %d failed\n", check_passed, check_failed);
  return check_failed != 0 || check_passed == 0;
}

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* Doubles in the order of the numbers; -0 and +0 are equal. */
static inline int64_t ordinal(double x) {
  uint64_t bits = bits_of(x), magnitude = bits & INT64_MAX;
  return bits >> 63 ? -(int64_t)magnitude : (int64_t)magnitude;
}

/* Units in the last place between two numbers; the largest number if one is NaN. */
static inline uint64_t ulps(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? 0 : UINT64_MAX;
  int64_t x = ordinal(a), y = ordinal(b);
  return x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
}

static inline int check_same(double a, double b, const char *what, const char *file, int line) {
  int same = (isnan(a) && isnan(b)) || bits_of(a) == bits_of(b);
  if (!check(same, what, file, line) && check_is_told()) fprintf(stderr, "    %.17g, expected %.17g\n", a, b);
  return same;
}

static inline int check_near(double a, double b, uint64_t limit, const char *what, const char *file, int line) {
  int near = ulps(a, b) <= limit;
  if (!check(near, what, file, line) && check_is_told()) fprintf(stderr, "    %.17g, expected %.17g\n", a, b);
  return near;
}

static inline int check_status(int32_t status, int32_t expected, const char *what, const char *file, int line) {
  if (!check(status == expected, what, file, line) && check_is_told())
    fprintf(stderr, "    %s, expected %s\n", stepsize_status_name(status), stepsize_status_name(expected));
  return status == expected;
}

static inline int check_text(const char *a, const char *b, const char *what, const char *file, int line) {
  int same = strcmp(a, b) == 0;
  if (!check(same, what, file, line) && check_is_told()) fprintf(stderr, "    \"%s\", expected \"%s\"\n", a, b);
  return same;
}

/* The schedule of a text that must be right. */
static inline stepsize_schedule *parsed(const char *text) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error = {0};
  if (stepsize_schedule_parse(text, strlen(text), &schedule, &error) != STEPSIZE_OK) {
    fprintf(stderr, "%s: %s\n", text, error.text);
    CHECK(!"the text is right");
    exit(finish());
  }
  return schedule;
}

/* Random numbers from a fixed seed (splitmix64). */
static inline uint64_t random_bits(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

#endif
