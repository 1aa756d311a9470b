/* Saved states: going on from one gives the bits of a run that was never stopped; a damaged, cut, newer or made-up one
   is refused and nothing changes. */
#include "making.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
enum { GROUPS = 2, STEPS = 60 };

static const double base[GROUPS] = {0.1, 0.02};

static const char *const controllers[] = {
    "",
    "greedy(patience=1, window=7)",
    "greedy(patience=1, smooth=false, reset_start=2, factor=0.5, cooldown=1, warmup=1)",
    "greedy(\"huggingface\", patience=2, smooth=true, window=5, min_lr=0.001)",
    "greedy(\"paper\")",
    "plateau(patience=1, factor=0.5, cooldown=2)",
    "plateau(\"keras\", patience=2, factor=0.5)",
    "plateau(\"optax\", patience=2, accumulation=3, factor=0.5)",
    "plateau(\"pytorch\", patience=1, factor=0.5, skip_warmup=true)",
    "greedy(patience=1, window=7, after=9, skip_warmup=true)",
    "hypergradient(beta=0.001)",
    "hypergradient(\"multiplicative\")",
    "learned()",
    "learned(\"mlp\", total=30)",
    "learned(\"custom\", total=40, adapt=0.5, parameters=[2, 3, 0, 0.5, -2, 1.5, 1, -1, 2, -0.5, 0.25])",
    "dog(r=0.01)",
    "dog(init_lr=0.1, per_group=true, max_lr=2)",
    "dadapt(d0=0.01, growth=1.5)",
    "polyak()",
    "polyak(\"sps\", growth=1.2, norm=\"l1\")",
    "polyak(\"momo\", adapt=true)",
    "auto(60, \"sgd\")",
    "auto(max_lr=3)",
    "line_search()",
    "line_search(reset=\"initial\", projected=true, max_trials=3)",
    "early_stop(patience=4, window=3)",
    "greedy(patience=2) * early_stop(\"main\", patience=3) * early_stop(patience=30)",
};

static const char *const schedules[] = {
    "constant(30, phase=\"main\") >> linear(20, phase=\"anneal\")",
    "warmup(5) >> cosine(40, phase=\"main\") >> constant()",
    "repeat(warmup(3) >> constant(8, phase=\"main\") >> cooldown(4, phase=\"anneal\"))",
    "stretch(constant(8, phase=\"main\") >> noise(4, phase=\"anneal\"), 3.7)",
};

/* One update with everything that can be told, the same at the same step. Parts of a line search can be left out, so
   that states are also saved within one. */
static void update(stepsize_scheduler *s, double *rates, int part) {
  int64_t t = stepsize_scheduler_get_step(s);
  uint64_t random = (uint64_t)t * 77 + 5;
  double numbers[GROUPS], norms[GROUPS], loss = random_loss(&random, 0.05);
  int32_t trial = STEPSIZE_TRIAL_RETRY;
  for (int g = 0; g < GROUPS; g++) numbers[g] = uniform(&random) - 0.4, norms[g] = 0.5 + uniform(&random);
  if (part != 2) {
    stepsize_observation seen[GROUPS];
    for (int g = 0; g < GROUPS; g++) seen[g] = observation_by(&random, 0.01);
    if (!(stepsize_scheduler_needs(s) & STEPSIZE_NEEDS_SEARCH)) (void)!stepsize_scheduler_observe(s, seen, GROUPS, NULL, 0, NULL);
    (void)!stepsize_scheduler_observe_gradient(s, numbers, norms, GROUPS, NULL, 0); /* not all of them take one */
    if (stepsize_scheduler_propose(s, loss, norms, GROUPS, NULL, 0) == STEPSIZE_OK)
      CHECK_STATUS(stepsize_scheduler_report(s, loss + 1, norms, GROUPS, &trial, NULL, 0), STEPSIZE_OK); /* not good enough */
  }
  if (part != 1) {
    for (int k = 0; k < 5; k++)
      if (stepsize_scheduler_report(s, loss - 0.2 * k, norms, GROUPS, &trial, NULL, 0) != STEPSIZE_OK) break;
    REQUIRE(stepsize_scheduler_step_with_loss(s, loss, rates, GROUPS) == STEPSIZE_OK);
  }
}

