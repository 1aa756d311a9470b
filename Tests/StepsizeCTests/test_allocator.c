/* stepsize_set_allocator: every block comes from the program's allocator and goes back to it. */
#define _GNU_SOURCE
#include "allocator.h"

#include <pthread.h>

#include "making.h"

static const char *const texts[] = {
    "greedy(patience=3) * (warmup(50) >> cosine(950, floor=0.1))",
    "plateau(patience=2) * early_stop(\"main\", patience=3) * (warmup(5) >> constant(900, phase=\"main\") >> linear(95))",
    "greedy(smooth=true, window=9000) * repeat(linear(9, phase=\"a\") >> constant(3, phase=\"b\"))",
};

/* A training with everything that asks for memory; `seen` is the number of calls that got none. */
static int train(const char *text) {
  const double base[2] = {0.1, 0.01};
  stepsize_scheduler_options options;
  stepsize_scheduler *s = NULL, *other = NULL;
  stepsize_schedule *part = NULL;
  stepsize_controller *controller = NULL;
  stepsize_norm_log *log = NULL;
  static uint8_t state[1 << 20];
  size_t size = 0;
  int seen = 0;
#define TRIED(call) \
  do { \
    const stepsize_status status = (call); \
    if (status != STEPSIZE_OK) CHECK_STATUS(status, STEPSIZE_ERROR_MEMORY), seen++; \
  } while (0)
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 2, options.base_lr = base, options.record = 1, options.norm_capacity = 8;
  TRIED(stepsize_scheduler_parse(text, strlen(text), &options, &s, NULL));
  if (s == NULL) return seen;
  for (int t = 0; t < 12000; t++) TRIED(stepsize_scheduler_step_with_loss(s, 1 + t % 7, NULL, 0));
  TRIED(stepsize_scheduler_schedule(s, &part));
  TRIED(stepsize_scheduler_controller(s, 0, &controller));
  TRIED(stepsize_scheduler_norm_log(s, &log));
  stepsize_schedule_destroy(part), stepsize_controller_destroy(controller), stepsize_norm_log_destroy(log);
  TRIED(stepsize_scheduler_replay(s, 1, &part, NULL));
  stepsize_schedule_destroy(part);
  TRIED(stepsize_scheduler_save(s, state, sizeof state, &size));
  if (size != 0) TRIED(stepsize_scheduler_restore(state, size, &other, NULL));
  stepsize_scheduler_destroy(s), stepsize_scheduler_destroy(other);
  return seen;
#undef TRIED
}

/* The one scheduler that goes from one thread to another. */
static void *destroy(void *scheduler) {
  stepsize_scheduler_destroy(scheduler);
  return NULL;
}

static void every_block(void) {
  Arena arena = arena_of(-1);
  const stepsize_allocator allocator = {arena_allocate, arena_release, &arena};
  stepsize_error error;
  stepsize_schedule *none = NULL;
  const long before = asked;
  CHECK_STATUS(stepsize_set_allocator(&allocator), STEPSIZE_OK);
  CHECK(arena.made == 0);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) CHECK(train(texts[i]) == 0);
  CHECK_STATUS(stepsize_schedule_parse("liner(3)", 8, &none, &error), STEPSIZE_ERROR_NAME);
  CHECK(stepsize_catalogue_parameter_count(STEPSIZE_CATALOGUE_SCHEDULES, 0) > 0);
  CHECK(asked == before); /* of malloc */

  pthread_t thread;
  stepsize_scheduler *s = scheduler_of("greedy() * linear(9)", 1);
  REQUIRE(pthread_create(&thread, NULL, destroy, s) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(arena.made > 100 && arena.made == arena.freed && arena.wrong == 0);
  give_back(&arena);
}

