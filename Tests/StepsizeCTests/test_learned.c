/* The controller learned(...): the policies of the library, and the time of a decision. What trains them is in the second
   library (Tests/StepsizeLearnCTests). */
#include <time.h>

#include "check.h"

/* The policies of the library by their names. */
static void shipped(void) {
  const char *names[] = {"nmf", "mlp"};
  const double base = 1;
  for (int i = 0; i < 2; i++) {
    char text[64];
    sprintf(text, "learned(\"%s\", total=200)", names[i]);
    stepsize_scheduler_options options;
    stepsize_scheduler *scheduler = NULL;
    REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
    options.group_count = 1, options.base_lr = &base;
    REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, NULL) == STEPSIZE_OK);
    double rate = 1, lowest = 1, highest = 1;
    for (int t = 0; t < 300; t++) {
      REQUIRE(stepsize_scheduler_step_with_loss(scheduler, exp(-0.02 * t) * (1 + 0.2 * (t % 3)), &rate, 1) == STEPSIZE_OK);
      lowest = fmin(lowest, rate), highest = fmax(highest, rate);
    }
    CHECK(lowest > exp(-3) && highest < exp(3) && lowest < highest);
    stepsize_scheduler_destroy(scheduler);
  }
}

/* With a decision at every update and the largest policy. */
static void cost(void) {
  const double base = 1;
  char text[8192] = "learned(\"custom\", total=1000000, adapt=0.1, parameters=[1, 3, 8";
  for (int i = 0; i < 73; i++) sprintf(text + strlen(text), ", %g", 0.01 * (i % 7 - 3));
  strcat(text, "])");
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, NULL) == STEPSIZE_OK);
  double best = INFINITY, rate;
  for (int round = 0; round < 20; round++) {
    clock_t start = clock();
    for (int t = 0; t < 5000; t++)
      REQUIRE(stepsize_scheduler_step_with_loss(scheduler, 1 + 1.0 / (t + 1), &rate, 1) == STEPSIZE_OK);
    double each = (double)(clock() - start) / CLOCKS_PER_SEC / 5000;
    if (each < best) best = each;
  }
  fprintf(stderr, "a decision of 8 hidden units: %.0f ns\n", best * 1e9);
  CHECK(isfinite(rate));
  stepsize_scheduler_destroy(scheduler);
}

int main(void) {
  shipped();
  cost();
  return finish();
}
