/* Many threads ask one schedule at once, copy it into others, and make schedulers from it: all get the same. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

enum { THREADS = 16, STEPS = 200000 };

static stepsize_schedule *shared;
static stepsize_controller *controller;
static pthread_barrier_t barrier;

static void *sum(void *out) {
  double total = 0, lr, base = 0.5, row[64];
  pthread_barrier_wait(&barrier);
  for (int64_t t = 0; t < STEPS; t++) {
    total += stepsize_schedule_at(shared, t % 12000);
    if (t % 1000) continue;
    /* What counts references: new owners of the same parts, made and freed at once. */
    stepsize_schedule *scaled = NULL;
    stepsize_scheduler *scheduler = NULL;
    stepsize_scheduler_options options;
    if (stepsize_scheduler_defaults(&options, sizeof options) != STEPSIZE_OK) return NULL;
    options.group_count = 1, options.base_lr = &base, options.controller = controller;
    if (stepsize_schedule_scale(shared, 2, &scaled, NULL) != STEPSIZE_OK) return NULL;
    options.schedule = scaled;
    if (stepsize_scheduler_create(&options, &scheduler, NULL) != STEPSIZE_OK) return NULL;
    stepsize_schedule_destroy(scaled);
    for (int i = 0; i < 30; i++) {
      if (stepsize_scheduler_step_with_loss(scheduler, i % 7, &lr, 1) != STEPSIZE_OK) return NULL;
      total += lr;
    }
    stepsize_scheduler_destroy(scheduler);
    if (stepsize_schedule_fill(shared, t, 3, 1, row, 64) != STEPSIZE_OK) return NULL;
    for (int i = 0; i < 64; i++) total += row[i];
  }
  *(double *)out = total;
  return out;
}

/* A deep schedule in a thread with a small stack: nothing here may need much of it. A sanitizer's checks need
   some, too. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { STACK = 2048 * 1024 };
#define HAS_STACK
#endif
#endif
#ifndef HAS_STACK
enum { STACK = 256 * 1024 };
#endif
static void *deep(void *unused) {
  (void)unused;
  char text[2048] = "";
  for (int i = 0; i < 60; i++) strcat(text, "clamp(");
  strcat(text, "linear(10)");
  for (int i = 0; i < 60; i++) strcat(text, ")");
  stepsize_schedule *s = NULL;
  if (stepsize_schedule_parse(text, strlen(text), &s, NULL) != STEPSIZE_OK) return NULL;
  size_t length = 0;
  if (stepsize_schedule_print(s, NULL, 0, &length) != STEPSIZE_OK) return NULL;
  double value = stepsize_schedule_at(s, 5);
  stepsize_schedule_destroy(s);
  return value == 0.5 && length > 0 ? shared : NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  double sums[THREADS] = {0};
  shared = parsed("warmup(500) >> 0.5 * cosine(9500, floor=0.1) >> table([0.1, 0.2, 0.3])");
  REQUIRE(stepsize_controller_parse("greedy(patience=2)", 18, &controller, NULL) == STEPSIZE_OK);
  REQUIRE(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, sum, &sums[i]) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *result = NULL;
    REQUIRE(pthread_join(threads[i], &result) == 0);
    CHECK(result == &sums[i]);
    CHECK(sums[i] > 0 && sums[i] == sums[0]);
  }

  pthread_attr_t attributes;
  pthread_t thread;
  void *result = NULL;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, STACK) == 0);
  REQUIRE(pthread_create(&thread, &attributes, deep, NULL) == 0);
  REQUIRE(pthread_join(thread, &result) == 0);
  CHECK(result == shared);
  pthread_attr_destroy(&attributes);
  pthread_barrier_destroy(&barrier);
  stepsize_controller_destroy(controller);
  stepsize_schedule_destroy(shared);
  return finish();
}
