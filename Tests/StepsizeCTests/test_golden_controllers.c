/* Golden traces of controllers: test_golden_controllers FILE      (Tests/golden/controllers.txt)
   The rate after each call has the same bits, and the decision is the one that is written there. */
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

/* "NAME=NUMBER:..." as an observation. */
static stepsize_observation observation_of(const char *numbers) {
  static const char *const names[] = {"loss",       "grad_norm",   "grad_l1", "distance",  "start_norm", "dot_start",
                                      "dot_update", "update_norm", "dot_x",   "mean_norm", "mean_dot_x"};
  stepsize_observation found = {.size = sizeof found};
  for (const char *at = numbers; *at; at += strcspn(at, ":"), at += *at == ':') {
    int i = 0;
    while (i < 11 && (strncmp(at, names[i], strlen(names[i])) != 0 || at[strlen(names[i])] != '=')) i++;
    REQUIRE(i < 11);
    (&found.loss)[i] = strtod(strchr(at, '=') + 1, NULL);
    found.given |= STEPSIZE_SCALAR_LOSS << i;
  }
  return found;
}

/* Makes a call: a loss, "-" for an update without one, or NAME:ARGUMENT:... */
static stepsize_status make(stepsize_scheduler *scheduler, const char *call, double *lr) {
  static const char *const outcomes[] = {"accepted", "retry", "failed"};
  char name[32] = "", outcome[32] = "";
  double x = 0, y = 0;
  int count = sscanf(call, "%31[a-z_]:%lf:%lf", name, &x, &y);
  if (strcmp(name, "observe") == 0) {
    const stepsize_observation seen = observation_of(call + strlen("observe:"));
    return stepsize_scheduler_observe(scheduler, &seen, 1, lr, 1, NULL);
  }
  if (strcmp(name, "observe_gradient") == 0)
    return stepsize_scheduler_observe_gradient(scheduler, &x, count == 3 ? &y : NULL, 1, lr, 1);
  if (strcmp(name, "propose") == 0) return stepsize_scheduler_propose(scheduler, x, &y, 1, lr, 1);
  if (strcmp(name, "report") == 0) {
    stepsize_trial trial = -1;
    REQUIRE(sscanf(call, "report:%lf:%31s", &x, outcome) == 2);
    stepsize_status status = stepsize_scheduler_report(scheduler, x, NULL, 0, &trial, lr, 1);
    REQUIRE(trial >= 0 && trial <= STEPSIZE_TRIAL_FAILED);
    CHECK_TEXT(outcomes[trial], outcome);
    return status;
  }
  if (strcmp(call, "-") == 0) return stepsize_scheduler_advance(scheduler, lr, 1);
  return stepsize_scheduler_step_with_loss(scheduler, strtod(call, NULL), lr, 1);
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  char line[4096], name[256] = "", text[4096] = "";
  stepsize_scheduler *scheduler = NULL;
  int number = 0, traces = 0;
  REQUIRE(file != NULL);
  while (fgets(line, sizeof line, file)) {
    double base, rate, lr;
    char call[256], decision[64];
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
      REQUIRE(scheduler != NULL && sscanf(line, "%255s %lf %63s", call, &rate, decision) == 3);
      REQUIRE(make(scheduler, call, &lr) == STEPSIZE_OK);
      int same = CHECK_SAME(lr, rate), told = CHECK_TEXT(words[stepsize_scheduler_decision(scheduler)], decision);
      if (!(same && told)) fprintf(stderr, "    %s:%d: %s\n", argv[1], number, name);
    }
  }
  CHECK(traces >= 56);
  stepsize_scheduler_destroy(scheduler);
  fclose(file);
  return finish();
}
