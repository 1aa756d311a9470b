/* Six ways to set the learning rate, compared on a small real problem.

   A two-layer network (64-32-10, tanh, softmax cross-entropy) learns handwritten
   digits by minibatch SGD with momentum, from a good base learning rate, a tenth
   of it, and ten times it. The table shows what each setting makes of each.
   What uses the library: make_scheduler(), and three lines in train().

       cc -O3 train_digits.c $(pkg-config --cflags --libs stepsize) -lm -o train_digits
       ./train_digits --data Examples/data/digits.csv

   bindings/python/examples/train_digits.py is the same experiment in Python: same random
   numbers, same table wherever training is stable enough for rounding errors to stay small. */
#define PROGRAM "train_digits"
#include <stepsize/stepsize.h>

#include "digits.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#define STDERR_IS_TERMINAL isatty(2)
#else
#define STDERR_IS_TERMINAL 0
#endif

enum { MAX_EPOCHS = 10000 };
enum { CURVE_EVERY = 10 }; /* updates per row of the curves and per look at the test set */
enum { BASE_RATES = 3, CONSTANT = 0, LINEAR, COSINE, WARMUP_COSINE, GREEDY, GREEDY_LINEAR, SETTINGS };

static const double momentum = 0.9;
static const double target = 0.95; /* test accuracy whose first reaching is counted in updates */
/* As a constant, 0.1 is good: from 0.05 to 0.3 all are, from 0.5 on none. */
static const double base_rates[BASE_RATES] = {0.01, 0.1, 1.0};
static const char *const settings[SETTINGS] = {"constant",      "linear", "cosine",
                                               "warmup+cosine", "greedy", "greedy*linear"};

/* ---- The learning rate ---------------------------------------------------- */

static void check(stepsize_status status, const stepsize_error *error) {
  if (status != STEPSIZE_OK) fail(stepsize_status_name(status), error ? error->text : "no details");
}

static stepsize_scheduler *make_scheduler(int setting, double base_lr, int updates) {
  stepsize_error error;
  stepsize_schedule *schedule = NULL;
  stepsize_controller *controller = NULL;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  char text[100] = "constant()";
  int warmup = updates < 40 ? 1 : updates / 20;

  if (setting == LINEAR || setting == GREEDY_LINEAR) snprintf(text, sizeof text, "linear(%d)", updates);
  if (setting == COSINE) snprintf(text, sizeof text, "cosine(%d)", updates);
  if (setting == WARMUP_COSINE) snprintf(text, sizeof text, "warmup(%d) >> cosine(%d)", warmup, updates - warmup);
  check(stepsize_schedule_parse(text, strlen(text), &schedule, &error), &error);

  if (setting == GREEDY || setting == GREEDY_LINEAR) {
    check(stepsize_controller_parse("greedy()", 8, &controller, &error), &error);
  }

  check(stepsize_scheduler_defaults(&options, sizeof options), NULL);
  options.group_count = 1;
  options.base_lr = &base_lr;
  options.schedule = schedule;
  options.controller = controller;
  check(stepsize_scheduler_create(&options, &scheduler, &error), &error);
  stepsize_controller_destroy(controller); /* the scheduler keeps what it needs of both */
  stepsize_schedule_destroy(schedule);
  return scheduler;
}

/* ---- Training ------------------------------------------------------------- */

struct result {
  double loss, accuracy, reached; /* final training loss and test accuracy; updates to the target, or infinity */
};

static struct result train(int setting, double base_lr, int seed, int epochs, FILE *curves, FILE *trace) {
  static double net[WEIGHTS], velocity[WEIGHTS], gradient[WEIGHTS];
  static int order[TRAIN];
  struct result result = {0, 0, INFINITY};
  uint64_t random = seeded((uint64_t)seed);
  double next_lr, accuracy, curve_sum = 0;
  int update = 0;
  stepsize_scheduler *scheduler = make_scheduler(setting, base_lr, epochs * (TRAIN / BATCH));
  check(stepsize_scheduler_rates(scheduler, &next_lr, 1), NULL);

  initialize(net, &random);
  memset(velocity, 0, sizeof velocity);
  for (int epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, TRAIN, &random);
    for (int first = 0; first + BATCH <= TRAIN; first += BATCH) { /* the incomplete last batch is left out */
      double loss = 0, lr = next_lr;
      memset(gradient, 0, sizeof gradient);
      for (int i = 0; i < BATCH; i++) loss += add_gradient(net, &examples[order[first + i]], gradient);
      update_weights(net, velocity, gradient, momentum, lr);
      check(stepsize_scheduler_step_with_loss(scheduler, loss, &next_lr, 1), NULL); /* a NaN is passed on */
      if (trace && seed == 1) fprintf(trace, "%s,%g,%d,%a,%a\n", settings[setting], base_lr, update, loss, lr);
      curve_sum += loss;
      if (++update % CURVE_EVERY != 0) continue;
      if (curves)
        fprintf(curves, "%s,%g,%d,%d,%.6g,%.6g\n", settings[setting], base_lr, seed, update,
                curve_sum / (double)CURVE_EVERY, lr);
      curve_sum = 0;
      if (result.reached < INFINITY) continue;
      evaluate(net, examples + TRAIN, TEST, &accuracy);
      if (accuracy >= target) result.reached = update;
    }
  }
  stepsize_scheduler_destroy(scheduler);
  result.loss = evaluate(net, examples, TRAIN, &accuracy);
  evaluate(net, examples + TRAIN, TEST, &result.accuracy);
  return result;
}