/* However many blocks there are, the status says so, and all come back. */
static void running_out(void) {
  Arena arena = arena_of(-1);
  const stepsize_allocator allocator = {arena_allocate, arena_release, &arena};
  CHECK_STATUS(stepsize_set_allocator(&allocator), STEPSIZE_OK);
  CHECK(train(texts[1]) == 0);
  const long enough = arena.made;
  for (long limit = 0; limit < enough; limit += 1 + limit / 6) {
    arena.limit = limit, arena.used = 0;
    CHECK(train(texts[1]) > 0);
    CHECK(arena.made == arena.freed && arena.wrong == 0);
  }
  arena.limit = -1, arena.used = 0;
  CHECK(train(texts[1]) == 0 && arena.made == arena.freed);
  give_back(&arena);
}

/* The first block settles it, whatever becomes of it. */
static void too_late(void) {
  Arena arena = arena_of(-1);
  const stepsize_allocator allocator = {arena_allocate, arena_release, &arena};
  CHECK_STATUS(stepsize_set_allocator(NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_set_allocator(&(stepsize_allocator){NULL, arena_release, &arena}), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(stepsize_set_allocator(&(stepsize_allocator){arena_allocate, NULL, &arena}), STEPSIZE_ERROR_NULL);
  CHECK(stepsize_abi_version() == STEPSIZE_ABI_VERSION && stepsize_cosine(0, 10, 1, 0) == 1); /* ask for nothing */
  stepsize_schedule *none = NULL;
  CHECK_STATUS(stepsize_schedule_parse("liner(3)", 8, &none, NULL), STEPSIZE_ERROR_NAME);
  CHECK_STATUS(stepsize_set_allocator(&allocator), STEPSIZE_ERROR_ORDER);
  stepsize_schedule_destroy(parsed("linear(9)"));
  CHECK(arena.made == 0 && live >= 0);
  give_back(&arena);
}

static void only_once(void) {
  Arena arena = arena_of(-1), other = arena_of(-1);
  const stepsize_allocator first = {arena_allocate, arena_release, &arena}, second = {arena_allocate, arena_release, &other};
  CHECK_STATUS(stepsize_set_allocator(&first), STEPSIZE_OK);
  CHECK_STATUS(stepsize_set_allocator(&second), STEPSIZE_ERROR_ORDER);
  stepsize_schedule_destroy(parsed("linear(9)"));
  CHECK(arena.made > 0 && arena.made == arena.freed && other.made == 0);
  give_back(&arena), give_back(&other);
}

/* ---- Threads ----------------------------------------------------------------------------------- */

enum { THREADS = 8 };
static long counted;
static int winners;
static pthread_barrier_t start;

static void *counting_allocate(void *context, size_t size) {
  __atomic_fetch_add((long *)context, 1, __ATOMIC_RELAXED);
  return malloc(size);
}

static void counting_release(void *context, void *block) {
  __atomic_fetch_sub((long *)context, 1, __ATOMIC_RELAXED);
  free(block);
}

static void *race(void *is_user) {
  const stepsize_allocator allocator = {counting_allocate, counting_release, &counted};
  pthread_barrier_wait(&start);
  if (is_user == NULL) {
    const stepsize_status status = stepsize_set_allocator(&allocator);
    CHECK(status == STEPSIZE_OK || status == STEPSIZE_ERROR_ORDER);
    if (status == STEPSIZE_OK) __atomic_fetch_add(&winners, 1, __ATOMIC_RELAXED);
  }
  for (int i = 0; i < 20; i++) stepsize_schedule_destroy(parsed("warmup(5) >> linear(9)"));
  return NULL;
}

/* Set by several at once, while others use the library: one of them sets it, or none, and it holds for all blocks. */
static void at_once(void) {
  pthread_t threads[THREADS];
  static int user;
  REQUIRE(pthread_barrier_init(&start, NULL, THREADS) == 0);
  for (int i = 0; i < THREADS; i++)
    REQUIRE(pthread_create(&threads[i], NULL, race, i % 4 == 3 ? &user : NULL) == 0);
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_join(threads[i], NULL) == 0);
  pthread_barrier_destroy(&start);
  CHECK(winners <= 1 && counted == 0);
}

int main(void) {
  apart(every_block);
  apart(running_out);
  apart(too_late);
  apart(only_once);
  for (int i = 0; i < 10; i++) apart(at_once);
  return finish();
}
