/* Writes what a target begins with: seeds TARGET FOLDER. The texts are those of Tests/golden; the states are what the
   library makes of them. */
#include <stdio.h>

#include "fuzz.h"
#include "stepsize/learn.h"

static void target(Input input) { (void)input; }

static const char *wanted, *folder;
static int written;

static void write_seed(const char *name, uint8_t kind, const void *bytes, size_t size) {
  char path[1024];
  if (strcmp(name, wanted) != 0) return;
  snprintf(path, sizeof path, "%s/seed%04d", folder, written++);
  FILE *file = fopen(path, "wb");
  EXPECT(file != NULL);
  if (kind) EXPECT(fwrite(&kind, 1, 1, file) == 1);
  EXPECT(fwrite(bytes, 1, size, file) == size);
  EXPECT(fclose(file) == 0);
}

/* A few updates of every kind, and a save between them. */
static const uint8_t calls[] = {9, 2, 3, 9, 2, 5, 9, 4, 9, 5, 9, 6, 2, 2, 2, 9, 7, 1, 1, 1, 3, 1,
                                9, 2, 2, 9, 2, 2, 9, 8, 1, 1, 1, 2, 9, 9, 5, 9, 2, 3, 8, 5, 201, 2, 7,
                                9, 10, 3, 9, 11, 9, 12, 1, 3, 0, 1, 2, 7, 9, 12, 2, 0, 9, 12, 0, 0, 4, 1, 2};

/* One update, with a loss and what else the controller needs to know, as far as it takes it. */
static void update(stepsize_scheduler *scheduler, int number) {
  double rates[2];
  stepsize_observation seen = {.size = sizeof seen, .given = INT32_MAX};
  for (double *value = &seen.loss; value <= &seen.mean_dot_x; value++) *value = 1 + number % 3;
  if (stepsize_scheduler_needs(scheduler) >> 8)
    EXPECT(stepsize_scheduler_observe(scheduler, &seen, 1, rates, 2, NULL) != STEPSIZE_ERROR_NULL);
  if (stepsize_scheduler_step_with_loss(scheduler, 1 + number % 3, rates, 2) != STEPSIZE_OK)
    EXPECT(stepsize_scheduler_advance(scheduler, rates, 2) == STEPSIZE_OK);
}