static stepsize_scheduler *made(int controller, int schedule, int record) {
  char text[512];
  const char *moves = controllers[controller];
  sprintf(text, "%s%s%s%s", moves, moves[0] ? " * (" : "", schedules[schedule], moves[0] ? ")" : "");
  return scheduler_from(text, GROUPS, base, NULL, NULL, record, 0);
}

static void same_state(stepsize_scheduler *a, stepsize_scheduler *b) {
  size_t m, n;
  uint8_t *x = state_of(a, &m), *y = state_of(b, &n);
  CHECK(m == n && memcmp(x, y, m) == 0);
  free(x), free(y);
}

/* At every step (or every so many) and within it: saved, restored, loaded into one built alike; all continue with the same bits. */
static void goes_on(int controller, int schedule, int every) {
  double rates[STEPS][GROUPS], lr[GROUPS];
  int wrong = 0;
  stepsize_scheduler *whole = made(controller, schedule, 1);
  for (int t = 0; t < STEPS; t++) update(whole, rates[t], 0);
  for (int k = 0; k <= STEPS; k += every)
    for (int within = 0; within < (k < STEPS ? 2 : 1); within++) {
      stepsize_scheduler *s = made(controller, schedule, 1), *alike = made(controller, schedule, 1);
      for (int t = 0; t < k; t++) update(s, lr, 0);
      if (within) update(s, NULL, 1);
      size_t size;
      uint8_t *state = state_of(s, &size);
      stepsize_scheduler_destroy(s);
      s = restored(state, size);
      for (int t = 0; t < k % 7; t++) update(alike, lr, 0); /* wherever it is itself */
      CHECK_STATUS(stepsize_scheduler_load(alike, state, size, NULL), STEPSIZE_OK);
      free(state);
      same_state(s, alike);
      for (int t = k; t < STEPS; t++) {
        update(s, lr, within && t == k ? 2 : 0);
        wrong += memcmp(lr, rates[t], sizeof lr) != 0;
      }
      same_state(s, whole);
      stepsize_scheduler_destroy(s);
      stepsize_scheduler_destroy(alike);
    }
  if (!CHECK(wrong == 0)) fprintf(stderr, "    %s, %s\n", controllers[controller], schedules[schedule]);
  stepsize_scheduler_destroy(whole);
}

/* ---- Damage ------------------------------------------------------------------------------------ */

static uint32_t crc_of(const uint8_t *bytes, size_t size) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    if (i >= 12 && i < 16) continue; /* the checksum itself */
    crc ^= bytes[i];
    for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

/* One whose record is of three schedules. */
static stepsize_scheduler *extended(void) {
  stepsize_scheduler *s = made(0, 0, 1);
  double lr[GROUPS];
  for (int k = 0; k < 2; k++) {
    stepsize_schedule *schedule = NULL;
    for (int t = 0; t < 15; t++) update(s, lr, 0);
    REQUIRE(stepsize_schedule_parse(schedules[1 + k], strlen(schedules[1 + k]), &schedule, NULL) == STEPSIZE_OK);
    REQUIRE(stepsize_scheduler_extend(s, schedule, NULL) == STEPSIZE_OK);
    stepsize_schedule_destroy(schedule);
  }
  return s;
}

