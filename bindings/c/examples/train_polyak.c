/* No base rate: a decay of Polyak's step, which needs the loss and the norm of the gradient.

     gcc train_polyak.c -lstepsize -lm -o train_polyak && ./train_polyak

   Least squares: y = 3 x1 - 2 x2 + 1, by gradient descent on batches of 8. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "stepsize/stepsize.h"

#define UPDATES 200
#define BATCH 8

static unsigned state = 1;
static double uniform(void) {
  state = state * 1664525u + 1013904223u;
  return (double)(state >> 8) / (1 << 23) - 1;
}

/* The mean loss of a batch, and its gradient. */
static double batch(const double w[3], double g[3]) {
  double loss = 0;
  memset(g, 0, 3 * sizeof *g);
  for (int i = 0; i < BATCH; i++) {
    const double x[3] = {uniform(), uniform(), 1}, y = 3 * x[0] - 2 * x[1] + 1;
    const double miss = w[0] * x[0] + w[1] * x[1] + w[2] * x[2] - y;
    loss += miss * miss / BATCH;
    for (int k = 0; k < 3; k++) g[k] += 2 * miss * x[k] / BATCH;
  }
  return loss;
}

int main(void) {
  const char *text = "polyak(\"sps\") * linear(200)";
  stepsize_error error;
  stepsize_scheduler_options options;
  if (stepsize_scheduler_defaults(&options, sizeof options)) return 1;
  double base = 1, lr, w[3] = {0}, g[3];
  options.base_lr = &base, options.group_count = 1;
  stepsize_scheduler *scheduler;
  if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error)) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  for (int t = 0; t < UPDATES; t++) {
    const double loss = batch(w, g), norm = sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
    stepsize_observation seen = {.size = sizeof seen, .given = STEPSIZE_SCALAR_LOSS | STEPSIZE_SCALAR_GRAD_NORM};
    seen.loss = loss, seen.grad_norm = norm;
    if (stepsize_scheduler_observe(scheduler, &seen, 1, &lr, 1, &error)) fprintf(stderr, "%s\n", error.text);
    for (int k = 0; k < 3; k++) w[k] -= lr * g[k];
    if (stepsize_scheduler_step(scheduler, NULL, 0)) return 1;
    if (t % 40 == 0) printf("%3d  loss %.2e  learning rate %.4f\n", t, loss, lr);
  }
  printf("w = %.3f %.3f %.3f\n", w[0], w[1], w[2]);
  stepsize_scheduler_destroy(scheduler);
  return 0;
}
