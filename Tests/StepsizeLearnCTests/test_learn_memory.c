/* Memory that runs out, in every function of the second library, and in the first one where that calls it: see failing.h. */
#define _GNU_SOURCE
#include "failing.h"

#include "stepsize/learn.h"

enum { ROWS = 12, COLUMNS = 9, RANK = 2 };

static stepsize_error error;
static uint8_t bytes[LARGEST];
static double x[ROWS * COLUMNS], w[ROWS * RANK], h[RANK * COLUMNS];

#define DESTROY_NMF(p) stepsize_nmf_destroy(p)
#define DESTROY_AGENT(p) stepsize_agent_destroy(p)
#define DESTROY_CONTROLLER(p) stepsize_controller_destroy(p)

static size_t describe_nmf(void *object, uint8_t *out, size_t capacity) {
  REQUIRE(capacity >= sizeof w + sizeof h);
  REQUIRE(stepsize_nmf_get_factors(object, w, ROWS * RANK, h, RANK * COLUMNS) == STEPSIZE_OK);
  memcpy(out, w, sizeof w), memcpy(out + sizeof w, h, sizeof h);
  return sizeof w + sizeof h;
}

static size_t describe_agent(void *object, uint8_t *out, size_t capacity) {
  size_t size = 0;
  REQUIRE(stepsize_agent_save_training(object, out, capacity, &size) == STEPSIZE_OK);
  return size;
}

static void factorizations(void) {
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  double loss = 0;
  for (int i = 0; i < ROWS * COLUMNS; i++) x[i] = 1 + (double)(i * 7 % 11);
  ASKS_NOTHING(stepsize_nmf_defaults(&options, sizeof options));
  options.rank = RANK, options.batch_size = 5;
  for (options.order = 0; options.order < 2; options.order++) {
    MAKES(stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS, &nmf, &error), &nmf, DESTROY_NMF);
    keep(0, describe_nmf, nmf);
    stepsize_nmf_update update = {.size = sizeof update};
    for (int i = 0; i < 5; i++) ASKS_NOTHING(stepsize_nmf_step(nmf, x, COLUMNS, 1, &update, &error));
    ASKS_NOTHING(stepsize_nmf_loss(nmf, x, COLUMNS, &loss, &error));
    ASKS_NOTHING(stepsize_nmf_get_factors(nmf, w, ROWS * RANK, h, RANK * COLUMNS));
    ASKS_NOTHING(stepsize_nmf_set_factors(nmf, w, ROWS * RANK, h, RANK * COLUMNS, &error));
    NEEDS_NOTHING(stepsize_nmf_apriori_bound(nmf));
    remember();
    WORKS(stepsize_nmf_transform(h, RANK, COLUMNS, x, ROWS, COLUMNS, 5, w, &error));
    keep(0, NULL, NULL);
    NEEDS_NOTHING(stepsize_nmf_destroy(nmf));
  }
}

static stepsize_agent *made(int32_t trainer, int64_t population, int64_t instances) {
  stepsize_agent_options options;
  stepsize_agent *agent = NULL;
  ASKS_NOTHING(stepsize_agent_defaults(&options, sizeof options));
  options.trainer = trainer, options.units = 3, options.every = 2;
  options.population = population, options.instances = instances;
  MAKES(stepsize_agent_create(&options, &agent, &error), &agent, DESTROY_AGENT);
  return agent;
}

/* Retries each call at each of its allocations; one that has failed counts as not made. */
static void episodes(stepsize_agent *agent) {
  double multiplier, score, mean;
  while (stepsize_agent_episodes_left(agent) > 0) {
    WORKS(stepsize_agent_begin_episode(agent, 20, 1, &error));
    fails_on = 0;
    for (int t = 0; t < 20; t++) {
      TRY(stepsize_agent_observe(agent, 1.0 / (1 + t), &multiplier), (void)0, 1, 1);
      TRY(stepsize_agent_reward(agent, 0.1 * t, &error), (void)0, 1, 1);
    }
    ASKS_NOTHING(stepsize_agent_end_episode(agent, &score));
    remember();
  }
  TRY(stepsize_agent_update(agent, &mean, &error), (void)0, 1, 1);
  remember();
}

