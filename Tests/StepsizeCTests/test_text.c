/* The text form: printing, round trips, where errors are, and hostile texts. Everything must end soon.
   test_text [MUTATIONS [SEED]] */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "check.h"

static char *printed(const stepsize_schedule *schedule) {
  size_t length = 0;
  REQUIRE(stepsize_schedule_print(schedule, NULL, 0, &length) == STEPSIZE_OK);
  char *text = malloc(length + 1);
  REQUIRE(text != NULL);
  REQUIRE(stepsize_schedule_print(schedule, text, length + 1, NULL) == STEPSIZE_OK);
  REQUIRE(strlen(text) == length);
  return text;
}

static const char *const texts[] = {
    "constant()",
    "constant(100, value=0.5)",
    "linear(10000)",
    "warmup(500) >> cosine(9500, floor=0.1)",
    "warmup(500) >> constant(8000, phase=\"main\") >> linear(1500, phase=\"anneal\")",
    "2 * linear(100) * cosine(50)",
    "(warmup(3) >> linear(7), phase=\"both\") >> constant(value=0.25)",
    "clamp(polynomial(1000, power=2, floor=0.01), min=0.05, max=0.5)",
    "table([1, 0.5, 0.25])",
    "warmup(10, start=0.1, shape=\"cosine\")",
    "0.5 * (linear(10) >> cosine(10)) >> 1e-3 * constant()",
    "cosine(100, cycles=1.5, power=2, k_decay=0.7)",
    "wsd(1000, warmup=100, decay=200, shape=\"exponential\", q=0.05)",
    "onecycle(100, pct_start=0.25, anneal=\"linear\", three_phase=true)",
    "restarts(50, growth=2, decay=0.5, cycles=3) >> tri_stage(10, 20, 30)",
    "repeat(shift(stretch(take(step(3, 0.5), 9), 2.5, interpolation=\"linear\"), -4) >> take(rex(9), 5), 7)",
    "knots([5, 9], [0.3, 1], \"linear\") * multistep([3, 50], factor=0.3) * exponential(0.99, every=2)",
    "cyclic(3, 5, mode=\"exp_range\", gamma=0.9) * sine(7) * noise(std=0.1, seed=1)",
    "random(seed=7) * chebyshev(8) * noam(40) * inverse_sqrt(10) * power_law(3) * sigmoid(10, 0.5)",
    "piecewise([3, 9], [1, 0.5, 0.25]) * cosine_cycles([3, 4, 5]) * halflife(9) * tanh(30)",
    "cooldown(20) >> geometric(5, 0.1) >> range_test(4) * inverse_time(0.5, every=3, staircase=true)",
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* Two schedules that are the same by text, length and values. */
static int are_same(const stepsize_schedule *a, const stepsize_schedule *b) {
  static const int64_t steps[] = {INT64_MIN, -1, 0, 1, 2, 3, 7, 10, 99, 100, 499, 500, 9999, 10000, INT64_MAX};
  int same = stepsize_schedule_length(a) == stepsize_schedule_length(b);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    double x = stepsize_schedule_at(a, steps[i]), y = stepsize_schedule_at(b, steps[i]);
    same = same && bits_of(x) == bits_of(y) && x >= 0 && x <= 1.7976931348623157e308;
  }
  return same;
}

/* Text -> schedule -> text -> schedule: the texts and the schedules are the same. */
static int is_round(const stepsize_schedule *schedule) {
  char *first = printed(schedule);
  stepsize_schedule *again = NULL;
  int round = stepsize_schedule_parse(first, strlen(first), &again, NULL) == STEPSIZE_OK;
  if (round) {
    char *second = printed(again);
    round = strcmp(first, second) == 0 && are_same(schedule, again);
    free(second);
  }
  if (!round) fprintf(stderr, "    not a round trip: %s\n", first);
  stepsize_schedule_destroy(again);
  free(first);
  return round;
}

