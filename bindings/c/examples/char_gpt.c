/* A GPT for characters, trained with warm-up and cosine decay, that can be interrupted at any update.

       cc -O3 char_gpt.c $(pkg-config --cflags --libs stepsize) -lm -o char_gpt
       ./char_gpt LICENSE                                        train, and write a sample
       ./char_gpt LICENSE --checkpoint run.bin --stop 120        end after 120 updates, as if interrupted
       ./char_gpt LICENSE --checkpoint run.bin                   continue from there

   What uses the library: make_scheduler(), one line in train(), and the scheduler's state in save() and load(). The
   scheduler alone counts the updates. A run that continued from a checkpoint has the bits of one that was never stopped: the
   lines that it prints and the last checkpoint are the same.

   char_gpt.h is the model. The optimizer is AdamW. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <stepsize/stepsize.h>

#include "char_gpt.h"

enum { BATCH = 8, SAVE_EVERY = 50, REPORT_EVERY = 25, SAMPLE = 160 };

/* All that a run has to know: a checkpoint holds this, and the scheduler's state. */
struct run {
  char magic[8];
  uint64_t random;
  float weights[WEIGHTS], mean[WEIGHTS], square[WEIGHTS]; /* with AdamW's averages of the gradient and of its square */
};

static struct run run;
static unsigned char *text;
static size_t text_size;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "char_gpt: %s: %s\n", what, why);
  exit(1);
}

static void check(stepsize_status status, const stepsize_error *error) {
  if (status != STEPSIZE_OK) fail(stepsize_status_name(status), error ? error->text : "no details");
}

/* ---- The learning rate ------------------------------------------------------------------------- */

static stepsize_scheduler *make_scheduler(int updates) {
  char plan[100];
  double base_lr = 1e-2;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error;
  snprintf(plan, sizeof plan, "warmup(%d) >> cosine(%d, floor=0.1)", updates / 10, updates - updates / 10);
  check(stepsize_scheduler_defaults(&options, sizeof options), NULL);
  options.group_count = 1;
  options.base_lr = &base_lr;
  check(stepsize_scheduler_parse(plan, strlen(plan), &options, &scheduler, &error), &error);
  return scheduler;
}

/* ---- Checkpoints ------------------------------------------------------------------------------- */

/* Under another name first, so that an interruption leaves the last checkpoint. */
static void save(const char *path, stepsize_scheduler *scheduler) {
  char other[1024];
  size_t size;
  check(stepsize_scheduler_save(scheduler, NULL, 0, &size), NULL);
  uint8_t *state = malloc(size);
  if (!state) fail(path, "out of memory");
  check(stepsize_scheduler_save(scheduler, state, size, NULL), NULL);
  if (snprintf(other, sizeof other, "%s.new", path) >= (int)sizeof other) fail(path, "name too long");
  FILE *file = fopen(other, "wb");
  if (!file) fail(other, strerror(errno));
  if (fwrite(&run, sizeof run, 1, file) != 1 || fwrite(state, 1, size, file) != size) fail(other, "cannot be written");
  if (fclose(file) != 0 || rename(other, path) != 0) fail(path, strerror(errno));
  free(state);
}

/* Whether there was a checkpoint. */
static int load(const char *path, stepsize_scheduler *scheduler) {
  static uint8_t state[65536];
  stepsize_error error;
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  if (fread(&run, sizeof run, 1, file) != 1 || memcmp(run.magic, "CHARGPT", 8) != 0) fail(path, "is no checkpoint");
  size_t size = fread(state, 1, sizeof state, file);
  fclose(file);
  check(stepsize_scheduler_load(scheduler, state, size, &error), &error); /* of another run: refused */
  return 1;
}

