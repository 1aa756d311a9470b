/* Golden traces of controllers: test_golden_controllers FILE      (Tests/golden/controllers.txt)
   The rate after each loss has the same bits, and the decision is the one that is written there. */
#include "check.h"

static const char *const words[] = {"none",   "raised", "cut",   "patience", "cooldown",
                                    "warmup", "bound",  "reset", "kept",     "ignored"};

static stepsize_scheduler *scheduler_of(const char *text, double base) {
  stepsize_error error;
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) != STEPSIZE_OK)
    fprintf(stderr, "%s: %s\n", text, error.text);
  REQUIRE(scheduler != NULL);
  return scheduler;
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  char line[4096], name[256] = "", text[4096] = "";
  stepsize_scheduler *scheduler = NULL;
  int number = 0, traces = 0;
  REQUIRE(file != NULL);
  while (fgets(line, sizeof line, file)) {
    double base, rate, lr;
    char loss[64], decision[64];
    number++;
    REQUIRE(strchr(line, '\n') != NULL); /* no line is longer than the buffer */
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || line[0] == 0) continue;
    if (sscanf(line, "= %255[^\n]", name) == 1) {
      traces++;
    } else if (strncmp(line, "scheduler\t", 10) == 0) {
      strcpy(text, line + 10);
    } else if (sscanf(line, "base\t%lf", &base) == 1) {
      stepsize_scheduler_destroy(scheduler);
      scheduler = scheduler_of(text, base);
    } else {
      REQUIRE(scheduler != NULL && sscanf(line, "%63s %lf %63s", loss, &rate, decision) == 3);
      stepsize_status status = loss[0] == '-' && loss[1] == 0
                                   ? stepsize_scheduler_advance(scheduler, &lr, 1)
                                   : stepsize_scheduler_step_with_loss(scheduler, strtod(loss, NULL), &lr, 1);
      REQUIRE(status == STEPSIZE_OK);
      int same = CHECK_SAME(lr, rate), told = CHECK_TEXT(words[stepsize_scheduler_decision(scheduler)], decision);
      if (!(same && told)) fprintf(stderr, "    %s:%d: %s\n", argv[1], number, name);
    }
  }
  CHECK(traces >= 30);
  stepsize_scheduler_destroy(scheduler);
  fclose(file);
  return finish();
}
