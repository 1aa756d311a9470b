/* Annealing on clean data, on a small real problem: main phase on noisy labels, then a short phase, in which the
   learning rate falls, on the few labels that are known to be right.

   The data: handwritten digits. A tenth of the training images has clean labels; of the rest 30 % have a wrong one.
   Four ways to train the same network with the same schedule:
     phases   noisy data until the phase "anneal" begins, then clean data alone;
     early_stop  the same, but the main phase ends when the loss has stopped improving, so that there are fewer updates;
     mixed    all data all the time;
     clean    only the clean data all the time: is the noisy data worth anything?

       cc -O3 train_annealing.c $(pkg-config --cflags --libs stepsize) -lm -o train_annealing
       ./train_annealing --data Examples/data/digits.csv

   It survives an interruption and can be replayed:
       ./train_annealing --state run.state         Ctrl-C saves; the same command resumes, with the same result
       ./train_annealing --record run.txt          one training; writes the schedule that was really used
       ./train_annealing --replay run.txt          trains with these: the same result, bit for bit
   What uses the library: the section "The learning rate", and train(). */
#define _POSIX_C_SOURCE 200809L
#define PROGRAM "train_annealing"
#include <signal.h>
#include <unistd.h>

#include <stepsize/stepsize.h>

#include "digits.h"

/* The first CLEAN training images are clean, the rest noisy. */
enum { CLEAN = TRAIN / 10, NOISE_PERCENT = 30, MAX_UPDATES = 1000000 };
enum { PHASES, EARLY_STOP, MIXED, CLEAN_ALONE, SETTINGS };
static const char *const settings[SETTINGS] = {"phases", "early_stop", "mixed", "clean"};
static const double base_lr = 0.1, momentum = 0.9;

/* Set by Ctrl-C; checked between two updates. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
  (void)signal;
  interrupted = 1;
}

static void check(stepsize_status status, const stepsize_error *error) {
  if (status != STEPSIZE_OK) fail(stepsize_status_name(status), error ? error->text : "no details");
}

/* ---- The learning rate ---------------------------------------------------- */

/* Made from a text; `record` keeps the rates that are used. */
static stepsize_scheduler *make_scheduler(const char *text, double base, int record) {
  stepsize_error error;
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  check(stepsize_scheduler_defaults(&options, sizeof options), NULL);
  options.group_count = 1;
  options.base_lr = &base;
  options.record = record;
  check(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error), &error);
  return scheduler;
}

/* One schedule for all: warm-up, constant, linear decay in the last fifth. Only the one with an early stop rule may decay sooner. */
static void schedule_text(char *text, size_t size, int setting, int updates) {
  int warmup = updates / 20, anneal = updates / 5, main = updates - warmup - anneal;
  snprintf(text, size, "%swarmup(%d) >> constant(%d, phase=\"main\") >> linear(%d, phase=\"anneal\")%s",
           setting == EARLY_STOP ? "early_stop(\"main\", patience=200, window=100, threshold=0.01) * (" : "", warmup, main, anneal,
           setting == EARLY_STOP ? ")" : "");
}

/* What was used, as text: the rates of the record (for a base rate of 1) in their phases. */
static void write_record(const char *path, const stepsize_scheduler *scheduler) {
  stepsize_error error;
  stepsize_schedule *used = NULL;
  size_t length = 0;
  check(stepsize_scheduler_replay(scheduler, 0, &used, &error), &error);
  check(stepsize_schedule_print(used, NULL, 0, &length), NULL);
  char *text = malloc(length + 1);
  FILE *file = fopen(path, "w");
  if (text == NULL || file == NULL) fail(path, "cannot be written");
  check(stepsize_schedule_print(used, text, length + 1, NULL), NULL);
  if (fprintf(file, "%s\n", text) < 0 || fclose(file) != 0) fail(path, "cannot be written");
  free(text);
  stepsize_schedule_destroy(used);
}

/* A record's text as a scheduler for a base rate of 1. */
static stepsize_scheduler *read_record(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(path, "cannot be opened");
  size_t length = (size_t)ftell(file);
  char *text = malloc(length + 1);
  if (text == NULL || fseek(file, 0, SEEK_SET) != 0) fail(path, "cannot be read");
  length = fread(text, 1, length, file);
  text[length] = 0;
  fclose(file);
  stepsize_scheduler *scheduler = make_scheduler(text, 1, 0);
  free(text);
  return scheduler;
}

/* ---- Labels --------------------------------------------------------------- */

/* Wrong labels for NOISE_PERCENT of the training images behind the clean ones, others for each seed. */
static void spoil(uint64_t *random) {
  for (int i = 0; i < ROWS; i++) {
    struct example *x = &examples[i];
    x->label = x->digit;
    if (i >= CLEAN && i < TRAIN && uniform(random) * 100 < NOISE_PERCENT)
      x->label = (x->digit + 1 + (int)(uniform(random) * (CLASSES - 1))) % CLASSES;
  }
}

