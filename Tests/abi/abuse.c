/* Every exported function with bad arguments: abuse SYMBOLS.
   Each call is made in a child process, which must end by itself: no signal, no hang. In the child a wrong answer
   counts as well, and so does an object that a refused call has changed. Fails if a function of SYMBOLS is missing
   here: a new function belongs into `main`. */
#define _POSIX_C_SOURCE 200809L
#include <float.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../StepsizeCTests/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EACH(i, array) for (size_t i = 0; i < COUNT(array); i++)

static const double reals[] = {NAN, INFINITY, -INFINITY, -DBL_MAX, -1, -5e-324, -0.0, 0, 5e-324, 0.5, 1, 2, DBL_MAX};
static const int64_t counts[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 2, 1LL << 53, INT64_MAX - 1, INT64_MAX};
static const int32_t codes[] = {INT32_MIN, -1, 0, 1, 2, 3, 7, 77, INT32_MAX};
static const uint32_t sizes[] = {0, 1, 4, 8, 15, 16, 17, 72, 87, 89, 111, 113, 119, 121, 255, 257, 4096, UINT32_MAX};
/* Array lengths that cannot be right. */
static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 4, SIZE_MAX / 8};

/* ---- Objects to be left alone ------------------------------------------------------------------ */

enum { GROUPS = 3 };
static stepsize_schedule *schedule;
static stepsize_controller *controller;
static stepsize_scheduler *plain, *greedy, *searching, *descending;

/* Where results go; `odd` points into the middle of a number. */
static double numbers[64];
static float singles[64];
static char bytes[4096];
static stepsize_error error;
static stepsize_schedule *new_schedule;
static stepsize_controller *new_controller;
static stepsize_scheduler *new_scheduler;
#define ODD(type) ((type *)(void *)(bytes + 1))

struct state {
  double values[6], plain_rates[GROUPS], greedy_rates[GROUPS];
  uint8_t states[4][1024]; /* of plain, greedy, searching and descending */
  size_t state_sizes[4];
  int64_t length, steps[2];
  size_t groups[2], text_length;
  int32_t finished[2], statuses[3];
  char text[256];
};

static struct state state_of_all(void) {
  static const int64_t steps[] = {INT64_MIN, 0, 3, 7, 12, INT64_MAX};
  struct state s;
  memset(&s, 0, sizeof s);
  EACH(i, steps) s.values[i] = stepsize_schedule_at(schedule, steps[i]);
  s.length = stepsize_schedule_length(schedule);
  s.statuses[0] = stepsize_schedule_print(schedule, s.text, sizeof s.text, &s.text_length);
  s.statuses[1] = stepsize_scheduler_rates(plain, s.plain_rates, GROUPS);
  s.statuses[2] = stepsize_scheduler_rates(greedy, s.greedy_rates, GROUPS);
  s.steps[0] = stepsize_scheduler_get_step(plain), s.steps[1] = stepsize_scheduler_get_step(greedy);
  s.groups[0] = stepsize_scheduler_group_count(plain), s.groups[1] = stepsize_scheduler_group_count(greedy);
  s.finished[0] = stepsize_scheduler_finished(plain), s.finished[1] = stepsize_scheduler_finished(greedy);
  stepsize_scheduler *const all[] = {plain, greedy, searching, descending};
  EACH(i, all) stepsize_scheduler_save(all[i], s.states[i], sizeof s.states[i], &s.state_sizes[i]);
  return s;
}

static void make_objects(void) {
  const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_greedy_options greedy_options;
  stepsize_scheduler_options options;
  schedule = parsed("warmup(5) >> cosine(10, floor=0.1)");
  REQUIRE(stepsize_greedy_defaults(&greedy_options, STEPSIZE_GREEDY_DEFAULT) == STEPSIZE_OK);
  REQUIRE(stepsize_controller_greedy(&greedy_options, &controller, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_defaults(&options) == STEPSIZE_OK);
  options.group_count = GROUPS, options.base_lr = base, options.schedule = schedule;
  REQUIRE(stepsize_scheduler_create(&options, &plain, NULL) == STEPSIZE_OK);
  options.controller = controller;
  REQUIRE(stepsize_scheduler_create(&options, &greedy, NULL) == STEPSIZE_OK);
  options.schedule = NULL, options.controller = NULL, options.record = 1;
  REQUIRE(stepsize_scheduler_parse("line_search(projected=true)", 27, &options, &searching, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_parse("hypergradient(\"multiplicative\")", 31, &options, &descending, NULL) ==
          STEPSIZE_OK);
  for (int t = 0; t < 3; t++) REQUIRE(stepsize_scheduler_step(searching, NULL, 0) == STEPSIZE_OK);
  struct state now = state_of_all();
  EACH(i, now.state_sizes) REQUIRE(now.state_sizes[i] <= sizeof now.states[i]);
}

/* ---- One call in a child ----------------------------------------------------------------------- */

enum { RIGHT = 0, WRONG_ANSWER = 101, CHANGED = 102 };
static const char *covered[1024];
static size_t covered_count;

static void cover(const char *function) {
  for (size_t i = 0; i < covered_count; i++)
    if (strcmp(covered[i], function) == 0) return;
  REQUIRE(covered_count < COUNT(covered));
  covered[covered_count++] = function;
}

/* 1 in the child, 0 in the parent once the child has ended. */
static int in_child(const char *function, const char *what) {
  cover(function);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    error.size = sizeof error;
    return 1;
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == RIGHT) && check_is_told()) {
    if (WIFSIGNALED(status)) fprintf(stderr, "    signal %d: %s\n", WTERMSIG(status), what);
    else
      fprintf(stderr, "    %s: %s\n", WEXITSTATUS(status) == CHANGED ? "an object was changed" : "wrong answer", what);
  }
  return 0;
}

/* The call must end, give what the condition says, and leave all objects alone. */
#define TRY(function, condition) \
  do { \
    if (in_child(#function, #condition)) { \
      struct state before = state_of_all(); \
      int right = (condition); \
      struct state after = state_of_all(); \
      _exit(!right ? WRONG_ANSWER : memcmp(&before, &after, sizeof before) ? CHANGED : RIGHT); \
    } \
  } while (0)

/* The call must be refused. */
#define REFUSED(function, ...) TRY(function, refused(function(__VA_ARGS__)))
/* The call must be refused or make an object that works. */
#define MAKES(function, ...) TRY(function, is_made(function(__VA_ARGS__)))

static int is_status(int32_t status) { return strcmp(stepsize_status_name(status), "unknown status") != 0; }

static int refused(int32_t status) { return is_status(status) && status != STEPSIZE_OK; }

static int is_rate(double x) { return x >= 0 && x <= DBL_MAX; }

static int is_rate_or_nan(double x) { return isnan(x) || is_rate(x); }

/* Looks at the status, at `error` and at what was made, and frees it. */
static int is_made(int32_t status) {
  int made = new_schedule != NULL || new_controller != NULL || new_scheduler != NULL;
  int right = is_status(status) && (status == STEPSIZE_OK) == made;
  if (!made) right = right && error.status == status && error.text[0] && memchr(error.text, 0, sizeof error.text);
  if (new_schedule) {
    EACH(i, counts) right = right && is_rate(stepsize_schedule_at(new_schedule, counts[i]));
    right = right && stepsize_schedule_length(new_schedule) >= 0;
    right = right && stepsize_schedule_print(new_schedule, bytes, sizeof bytes, NULL) == STEPSIZE_OK;
  }
  if (new_scheduler) {
    EACH(i, reals) {
      right = right && stepsize_scheduler_step_with_loss(new_scheduler, reals[i], numbers, COUNT(numbers)) == STEPSIZE_OK;
      for (size_t g = 0; g < stepsize_scheduler_group_count(new_scheduler); g++) right = right && is_rate(numbers[g]);
    }
  }
  stepsize_schedule_destroy(new_schedule);
  stepsize_controller_destroy(new_controller);
  stepsize_scheduler_destroy(new_scheduler);
  return right;
}

/* ---- The functions ----------------------------------------------------------------------------- */

static void versions(void) {
  TRY(stepsize_abi_version, stepsize_abi_version() == STEPSIZE_ABI_VERSION);
  TRY(stepsize_version, stepsize_version() > 0);
  EACH(i, codes) TRY(stepsize_status_name, stepsize_status_name(codes[i])[0] != 0);
}

static void closed_forms(void) {
  EACH(i, counts) EACH(k, counts) {
    EACH(r, reals) {
      TRY(stepsize_linear, is_rate_or_nan(stepsize_linear(counts[i], counts[k], reals[r], 0.1)));
      TRY(stepsize_cosine, is_rate_or_nan(stepsize_cosine(counts[i], counts[k], reals[r], 0.1)));
      TRY(stepsize_warmup, is_rate_or_nan(stepsize_warmup(counts[i], counts[k], reals[r])));
    }
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(counts[i], counts[k], 2, 1, 0)));
  }
  EACH(i, reals) EACH(k, reals) {
    TRY(stepsize_linear, is_rate_or_nan(stepsize_linear(5, 10, reals[i], reals[k])));
    TRY(stepsize_cosine, is_rate_or_nan(stepsize_cosine(5, 10, reals[i], reals[k])));
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(5, 10, reals[i], reals[k], 0)));
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(5, 10, reals[i], 1, reals[k])));
  }
}