static void agents(void) {
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = made(trainer, 4, 2), *twin = NULL;
    stepsize_controller *controller = NULL;
    double score;
    size_t size;
    keep(0, describe_agent, agent);
    episodes(agent);
    CHECK(stepsize_agent_generation(agent) == 1);
    WORKS(stepsize_agent_save_training(agent, bytes, sizeof bytes, &size));
    MAKES(stepsize_agent_restore_training(bytes, size, &twin, &error), &twin, DESTROY_AGENT);
    keep(1, describe_agent, twin);
    /* A training that often lacked memory goes on like one that never did. */
    episodes(agent);
    countdown = -1;
    while (stepsize_agent_episodes_left(twin) > 0) {
      REQUIRE(stepsize_agent_begin_episode(twin, 20, 1, NULL) == STEPSIZE_OK);
      for (int t = 0; t < 20; t++) {
        REQUIRE(stepsize_agent_observe(twin, 1.0 / (1 + t), &score) == STEPSIZE_OK);
        REQUIRE(stepsize_agent_reward(twin, 0.1 * t, NULL) == STEPSIZE_OK);
      }
      REQUIRE(stepsize_agent_end_episode(twin, NULL) == STEPSIZE_OK);
    }
    REQUIRE(stepsize_agent_update(twin, NULL, NULL) == STEPSIZE_OK);
    remember();
    CHECK(kept[0].size == kept[1].size && memcmp(kept[0].bytes, kept[1].bytes, kept[0].size) == 0);

    WORKS(stepsize_agent_save(agent, bytes, sizeof bytes, &size));
    WORKS(stepsize_agent_load(twin, bytes, size, &error));
    MAKES(stepsize_controller_learned(bytes, size, 1000, 0, &controller, &error), &controller, DESTROY_CONTROLLER);
    DESTROY_CONTROLLER(controller);
    NEEDS_NOTHING(stepsize_agent_instance(agent));
    NEEDS_NOTHING(stepsize_agent_generation(agent));
    NEEDS_NOTHING(stepsize_agent_episodes_left(agent));
    keep(0, NULL, NULL), keep(1, NULL, NULL);
    NEEDS_NOTHING(stepsize_agent_destroy(agent));
    DESTROY_AGENT(twin);
  }
}

/* Thousands of allocations in each call: some of them fail, in either library. */
static void long_calls(void) {
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = made(trainer, 4, 1);
    double score = 0;
    keep(0, describe_agent, agent);
    note_tried("stepsize_agent_score_nmf"), note_tried("stepsize_agent_train_nmf");
    for (int trains = 0; trains < 2; trains++)
      for (long k = 0;; k += 1 + k / (trains || is_quick ? 2 : 8)) {
        const long before = live, had = failures;
        countdown = k, fails_on = (int)(k & 1);
        stepsize_status status = trains ? stepsize_agent_train_nmf(agent, &score, &error)
                                        : stepsize_agent_score_nmf(agent, -1, &score, &error);
        countdown = -1;
        if (failures == had) {
          CHECK_STATUS(status, STEPSIZE_OK);
          break;
        }
        CHECK_STATUS(status, STEPSIZE_ERROR_MEMORY);
        CHECK_TEXT(error.text, "out of memory");
        if (!CHECK(live == before && is_as_remembered()))
          fprintf(stderr, "    trainer %d, trains %d, allocation %ld: %ld blocks\n", trainer, trains, k, live - before);
      }
    CHECK(stepsize_agent_generation(agent) == 1);
    keep(0, NULL, NULL);
    DESTROY_AGENT(agent);
  }
}

int main(int argc, char **argv) {
  const char *list = list_of(argc, argv);
  const long before = live;
  NEEDS_NOTHING(stepsize_learn_abi_version());
  NEEDS_NOTHING(stepsize_learn_version());
  WITHOUT_MEMORY(CHECK_STATUS(stepsize_learn_set_allocator(NULL), STEPSIZE_ERROR_NULL), "stepsize_learn_set_allocator(");
  factorizations();
  agents();
  long_calls();
  CHECK(live == before);
  if (list) all_were_tried(list);
  fprintf(stderr, "%ld calls of %d functions, at most %ld allocations\n", call_count, tried_count, most);
  return finish();
}
