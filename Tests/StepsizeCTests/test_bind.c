/* Shares of a total: stepsize_schedule_bind, and the total in the options of a scheduler. */
#include "making.h"

static void bound(const char *text, int64_t total, const char *expected) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error;
  char printed[256];
  if (!CHECK(stepsize_schedule_bind(text, strlen(text), total, &schedule, &error) == STEPSIZE_OK)) {
    fprintf(stderr, "    %s: %s\n", text, error.text);
    return;
  }
  REQUIRE(stepsize_schedule_print(schedule, printed, sizeof printed, NULL) == STEPSIZE_OK);
  CHECK_TEXT(printed, expected);
  stepsize_schedule_destroy(schedule);
}

static void refused(const char *text, int64_t total, int64_t offset, const char *part) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error;
  CHECK(stepsize_schedule_bind(text, strlen(text), total, &schedule, &error) == STEPSIZE_ERROR_ARGUMENT);
  CHECK(schedule == NULL && error.offset == offset && strstr(error.text, part) != NULL);
}

/* Parts of random shares that make up 100 have the total as their sum. */
static void adds_up(uint64_t *random) {
  char text[1024];
  int left = 1000000, size = 0;
  for (int i = 0; i < 8; i++) {
    const int share = i == 7 ? left : (int)(uniform(random) * left);
    size += sprintf(text + size, "%sconstant(%d.%04d%%)", i ? " >> " : "", share / 10000, share % 10000);
    left -= share;
  }
  const int64_t total = 1 + (int64_t)(uniform(random) * (uniform(random) < 0.5 ? 100 : 9e18));
  stepsize_schedule *schedule = NULL;
  REQUIRE(stepsize_schedule_bind(text, strlen(text), total, &schedule, NULL) == STEPSIZE_OK);
  CHECK(stepsize_schedule_length(schedule) == total);
  stepsize_schedule_destroy(schedule);
}

static void schedulers(void) {
  static const char text[] = "plateau(after=5%) * (warmup(10%) >> cosine(rest))";
  const double base = 0.1;
  char printed[256];
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  CHECK(options.total == 0);
  options.group_count = 1, options.base_lr = &base;
  CHECK(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) == STEPSIZE_ERROR_ARGUMENT);
  CHECK(scheduler == NULL && error.offset == 14 && strstr(error.text, "give the total") != NULL);
  options.total = 200;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) == STEPSIZE_OK);
  REQUIRE(stepsize_scheduler_print(scheduler, printed, sizeof printed, NULL) == STEPSIZE_OK);
  CHECK_TEXT(printed, "plateau(after=10) * (warmup(20) >> cosine(180))");
  stepsize_scheduler_destroy(scheduler);
  options.total = -1;
  CHECK(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) == STEPSIZE_ERROR_ARGUMENT);
  /* A program that was compiled before there was a total. */
  options.total = 77, options.size = (uint32_t)offsetof(stepsize_scheduler_options, total);
  CHECK(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) == STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "give the total") != NULL);
}

int main(void) {
  bound("warmup(10%) >> cosine(90%, floor=0.1)", 1000, "warmup(100) >> cosine(900, floor=0.1)");
  bound("warmup(500) >> constant(rest) >> linear(10%)", 2000, "warmup(500) >> constant(1300) >> linear(200)");
  bound("linear(33.3%) >> linear(33.3%) >> linear(33.4%)", 10, "linear(3) >> linear(4) >> linear(3)");
  bound("linear(10)", 5, "linear(10)");
  refused("warmup(10%) >> cosine(95%)", 1000, 0, "longer than the total");
  refused("warmup(10) >> linear(rest)", 5, 21, "the total leaves nothing");
  refused("linear(10%)", 0, -1, "total = ");
  refused("linear(10%)", INT64_MIN, -1, "total = ");
  CHECK(stepsize_schedule_bind("linear(10%)", 11, 5, NULL, NULL) == STEPSIZE_ERROR_NULL);
  stepsize_schedule *schedule = NULL;
  CHECK(stepsize_schedule_parse("linear(10%)", 11, &schedule, NULL) == STEPSIZE_ERROR_ARGUMENT);
  uint64_t random = 7;
  for (int i = 0; i < 2000; i++) adds_up(&random);
  schedulers();
  return finish();
}