/* ---- Training ---------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t random_bits(void) {
  uint64_t z = (run.random += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
static float uniform(void) { return (float)(random_bits() >> 40) * 0x1p-24f; }

static void initialize(void) {
  memcpy(run.magic, "CHARGPT", 8);
  run.random = 1;
  for (int i = 0; i < WEIGHTS; i++) run.weights[i] = 0.3f * (uniform() - 0.5f);
}

static void adamw(const float *gradient, int64_t update, float lr) {
  const float beta1 = 0.9f, beta2 = 0.99f, decay = 0.01f;
  const float left1 = 1 - powf(beta1, (float)(update + 1)), left2 = 1 - powf(beta2, (float)(update + 1));
  for (int i = 0; i < WEIGHTS; i++) {
    float g = gradient[i], *w = &run.weights[i];
    run.mean[i] = beta1 * run.mean[i] + (1 - beta1) * g;
    run.square[i] = beta2 * run.square[i] + (1 - beta2) * g * g;
    *w -= lr * (run.mean[i] / left1 / (sqrtf(run.square[i] / left2) + 1e-8f) + decay * *w);
  }
}

static void train(stepsize_scheduler *scheduler, const char *checkpoint, int64_t stop) {
  static struct activations activations;
  static float gradient[WEIGHTS];
  while (!stepsize_scheduler_finished(scheduler) && stepsize_scheduler_get_step(scheduler) < stop) {
    int64_t update = stepsize_scheduler_get_step(scheduler);
    float loss = 0, lr;
    memset(gradient, 0, sizeof gradient);
    for (int i = 0; i < BATCH; i++) {
      const unsigned char *part = text + random_bits() % (text_size - CONTEXT);
      loss += forward(run.weights, part, &activations) / BATCH;
      backward(run.weights, part, &activations, 1.0f / BATCH, gradient);
    }
    check(stepsize_scheduler_next_float(scheduler, &lr, 1), NULL); /* the rate of this update */
    adamw(gradient, update, lr);
    if ((update + 1) % REPORT_EVERY == 0)
      printf("update %4lld  learning rate %.6f  loss %.4f\n", (long long)update + 1, lr, loss);
    if (checkpoint && ((update + 1) % SAVE_EVERY == 0 || update + 1 == stop)) save(checkpoint, scheduler);
  }
  if (checkpoint) save(checkpoint, scheduler);
}

/* A character at a time, by the probabilities of the next one. */
static void write_sample(void) {
  static struct activations activations;
  unsigned char window[CONTEXT + 1];
  memcpy(window, text, CONTEXT);
  for (int n = 0; n < SAMPLE; n++) {
    window[CONTEXT] = 0; /* its loss is not looked at */
    forward(run.weights, window, &activations);
    float point = uniform();
    int symbol = 0;
    while (symbol < SYMBOLS - 1 && (point -= activations.probability[(CONTEXT - 1) * SYMBOLS + symbol]) > 0) symbol++;
    putchar(symbol >= ' ' && symbol < 127 ? symbol : ' ');
    memmove(window, window + 1, CONTEXT - 1);
    window[CONTEXT - 1] = (unsigned char)symbol;
  }
  putchar('\n');
}

static void read_text(const char *path) {
  static unsigned char buffer[1 << 20];
  FILE *file = fopen(path, "rb");
  if (!file) fail(path, strerror(errno));
  text = buffer;
  text_size = fread(buffer, 1, sizeof buffer, file);
  fclose(file);
  if (text_size <= CONTEXT) fail(path, "is too short");
  for (size_t i = 0; i < text_size; i++) text[i] &= SYMBOLS - 1; /* for ASCII */
}

int main(int argc, char **argv) {
  const char *checkpoint = NULL;
  int updates = 300;
  int64_t stop = INT64_MAX;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--checkpoint") == 0) checkpoint = argv[i + 1];
    else if (strcmp(argv[i], "--updates") == 0) updates = atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--stop") == 0) stop = atoi(argv[i + 1]);
    else argc = 0;
  }
  if (argc < 2 || argc % 2 != 0 || updates < 10 || updates > 1000000)
    fail("usage", "char_gpt TEXT [--updates N] [--checkpoint FILE] [--stop N]");
  read_text(argv[1]);
  stepsize_scheduler *scheduler = make_scheduler(updates);
  if (!checkpoint || !load(checkpoint, scheduler)) initialize();
  train(scheduler, checkpoint, stop);
  if (stepsize_scheduler_finished(scheduler)) write_sample();
  stepsize_scheduler_destroy(scheduler);
  return 0;
}