/* ---- The state of everything ---------------------------------------------- */

struct result {
  double loss, accuracy; /* on the test images */
  int32_t anneal_start, updates;
};

/* The state of a training besides its scheduler. It is written as it lies in memory, for this machine only. */
static struct run {
  char magic[8];
  int32_t updates, seeds, setting, seed; /* which training it is, of which experiment */
  struct result results[SETTINGS][MAX_SEEDS];
  /* Of the training that was interrupted: */
  int32_t is_clean, anneal_start;
  uint64_t random;
  double net[WEIGHTS], velocity[WEIGHTS];
} run = {.magic = "ANNEAL1"};

/* First into another file, which takes the place of the old one when it is complete: there is a whole one at any time. */
static void save(const char *path, stepsize_scheduler *scheduler) {
  char temporary[4096];
  size_t size = 0;
  check(stepsize_scheduler_save(scheduler, NULL, 0, &size), NULL);
  uint8_t *state = malloc(size);
  if (state == NULL || snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
    fail(path, "cannot be written");
  check(stepsize_scheduler_save(scheduler, state, size, NULL), NULL);
  FILE *file = fopen(temporary, "wb");
  if (file == NULL || fwrite(&run, sizeof run, 1, file) != 1 || fwrite(state, 1, size, file) != size ||
      fflush(file) != 0 || fsync(fileno(file)) != 0 || fclose(file) != 0 || rename(temporary, path) != 0)
    fail(path, "cannot be written");
  free(state);
}

/* The scheduler of the saved training, or NULL if the file does not exist. */
static stepsize_scheduler *restore(const char *path, int updates, int seeds) {
  static uint8_t state[1 << 20]; /* the state of this scheduler is below a kilobyte if it keeps no record */
  static struct run saved;
  stepsize_error error;
  stepsize_scheduler *scheduler = NULL;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  if (fread(&saved, sizeof saved, 1, file) != 1 || memcmp(saved.magic, run.magic, sizeof run.magic) != 0)
    fail(path, "is no state of this program");
  if (saved.updates != updates || saved.seeds != seeds) fail(path, "is of a training with other options");
  size_t size = fread(state, 1, sizeof state, file);
  fclose(file);
  check(stepsize_scheduler_restore(state, size, &scheduler, &error), &error);
  run = saved;
  fprintf(stderr, "resuming %s, seed %d, update %lld\n", settings[run.setting], run.seed,
          (long long)stepsize_scheduler_get_step(scheduler));
  return scheduler;
}

/* ---- Training ------------------------------------------------------------- */

/* Everything at its beginning: labels and weights of the seed. */
static void begin(int setting, int seed) {
  run.setting = setting, run.seed = seed, run.is_clean = setting == CLEAN_ALONE, run.anneal_start = -1;
  run.random = seeded((uint64_t)seed);
  initialize(run.net, &run.random);
  memset(run.velocity, 0, sizeof run.velocity);
}

/* Trains on from where `run` and the scheduler are until the schedule's end; 0 if it was interrupted before. */
static int train(stepsize_scheduler *scheduler) {
  static double gradient[WEIGHTS];
  stepsize_phase phase = {.size = sizeof phase};
  uint64_t label_noise = seeded((uint64_t)run.seed + MAX_SEEDS);
  double lr;
  spoil(&label_noise);
  check(stepsize_scheduler_rates(scheduler, &lr, 1), NULL);
  while (!stepsize_scheduler_finished(scheduler)) {
    if (interrupted) return 0;
    /* The data loader follows the phase. */
    check(stepsize_scheduler_phase(scheduler, &phase), NULL);
    if (phase.entered && strcmp(phase.name, "anneal") == 0) {
      run.anneal_start = (int32_t)phase.start;
      if (run.setting != MIXED) run.is_clean = 1;
    }
    int first = run.is_clean || run.setting == MIXED ? 0 : CLEAN, end = run.is_clean ? CLEAN : TRAIN;
    double loss = 0;
    memset(gradient, 0, sizeof gradient);
    for (int i = 0; i < BATCH; i++)
      loss += add_gradient(run.net, &examples[first + (int)(uniform(&run.random) * (end - first))], gradient);
    update_weights(run.net, run.velocity, gradient, momentum, lr);
    check(stepsize_scheduler_step_with_loss(scheduler, loss, &lr, 1), NULL);
  }
  struct result *result = &run.results[run.setting][run.seed - 1];
  result->loss = evaluate(run.net, examples + TRAIN, TEST, &result->accuracy);
  result->anneal_start = run.anneal_start;
  result->updates = (int32_t)stepsize_scheduler_get_step(scheduler);
  return 1;
}

/* ---- Table, command line -------------------------------------------------- */

static void print_mean_sd(const char *format, const double *values, int count) {
  double mean = 0, squares = 0;
  for (int i = 0; i < count; i++) mean += values[i] / count;
  for (int i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  printf(format, mean, count > 1 ? sqrt(squares / (count - 1)) : 0.0);
}

static void print_table(int seeds) {
  printf("setting   test accuracy, %%  test loss        updates   anneal from\n");
  for (int s = 0; s < SETTINGS; s++) {
    double accuracy[MAX_SEEDS], loss[MAX_SEEDS], updates[MAX_SEEDS], start[MAX_SEEDS];
    for (int i = 0; i < seeds; i++) {
      const struct result *r = &run.results[s][i];
      accuracy[i] = 100 * r->accuracy, loss[i] = r->loss, updates[i] = r->updates, start[i] = r->anneal_start;
    }
    printf("%-8s", settings[s]);
    print_mean_sd("  %6.2f ± %-5.2f", accuracy, seeds);
    print_mean_sd("     %.4f ± %.4f", loss, seeds);
    print_mean_sd("  %5.0f ± %-4.0f", updates, seeds);
    print_mean_sd("  %5.0f ± %.0f\n", start, seeds);
  }
  printf("Mean ± standard deviation over %d seeds.\n", seeds);
}

/* One training, exactly: for --record and --replay. */
static void print_result(void) {
  const struct result *r = &run.results[run.setting][run.seed - 1];
  printf("%s, seed %d: accuracy %a, loss %a, updates %d, anneal from %d\n", settings[run.setting], run.seed, r->accuracy,
         r->loss, r->updates, r->anneal_start);
}

static const char usage[] =
    "usage: train_annealing [options]\n"
    "  --updates N    updates of a training (3000)\n"
    "  --seeds N      trainings of each setting (5)\n"
    "  --state FILE   save there on Ctrl-C; resume from there if it exists\n"
    "  --record FILE  only the early_stop training of seed 1; write there what was used\n"
    "  --replay FILE  the same training with the rates and the data of that record\n"
    "  --data FILE    the digits (Examples/data/digits.csv)\n";

int main(int argc, char **argv) {
  const char *data = "Examples/data/digits.csv", *state_path = NULL, *record_path = NULL, *replay_path = NULL;
  int updates = 3000, seeds = 5;
  char text[200];
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1]; /* argv[argc] is NULL */
    if (strcmp(name, "--help") == 0) return printf("%s", usage) < 0;
    else if (strcmp(name, "--updates") == 0) updates = count_option(name, value, MAX_UPDATES);
    else if (strcmp(name, "--seeds") == 0) seeds = count_option(name, value, MAX_SEEDS);
    else if (strcmp(name, "--data") == 0 && value) data = value;
    else if (strcmp(name, "--state") == 0 && value) state_path = value;
    else if (strcmp(name, "--record") == 0 && value) record_path = value;
    else if (strcmp(name, "--replay") == 0 && value) replay_path = value;
    else return fprintf(stderr, "%s" PROGRAM ": %s is unknown or lacks its value\n", usage, name), 2;
  }
  if (updates < 100) updates = 100; /* so that every phase has a length */
  load(data);
  if (record_path || replay_path) {
    begin(EARLY_STOP, 1);
    schedule_text(text, sizeof text, EARLY_STOP, updates);
    stepsize_scheduler *scheduler = replay_path ? read_record(replay_path) : make_scheduler(text, base_lr, 1);
    train(scheduler);
    if (record_path) write_record(record_path, scheduler);
    stepsize_scheduler_destroy(scheduler);
    print_result();
    return fflush(stdout) != 0;
  }

  run.updates = updates, run.seeds = seeds;
  stepsize_scheduler *resumed = state_path ? restore(state_path, updates, seeds) : NULL;
  if (state_path) signal(SIGINT, interrupt); /* a second Ctrl-C ends the program at once */
  for (int s = resumed ? run.setting : 0, seed = resumed ? run.seed : 1; s < SETTINGS; s++, seed = 1)
    for (; seed <= seeds; seed++) {
      stepsize_scheduler *scheduler = resumed;
      if (!resumed) {
        begin(s, seed);
        schedule_text(text, sizeof text, s, updates);
        scheduler = make_scheduler(text, base_lr, 0);
      }
      resumed = NULL;
      if (!train(scheduler)) {
        save(state_path, scheduler);
        stepsize_scheduler_destroy(scheduler);
        fprintf(stderr, "interrupted; run the same command to resume from %s\n", state_path);
        return 130;
      }
      stepsize_scheduler_destroy(scheduler);
    }
  if (state_path) remove(state_path);
  print_table(seeds);
  return fflush(stdout) != 0;
}
