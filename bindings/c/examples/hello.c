/* A training loop with a learning rate from Stepsize.
   cc hello.c $(pkg-config --cflags --libs stepsize) -o hello && ./hello */
#include <stdio.h>
#include <string.h>

#include "stepsize/stepsize.h"

int main(void) {
  const char *text = "warmup(500) >> cosine(9500, floor=0.1)";
  double base_lr = 1e-3, lr;
  stepsize_schedule *schedule = NULL;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error = {.size = sizeof error};

  stepsize_scheduler_defaults(&options);
  if (stepsize_schedule_parse(text, strlen(text), &schedule, &error) != STEPSIZE_OK) goto failed;
  options.group_count = 1, options.base_lr = &base_lr, options.schedule = schedule;
  if (stepsize_scheduler_create(&options, &scheduler, &error) != STEPSIZE_OK) goto failed;
  stepsize_schedule_destroy(schedule); /* the scheduler has what it needs */

  stepsize_scheduler_rates(scheduler, &lr, 1);
  for (int t = 0; t < 10000; t++) {
    if (t % 1000 == 0) printf("update %4d: learning rate %.6f\n", t, lr);
    /* ... one update of the weights with lr ... */
    stepsize_scheduler_step(scheduler, &lr, 1);
  }
  stepsize_scheduler_destroy(scheduler);
  return 0;

failed:
  fprintf(stderr, "stepsize: %s\n", error.text);
  stepsize_schedule_destroy(schedule);
  return 1;
}
