/* What the abuse tests of both libraries share.
   Each call is made in a child process, which must end by itself: no signal, no hang. In the child a wrong status
   counts as well, and so does an object that a refused call has changed. */
#ifndef ABUSE_H
#define ABUSE_H

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
/* Of structs: shorter than any, or longer than any will ever be. Others, which are legal, are in test_structs.c. */
static const uint32_t sizes[] = {0, 1, 4, 8, 15, 16, 17, 40, 47, 65537, UINT32_MAX};
/* Array lengths that cannot be right. */
static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 4, SIZE_MAX / 8};

/* ---- Objects to be left alone ------------------------------------------------------------------ */

enum { GROUPS = 3 };
static stepsize_schedule *schedule;
static stepsize_controller *controller;
static stepsize_scheduler *plain, *greedy, *searching, *descending;

/* Where results go; `odd` points into the middle of a number. */
static double numbers[64];
static char bytes[4096];
static stepsize_error error;
#define ODD(type) ((type *)(void *)(bytes + 1))
/* The struct `good` with one field changed. */
#define WITH(field, value) (bad = good, bad.field = (value), &bad)

struct state {
  double values[6], plain_rates[GROUPS], greedy_rates[GROUPS];
  uint8_t states[4][1024]; /* of plain, greedy, searching and descending */
  size_t state_sizes[4];
  int64_t length, steps[2];
  size_t groups[2], text_length;
  int32_t finished[2], statuses[7];
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
  EACH(i, all) s.statuses[3 + i] = stepsize_scheduler_save(all[i], s.states[i], sizeof s.states[i], &s.state_sizes[i]);
  return s;
}

static void make_objects(void) {
  const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_scheduler_options options;
  schedule = parsed("warmup(5) >> cosine(10, floor=0.1)");
  REQUIRE(stepsize_controller_parse("greedy()", 8, &controller, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = GROUPS, options.base_lr = base, options.schedule = schedule;
  REQUIRE(stepsize_scheduler_create(&options, &plain, NULL) == STEPSIZE_OK);
  options.controller = controller;
  REQUIRE(stepsize_scheduler_create(&options, &greedy, NULL) == STEPSIZE_OK);
  options.schedule = NULL, options.controller = NULL, options.record = 1;
  REQUIRE(stepsize_scheduler_parse("line_search(projected=true)", 27, &options, &searching, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_parse("hypergradient(\"multiplicative\")", 31, &options, &descending, NULL) ==
          STEPSIZE_OK);
  for (int t = 0; t < 3; t++) REQUIRE(stepsize_scheduler_advance(searching, NULL, 0) == STEPSIZE_OK);
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
    return 1;
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == RIGHT) && check_is_told()) {
    if (WIFSIGNALED(status)) fprintf(stderr, "    signal %d: %s\n", WTERMSIG(status), what);
    else
      fprintf(stderr, "    %s: %s\n", WEXITSTATUS(status) == CHANGED ? "an object was changed" : "wrong status", what);
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

/* An allocator that has nothing; it must not be taken. */
static void *allocate_nothing(void *context, size_t size) { return (void)context, (void)size, NULL; }
static void release_nothing(void *context, void *block) { (void)context, (void)block; }

static int is_status(int32_t status) { return strcmp(stepsize_status_name(status), "unknown status") != 0; }

static int refused(int32_t status) { return is_status(status) && status != STEPSIZE_OK; }

static int is_rate(double x) { return x >= 0 && x <= DBL_MAX; }

static void destroy_objects(void) {
  stepsize_scheduler_destroy(plain);
  stepsize_scheduler_destroy(greedy);
  stepsize_scheduler_destroy(searching);
  stepsize_scheduler_destroy(descending);
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(schedule);
}

/* All functions of a list. */
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

#endif
