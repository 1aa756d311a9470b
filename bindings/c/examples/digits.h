/* The problem of the examples: handwritten digits, and a two-layer network (64-32-10, tanh, softmax cross-entropy).
   Nothing here knows of learning rates. An example defines PROGRAM, its name, and includes this. */
#ifndef DIGITS_H
#define DIGITS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1797, TRAIN = 1347, TEST = ROWS - TRAIN, BATCH = 32 };
enum { PIXELS = 64, HIDDEN = 32, CLASSES = 10 };
enum { SPLIT_SEED = 0, MAX_SEEDS = 100 }; /* the seeds of the runs are 1, 2, ... */

static void fail(const char *what, const char *why) {
  fprintf(stderr, PROGRAM ": %s: %s\n", what, why);
  exit(1);
}

/* The value of an option that is a number from 1 to `max`. */
static int count_option(const char *name, const char *text, int max) {
  char *end = NULL;
  long value = text ? strtol(text, &end, 10) : 0;
  if (text && end != text && *end == '\0' && value >= 1 && value <= max) return (int)value;
  fprintf(stderr, PROGRAM ": %s wants a number from 1 to %d (--help shows all options)\n", name, max);
  exit(2);
}

/* ---- Random numbers, data ------------------------------------------------- */

static uint64_t seeded(uint64_t seed) { return seed * 0xBF58476D1CE4E5B9u; } /* neighbouring seeds start far apart */

/* Uniform in [0, 1), by splitmix64. */
static double uniform(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* The numbers 0 to count - 1 in random order (Fisher-Yates). */
static void shuffle(int *order, int count, uint64_t *random) {
  for (int i = 0; i < count; i++) order[i] = i;
  for (int last = count - 1; last > 0; last--) {
    int other = (int)(uniform(random) * (last + 1));
    int kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
}

/* The first TRAIN are for training, the rest for testing. */
static struct example {
  double pixel[PIXELS]; /* 0 to 1 */
  int digit, label;     /* the true digit; the label in the training: the same at first */
} examples[ROWS];

static void load(const char *path) {
  static int place[ROWS];
  uint64_t random = seeded(SPLIT_SEED);
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path, "cannot be opened (--data FILE names another place)");
  shuffle(place, ROWS, &random);
  for (int row = 0; row < ROWS; row++)
    for (int column = 0; column <= PIXELS; column++) {
      struct example *x = &examples[place[row]];
      int value = -1, limit = column < PIXELS ? 16 : CLASSES - 1;
      if (fscanf(file, "%d%*[,\r\n]", &value) != 1 || value < 0 || value > limit)
        fail(path, "not 1797 lines of 64 pixels (0 to 16) and a digit");
      if (column < PIXELS) x->pixel[column] = value / 16.0;
      else x->digit = x->label = value;
    }
  fclose(file);
}

/* ---- Network -------------------------------------------------------------- */

/* All weights and biases lie in one array, in this order; so do their gradient and the optimizer's velocity. */
enum { W1 = 0, B1 = W1 + PIXELS * HIDDEN, W2 = B1 + HIDDEN, B2 = W2 + HIDDEN * CLASSES, WEIGHTS = B2 + CLASSES };

/* Uniform with the variance that suits tanh (Glorot and Bengio 2010); biases 0. */
static void initialize(double *net, uint64_t *random) {
  memset(net, 0, WEIGHTS * sizeof *net);
  for (int i = W1; i < B1; i++) net[i] = (2 * uniform(random) - 1) * sqrt(6.0 / (PIXELS + HIDDEN));
  for (int i = W2; i < B2; i++) net[i] = (2 * uniform(random) - 1) * sqrt(6.0 / (HIDDEN + CLASSES));
}

/* The hidden layer and the logits of one example. */
static void forward(const double *net, const double *pixel, double *restrict hidden, double *restrict logit) {
  memcpy(hidden, net + B1, HIDDEN * sizeof *net);
  for (int p = 0; p < PIXELS; p++)
    for (int h = 0; h < HIDDEN; h++) hidden[h] += pixel[p] * net[W1 + p * HIDDEN + h];
  for (int h = 0; h < HIDDEN; h++) hidden[h] = tanh(hidden[h]);
  memcpy(logit, net + B2, CLASSES * sizeof *net);
  for (int h = 0; h < HIDDEN; h++)
    for (int c = 0; c < CLASSES; c++) logit[c] += hidden[h] * net[W2 + h * CLASSES + c];
}

/* The loss of one example; turns its logits into class probabilities. */
static double cross_entropy(double *logit, int digit) {
  double top = logit[0], sum = 0, loss;
  for (int c = 1; c < CLASSES; c++) top = logit[c] > top ? logit[c] : top;
  loss = top - logit[digit];
  for (int c = 0; c < CLASSES; c++) sum += logit[c] = exp(logit[c] - top);
  for (int c = 0; c < CLASSES; c++) logit[c] /= sum;
  return loss + log(sum);
}

/* Adds the share that one example of a minibatch has in the mean loss (returned) and in its gradient. */
static double add_gradient(const double *net, const struct example *x, double *restrict gradient) {
  double hidden[HIDDEN], delta[CLASSES], back[HIDDEN], loss;
  forward(net, x->pixel, hidden, delta);
  loss = cross_entropy(delta, x->label);
  delta[x->label] -= 1;
  for (int c = 0; c < CLASSES; c++) gradient[B2 + c] += delta[c] /= (double)BATCH;
  for (int h = 0; h < HIDDEN; h++) {
    double sum = 0;
    for (int c = 0; c < CLASSES; c++) {
      sum += delta[c] * net[W2 + h * CLASSES + c];
      gradient[W2 + h * CLASSES + c] += hidden[h] * delta[c];
    }
    gradient[B1 + h] += back[h] = sum * (1 - hidden[h] * hidden[h]);
  }
  for (int p = 0; p < PIXELS; p++)
    for (int h = 0; h < HIDDEN; h++) gradient[W1 + p * HIDDEN + h] += x->pixel[p] * back[h];
  return loss / (double)BATCH;
}

/* SGD with momentum. */
static void update_weights(double *net, double *velocity, const double *gradient, double momentum, double lr) {
  for (int i = 0; i < WEIGHTS; i++) {
    velocity[i] = momentum * velocity[i] + gradient[i];
    net[i] -= lr * velocity[i];
  }
}

/* The mean loss of examples; `accuracy` is the share that is recognized. */
static double evaluate(const double *net, const struct example *x, int count, double *accuracy) {
  double loss = 0, right = 0;
  for (int i = 0; i < count; i++) {
    double hidden[HIDDEN], logit[CLASSES];
    int best = 0;
    forward(net, x[i].pixel, hidden, logit);
    for (int c = 1; c < CLASSES; c++) best = logit[c] > logit[best] ? c : best;
    right += best == x[i].digit && isfinite(logit[best]); /* logits of NaN recognize nothing */
    loss += cross_entropy(logit, x[i].digit);
  }
  *accuracy = right / count;
  return loss / count;
}

#endif