/* ---- Table, command line -------------------------------------------------- */

/* Prints "mean ± standard deviation of the sample", right-aligned. */
static void print_mean_sd(const double *values, int count, int digits, int width) {
  char text[80] = "-";
  double mean = 0, squares = 0;
  for (int i = 0; i < count; i++) mean += values[i] / count;
  for (int i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  if (count == 1) snprintf(text, sizeof text, "%.*f ± -", digits, mean);
  if (count > 1) snprintf(text, sizeof text, "%.*f ± %.*f", digits, mean, digits, sqrt(squares / (count - 1)));
  printf("  %*s", width + (count > 0), text); /* "±" takes two bytes and one column */
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_row(double base_lr, int setting, const struct result *runs, int seeds) {
  double losses[MAX_SEEDS], accuracies[MAX_SEEDS], reached[MAX_SEEDS], median;
  char median_text[20] = "-";
  int converged = 0;
  for (int i = 0; i < seeds; i++) {
    if (runs[i].loss < log(CLASSES)) losses[converged++] = runs[i].loss; /* a NaN counts as diverged */
    accuracies[i] = 100 * runs[i].accuracy;
    reached[i] = runs[i].reached;
  }
  qsort(reached, (size_t)seeds, sizeof reached[0], ascending);
  median = reached[seeds / 2];
  if (median < INFINITY) snprintf(median_text, sizeof median_text, "%.0f", median);
  printf("%9g  %-13s", base_lr, settings[setting]);
  print_mean_sd(losses, converged, 4, 17);
  print_mean_sd(accuracies, seeds, 1, 16);
  printf("  %15s  %6d/%d\n", median_text, seeds - converged, seeds);
}

static const char usage[] =
    "usage: train_digits [options]\n"
    "  --epochs N     passes over the training images (30)\n"
    "  --seeds N      runs of each setting and base rate (5)\n"
    "  --curves FILE  write loss and rate of every 10 updates of every run (CSV)\n"
    "  --trace FILE   write every update of the runs of seed 1, exactly (CSV)\n"
    "  --data FILE    the digits (Examples/data/digits.csv)\n";

static FILE *open_output(const char *path, const char *header) {
  FILE *file = path ? fopen(path, "w") : NULL;
  if (path && (file == NULL || fputs(header, file) < 0)) fail(path, "cannot be written");
  return file;
}

static void close_output(FILE *file, const char *path) {
  int failed = file && ferror(file);
  if (file && (fclose(file) != 0 || failed)) fail(path, "could not be written to its end");
}

int main(int argc, char **argv) {
  const char *data = "Examples/data/digits.csv", *curves_path = NULL, *trace_path = NULL;
  static struct result runs[BASE_RATES][SETTINGS][MAX_SEEDS];
  int epochs = 30, seeds = 5, done = 0;
  /* Progress: on a terminal one line that is written over, elsewhere a line now and then. */
  const char *clear = STDERR_IS_TERMINAL ? "\r\033[K" : "", *end = STDERR_IS_TERMINAL ? "" : "\n";
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1]; /* argv[argc] is NULL */
    if (strcmp(name, "--help") == 0) return printf("%s", usage) < 0;
    else if (strcmp(name, "--epochs") == 0) epochs = count_option(name, value, MAX_EPOCHS);
    else if (strcmp(name, "--seeds") == 0) seeds = count_option(name, value, MAX_SEEDS);
    else if (strcmp(name, "--data") == 0 && value) data = value;
    else if (strcmp(name, "--curves") == 0 && value) curves_path = value;
    else if (strcmp(name, "--trace") == 0 && value) trace_path = value;
    else return fprintf(stderr, "%s" PROGRAM ": %s is unknown or lacks its value\n", usage, name), 2;
  }
  load(data);
  FILE *curves = open_output(curves_path, "setting,base,seed,update,loss,lr\n");
  FILE *trace = open_output(trace_path, "setting,base,update,loss,lr\n");
  for (int b = 0; b < BASE_RATES; b++)
    for (int s = 0; s < SETTINGS; s++)
      for (int seed = 1; seed <= seeds; seed++, done++) {
        if (STDERR_IS_TERMINAL || seed == 1)
          fprintf(stderr, "%srun %d/%d: %s, base %g%s", clear, done + 1, BASE_RATES * SETTINGS * seeds, settings[s],
                  base_rates[b], end);
        runs[b][s][seed - 1] = train(s, base_rates[b], seed, epochs, curves, trace);
      }
  fputs(clear, stderr);
  close_output(curves, curves_path);
  close_output(trace, trace_path);

  printf("base rate  setting            training loss  test accuracy, %%  updates to 95 %%  diverged\n");
  for (int b = 0; b < BASE_RATES; b++, puts(""))
    for (int s = 0; s < SETTINGS; s++) print_row(base_rates[b], s, runs[b][s], seeds);
  puts("Mean ± standard deviation over the seeds; median of the updates (\"-\": not reached).\n"
       "Diverged: final loss not below ln 10, that of a blind guess; the mean loss leaves these runs out,\n"
       "the accuracy and the median do not.");
  return fflush(stdout) != 0;
}
