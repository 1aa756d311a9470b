/* A training loop with a learning rate from Stepsize.
   cc hello.c $(pkg-config --cflags --libs stepsize) -o hello && ./hello */
#include <stdio.h>
#include <string.h>

#include "stepsize/stepsize.h"

int main(void) {
  const char *text = "warmup(500) >> cosine(9500, floor=0.1)";
  double base_lr = 1e-3, lr;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error;

  if (stepsize_scheduler_defaults(&options, sizeof options) != STEPSIZE_OK) return 1;
  options.group_count = 1;
  options.base_lr = &base_lr;
  if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) != STEPSIZE_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }

  for (int update = 0; update < 10000; update++) {
    if (stepsize_scheduler_next(scheduler, &lr, 1) != STEPSIZE_OK) return 1;
    if (update % 1000 == 0) printf("update %5d  learning rate %.6f\n", update, lr);
    /* one update of the weights with lr */
  }
  stepsize_scheduler_destroy(scheduler);
  return 0;
}