static void put(uint8_t *bytes, uint64_t value, int count) {
  for (int i = 0; i < count; i++) bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t taken(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value |= (uint64_t)bytes[i] << 8 * i;
  return value;
}

/* Length and checksum as they should be. */
static void seal(uint8_t *state, size_t size) {
  put(state + 16, size, 8);
  put(state + 12, crc_of(state, size), 4);
}

/* Neither a new scheduler comes of it nor does one built alike change. */
static int32_t refuses(stepsize_scheduler *alike, const uint8_t *bytes, size_t size, const char *part) {
  stepsize_scheduler *s = (stepsize_scheduler *)&check_passed;
  stepsize_error error = {0};
  size_t before_size, after_size;
  uint8_t *before = state_of(alike, &before_size);
  int32_t status = stepsize_scheduler_restore(bytes, size, &s, &error);
  CHECK(status != STEPSIZE_OK && s == NULL && error.status == status && error.text[0]);
  if (s && s != (stepsize_scheduler *)&check_passed) stepsize_scheduler_destroy(s);
  if (part && !CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s\n", error.text);
  CHECK(stepsize_scheduler_load(alike, bytes, size, NULL) == status);
  uint8_t *after = state_of(alike, &after_size);
  CHECK(before_size == after_size && memcmp(before, after, before_size) == 0);
  free(before), free(after);
  return status;
}

static void damages(int controller, int record, int steps, int all_values) {
  stepsize_scheduler *s = made(controller, 0, record), *alike = made(controller, 0, record);
  double lr[GROUPS];
  for (int t = 0; t < steps; t++) update(s, lr, 0);
  for (int t = 0; t < 3; t++) update(alike, lr, 0);
  size_t size;
  uint8_t *state = state_of(s, &size), *bad = malloc(size + 16);
  REQUIRE(bad != NULL);
  CHECK(crc_of(state, size) == (uint32_t)(taken(state + 8) >> 32) && taken(state + 16) == size);
  uint64_t random = 9;
  memcpy(bad, state, size);
  for (size_t i = 0; i < size; i++) {
    unsigned first = all_values ? 1 : 1 + below(&random, 255), last = all_values ? 255 : first;
    for (unsigned change = first; change <= last; change++) {
      bad[i] = (uint8_t)(state[i] ^ change);
      CHECK_STATUS(refuses(alike, bad, size, NULL), STEPSIZE_ERROR_STATE);
    }
    bad[i] = state[i];
  }
  for (size_t length = 0; length < size; length++) {
    uint8_t *exact = malloc(length + 1); /* so that valgrind sees what is read beyond it */
    REQUIRE(exact != NULL);
    memcpy(exact, state, length);
    CHECK_STATUS(refuses(alike, exact, length, NULL), STEPSIZE_ERROR_STATE);
    free(exact);
  }
  memset(bad + size, 0, 16);
  CHECK_STATUS(refuses(alike, bad, size + 1, "truncated or too long"), STEPSIZE_ERROR_STATE);
  CHECK_STATUS(refuses(alike, bad, size + 16, "truncated or too long"), STEPSIZE_ERROR_STATE);
  seal(bad, size + 8);
  CHECK_STATUS(refuses(alike, bad, size + 8, "too long"), STEPSIZE_ERROR_STATE);
  /* The undamaged one is taken. */
  CHECK_STATUS(stepsize_scheduler_load(alike, state, size, NULL), STEPSIZE_OK);
  same_state(s, alike);
  free(state), free(bad);
  stepsize_scheduler_destroy(s);
  stepsize_scheduler_destroy(alike);
}

static void versions(void) {
  stepsize_scheduler *s = made(1, 1, 1);
  size_t size;
  uint8_t *state = state_of(s, &size);
  for (uint32_t format = (uint32_t)stepsize_state_format() + 1; format < 2000000000u; format *= 3) {
    put(state + 8, format, 4);
    put(state + 12, crc_of(state, size), 4);
    CHECK_STATUS(refuses(s, state, size, "newer"), STEPSIZE_ERROR_VERSION);
    state[size - 1] ^= 1; /* damaged and newer is damaged */
    CHECK_STATUS(refuses(s, state, size, NULL), STEPSIZE_ERROR_STATE);
    state[size - 1] ^= 1;
  }
  put(state + 8, 0, 4);
  seal(state, size);
  CHECK_STATUS(refuses(s, state, size, "format"), STEPSIZE_ERROR_STATE);
  CHECK_STATUS(refuses(s, (const uint8_t *)"no state at all, but a text", 27, "STEPSIZE"), STEPSIZE_ERROR_STATE);
  CHECK_STATUS(refuses(s, NULL, 0, NULL), STEPSIZE_ERROR_STATE);
  CHECK_STATUS(refuses(s, NULL, 9, "NULL"), STEPSIZE_ERROR_NULL);
  /* A buffer that is too small stays as it was. */
  uint8_t small[64];
  memset(small, 0x5a, sizeof small);
  size_t wanted = 0;
  CHECK_STATUS(stepsize_scheduler_save(s, small, sizeof small, &wanted), STEPSIZE_ERROR_SIZE);
  CHECK(wanted == size);
  for (size_t i = 0; i < sizeof small; i++) CHECK(small[i] == 0x5a);
  free(state);
  stepsize_scheduler_destroy(s);
}

static void mismatch(const char *saved, const char *other, double lr, double other_lr, size_t groups, int bounded,
                     const char *part) {
  const double bases[2] = {lr, lr}, other_bases[2] = {other_lr, other_lr}, low[2] = {0.001, 0.001};
  stepsize_scheduler *s = scheduler_from(saved, 1, bases, NULL, NULL, 0, 0);
  stepsize_scheduler *into = scheduler_from(other, groups, other_bases, bounded ? low : NULL, NULL, 0, 0);
  stepsize_error error = {0};
  size_t size, before_size, after_size;
  uint8_t *state = state_of(s, &size), *before = state_of(into, &before_size);
  CHECK_STATUS(stepsize_scheduler_load(into, state, size, &error), STEPSIZE_ERROR_MISMATCH);
  if (!CHECK(strstr(error.text, part) != NULL)) fprintf(stderr, "    %s\n", error.text);
  uint8_t *after = state_of(into, &after_size);
  CHECK(before_size == after_size && memcmp(before, after, before_size) == 0);
  free(state), free(before), free(after);
  stepsize_scheduler_destroy(s);
  stepsize_scheduler_destroy(into);
}

static void mismatches(void) {
  mismatch("linear(10)", "linear(11)", 0.1, 0.1, 1, 0, "linear(10)");
  mismatch("linear(10)", "greedy() * linear(10)", 0.1, 0.1, 1, 0, "linear(10)");
  mismatch("greedy(patience=3)", "greedy()", 0.1, 0.1, 1, 0, "patience=3");
  mismatch("linear(10)", "linear(10)", 0.1, 0.1, 2, 0, "groups: 1");
  mismatch("linear(10)", "linear(10)", 0.1, 0.2, 1, 0, "group 0");
  mismatch("linear(10)", "linear(10)", 0.1, 0.1, 1, 1, "bounds");
}

/* ---- Made up, with a right checksum ------------------------------------------------------------ */

enum { HEADER = 24 };

/* Any word of a state as another one: refused, or a scheduler comes of it that works. */
static void tampered(const char *what, stepsize_scheduler *s) {
  static const uint64_t words[] = {
      0, 1, 2, 1000, UINT64_C(1) << 31, UINT64_C(1) << 61, (UINT64_C(1) << 62) + 1, INT64_MAX - 1, INT64_MAX,
      UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1, UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
      UINT64_C(0x7ff8000000000000), UINT64_C(0x3ff0000000000000), UINT64_C(0xbff0000000000000),
      UINT64_C(0x7fefffffffffffff),
  };
  double lr[GROUPS];
  for (int t = 0; t < 40; t++) update(s, lr, 0);
  size_t size;
  uint8_t *state = state_of(s, &size), *bad = malloc(size);
  REQUIRE(bad != NULL);
  int refused = 0, taken_as = 0, wrong = 0;
  size_t start = HEADER + 8 + (size_t)taken(state + HEADER); /* behind the text */
  for (size_t i = HEADER; i + 8 <= size; i = i == HEADER ? start : i + 8)
    for (int k = 0; k < COUNT(words); k++) {
      memcpy(bad, state, size);
      put(bad + i, words[k], 8);
      seal(bad, size);
      stepsize_scheduler *other = NULL;
      stepsize_error error = {0};
      int32_t status = stepsize_scheduler_restore(bad, size, &other, &error);
      wrong += status != STEPSIZE_OK && status != STEPSIZE_ERROR_STATE;
      if (status != STEPSIZE_OK) {
        refused++;
        continue;
      }
      taken_as++;
      double rates[GROUPS];
      size_t again;
      for (int t = 0; t < 8; t++) {
        update(other, rates, 0);
        for (int g = 0; g < GROUPS; g++) wrong += !(rates[g] >= 0 && rates[g] <= DBL_MAX);
      }
      stepsize_phase phase = {sizeof phase, 0, 0, 0, 0, 0, "", 0};
      wrong += stepsize_scheduler_phase(other, &phase) != STEPSIZE_OK;
      stepsize_scheduler_stop_reason(other);
      double copy[4];
      size_t written;
      wrong += stepsize_scheduler_record(other, 0, 30, copy, 4, &written) != STEPSIZE_OK;
      wrong += stepsize_scheduler_set_step(other, 3) != STEPSIZE_OK;
      stepsize_schedule *schedule = NULL;
      (void)!stepsize_scheduler_replay(other, 1, &schedule, NULL); /* there may be no record */
      stepsize_schedule_destroy(schedule);
      /* What it saves can be restored: nothing that cannot be has come in. */
      uint8_t *saved = state_of(other, &again);
      stepsize_scheduler *last = NULL;
      if (stepsize_scheduler_restore(saved, again, &last, NULL) != STEPSIZE_OK) {
        fprintf(stderr, "    %s: word at %d as %llx\n", what, (int)i, (unsigned long long)words[k]);
        wrong++;
      }
      stepsize_scheduler_destroy(last);
      free(saved);
      stepsize_scheduler_destroy(other);
    }
  if (!CHECK(wrong == 0 && refused > 50)) fprintf(stderr, "    %s: %d wrong, %d refused, %d taken\n", what, wrong, refused, taken_as);
  free(state), free(bad);
  stepsize_scheduler_destroy(s);
}

/* Fields of a scheduler of linear(10) with one group and a record: where they are, and what they cannot be. */
static void impossible(void) {
  const double one = 1;
  stepsize_scheduler *s = scheduler_from("linear(10)", 1, &one, NULL, NULL, 1, 0);
  for (int t = 0; t < 3; t++) REQUIRE(stepsize_scheduler_step(s, NULL, 0) == STEPSIZE_OK);
  size_t size;
  uint8_t *state = state_of(s, &size), *bad = malloc(size + 64);
  REQUIRE(bad != NULL);
  enum { TEXT = HEADER + 8, RECORDS = TEXT + 10, NORM_CAPACITY = RECORDS + 8,
         GROUP_COUNT = NORM_CAPACITY + 8, INITIAL = GROUP_COUNT + 8,
         LOW = INITIAL + 8, HIGH = LOW + 8, STEP = HIGH + 8, TIME = STEP + 8, RATE = TIME + 8, STOPPED = RATE + 8,
         JUMPS = STOPPED + 8, FIRST = JUMPS + 8, WORDS = FIRST + 8, WORD = WORDS + 8, LAST = WORD + 16,
         REPEATS = LAST + 8, RECORDED = REPEATS + 8, END = RECORDED + 8 };
  REQUIRE(size == END && taken(state + HEADER) == 10 && taken(state + STEP) == 3 && taken(state + WORDS) == 2);
  REQUIRE(taken(state + RECORDED) == 3);
  const uint64_t negative = UINT64_MAX, nan = UINT64_C(0x7ff8000000000000), minus = UINT64_C(0xbff0000000000000);
  const uint64_t mark = UINT64_C(1) << 63, most = INT64_MAX;
#define BAD(at, value) \
  (memcpy(bad, state, size), put(bad + (at), (value), 8), seal(bad, size), refuses(s, bad, size, "state"))
#define REFUSED(at, value) CHECK_STATUS(BAD(at, value), STEPSIZE_ERROR_STATE)
  REFUSED(HEADER, negative), REFUSED(HEADER, 9), REFUSED(HEADER, 11), REFUSED(HEADER, most), REFUSED(HEADER, 0);
  REFUSED(RECORDS, 2), REFUSED(RECORDS, negative);
  REFUSED(GROUP_COUNT, 0), REFUSED(GROUP_COUNT, negative), REFUSED(GROUP_COUNT, 1048577), REFUSED(GROUP_COUNT, most);
  REFUSED(GROUP_COUNT, 1048576), REFUSED(GROUP_COUNT, 2);
  REFUSED(INITIAL, nan), REFUSED(INITIAL, minus), REFUSED(LOW, nan), REFUSED(HIGH, minus);
  REFUSED(HIGH, UINT64_C(0x7ff0000000000000));
  REFUSED(STEP, negative), REFUSED(TIME, negative), REFUSED(RATE, nan), REFUSED(RATE, minus);
  REFUSED(STOPPED, 2), REFUSED(JUMPS, 4097), REFUSED(JUMPS, 1), REFUSED(JUMPS, negative), REFUSED(FIRST, negative);
  REFUSED(WORDS, 3), REFUSED(WORDS, 1), REFUSED(WORDS, most), REFUSED(WORDS, negative);
  REFUSED(WORD, nan), REFUSED(WORD + 8, minus), REFUSED(WORD + 8, mark), REFUSED(LAST, nan), REFUSED(LAST, mark);
  REFUSED(REPEATS, 0), REFUSED(REPEATS, most), REFUSED(REPEATS, negative), REFUSED(RECORDED, 4), REFUSED(RECORDED, most);
  /* A run of so many that the sum overflows. */
  memcpy(bad, state, size);
  bad[WORD + 7] |= 0x80; /* the first word says that the second is the length of a run */
  put(bad + WORD + 8, most, 8), put(bad + RECORDED, most, 8), seal(bad, size);
  CHECK_STATUS(refuses(s, bad, size, "state"), STEPSIZE_ERROR_STATE);
  put(bad + WORD + 8, negative, 8), put(bad + RECORDED, 0, 8), seal(bad, size);
  CHECK_STATUS(refuses(s, bad, size, "state"), STEPSIZE_ERROR_STATE);
  /* As many as can be counted is one that can be: the next updates are not written down. */
  put(bad + WORD + 8, most - 1, 8), put(bad + RECORDED, most, 8), seal(bad, size);
  CHECK_STATUS(refuses(s, bad, size, "state"), STEPSIZE_ERROR_STATE); /* more than there were updates */
  put(bad + STEP, most, 8), put(bad + TIME, most, 8), seal(bad, size);
  stepsize_scheduler *other = restored(bad, size);
  for (int t = 0; t < 3; t++) CHECK_STATUS(stepsize_scheduler_step(other, NULL, 0), STEPSIZE_OK);
  int64_t count = 0;
  CHECK_STATUS(stepsize_scheduler_record_range(other, NULL, &count), STEPSIZE_OK);
  CHECK(count == INT64_MAX);
  stepsize_scheduler_destroy(other);
  /* Texts that are none. */
  const char *const texts[] = {"linear(10", "liner(10)!", "linear(-1)", "greedy()*2", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
  for (int i = 0; i < COUNT(texts); i++) {
    memcpy(bad, state, size);
    memset(bad + TEXT, ' ', 10), memcpy(bad + TEXT, texts[i], strlen(texts[i]));
    seal(bad, size);
    CHECK_STATUS(refuses(s, bad, size, "state"), STEPSIZE_ERROR_STATE);
  }
  free(state), free(bad);
  stepsize_scheduler_destroy(s);
}

int main(int argc, char **argv) {
  int quick = argc == 2 && strcmp(argv[1], "--quick") == 0; /* for slow tools such as valgrind */
  for (int c = 0; c < COUNT(controllers); c++)
    for (int k = 0; k < (quick ? 1 : COUNT(schedules)); k++) goes_on(c, k, quick ? 10 : 1);
  versions();
  mismatches();
  impossible();
  for (int c = 0; c < COUNT(controllers); c += quick ? 6 : 1) tampered(controllers[c], made(c, 0, 1));
  tampered("extended", extended());
  if (!quick) damages(0, 0, 5, 1);
  for (int c = quick ? 4 : 0; c < (quick ? 5 : COUNT(controllers)); c++) damages(c, 1, quick ? 5 : 30, 0);
  return finish();
}