static void making_schedules(void) {
  static const char *const texts[] = {"", "(", "linear(", "linear(10", "linear(nan)", "table([])", ">>", "\"", "*", "1"};
  EACH(i, texts) REFUSED(stepsize_schedule_parse, texts[i], strlen(texts[i]), &new_schedule, &error);
  EACH(i, lengths) REFUSED(stepsize_schedule_parse, "linear(10)", lengths[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, NULL, 10, &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, "linear(10)", 10, NULL, &error);
  REFUSED(stepsize_schedule_parse, "liner(10)", 9, ODD(stepsize_schedule *), NULL);
  EACH(i, sizes) {
    TRY(stepsize_schedule_parse,
        (error.size = sizes[i], refused(stepsize_schedule_parse("liner(10)", 9, &new_schedule, &error))));
    TRY(stepsize_schedule_parse, (memcpy(bytes + 1, &sizes[i], 4),
                                  refused(stepsize_schedule_parse("x", 1, &new_schedule, ODD(stepsize_error)))));
  }
  EACH(i, counts) {
    MAKES(stepsize_schedule_warmup, counts[i], &new_schedule, &error);
    EACH(k, reals) {
      MAKES(stepsize_schedule_constant, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_linear, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_cosine, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_polynomial, counts[i], reals[k], 0.1, &new_schedule, &error);
    }
  }
  EACH(i, reals) EACH(k, reals) MAKES(stepsize_schedule_polynomial, 10, reals[i], reals[k], &new_schedule, &error);
  REFUSED(stepsize_schedule_constant, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_linear, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_cosine, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_polynomial, 1, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_warmup, 1, NULL, &error);

  EACH(i, reals) MAKES(stepsize_schedule_table, &reals[i], 1, &new_schedule, &error);
  EACH(i, lengths) REFUSED(stepsize_schedule_table, reals, lengths[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_table, reals, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, NULL, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, ODD(double), 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, reals + 9, 1, NULL, &error);
}

static void combining_schedules(void) {
  REFUSED(stepsize_schedule_sequence, NULL, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_sequence, schedule, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_sequence, NULL, NULL, NULL, NULL);
  REFUSED(stepsize_schedule_sequence, schedule, schedule, NULL, NULL);
  MAKES(stepsize_schedule_sequence, schedule, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, NULL, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, schedule, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, NULL, NULL, NULL, NULL);
  REFUSED(stepsize_schedule_product, schedule, schedule, NULL, NULL);
  MAKES(stepsize_schedule_product, schedule, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_scale, NULL, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_scale, schedule, 1, NULL, &error);
  EACH(i, reals) MAKES(stepsize_schedule_scale, schedule, reals[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_clamp, NULL, 0, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_clamp, schedule, 0, 1, NULL, &error);
  EACH(i, reals) EACH(k, reals) MAKES(stepsize_schedule_clamp, schedule, reals[i], reals[k], &new_schedule, &error);
  REFUSED(stepsize_schedule_extend, NULL, 10, STEPSIZE_EXTEND_HOLD, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_extend, schedule, 10, STEPSIZE_EXTEND_HOLD, 0, NULL, &error);
  REFUSED(stepsize_schedule_extend, schedule, 10, 77, 0, &new_schedule, &error);
  EACH(i, counts) EACH(k, counts) for (int32_t policy = -1; policy <= 3; policy++)
    MAKES(stepsize_schedule_extend, schedule, counts[i], policy, counts[k], &new_schedule, &error);
}

static void asking_schedules(void) {
  EACH(i, counts) {
    TRY(stepsize_schedule_at, is_rate(stepsize_schedule_at(schedule, counts[i])));
    TRY(stepsize_schedule_at, isnan(stepsize_schedule_at(NULL, counts[i])));
    EACH(k, counts) {
      TRY(stepsize_schedule_fill, stepsize_schedule_fill(schedule, counts[i], counts[k], 1, numbers, 64) == STEPSIZE_OK);
      TRY(stepsize_schedule_fill_float,
          stepsize_schedule_fill_float(schedule, counts[i], counts[k], 1, singles, 64) == STEPSIZE_OK);
    }
  }
  EACH(i, reals) {
    int32_t expected = is_rate(reals[i]) ? STEPSIZE_OK : STEPSIZE_ERROR_ARGUMENT;
    TRY(stepsize_schedule_fill, stepsize_schedule_fill(schedule, 0, 1, reals[i], numbers, 64) == expected);
    TRY(stepsize_schedule_fill_float, stepsize_schedule_fill_float(schedule, 0, 1, reals[i], singles, 64) == expected);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, numbers, lengths[i]);
    REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, NULL, lengths[i]);
    REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, NULL, lengths[i]);
  }
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, singles, SIZE_MAX);
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, singles, SIZE_MAX / 2);
  REFUSED(stepsize_schedule_fill, NULL, 0, 1, 1, numbers, 64);
  REFUSED(stepsize_schedule_fill_float, NULL, 0, 1, 1, singles, 64);
  REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, ODD(double), 4);
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, ODD(float), 4);
  TRY(stepsize_schedule_length, stepsize_schedule_length(NULL) == -1);
  REFUSED(stepsize_schedule_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_schedule_print, schedule, NULL, 1, NULL);
  REFUSED(stepsize_schedule_print, schedule, NULL, SIZE_MAX, ODD(size_t));
  REFUSED(stepsize_schedule_print, schedule, bytes, 1, NULL);
  EACH(i, lengths)
    TRY(stepsize_schedule_print, stepsize_schedule_print(schedule, bytes, lengths[i], NULL) == STEPSIZE_OK);
  TRY(stepsize_schedule_destroy, (stepsize_schedule_destroy(NULL), 1));
}

