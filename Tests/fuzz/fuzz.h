/* What the fuzz targets share. A target is a file that defines `target`, which is called with each input and aborts on
   whatever must not be. It is linked with libFuzzer and an instrumented library (fuzz.sh run), or with replay.c and the
   shipped one (fuzz.sh replay). */
#ifndef FUZZ_H
#define FUZZ_H

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "stepsize/stepsize.h"

/* The bytes of an input, taken from the front; 0 where none are left. */
typedef struct Input {
  const uint8_t *bytes;
  size_t size;
} Input;

/* What is to be done with one input. */
static void target(Input input);

/* An input may take so much processor time, the checks of the target and of the sanitizers included. */
enum { SECONDS = 1 };

static void too_slow(int number) {
  static const char text[] = "failed: an input took more than a second\n";
  (void)number;
  if (write(2, text, sizeof text - 1) < 0) _exit(9);
  abort();
}

/* libFuzzer's name for it; replay.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct itimerval limit = {{0, 0}, {SECONDS, 0}}, none = {{0, 0}, {0, 0}};
  static int is_ready;
  if (!is_ready) is_ready = 1, signal(SIGPROF, too_slow);
  setitimer(ITIMER_PROF, &limit, NULL);
  target((Input){data, size});
  setitimer(ITIMER_PROF, &none, NULL);
  return 0;
}

#define EXPECT(condition) \
  do { \
    if (!(condition)) fuzz_fail(#condition, __FILE__, __LINE__); \
  } while (0)

static inline void fuzz_fail(const char *what, const char *file, int line) {
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  abort();
}

static inline uint8_t take_byte(Input *input) {
  if (input->size == 0) return 0;
  input->size--;
  return *input->bytes++;
}

static inline uint64_t take_bits(Input *input, int bytes) {
  uint64_t bits = 0;
  for (int i = 0; i < bytes; i++) bits |= (uint64_t)take_byte(input) << (8 * i);
  return bits;
}

/* Below `count`. */
static inline unsigned take_below(Input *input, unsigned count) { return take_byte(input) % count; }

/* Any double: one byte for a common one, or 255 and its bits. */
static inline double take_real(Input *input) {
  static const double common[] = {0,   1,     0.5,  0.1,  1e-3,   0.25, 2,     3,        10,       1e-8,  100,
                                  0.9, 1e300, -1.0, -0.0, 5e-324, NAN,  1e100, INFINITY, 1.5e-310, -1e-3, 0.7};
  enum { COUNT = sizeof common / sizeof *common };
  const uint8_t kind = take_byte(input);
  if (kind < COUNT) return common[kind];
  if (kind < 255) return (double)kind / 64;
  const uint64_t bits = take_bits(input, 8);
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* A rate that a scheduler or a schedule accepts: finite, >= 0. */
static inline double take_rate(Input *input) {
  const double x = fabs(take_real(input));
  return isfinite(x) ? x : 1;
}

/* Any integer: mostly a small one, now and then 64 bits. */
static inline int64_t take_integer(Input *input) {
  const uint8_t kind = take_byte(input);
  if (kind < 250) return kind;
  if (kind < 253) return (int64_t)take_bits(input, 2);
  return (int64_t)take_bits(input, 8);
}

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline int is_rate(double x) { return isfinite(x) && x >= 0 && !signbit(x); }

/* A failure tells its reason, and what it does not make stays NULL. */
static inline void expect_refusal(stepsize_status status, const stepsize_error *error, const void *out) {
  EXPECT(status != STEPSIZE_OK && out == NULL);
  EXPECT(strcmp(stepsize_status_name(status), "unknown status") != 0);
  EXPECT(error->status == status);
  EXPECT(error->text[0] != 0 && memchr(error->text, 0, sizeof error->text) != NULL);
}

/* All of a text or a state, to be freed: asked for twice, once for its size. */
#define TAKE_ALL(type, ask, value, terminator, size) \
  type *value = NULL; \
  size_t size = 0; \
  do { \
    EXPECT(ask(NULL, 0, &size) == STEPSIZE_OK); \
    value = malloc(size + 1); \
    EXPECT(value != NULL); \
    size_t again = 0; \
    EXPECT(ask(value, size + terminator, &again) == STEPSIZE_OK && again == size); \
  } while (0)

static inline char *schedule_text(const stepsize_schedule *schedule, size_t *size) {
#define ASK(buffer, capacity, size) stepsize_schedule_print(schedule, buffer, capacity, size)
  TAKE_ALL(char, ASK, text, 1, bytes);
#undef ASK
  EXPECT(strlen(text) == bytes);
  if (size) *size = bytes;
  return text;
}

static inline char *scheduler_text(const stepsize_scheduler *scheduler) {
#define ASK(buffer, capacity, size) stepsize_scheduler_print(scheduler, buffer, capacity, size)
  TAKE_ALL(char, ASK, text, 1, bytes);
#undef ASK
  EXPECT(strlen(text) == bytes);
  return text;
}

static inline uint8_t *scheduler_state(stepsize_scheduler *scheduler, size_t *size) {
#define ASK(buffer, capacity, size) stepsize_scheduler_save(scheduler, buffer, capacity, size)
  TAKE_ALL(uint8_t, ASK, state, 0, bytes);
#undef ASK
  *size = bytes;
  return state;
}

static inline uint8_t *norm_log_state(const stepsize_norm_log *log, size_t *size) {
#define ASK(buffer, capacity, size) stepsize_norm_log_save(log, buffer, capacity, size)
  TAKE_ALL(uint8_t, ASK, state, 0, bytes);
#undef ASK
  *size = bytes;
  return state;
}

static inline void expect_same_bytes(const void *a, size_t a_size, const void *b, size_t b_size) {
  EXPECT(a_size == b_size && memcmp(a, b, a_size) == 0);
}

/* A record that is replayed is walked phase by phase. */
enum { REPLAYED = 4096 };

/* What is recorded can be read and replayed with the same bits. */
static inline void expect_replay(const stepsize_scheduler *scheduler) {
  int64_t first = 0, count = 0;
  EXPECT(stepsize_scheduler_record_range(scheduler, &first, &count) == STEPSIZE_OK);
  EXPECT(first >= 0 && count >= 0);
  if (count == 0 || count > REPLAYED) return;
  double rates[REPLAYED];
  size_t written = 0;
  EXPECT(stepsize_scheduler_record(scheduler, 0, 0, rates, REPLAYED, &written) == STEPSIZE_OK);
  EXPECT(written == (size_t)count);
  stepsize_schedule *replay = NULL;
  stepsize_error error;
  EXPECT(stepsize_scheduler_replay(scheduler, 0, &replay, &error) == STEPSIZE_OK);
  EXPECT(stepsize_schedule_length(replay) == count);
  for (int64_t t = 0; t < count; t++) EXPECT(bits_of(stepsize_schedule_at(replay, t)) == bits_of(rates[t]));
  stepsize_schedule_destroy(replay);
}

#endif
