/* Prints the bits of what the libraries compute: bits FILE..., the golden cases. Two builds of the libraries, or two
   processors, must print the same; nothing is compared here, and no libm is used. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepsize/learn.h"
#include "stepsize/stepsize.h"

static void give_up(const char *what, const char *text) {
  fprintf(stderr, "bits: %s: %s\n", what, text);
  exit(1);
}

static void must(stepsize_status status, const char *what) {
  if (status != STEPSIZE_OK) give_up(what, stepsize_status_name(status));
}

static uint64_t random_bits(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* In [0, 1). */
static double uniform(uint64_t *state) { return (double)(random_bits(state) >> 11) * 0x1p-53; }

static void print(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  printf("%016" PRIx64 "\n", bits);
}

static stepsize_schedule *schedule_of(const char *text) {
  stepsize_schedule *schedule;
  stepsize_error error;
  if (stepsize_schedule_parse(text, strlen(text), &schedule, &error) != STEPSIZE_OK) give_up(text, error.text);
  printf("%s\n", text);
  return schedule;
}

static void golden(const char *path) {
  static char line[65536];
  FILE *file = fopen(path, "r");
  stepsize_schedule *schedule = NULL;
  if (!file) give_up(path, "cannot be read");
  while (fgets(line, sizeof line, file)) {
    int64_t step;
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "= ", 2) == 0) {
      stepsize_schedule_destroy(schedule);
      schedule = schedule_of(line + 2);
    } else if (schedule && sscanf(line, "%" SCNd64, &step) == 1) {
      double row[9];
      print(stepsize_schedule_at(schedule, step));
      must(stepsize_schedule_fill(schedule, step, 1, 1, row, 9), "fill");
      for (int i = 1; i < 9; i++) print(row[i]);
    }
  }
  stepsize_schedule_destroy(schedule);
  fclose(file);
}

/* What has no golden values, since it depends on the library's own generator; and what calls the functions most. */
static void drawn(void) {
  static const char *texts[] = {
      "noise(std=0.3)", "noise(std=3, limit=0.5, seed=7)", "random()", "random(power=0.7, seed=3)",
      "exponential(0.9993)", "polynomial(1000, power=0.9)", "tanh(1000)", "warmup(1000, start=0.1, shape=\"geometric\")",
      "warmup(1000, shape=\"log\")", "warmup(1000, shape=\"1-power\", power=1.3)",
      "cosine(1000, power=1.7, k_decay=0.8)", "inverse_time(0.01, power=0.7)", "sigmoid(500, 0.01)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    stepsize_schedule *schedule = schedule_of(texts[i]);
    for (int64_t t = 0; t < 1000; t++) print(stepsize_schedule_at(schedule, t));
    stepsize_schedule_destroy(schedule);
  }
}

/* Controllers in a noisy training whose losses depend on the rates. */
static void controllers(void) {
  static const char *texts[] = {
      "greedy(patience=3) * cosine(400)", "greedy(\"huggingface\", smooth=true, window=7)", "plateau(patience=5)",
      "hypergradient()", "dog()", "dadapt() * linear(400)", "polyak()", "learned(\"nmf\", total=400)", "learned(\"mlp\", total=400, adapt=0.01) * linear(400)",
      "repeat(linear(9, phase=\"train\") >> constant(1, phase=\"rest\"))",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    double base[2] = {0.1, 0.003}, lrs[2];
    uint64_t random = i;
    stepsize_scheduler *scheduler;
    stepsize_scheduler_options options;
    stepsize_error error;
    must(stepsize_scheduler_defaults(&options, sizeof options), "defaults");
    options.group_count = 2, options.base_lr = base;
    if (stepsize_scheduler_parse(texts[i], strlen(texts[i]), &options, &scheduler, &error) != STEPSIZE_OK)
      give_up(texts[i], error.text);
    printf("%s\n", texts[i]);
    must(stepsize_scheduler_rates(scheduler, lrs, 2), "rates");
    for (int t = 0; t < 400; t++) {
      double loss = (0.5 + uniform(&random)) * (1 + lrs[0]) / (1 + 0.01 * t);
      if (strncmp(texts[i], "hyper", 5) == 0) {
        double dots[2] = {uniform(&random) - 0.4, uniform(&random) - 0.5}, norms[2] = {1 + uniform(&random), 1};
        must(stepsize_scheduler_observe_gradient(scheduler, dots, norms, 2, lrs, 2), "gradient");
      }
      if (stepsize_scheduler_needs(scheduler) & STEPSIZE_NEEDS_OBSERVATION) {
        stepsize_observation seen = {.size = sizeof seen, .given = 0x7ff * STEPSIZE_SCALAR_LOSS};
        for (double *number = &seen.loss; number <= &seen.mean_dot_x; number++) *number = 0.1 + uniform(&random);
        seen.dot_update -= 0.6;
        must(stepsize_scheduler_observe(scheduler, &seen, 1, lrs, 2, NULL), "observe");
      }
      must(stepsize_scheduler_step_with_loss(scheduler, loss, lrs, 2), "step");
      print(lrs[0]), print(lrs[1]);
    }
    stepsize_scheduler_destroy(scheduler);
  }
}

enum { ROWS = 23, COLUMNS = 17 };

static void learning(void) {
  double x[ROWS * COLUMNS], w[ROWS * 3], h[3 * COLUMNS];
  uint64_t random = 1;
  stepsize_nmf *nmf;
  stepsize_nmf_options options;
  must(stepsize_nmf_defaults(&options, sizeof options), "defaults");
  options.rank = 3, options.batch_size = 5;
  for (size_t i = 0; i < ROWS * COLUMNS; i++) x[i] = uniform(&random);
  must(stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS, &nmf, NULL), "factorization");
  printf("factorization\n");
  for (int t = 0; t < 50; t++) must(stepsize_nmf_step(nmf, x, COLUMNS, 0.1, NULL, NULL), "update");
  must(stepsize_nmf_get_factors(nmf, w, ROWS * 3, h, 3 * COLUMNS), "factors");
  for (size_t i = 0; i < ROWS * 3; i++) print(w[i]);
  for (size_t i = 0; i < 3 * COLUMNS; i++) print(h[i]);
  stepsize_nmf_destroy(nmf);

  for (int trainer = STEPSIZE_TRAINER_CEM; trainer <= STEPSIZE_TRAINER_PPO; trainer++) {
    stepsize_agent *agent;
    stepsize_agent_options fields;
    double mean, score;
    must(stepsize_agent_defaults(&fields, sizeof fields), "defaults");
    fields.trainer = trainer, fields.units = 4, fields.population = 4, fields.instances = 2;
    must(stepsize_agent_create(&fields, &agent, NULL), "agent");
    printf("trainer %d\n", trainer);
    for (int t = 0; t < 2; t++) must(stepsize_agent_train_nmf(agent, &mean, NULL), "generation"), print(mean);
    must(stepsize_agent_score_nmf(agent, -1, &score, NULL), "score");
    print(score);
    stepsize_agent_destroy(agent);
  }
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) golden(argv[i]);
  drawn();
  controllers();
  learning();
  return 0;
}