static void catalogue(void) {
  static const size_t indices[] = {0, 5, 1000, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
  TRY(stepsize_catalogue_count, stepsize_catalogue_count() > 0);
  EACH(i, indices) {
    TRY(stepsize_catalogue_parameter_count, stepsize_catalogue_parameter_count(indices[i]) < 100);
    EACH(k, codes) {
      TRY(stepsize_catalogue_text, is_status(stepsize_catalogue_text(indices[i], codes[k], bytes, sizeof bytes, NULL)));
      TRY(stepsize_catalogue_text, is_status(stepsize_catalogue_text(indices[i], codes[k], NULL, 0, NULL)));
      REFUSED(stepsize_catalogue_text, indices[i], codes[k], NULL, 1, NULL);
      EACH(m, indices) {
        TRY(stepsize_catalogue_parameter_text,
            is_status(stepsize_catalogue_parameter_text(indices[i], indices[m], codes[k], bytes, sizeof bytes, NULL)));
        REFUSED(stepsize_catalogue_parameter_text, indices[i], indices[m], codes[k], NULL, SIZE_MAX, NULL);
      }
    }
  }
}

static void controllers(void) {
  stepsize_greedy_options good, bad;
  REQUIRE(stepsize_greedy_defaults(&good, STEPSIZE_GREEDY_DEFAULT) == STEPSIZE_OK);
  EACH(i, codes) {
    TRY(stepsize_greedy_defaults, is_status(stepsize_greedy_defaults(&bad, codes[i])));
    REFUSED(stepsize_greedy_defaults, NULL, codes[i]);
  }
  TRY(stepsize_greedy_defaults, is_status(stepsize_greedy_defaults(ODD(stepsize_greedy_options), 0)));

#define WITH(field, value) (bad = good, bad.field = (value), &bad)
  EACH(i, sizes)
    REFUSED(stepsize_controller_greedy, WITH(size, sizes[i]), &new_controller, &error);
  EACH(i, codes) {
    MAKES(stepsize_controller_greedy, WITH(variant, codes[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(mode, codes[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(threshold_mode, codes[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(smooth, codes[i]), &new_controller, &error);
  }
  EACH(i, reals) {
    MAKES(stepsize_controller_greedy, WITH(factor, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(threshold, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(eps, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, (bad = good, bad.min_lr = &reals[i], bad.min_lr_count = 1, &bad), &new_controller,
          &error);
    MAKES(stepsize_controller_greedy, (bad = good, bad.max_lr = &reals[i], bad.max_lr_count = 1, &bad), &new_controller,
          &error);
  }
  EACH(i, counts) {
    MAKES(stepsize_controller_greedy, WITH(patience, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(cooldown, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(warmup, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(window, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_greedy, WITH(reset_start, counts[i]), &new_controller, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_controller_greedy, WITH(min_lr_count, lengths[i]), &new_controller, &error);
    REFUSED(stepsize_controller_greedy, WITH(max_lr_count, lengths[i]), &new_controller, &error);
    REFUSED(stepsize_controller_greedy, (bad = good, bad.min_lr = reals, bad.min_lr_count = lengths[i], &bad),
            &new_controller, &error);
  }
  REFUSED(stepsize_controller_greedy, (bad = good, bad.max_lr = ODD(double), bad.max_lr_count = 1, &bad),
          &new_controller, &error);
  REFUSED(stepsize_controller_greedy, NULL, &new_controller, &error);
  REFUSED(stepsize_controller_greedy, &good, NULL, &error);
  REFUSED(stepsize_controller_greedy, NULL, NULL, NULL);
  MAKES(stepsize_controller_greedy, memcpy(bytes + 1, &good, sizeof good), &new_controller, &error);
  TRY(stepsize_controller_destroy, (stepsize_controller_destroy(NULL), 1));
}

static void plateaus(void) {
  stepsize_plateau_options good, bad;
  REQUIRE(stepsize_plateau_defaults(&good, STEPSIZE_PLATEAU_PYTORCH) == STEPSIZE_OK);
  EACH(i, codes) {
    TRY(stepsize_plateau_defaults, is_status(stepsize_plateau_defaults(&bad, codes[i])));
    REFUSED(stepsize_plateau_defaults, NULL, codes[i]);
  }
  EACH(i, sizes) REFUSED(stepsize_controller_plateau, WITH(size, sizes[i]), &new_controller, &error);
  EACH(i, codes) {
    MAKES(stepsize_controller_plateau, WITH(counting, codes[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(mode, codes[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(threshold_mode, codes[i]), &new_controller, &error);
  }
  EACH(i, reals) {
    MAKES(stepsize_controller_plateau, WITH(factor, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(threshold, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(extra_threshold, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(eps, reals[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, (bad = good, bad.min_lr = &reals[i], bad.min_lr_count = 1, &bad),
          &new_controller, &error);
  }
  EACH(i, counts) {
    MAKES(stepsize_controller_plateau, WITH(patience, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(cooldown, counts[i]), &new_controller, &error);
    MAKES(stepsize_controller_plateau, WITH(accumulation, counts[i]), &new_controller, &error);
  }
  EACH(i, lengths) REFUSED(stepsize_controller_plateau, WITH(min_lr_count, lengths[i]), &new_controller, &error);
  REFUSED(stepsize_controller_plateau, NULL, &new_controller, &error);
  REFUSED(stepsize_controller_plateau, &good, NULL, &error);
  REFUSED(stepsize_controller_plateau, NULL, NULL, NULL);
}

static void making_schedulers(void) {
  static const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_scheduler_options good, bad;
  TRY(stepsize_scheduler_defaults, stepsize_scheduler_defaults(&bad) == STEPSIZE_OK);
  TRY(stepsize_scheduler_defaults, is_status(stepsize_scheduler_defaults(ODD(stepsize_scheduler_options))));
  REFUSED(stepsize_scheduler_defaults, NULL);
  REQUIRE(stepsize_scheduler_defaults(&good) == STEPSIZE_OK);
  good.group_count = GROUPS, good.base_lr = base, good.schedule = schedule, good.controller = controller;
  MAKES(stepsize_scheduler_create, &good, &new_scheduler, &error);
  MAKES(stepsize_scheduler_create, memcpy(bytes + 1, &good, sizeof good), &new_scheduler, &error);
  EACH(i, sizes) REFUSED(stepsize_scheduler_create, WITH(size, sizes[i]), &new_scheduler, &error);
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_create, WITH(group_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_create, WITH(min_lr_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_create, (bad = good, bad.max_lr = base, bad.max_lr_count = lengths[i], &bad),
            &new_scheduler, &error);
  }
  EACH(i, reals) {
    MAKES(stepsize_scheduler_create, (bad = good, bad.base_lr = &reals[i], bad.group_count = 1, &bad), &new_scheduler,
          &error);
    MAKES(stepsize_scheduler_create,
          (bad = good, bad.base_lr = &reals[i], bad.group_count = 1, bad.controller = NULL, &bad), &new_scheduler,
          &error);
    EACH(k, reals)
      MAKES(stepsize_scheduler_create,
            (bad = good, bad.min_lr = &reals[i], bad.max_lr = &reals[k], bad.min_lr_count = bad.max_lr_count = 1, &bad),
            &new_scheduler, &error);
  }
  REFUSED(stepsize_scheduler_create, WITH(group_count, 0), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, WITH(base_lr, NULL), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, WITH(base_lr, ODD(double)), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, NULL, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, &good, NULL, &error);
  REFUSED(stepsize_scheduler_create, NULL, NULL, NULL);
  TRY(stepsize_scheduler_destroy, (stepsize_scheduler_destroy(NULL), 1));
}

static void training(void) {
  static const size_t few[] = {0, 1, GROUPS - 1};
  EACH(i, few) {
    REFUSED(stepsize_scheduler_rates, plain, numbers, few[i]);
    REFUSED(stepsize_scheduler_step, plain, numbers, few[i]);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, 1, numbers, few[i]);
    REFUSED(stepsize_scheduler_step_without_loss, greedy, numbers, few[i]);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_rates, plain, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_step, plain, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, 1, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_step_without_loss, greedy, NULL, lengths[i]);
    TRY(stepsize_scheduler_rates, stepsize_scheduler_rates(plain, numbers, lengths[i]) == STEPSIZE_OK);
  }
  REFUSED(stepsize_scheduler_rates, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_rates, plain, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_step, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_step, plain, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_step, greedy, numbers, GROUPS);
  EACH(i, reals) {
    REFUSED(stepsize_scheduler_step_with_loss, NULL, reals[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, reals[i], ODD(double), GROUPS);
  }
  REFUSED(stepsize_scheduler_step_without_loss, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_step_without_loss, greedy, ODD(double), GROUPS);
  EACH(i, counts) {
    REFUSED(stepsize_scheduler_set_step, NULL, counts[i]);
    if (counts[i] < 0) REFUSED(stepsize_scheduler_set_step, plain, counts[i]);
  }
  TRY(stepsize_scheduler_get_step, stepsize_scheduler_get_step(NULL) == -1);
  TRY(stepsize_scheduler_group_count, stepsize_scheduler_group_count(NULL) == 0);
  TRY(stepsize_scheduler_finished, stepsize_scheduler_finished(NULL) == 0);
  TRY(stepsize_scheduler_decision, stepsize_scheduler_decision(NULL) == STEPSIZE_DECISION_NONE);
  TRY(stepsize_scheduler_decision, stepsize_scheduler_decision(greedy) == STEPSIZE_DECISION_NONE);
}

static void phases(void) {
  stepsize_phase phase;
#define SIZED(n) (memset(&phase, 0x5a, sizeof phase), phase.size = (n), &phase)
  EACH(i, counts)
    TRY(stepsize_schedule_phase, stepsize_schedule_phase(schedule, counts[i], SIZED(sizeof phase)) == STEPSIZE_OK &&
                                     phase.name[0] == 0 && phase.progress == 0);
  EACH(i, sizes) {
    REFUSED(stepsize_schedule_phase, schedule, 0, SIZED(sizes[i]));
    REFUSED(stepsize_scheduler_phase, plain, SIZED(sizes[i]));
  }
  REFUSED(stepsize_schedule_phase, NULL, 0, SIZED(sizeof phase));
  REFUSED(stepsize_schedule_phase, schedule, 0, NULL);
  REFUSED(stepsize_scheduler_phase, NULL, SIZED(sizeof phase));
  REFUSED(stepsize_scheduler_phase, plain, NULL);
  TRY(stepsize_scheduler_phase, stepsize_scheduler_phase(plain, SIZED(sizeof phase)) == STEPSIZE_OK);
  TRY(stepsize_scheduler_stop_reason, stepsize_scheduler_stop_reason(NULL) == STEPSIZE_STOP_NONE);
  TRY(stepsize_scheduler_stop_reason, stepsize_scheduler_stop_reason(plain) == STEPSIZE_STOP_NONE);
}

static void texts_of_controllers(void) {
  static const char *const texts[] = {"greedy()", "hypergradient(beta=2)", "line_search(\xff)", "settle(\"\")", "((((((((", "",
                                      "greedy() * settle() * linear(10)"};
  static const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_scheduler_options good, bad;
  REQUIRE(stepsize_scheduler_defaults(&good) == STEPSIZE_OK);
  good.group_count = GROUPS, good.base_lr = base;
  EACH(i, texts) {
    MAKES(stepsize_controller_parse, texts[i], strlen(texts[i]), &new_controller, &error);
    REFUSED(stepsize_controller_parse, texts[i], strlen(texts[i]), NULL, &error);
    MAKES(stepsize_scheduler_parse, texts[i], strlen(texts[i]), &good, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, texts[i], strlen(texts[i]), &good, NULL, &error);
    REFUSED(stepsize_scheduler_parse, texts[i], strlen(texts[i]), NULL, &new_scheduler, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_controller_parse, texts[0], lengths[i], &new_controller, &error);
    REFUSED(stepsize_controller_parse, NULL, lengths[i], &new_controller, NULL);
    REFUSED(stepsize_scheduler_parse, texts[0], lengths[i], &good, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, NULL, lengths[i], &good, &new_scheduler, NULL);
    REFUSED(stepsize_scheduler_create, WITH(settling_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(settling_count, lengths[i]), &new_scheduler, &error);
  }
  EACH(i, sizes) REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(size, sizes[i]), &new_scheduler, &error);
  EACH(i, codes) {
    MAKES(stepsize_scheduler_create, WITH(record, codes[i]), &new_scheduler, &error);
    MAKES(stepsize_scheduler_parse, "linear(10)", 10, WITH(record, codes[i]), &new_scheduler, &error);
  }
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(schedule, schedule), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(controller, controller), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(base_lr, ODD(double)), &new_scheduler, &error);
  /* Settlings: no array, one out of place, with NULL in it, with another controller, too many. */
  const stepsize_controller *const wrong[] = {controller, NULL}, *const none[17] = {NULL};
#define SETTLINGS(array, n) (bad = good, bad.settlings = (array), bad.settling_count = (n), &bad)
  REFUSED(stepsize_scheduler_create, SETTLINGS(NULL, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, SETTLINGS(ODD(const stepsize_controller *const), 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, SETTLINGS(none, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, SETTLINGS(wrong, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, SETTLINGS(none, 17), &new_scheduler, &error);
  MAKES(stepsize_scheduler_create, SETTLINGS(NULL, 0), &new_scheduler, &error);

  REFUSED(stepsize_controller_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_print, controller, NULL, 1, NULL);
  REFUSED(stepsize_controller_print, controller, bytes, 1, NULL);
  REFUSED(stepsize_controller_parameter, NULL, 0, STEPSIZE_TEXT_VALUE, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_VALUE, NULL, 1, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_VALUE, bytes, 1, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_FORMULA, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, -1, bytes, sizeof bytes, NULL);
  EACH(i, lengths) REFUSED(stepsize_controller_parameter, controller, lengths[i], STEPSIZE_TEXT_VALUE, bytes, 1, NULL);
  REFUSED(stepsize_scheduler_extend, NULL, schedule, &error);
  REFUSED(stepsize_scheduler_extend, NULL, NULL, NULL);
  TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(NULL, 0)));
  TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(plain, GROUPS)));
  EACH(i, lengths) TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(plain, lengths[i])));
  TRY(stepsize_scheduler_extended_at, stepsize_scheduler_extended_at(NULL) == 0);
  TRY(stepsize_scheduler_schedule_step, stepsize_scheduler_schedule_step(NULL) == -1);
  REFUSED(stepsize_scheduler_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_scheduler_print, greedy, NULL, 1, NULL);
  REFUSED(stepsize_scheduler_print, greedy, bytes, 1, NULL);
  EACH(i, lengths) {
    TRY(stepsize_controller_print, stepsize_controller_print(controller, bytes, lengths[i], NULL) == STEPSIZE_OK);
    TRY(stepsize_scheduler_print, stepsize_scheduler_print(greedy, bytes, lengths[i], NULL) == STEPSIZE_OK);
    TRY(stepsize_scheduler_controller, stepsize_scheduler_controller(greedy, lengths[i], &new_controller) ==
                                               STEPSIZE_OK && new_controller == NULL);
  }
  REFUSED(stepsize_scheduler_controller, NULL, 0, &new_controller);
  REFUSED(stepsize_scheduler_controller, greedy, 0, NULL);
  TRY(stepsize_scheduler_controller,
      stepsize_scheduler_controller(greedy, 0, &new_controller) == STEPSIZE_OK && new_controller != NULL);
  REFUSED(stepsize_scheduler_schedule, NULL, &new_schedule);
  REFUSED(stepsize_scheduler_schedule, plain, NULL);
  TRY(stepsize_scheduler_schedule,
      stepsize_scheduler_schedule(searching, &new_schedule) == STEPSIZE_OK && new_schedule == NULL);
}

static void searches(void) {
  const double good[GROUPS] = {1, 1, 1};
  int32_t trial = 0;
  stepsize_scheduler *const others[] = {plain, greedy};
  EACH(i, others) {
    REFUSED(stepsize_scheduler_observe_gradient, others[i], good, good, 1, numbers, GROUPS);
    REFUSED(stepsize_scheduler_propose, others[i], 1, good, GROUPS, numbers, GROUPS);
    REFUSED(stepsize_scheduler_report, others[i], 1, good, GROUPS, &trial, numbers, GROUPS);
  }
  REFUSED(stepsize_scheduler_observe_gradient, searching, good, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, descending, 1, good, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, NULL, good, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, NULL, 1, good, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_report, NULL, 1, good, GROUPS, &trial, numbers, GROUPS);
  /* Nothing was proposed. */
  REFUSED(stepsize_scheduler_report, searching, 1, good, GROUPS, &trial, numbers, GROUPS);
  REFUSED(stepsize_scheduler_report, searching, 1, good, GROUPS, NULL, numbers, GROUPS);
  const size_t counts_of_dots[] = {0, 2, 4, SIZE_MAX, SIZE_MAX / 8};
  EACH(i, counts_of_dots) {
    REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, counts_of_dots[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_propose, searching, 1, good, counts_of_dots[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_report, searching, 1, good, counts_of_dots[i], &trial, numbers, GROUPS);
  }
  REFUSED(stepsize_scheduler_observe_gradient, descending, NULL, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, NULL, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, ODD(double), good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, ODD(double), 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, numbers, GROUPS - 1);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, NULL, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, NULL, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, ODD(double), GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, numbers, GROUPS - 1);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, NULL, 1);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, ODD(double), GROUPS);
  /* A child may change its objects where that is what the call is for. */
  EACH(i, reals) EACH(k, reals) if (in_child("stepsize_scheduler_report", "any numbers")) {
    const double any[GROUPS] = {reals[k], 1, reals[i]};
    int right = stepsize_scheduler_propose(searching, reals[i], any, GROUPS, numbers, GROUPS) == STEPSIZE_OK;
    right = right && refused(stepsize_scheduler_report(searching, 0, NULL, 0, &trial, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, ODD(double), GROUPS, &trial, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, any, GROUPS, NULL, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, any, GROUPS, &trial, numbers, 1));
    right = right &&
            stepsize_scheduler_report(searching, reals[k], any, GROUPS, &trial, numbers, GROUPS) == STEPSIZE_OK;
    for (size_t g = 0; g < GROUPS; g++) right = right && is_rate(numbers[g]);
    right = right &&
            stepsize_scheduler_observe_gradient(descending, any, any, GROUPS, numbers, GROUPS) == STEPSIZE_OK;
    for (size_t g = 0; g < GROUPS; g++) right = right && is_rate(numbers[g]);
    _exit(right ? RIGHT : WRONG_ANSWER);
  }
  TRY(stepsize_scheduler_trial_count, stepsize_scheduler_trial_count(NULL) == 0);
  TRY(stepsize_scheduler_trial_count, stepsize_scheduler_trial_count(plain) == 0);
}

static void records(void) {
  int64_t first, count;
  size_t written;
  REFUSED(stepsize_scheduler_record_range, NULL, &first, &count);
  TRY(stepsize_scheduler_record_range, stepsize_scheduler_record_range(searching, NULL, NULL) == STEPSIZE_OK);
  REFUSED(stepsize_scheduler_record, NULL, 0, 0, numbers, 64, &written);
  REFUSED(stepsize_scheduler_record, searching, 0, 0, NULL, 64, &written);
  REFUSED(stepsize_scheduler_record, searching, 0, 0, ODD(double), 4, &written);
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_record, searching, lengths[i], 0, numbers, 64, &written);
    TRY(stepsize_scheduler_record, is_status(stepsize_scheduler_record(searching, 0, 0, numbers, lengths[i], &written)));
    REFUSED(stepsize_scheduler_replay, searching, lengths[i], &new_schedule, &error);
  }
  EACH(i, counts)
    TRY(stepsize_scheduler_record,
        stepsize_scheduler_record(searching, 0, counts[i], numbers, 64, &written) ==
            (counts[i] < 0 ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK));
  REFUSED(stepsize_scheduler_replay, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_scheduler_replay, searching, 0, NULL, &error);
  REFUSED(stepsize_scheduler_replay, plain, 0, &new_schedule, &error);
  MAKES(stepsize_scheduler_replay, searching, 0, &new_schedule, &error);
}

static void states(void) {
  size_t size = 0;
  REQUIRE(stepsize_scheduler_save(greedy, (uint8_t *)bytes, sizeof bytes, &size) == STEPSIZE_OK);
  static uint8_t state[sizeof bytes];
  memcpy(state, bytes, sizeof state);
  TRY(stepsize_state_format, stepsize_state_format() >= 1);
  REFUSED(stepsize_scheduler_save, NULL, state, size, &size);
  REFUSED(stepsize_scheduler_save, greedy, NULL, 1, &size);
  REFUSED(stepsize_scheduler_save, greedy, NULL, SIZE_MAX, NULL);
  REFUSED(stepsize_scheduler_save, greedy, state, 1, &size);
  REFUSED(stepsize_scheduler_save, greedy, state, size - 1, NULL);
  TRY(stepsize_scheduler_save, stepsize_scheduler_save(greedy, NULL, 0, NULL) == STEPSIZE_OK);
  MAKES(stepsize_scheduler_restore, state, size, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_restore, state, size, NULL, &error);
  REFUSED(stepsize_scheduler_restore, NULL, size, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_load, NULL, state, size, &error);
  REFUSED(stepsize_scheduler_load, greedy, NULL, size, &error);
  REFUSED(stepsize_scheduler_load, plain, state, size, &error);
  TRY(stepsize_scheduler_load, stepsize_scheduler_load(greedy, state, size, NULL) == STEPSIZE_OK);
  for (size_t i = 0; i < size; i += i < 40 ? 1 : 16) {
    REFUSED(stepsize_scheduler_restore, state, i, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_load, greedy, state, i, &error);
    state[i] ^= 0x10;
    REFUSED(stepsize_scheduler_restore, state, size, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_load, greedy, state, size, &error);
    state[i] ^= 0x10;
  }
  REFUSED(stepsize_scheduler_restore, state, SIZE_MAX, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_load, greedy, state, SIZE_MAX, &error);
}

static void theory(void) {
  static const double norms[4] = {4, 2, 1, 1};
  stepsize_refine_options good, bad;
  stepsize_refine_result found = {sizeof found, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  stepsize_score_result score = {sizeof score, 0, 0, 0, 0, 0, 0, 0, 0};
  EACH(i, reals) EACH(k, reals) {
    double pair[2];
    pair[0] = reals[i], pair[1] = reals[k];
    TRY(stepsize_median_filter, is_status(stepsize_median_filter(pair, 2, 1, numbers, &error)));
    TRY(stepsize_schedule_fit, is_made(stepsize_schedule_fit(pair, 2, 0.1, numbers, &new_schedule, &error)));
    TRY(stepsize_score, is_status(stepsize_score(schedule, 2, pair, 2, 1, &score, &error)));
    TRY(stepsize_score, is_status(stepsize_score(schedule, 2, pair, 1, reals[k], &score, &error)));
    EACH(m, reals) TRY(stepsize_score_at, is_rate_or_nan(stepsize_score_at(reals[i], reals[k], reals[m])));
  }
  EACH(i, reals) {
    TRY(stepsize_median_filter, is_status(stepsize_median_filter(norms, 4, reals[i], numbers, &error)));
    MAKES(stepsize_schedule_fit, norms, 4, reals[i], numbers, &new_schedule, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_median_filter, norms, lengths[i], 0.1, numbers, &error);
    REFUSED(stepsize_schedule_fit, norms, lengths[i], 0.1, numbers, &new_schedule, &error);
    REFUSED(stepsize_score, schedule, 4, norms, lengths[i], 1, &score, &error);
  }
  REFUSED(stepsize_median_filter, NULL, 4, 0.1, numbers, &error);
  REFUSED(stepsize_median_filter, norms, 4, 0.1, NULL, &error);
  REFUSED(stepsize_median_filter, ODD(double), 4, 0.1, numbers, &error);
  REFUSED(stepsize_median_filter, norms, 4, 0.1, ODD(double), NULL);
  TRY(stepsize_median_filter, stepsize_median_filter(NULL, 0, 0.1, NULL, NULL) == STEPSIZE_OK);
  REFUSED(stepsize_schedule_fit, NULL, 0, 0.1, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_fit, NULL, 4, 0.1, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_fit, norms, 4, 0.1, NULL, NULL, &error);
  REFUSED(stepsize_schedule_fit, ODD(double), 4, 0.1, NULL, &new_schedule, &error);

  REFUSED(stepsize_refine_defaults, NULL);
  TRY(stepsize_refine_defaults, stepsize_refine_defaults(ODD(stepsize_refine_options)) == STEPSIZE_OK);
  REQUIRE(stepsize_refine_defaults(&good) == STEPSIZE_OK);
  EACH(i, reals) EACH(k, reals) EACH(m, codes) {
    double three[3];
    three[0] = reals[i], three[1] = reals[k], three[2] = 1;
    bad = good, bad.optimizer = codes[m], bad.tau = 0;
    TRY(stepsize_refine, is_status(stepsize_refine(&bad, three, 3, numbers, 3, &found, &error)) &&
                             (numbers[0] >= 0 && numbers[1] <= 1 && numbers[2] == 0));
  }
  EACH(i, reals) {
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(tau, reals[i]), norms, 4, numbers, 4, &found, &error)));
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(floor, reals[i]), norms, 4, numbers, 4, &found, &error)));
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(distance, reals[i]), norms, 4, numbers, 4, &found, &error)));
  }
  EACH(i, counts) EACH(k, counts) {
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(total, counts[i]), norms, 4, numbers,
                                                   counts[k] < 0 || counts[k] > 64 ? 4 : (size_t)counts[k], &found, &error)));
  }
  EACH(i, counts) if (counts[i] != 0)
    REFUSED(stepsize_refine, WITH(total, counts[i]), norms, 4, numbers, 4, &found, &error);
  EACH(i, codes) TRY(stepsize_refine, is_status(stepsize_refine(WITH(capped, codes[i]), norms, 4, numbers, 4, &found, NULL)));
  EACH(i, sizes) REFUSED(stepsize_refine, WITH(size, sizes[i]), norms, 4, numbers, 4, &found, &error);
  EACH(i, sizes) REFUSED(stepsize_refine, &good, norms, 4, numbers, 4, (found.size = sizes[i], &found), &error);
  EACH(i, lengths) {
    REFUSED(stepsize_refine, &good, norms, lengths[i], numbers, 4, &found, &error);
    REFUSED(stepsize_refine, &good, norms, 4, numbers, lengths[i], &found, &error);
  }
  REFUSED(stepsize_refine, WITH(reserved, 1), norms, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, NULL, norms, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 0, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 0, NULL, 0, NULL, NULL);
  REFUSED(stepsize_refine, &good, norms, 4, NULL, 4, &found, &error);
  REFUSED(stepsize_refine, &good, norms, 4, ODD(double), 4, &found, &error);
  REFUSED(stepsize_refine, &good, norms, 4, numbers, 3, &found, &error);
  found.size = sizeof found;
  TRY(stepsize_refine, stepsize_refine(memcpy(bytes + 1, &good, sizeof good), norms, 4, numbers, 4,
                                       memcpy(bytes + 1025, &found, sizeof found), NULL) == STEPSIZE_OK);

  EACH(i, counts) if (counts[i] < 0 || counts[i] > 1000000000)
    REFUSED(stepsize_score, schedule, counts[i], norms, 1, 1, &score, &error);
  EACH(i, sizes) REFUSED(stepsize_score, schedule, 4, norms, 4, 1, (score.size = sizes[i], &score), &error);
  score.size = sizeof score;
  REFUSED(stepsize_score, NULL, 4, norms, 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, NULL, 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, ODD(double), 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, norms, 4, 1, NULL, NULL);
  REFUSED(stepsize_score, schedule, 4, norms, 3, 1, &score, &error);
  TRY(stepsize_score, stepsize_score(schedule, 4, norms, 4, 1, memcpy(bytes + 1, &score, sizeof score), NULL) ==
                          STEPSIZE_OK);
}

static void norm_logs(void) {
  stepsize_norm_log *log = NULL, *other = NULL;
  size_t length = 0;
  REQUIRE(stepsize_norm_log_create(4, &log, NULL) == STEPSIZE_OK);
  EACH(i, lengths) {
    REFUSED(stepsize_norm_log_create, lengths[i], &other, &error);
    REFUSED(stepsize_norm_log_values, log, NULL, lengths[i]);
    REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, lengths[i], &other, &error);
  }
  REFUSED(stepsize_norm_log_create, 1, &other, &error);
  REFUSED(stepsize_norm_log_create, 8, NULL, &error);
  EACH(i, reals) {
    TRY(stepsize_norm_log_add, (stepsize_norm_log_add(log, reals[i]) == STEPSIZE_OK) == !(reals[i] < 0));
    REFUSED(stepsize_norm_log_add, NULL, reals[i]);
    (void)stepsize_norm_log_add(log, reals[i]);
  }
  TRY(stepsize_norm_log_count, stepsize_norm_log_count(log) == 9 && stepsize_norm_log_count(NULL) == -1);
  TRY(stepsize_norm_log_stride, stepsize_norm_log_stride(log) == 4 && stepsize_norm_log_stride(NULL) == -1);
  TRY(stepsize_norm_log_length, stepsize_norm_log_length(log) == 3 && stepsize_norm_log_length(NULL) == 0);
  TRY(stepsize_norm_log_values, stepsize_norm_log_values(log, numbers, SIZE_MAX) == STEPSIZE_OK);
  REFUSED(stepsize_norm_log_values, log, numbers, 2);
  REFUSED(stepsize_norm_log_values, log, ODD(double), 4);
  REFUSED(stepsize_norm_log_values, NULL, numbers, 4);
  REFUSED(stepsize_norm_log_save, NULL, NULL, 0, &length);
  REFUSED(stepsize_norm_log_save, log, NULL, 10, &length);
  REFUSED(stepsize_norm_log_save, log, (uint8_t *)bytes, 10, &length);
  TRY(stepsize_norm_log_save, stepsize_norm_log_save(log, (uint8_t *)bytes, SIZE_MAX, ODD(size_t)) == STEPSIZE_OK);
  REFUSED(stepsize_norm_log_restore, NULL, 10, &other, &error);
  REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, 100, NULL, &error);
  REQUIRE(stepsize_norm_log_save(log, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
  for (size_t i = 0; i < length; i++) {
    TRY(stepsize_norm_log_restore, (bytes[i] ^= 0x11, refused(stepsize_norm_log_restore((const uint8_t *)bytes, length,
                                                                                       &other, &error))));
    REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, i, &other, &error);
  }
  TRY(stepsize_norm_log_destroy, (stepsize_norm_log_destroy(NULL), 1));
  stepsize_norm_log_destroy(log);
}

static void logs_of_schedulers(void) {
  stepsize_norm_log *log = NULL;
  EACH(i, reals) TRY(stepsize_scheduler_log_norm, refused(stepsize_scheduler_log_norm(plain, reals[i])));
  REFUSED(stepsize_scheduler_log_norm, NULL, 1);
  TRY(stepsize_scheduler_norm_log, stepsize_scheduler_norm_log(plain, &log) == STEPSIZE_OK && log == NULL);
  REFUSED(stepsize_scheduler_norm_log, NULL, &log);
  REFUSED(stepsize_scheduler_norm_log, plain, NULL);
}

/* ---- Factorizations ---------------------------------------------------------------------------- */

static stepsize_nmf *new_nmf;
static const double matrix[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0};

/* Looks at the status and at what was made, trains it, and frees it. */
static int is_factorization(int32_t status) {
  int right = is_status(status) && (status == STEPSIZE_OK) == (new_nmf != NULL);
  if (!new_nmf) return right && error.status == status && error.text[0];
  for (int i = 0; i < 5; i++) {
    stepsize_nmf_update update = {.size = sizeof update};
    right = right && stepsize_nmf_step(new_nmf, matrix, 4, reals[i % 2 ? 10 : 12], &update) == STEPSIZE_OK;
    right = right && is_rate(update.loss) && is_rate(update.w_rate) && is_rate(update.h_rate);
  }
  right = right && stepsize_nmf_loss(new_nmf, matrix, 4, numbers) == STEPSIZE_OK && is_rate(numbers[0]);
  right = right && is_rate(stepsize_nmf_apriori_bound(new_nmf));
  stepsize_nmf_destroy(new_nmf);
  return right;
}

#define FACTORIZES(...) TRY(stepsize_nmf_create, is_factorization(stepsize_nmf_create(__VA_ARGS__)))

static void making_factorizations(void) {
  stepsize_nmf_options good, bad;
  TRY(stepsize_nmf_defaults, stepsize_nmf_defaults(&bad) == STEPSIZE_OK);
  TRY(stepsize_nmf_defaults, is_status(stepsize_nmf_defaults(ODD(stepsize_nmf_options))));
  REFUSED(stepsize_nmf_defaults, NULL);
  REQUIRE(stepsize_nmf_defaults(&good) == STEPSIZE_OK);
  good.rank = 2;
  FACTORIZES(&good, matrix, 3, 4, 4, &new_nmf, &error);
  FACTORIZES(memcpy(bytes + 1, &good, sizeof good), matrix, 3, 4, 4, &new_nmf, &error);
  EACH(i, sizes) if (sizes[i] != sizeof good)
    REFUSED(stepsize_nmf_create, WITH(size, sizes[i]), matrix, 3, 4, 4, &new_nmf, &error);
  EACH(i, codes) {
    FACTORIZES(WITH(order, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(bound, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(relative, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
  }
  EACH(i, counts) {
    FACTORIZES(WITH(rank, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(batch_size, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(seed, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(w_steps, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(h_steps, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
  }
  EACH(i, reals) {
    FACTORIZES(WITH(theta, reals[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(norm, reals[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES((bad = good, bad.rank = 1, &bad), &reals[i], 1, 1, 1, &new_nmf, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_nmf_create, &good, matrix, lengths[i], 4, 4, &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, lengths[i], 4, &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, lengths[i], &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, lengths[i], lengths[i], &new_nmf, &error);
  }
  REFUSED(stepsize_nmf_create, &good, matrix, 0, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 0, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, 3, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, ODD(double), 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, NULL, 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, NULL, matrix, 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, 4, NULL, &error);
  REFUSED(stepsize_nmf_create, NULL, NULL, 0, 0, 0, NULL, NULL);
  TRY(stepsize_nmf_destroy, (stepsize_nmf_destroy(NULL), 1));
}

static void factorizing(void) {
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  REQUIRE(stepsize_nmf_defaults(&options) == STEPSIZE_OK);
  options.rank = 2;
  REQUIRE(stepsize_nmf_create(&options, matrix, 3, 4, 4, &nmf, NULL) == STEPSIZE_OK);
  static const double parts[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  stepsize_nmf_update update = {.size = sizeof update};
  EACH(i, reals) TRY(stepsize_nmf_step, (stepsize_nmf_step(nmf, matrix, 4, reals[i], &update) == STEPSIZE_OK) == is_rate(reals[i]));
  EACH(i, sizes)
    if (sizes[i] != sizeof update)
      TRY(stepsize_nmf_step, (update.size = sizes[i], refused(stepsize_nmf_step(nmf, matrix, 4, 1, &update))));
  EACH(i, lengths) {
    REFUSED(stepsize_nmf_step, nmf, matrix, lengths[i], 1, &update);
    REFUSED(stepsize_nmf_loss, nmf, matrix, lengths[i], numbers);
    REFUSED(stepsize_nmf_get_factors, nmf, numbers, lengths[i], NULL, 0);
    REFUSED(stepsize_nmf_get_factors, nmf, NULL, 0, numbers, lengths[i]);
    REFUSED(stepsize_nmf_set_factors, nmf, numbers, lengths[i], NULL, 0, &error);
    REFUSED(stepsize_nmf_set_factors, nmf, NULL, 0, numbers, lengths[i], &error);
    REFUSED(stepsize_nmf_transform, parts, lengths[i], 4, matrix, 3, 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, lengths[i], matrix, 3, 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, lengths[i], 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, lengths[i], 10, numbers, &error);
  }
  REFUSED(stepsize_nmf_step, NULL, matrix, 4, 1, &update);
  REFUSED(stepsize_nmf_step, nmf, NULL, 4, 1, &update);
  REFUSED(stepsize_nmf_step, nmf, ODD(double), 4, 1, &update);
  REFUSED(stepsize_nmf_step, nmf, matrix, 3, 1, &update);
  REFUSED(stepsize_nmf_loss, NULL, matrix, 4, numbers);
  REFUSED(stepsize_nmf_loss, nmf, NULL, 4, numbers);
  REFUSED(stepsize_nmf_loss, nmf, matrix, 4, NULL);
  REFUSED(stepsize_nmf_loss, nmf, ODD(double), 4, numbers);
  TRY(stepsize_nmf_apriori_bound, stepsize_nmf_apriori_bound(NULL) == 0);
  REFUSED(stepsize_nmf_get_factors, NULL, numbers, 6, NULL, 0);
  REFUSED(stepsize_nmf_get_factors, nmf, NULL, 6, NULL, 0);
  REFUSED(stepsize_nmf_get_factors, nmf, ODD(double), 6, NULL, 0);
  TRY(stepsize_nmf_get_factors, stepsize_nmf_get_factors(nmf, NULL, 0, NULL, 0) == STEPSIZE_OK);
  REFUSED(stepsize_nmf_set_factors, NULL, parts, 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, NULL, 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, ODD(double), 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, reals, 6, NULL, 0, &error);
  TRY(stepsize_nmf_set_factors, stepsize_nmf_set_factors(nmf, parts, 6, parts, 8, &error) == STEPSIZE_OK);
  REFUSED(stepsize_nmf_transform, NULL, 2, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, NULL, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, 4, 10, NULL, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, 4, 10, ODD(double), &error);
  REFUSED(stepsize_nmf_transform, parts, 0, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, reals, 2, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, reals, 3, 4, 10, numbers, &error);
  EACH(i, counts)
    TRY(stepsize_nmf_transform, (stepsize_nmf_transform(parts, 2, 4, matrix, 3, 4, counts[i], numbers, &error) == STEPSIZE_OK) ==
                                    (counts[i] >= 1 && counts[i] <= 10000));
  stepsize_nmf_destroy(nmf);
}

/* ---- The list of exported functions ------------------------------------------------------------ */

/* ---- Learned schedules --------------------------------------------------------------------------- */

static stepsize_agent *new_agent;

static int is_agent(int32_t status) {
  int right = is_status(status) && (status == STEPSIZE_OK) == (new_agent != NULL);
  stepsize_agent_destroy(new_agent);
  return right;
}

#define LEARNS(...) TRY(stepsize_agent_create, is_agent(stepsize_agent_create(__VA_ARGS__)))

static void learning(void) {
  stepsize_agent_options good, bad;
  TRY(stepsize_agent_defaults, stepsize_agent_defaults(&bad) == STEPSIZE_OK);
  TRY(stepsize_agent_defaults, is_status(stepsize_agent_defaults(ODD(stepsize_agent_options))));
  REFUSED(stepsize_agent_defaults, NULL);
  REQUIRE(stepsize_agent_defaults(&good) == STEPSIZE_OK);
  LEARNS(&good, &new_agent, &error);
  LEARNS(memcpy(bytes + 1, &good, sizeof good), &new_agent, &error);
  EACH(i, sizes) REFUSED(stepsize_agent_create, WITH(size, sizes[i]), &new_agent, &error);
  EACH(i, codes) LEARNS(WITH(trainer, codes[i]), &new_agent, &error);
  EACH(i, counts) {
    LEARNS(WITH(units, counts[i]), &new_agent, &error);
    LEARNS(WITH(seed, counts[i]), &new_agent, &error);
    LEARNS(WITH(every, counts[i]), &new_agent, &error);
    LEARNS(WITH(population, counts[i]), &new_agent, &error);
    LEARNS(WITH(instances, counts[i]), &new_agent, &error);
  }
  EACH(i, reals) LEARNS(WITH(limit, reals[i]), &new_agent, &error);
  REFUSED(stepsize_agent_create, NULL, &new_agent, &error);
  REFUSED(stepsize_agent_create, &good, NULL, &error);
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = NULL;
    stepsize_controller *made = NULL;
    size_t length = 0;
    good.trainer = trainer, good.every = 1, good.population = 4, good.instances = 1;
    REQUIRE(stepsize_agent_create(&good, &agent, NULL) == STEPSIZE_OK);
    REFUSED(stepsize_agent_observe, agent, 1, numbers);
    REFUSED(stepsize_agent_reward, agent, 1);
    REFUSED(stepsize_agent_end_episode, agent, NULL);
    REFUSED(stepsize_agent_update, agent, NULL, &error);
    EACH(i, counts) TRY(stepsize_agent_begin_episode, is_status(stepsize_agent_begin_episode(agent, counts[i], 1, &error)));
    EACH(i, codes) TRY(stepsize_agent_begin_episode, is_status(stepsize_agent_begin_episode(agent, 9, codes[i], &error)));
    EACH(i, counts) {
      REQUIRE(stepsize_agent_begin_episode(agent, INT64_MAX, 0, NULL) == STEPSIZE_OK);
      TRY(stepsize_agent_score_nmf, stepsize_agent_score_nmf(agent, counts[i], numbers, &error) == STEPSIZE_OK);
    }
    for (int k = 0; k < 4; k++) {
      REQUIRE(stepsize_agent_begin_episode(agent, 5, 1, NULL) == STEPSIZE_OK);
      EACH(i, reals) {
        TRY(stepsize_agent_observe,
            stepsize_agent_observe(agent, reals[i], numbers) == STEPSIZE_OK && is_rate(numbers[0]));
        REQUIRE(stepsize_agent_observe(agent, reals[i], numbers) == STEPSIZE_OK);
        TRY(stepsize_agent_reward, stepsize_agent_reward(agent, reals[i]) == STEPSIZE_OK);
        REQUIRE(stepsize_agent_reward(agent, reals[i]) == STEPSIZE_OK);
      }
      REFUSED(stepsize_agent_observe, agent, 1, NULL);
      REFUSED(stepsize_agent_observe, agent, 1, ODD(double));
      REFUSED(stepsize_agent_end_episode, agent, ODD(double));
      TRY(stepsize_agent_end_episode, stepsize_agent_end_episode(agent, numbers) == STEPSIZE_OK);
      REQUIRE(stepsize_agent_end_episode(agent, NULL) == STEPSIZE_OK);
    }
    TRY(stepsize_agent_episodes_left, stepsize_agent_episodes_left(agent) == 0);
    REFUSED(stepsize_agent_begin_episode, agent, 5, 1, &error);
    REFUSED(stepsize_agent_update, agent, ODD(double), &error);
    TRY(stepsize_agent_update, stepsize_agent_update(agent, numbers, &error) == STEPSIZE_OK);
    REQUIRE(stepsize_agent_update(agent, NULL, NULL) == STEPSIZE_OK);
    TRY(stepsize_agent_generation, stepsize_agent_generation(agent) == 1);
    TRY(stepsize_agent_instance, stepsize_agent_instance(agent) >= 1);
    TRY(stepsize_agent_train_nmf, stepsize_agent_train_nmf(agent, numbers, &error) == STEPSIZE_OK);
    REFUSED(stepsize_agent_train_nmf, agent, ODD(double), &error);
    REFUSED(stepsize_agent_score_nmf, agent, 0, ODD(double), &error);
    REFUSED(stepsize_agent_score_nmf, agent, 0, NULL, &error);
    REFUSED(stepsize_agent_save, agent, NULL, 10, &length);
    REFUSED(stepsize_agent_save, agent, (uint8_t *)bytes, 10, &length);
    REQUIRE(stepsize_agent_save(agent, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
    const uint8_t *policy = (const uint8_t *)bytes;
    TRY(stepsize_agent_load, stepsize_agent_load(agent, policy, length, &error) == STEPSIZE_OK);
    REFUSED(stepsize_agent_load, agent, NULL, length, &error);
    REFUSED(stepsize_controller_learned, NULL, length, 0, 0, &made, &error);
    REFUSED(stepsize_controller_learned, policy, length, 0, 0, NULL, &error);
    EACH(i, lengths) {
      REFUSED(stepsize_agent_load, agent, policy, lengths[i], &error);
      REFUSED(stepsize_controller_learned, policy, lengths[i], 0, 0, &made, &error);
    }
    EACH(i, counts)
      TRY(stepsize_controller_learned,
          is_status(stepsize_controller_learned(policy, length, counts[i], 0, &made, &error)) && (!made) == (counts[i] < 0));
    EACH(i, reals)
      TRY(stepsize_controller_learned,
          is_status(stepsize_controller_learned(policy, length, 0, reals[i], &made, &error)) &&
              (!made) == !(reals[i] >= 0 && reals[i] <= 1));
    REFUSED(stepsize_agent_save_training, agent, NULL, 10, &length);
    REFUSED(stepsize_agent_save_training, agent, (uint8_t *)bytes, 10, &length);
    REQUIRE(stepsize_agent_save_training(agent, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
    TRY(stepsize_agent_restore_training, is_agent(stepsize_agent_restore_training(policy, length, &new_agent, &error)));
    REFUSED(stepsize_agent_restore_training, NULL, length, &new_agent, &error);
    REFUSED(stepsize_agent_restore_training, policy, length, NULL, &error);
    EACH(i, lengths) REFUSED(stepsize_agent_restore_training, policy, lengths[i], &new_agent, &error);
    stepsize_agent_destroy(agent);
  }
  REFUSED(stepsize_agent_save_training, NULL, NULL, 0, NULL);
  REFUSED(stepsize_agent_begin_episode, NULL, 0, 1, &error);
  REFUSED(stepsize_agent_observe, NULL, 1, numbers);
  REFUSED(stepsize_agent_reward, NULL, 1);
  REFUSED(stepsize_agent_end_episode, NULL, NULL);
  REFUSED(stepsize_agent_update, NULL, NULL, &error);
  REFUSED(stepsize_agent_train_nmf, NULL, NULL, &error);
  REFUSED(stepsize_agent_score_nmf, NULL, 0, numbers, &error);
  REFUSED(stepsize_agent_save, NULL, NULL, 0, NULL);
  REFUSED(stepsize_agent_load, NULL, (const uint8_t *)bytes, 10, &error);
  TRY(stepsize_agent_instance, stepsize_agent_instance(NULL) == -1);
  TRY(stepsize_agent_episodes_left, stepsize_agent_episodes_left(NULL) == -1);
  TRY(stepsize_agent_generation, stepsize_agent_generation(NULL) == -1);
  TRY(stepsize_agent_destroy, (stepsize_agent_destroy(NULL), 1));
}

static void all_are_covered(const char *path) {
  char name[128];
  FILE *file = fopen(path, "r");
  if (!file) fprintf(stderr, "%s cannot be read\n", path);
  REQUIRE(file != NULL);
  while (fscanf(file, "%127s", name) == 1) {
    int found = 0;
    for (size_t i = 0; i < covered_count; i++) found = found || strcmp(covered[i], name) == 0;
    if (!CHECK(found && "the function is tried")) fprintf(stderr, "    %s has no abuse test\n", name);
  }
  fclose(file);
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  make_objects();
  versions();
  closed_forms();
  making_schedules();
  combining_schedules();
  asking_schedules();
  catalogue();
  controllers();
  plateaus();
  making_schedulers();
  training();
  phases();
  texts_of_controllers();
  searches();
  records();
  states();
  theory();
  norm_logs();
  logs_of_schedulers();
  making_factorizations();
  factorizing();
  learning();
  all_are_covered(argv[1]);
  stepsize_scheduler_destroy(plain);
  stepsize_scheduler_destroy(greedy);
  stepsize_scheduler_destroy(searching);
  stepsize_scheduler_destroy(descending);
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(schedule);
  return finish();
}