static void round_trips(void) {
  for (int i = 0; i < TEXTS; i++) {
    stepsize_schedule *s = parsed(texts[i]);
    CHECK(is_round(s));
    stepsize_schedule_destroy(s);
  }
  /* The canonical form. */
  stepsize_schedule *s = parsed(" warmup( steps = 500 )>>cosine(9500 ,\n floor=1e-1)\t");
  char *text = printed(s);
  CHECK_TEXT(text, "warmup(500) >> cosine(9500, floor=0.1)");
  free(text);

  /* Two calls; what does not fit is cut, terminated and reported. */
  char buffer[16];
  size_t length = 0;
  memset(buffer, '#', sizeof buffer);
  CHECK_STATUS(stepsize_schedule_print(s, buffer, 8, &length), STEPSIZE_ERROR_SIZE);
  CHECK(length == 38);
  CHECK_TEXT(buffer, "warmup(");
  CHECK(buffer[8] == '#');
  CHECK_STATUS(stepsize_schedule_print(s, buffer, 1, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_TEXT(buffer, "");
  char exact[39];
  CHECK_STATUS(stepsize_schedule_print(s, exact, 38, NULL), STEPSIZE_ERROR_SIZE);
  CHECK_STATUS(stepsize_schedule_print(s, exact, 39, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_print(s, exact, SIZE_MAX, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_print(s, NULL, 5, NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_print(s, NULL, 0, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_schedule_print(NULL, buffer, 16, NULL), STEPSIZE_ERROR_NULL);
  stepsize_schedule_destroy(s);
}

static void refused(const char *text, size_t length, int32_t status, int64_t offset, const char *part) {
  stepsize_schedule *s = (stepsize_schedule *)&check_passed;
  stepsize_error error = {-7, 0, -7, ""};
  if (!CHECK_STATUS(stepsize_schedule_parse(text, length, &s, &error), status)) fprintf(stderr, "    %s\n", text);
  CHECK(s == NULL);
  CHECK(error.status == status);
  if (!CHECK(error.offset == offset))
    fprintf(stderr, "    %.60s: offset %lld, expected %lld\n", text, (long long)error.offset, (long long)offset);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s has no %s\n", error.text, part);
}

static void error_offsets(void) {
#define REFUSED(text, status, offset, part) refused(text, strlen(text), status, offset, part)
  REFUSED("", STEPSIZE_ERROR_SYNTAX, 0, "end");
  REFUSED("   ", STEPSIZE_ERROR_SYNTAX, 3, "end");
  REFUSED("linear", STEPSIZE_ERROR_SYNTAX, 6, "(");
  REFUSED("linear(", STEPSIZE_ERROR_SYNTAX, 7, "value");
  REFUSED("linear(10", STEPSIZE_ERROR_SYNTAX, 9, ",");
  REFUSED("linear(10))", STEPSIZE_ERROR_SYNTAX, 10, "found \")\"");
  REFUSED("linear(10) >>", STEPSIZE_ERROR_SYNTAX, 13, "schedule");
  REFUSED("linear(10) cosine(5)", STEPSIZE_ERROR_SYNTAX, 11, "found \"c\"");
  REFUSED("liner(10)", STEPSIZE_ERROR_NAME, 0, "\"linear\"");
  REFUSED("warmup(5) >> cosin(10)", STEPSIZE_ERROR_NAME, 13, "\"cosine\"");
  REFUSED("cosine(10, flor=0.1)", STEPSIZE_ERROR_NAME, 11, "\"floor\"");
  REFUSED("cosine(10, floor=0.1, floor=0.2)", STEPSIZE_ERROR_SYNTAX, 22, "twice");
  REFUSED("warmup(5) >> cosine(10, floor=2)", STEPSIZE_ERROR_ARGUMENT, 13, "floor");
  REFUSED("linear(0)", STEPSIZE_ERROR_ARGUMENT, 0, "total");
  REFUSED("linear(9223372036854775808)", STEPSIZE_ERROR_ARGUMENT, 0, "total");
  REFUSED("linear(1.5)", STEPSIZE_ERROR_ARGUMENT, 0, "total");
  REFUSED("linear(1e999)", STEPSIZE_ERROR_SYNTAX, 7, "finite");
  REFUSED("linear(nan)", STEPSIZE_ERROR_ARGUMENT, 0, "total");
  REFUSED("linear(floor=0.1, 10)", STEPSIZE_ERROR_SYNTAX, 18, "name");
  REFUSED("linear(1, 2, 3, 4, 5)", STEPSIZE_ERROR_SYNTAX, 13, "too many");
  REFUSED("2", STEPSIZE_ERROR_SYNTAX, 0, "constant");
  REFUSED("table([1, 2", STEPSIZE_ERROR_SYNTAX, 11, ",");
  REFUSED("table([1, x])", STEPSIZE_ERROR_SYNTAX, 10, "number");
  REFUSED("linear(10, phase=\"a)", STEPSIZE_ERROR_SYNTAX, 17, "quote");
  REFUSED("constant() >> linear(5)", STEPSIZE_ERROR_ARGUMENT, 0, "no end");
  REFUSED("constant(9223372036854775806) >> linear(2)", STEPSIZE_ERROR_LIMIT, 0, "longer");

  /* A length says where a text ends, a NUL is a character like others, and bytes need not be UTF-8. */
  refused("linear(10)\0", 11, STEPSIZE_ERROR_SYNTAX, 10, "\\x00");
  refused("\0linear(10)", 11, STEPSIZE_ERROR_SYNTAX, 0, "\\x00");
  refused("lin\0ear(10)", 11, STEPSIZE_ERROR_NAME, 0, "lin");
  refused("linear(10, phase=\"a\0b\")", 23, STEPSIZE_ERROR_ARGUMENT, 0, "phase");
  refused("linear(\xff\xfe)", 10, STEPSIZE_ERROR_SYNTAX, 7, "\\xff");
  refused("\xc3\xa4(10)", 6, STEPSIZE_ERROR_SYNTAX, 0, "\xc3\xa4");
  refused("\xc3(10)", 5, STEPSIZE_ERROR_SYNTAX, 0, "\\xc3");
  refused("\xc2\x85(10)", 6, STEPSIZE_ERROR_SYNTAX, 0, "\\xc2");
  refused("\xe2\x80\xae(10)", 7, STEPSIZE_ERROR_SYNTAX, 0, "\\xe2");
  refused("linear(9) \xe2\x88\x92 3", 15, STEPSIZE_ERROR_SYNTAX, 10, "\"\xe2\x88\x92\"");
  refused("cosine(100", 10, STEPSIZE_ERROR_SYNTAX, 10, "\",\" or \")\"");
  refused("piecewise([1, 2", 15, STEPSIZE_ERROR_SYNTAX, 15, "\",\" or \"]\"");
  refused("linear(10, phase=\"\xc3\")", 21, STEPSIZE_ERROR_ARGUMENT, 0, "phase");
  stepsize_schedule *s = NULL;
  CHECK_STATUS(stepsize_schedule_parse("linear(10) and no more", 10, &s, NULL), STEPSIZE_OK);
  stepsize_schedule_destroy(s);
  CHECK_STATUS(stepsize_schedule_parse(NULL, 5, &s, NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_parse("linear(10)", 10, NULL, NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_schedule_parse("linear(10)", SIZE_MAX, &s, NULL), STEPSIZE_ERROR_LIMIT);
}

/* Parses unit × as often as it fits into a text, between start and end; returns the status. */
static int32_t parse_repeated(const char *start, const char *unit, const char *end, size_t size) {
  char *text = malloc(size + strlen(start) + strlen(end) + strlen(unit) + 1);
  REQUIRE(text != NULL);
  size_t length = strlen(start);
  memcpy(text, start, length);
  while (length < size) memcpy(text + length, unit, strlen(unit)), length += strlen(unit);
  memcpy(text + length, end, strlen(end)), length += strlen(end);
  stepsize_schedule *s = NULL;
  stepsize_error error = {0};
  int32_t status = stepsize_schedule_parse(text, length, &s, &error);
  CHECK((status == STEPSIZE_OK) == (s != NULL));
  CHECK(status == STEPSIZE_OK || (error.text[0] && strlen(error.text) < sizeof error.text));
  if (s) {
    char *again = printed(s);
    CHECK(stepsize_schedule_at(s, 5) >= 0);
    free(again);
  }
  stepsize_schedule_destroy(s);
  free(text);
  return status;
}

static void large_texts(void) {
  const size_t megabyte = 1 << 20;
  CHECK_STATUS(parse_repeated("", "(", "", megabyte), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(parse_repeated("", "clamp(", "", megabyte), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(parse_repeated("", ")", "", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("", "[", "", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("", "linear(", "", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("", " ", "linear(10)", megabyte), STEPSIZE_OK);
  CHECK_STATUS(parse_repeated("", "x", "(10)", megabyte), STEPSIZE_ERROR_NAME);
  CHECK_STATUS(parse_repeated("linear(", "1", ")", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("constant(value=0.", "0", "1)", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("constant(value=1e", "9", ")", megabyte), STEPSIZE_ERROR_SYNTAX);
  CHECK_STATUS(parse_repeated("linear(10, phase=\"", "a", "\")", megabyte), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(parse_repeated("table([", "0.1234567890123,", "1])", megabyte), STEPSIZE_OK);
  CHECK_STATUS(parse_repeated("linear(10, ", "x=1,", "", megabyte), STEPSIZE_ERROR_NAME);
  CHECK_STATUS(parse_repeated("", "linear(9)>>", "linear(9)", megabyte), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(parse_repeated("", "linear(9)>>", "linear(9)", 500000), STEPSIZE_OK);
  /* Refused without a trace, however long: a chain of products is as deep as it is long. */
  CHECK_STATUS(parse_repeated("", "linear(9)*", "linear(9)", megabyte), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(parse_repeated("", "linear(9)*", "linear(9)", 16 * megabyte), STEPSIZE_ERROR_LIMIT);
  CHECK_STATUS(parse_repeated("", "1*", "linear(9)", megabyte), STEPSIZE_ERROR_LIMIT);
}

/* Random changes of legal texts: an error or a schedule that prints and reads back, never a crash. */
static void mutations(int rounds, uint64_t seed) {
  static const char pieces[][12] = {"(",     ")",   ">>",     "*",   ",",    "=",       "[",         "]",      "\"",
                                    "1",     "-1",  "0",      "1e9", "1e-9", "phase",   "floor=0.5", "none",   "true",
                                    "nan",   "inf", "linear", "9.5", "0x1",  "cosine(", "warmup(",   "clamp(", "  ",
                                    "\xff", "value", "\n",    "'"};
  uint64_t state = seed;
  int accepted = 0;
  for (int round = 0; round < rounds; round++) {
    char text[512];
    const char *origin = texts[random_bits(&state) % TEXTS];
    size_t length = strlen(origin);
    memcpy(text, origin, length);
    for (uint64_t n = 1 + random_bits(&state) % 4; n > 0; n--) {
      size_t at = random_bits(&state) % (length + 1);
      switch (random_bits(&state) % 5) {
        case 0: /* another byte */
          if (at < length) text[at] = (char)(random_bits(&state) & 0xff);
          break;
        case 1: /* a hole */
          if (at < length) {
            size_t hole = 1 + random_bits(&state) % (length - at);
            memmove(text + at, text + at + hole, length - at - hole);
            length -= hole;
          }
          break;
        case 2: { /* a piece in between */
          const char *piece = pieces[random_bits(&state) % (sizeof pieces / sizeof *pieces)];
          size_t size = strlen(piece);
          if (length + size > sizeof text) break;
          memmove(text + at + size, text + at, length - at);
          memcpy(text + at, piece, size);
          length += size;
          break;
        }
        case 3: { /* a part of another text */
          const char *other = texts[random_bits(&state) % TEXTS];
          size_t from = random_bits(&state) % strlen(other), size = strlen(other) - from;
          if (length + size > sizeof text) break;
          memmove(text + at + size, text + at, length - at);
          memcpy(text + at, other + from, size);
          length += size;
          break;
        }
        default: /* another digit */
          for (size_t i = at; i < length; i++)
            if (text[i] >= '0' && text[i] <= '9') {
              text[i] = (char)('0' + random_bits(&state) % 10);
              break;
            }
      }
    }
    stepsize_schedule *s = NULL;
    stepsize_error error = {-7, 0, -7, ""};
    int32_t status = stepsize_schedule_parse(text, length, &s, &error);
    int right;
    if (status == STEPSIZE_OK) {
      accepted++;
      right = s != NULL && is_round(s);
    } else {
      right = s == NULL && error.status == status && error.text[0] && error.offset >= 0 &&
              error.offset <= (int64_t)length;
    }
    if (!CHECK(right && "a mutated text is refused or understood") && check_is_told())
      fprintf(stderr, "    %.*s: %s, offset %lld, %s\n", (int)length, text, stepsize_status_name(status),
              (long long)error.offset, error.text);
    stepsize_schedule_destroy(s);
  }
  CHECK(accepted > rounds / 100 && accepted < rounds);
}

int main(int argc, char **argv) {
  alarm(240); /* no text may take for ever */
  round_trips();
  error_offsets();
  large_texts();
  mutations(argc > 1 ? atoi(argv[1]) : 200000, argc > 2 ? strtoull(argv[2], NULL, 10) : 20251121);
  return finish();
}