static void write_scheduler(const char *text, uint8_t choice) {
  double base[] = {0.1, 0.05};
  uint8_t input[2048];
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  const size_t length = strlen(text);
  if (length > 300) return;
  memcpy(input, text, length);
  input[length] = '\n', input[length + 1] = choice;
  memcpy(input + length + 2, calls, sizeof calls);
  write_seed("scheduler", 0, input, length + 2 + sizeof calls);

  EXPECT(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 2, options.base_lr = base, options.record = choice & 1, options.norm_capacity = choice & 2 ? 4 : 0;
  if (stepsize_scheduler_parse(text, length, &options, &scheduler, NULL) != STEPSIZE_OK) return;
  for (int i = 0; i < 6; i++) {
    update(scheduler, i);
    if (choice & 2) EXPECT(stepsize_scheduler_log_norm(scheduler, i) == STEPSIZE_OK);
  }
  if (choice & 4) { /* the newer format: the record began under another schedule */
    stepsize_schedule *longer = NULL;
    EXPECT(stepsize_schedule_linear(50, 0.1, &longer, NULL) == STEPSIZE_OK);
    if (stepsize_scheduler_extend(scheduler, longer, NULL) == STEPSIZE_OK) update(scheduler, 0);
    stepsize_schedule_destroy(longer);
  }
  size_t size;
  uint8_t *state = scheduler_state(scheduler, &size);
  if (size <= 1024) write_seed("state", 0, state, size);
  free(state);
  stepsize_scheduler_destroy(scheduler);
}

/* Lines of a file that begin with `mark`; each is written as a schedule and as a scheduler. */
static void read_texts(const char *path, const char *mark, int every) {
  char line[4096];
  FILE *file = fopen(path, "r");
  EXPECT(file != NULL);
  for (int i = 0; fgets(line, sizeof line, file);) {
    if (strncmp(line, mark, strlen(mark)) != 0 || i++ % every != 0) continue;
    line[strcspn(line, "\n")] = 0;
    const char *text = line + strlen(mark);
    if (strlen(text) <= 256) write_seed("schedule", 0, text, strlen(text));
    write_scheduler(text, (uint8_t)(i % 8));
  }
  fclose(file);
}

static void write_agents(void) {
  for (uint8_t kind = 0; kind < 8; kind++) {
    stepsize_agent_options options;
    stepsize_agent *agent = NULL;
    uint8_t bytes[4096], episode[] = {2, kind, 0, 20, 1, 1, 2, 3, 3, 1, 2, 3, 1, 4, 0, 20, 1, 1, 2, 3, 3, 4, 6, 7};
    size_t size;
    double multiplier;
    EXPECT(stepsize_agent_defaults(&options, sizeof options) == STEPSIZE_OK);
    options.trainer = kind & 1, options.units = kind >> 1, options.every = 1, options.population = 4, options.instances = 1;
    EXPECT(stepsize_agent_create(&options, &agent, NULL) == STEPSIZE_OK);
    EXPECT(stepsize_agent_begin_episode(agent, 10, 1, NULL) == STEPSIZE_OK);
    for (int i = 0; i < 3; i++) {
      EXPECT(stepsize_agent_observe(agent, 1.0 / (i + 1), &multiplier) == STEPSIZE_OK);
      EXPECT(stepsize_agent_reward(agent, 0.5, NULL) == STEPSIZE_OK);
    }
    EXPECT(stepsize_agent_end_episode(agent, NULL) == STEPSIZE_OK);
    if (stepsize_agent_save(agent, bytes, sizeof bytes, &size) == STEPSIZE_OK) write_seed("learn", 3, bytes, size);
    if (stepsize_agent_save_training(agent, bytes, sizeof bytes, &size) == STEPSIZE_OK) write_seed("learn", 4, bytes, size);
    write_seed("learn", 0, episode, sizeof episode);
    stepsize_agent_destroy(agent);
  }
}

int main(int count, char **words) {
  static const char *const golden[] = {"primitives", "compositions", "algebra", "examples"};
  char path[1024];
  if (count < 3) return 2;
  wanted = words[1], folder = words[2];
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "Tests/golden/%s.tsv", golden[i]);
    read_texts(path, "= ", 3);
  }
  read_texts("Tests/golden/controllers.txt", "scheduler\t", 1);
  static const char *const controllers[] = {
      "hypergradient(beta=0.001)", "line_search(reset=\"initial\", projected=true, max_trials=3)", "line_search()",
      "hypergradient(\"multiplicative\")", "learned(\"mlp\", total=30)", "early_stop(\"main\", patience=2)",
      "learned(\"custom\", total=40, adapt=0.5, parameters=[2, 3, 0, 0.5, -2, 1.5, 1, -1, 2, -0.5, 0.25])"};
  for (uint8_t i = 0; i < 7; i++) {
    char text[512];
    snprintf(text, sizeof text, "%s * repeat(constant(3, phase=\"main\") >> linear(4, phase=\"rest\"))", controllers[i]);
    for (uint8_t choice = 0; choice < 8; choice++) write_scheduler(text, choice);
  }
  static const char *const shares[] = {"warmup(10%) >> cosine(90%)", "warmup(500) >> cosine(rest)",
                                       "repeat(warmup(5%) >> linear(5%, phase=\"a\"), 10)", "greedy() * linear(100%)"};
  for (int i = 0; i < 4; i++) write_seed("schedule", 0, shares[i], strlen(shares[i])), write_scheduler(shares[i], (uint8_t)i);
  write_agents();
  return 0;
}
