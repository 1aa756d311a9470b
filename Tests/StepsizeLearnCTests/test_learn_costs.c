/* What a saved training can ask for is bounded by its own size, as the states of the first library are. */
#include "memory.h"
#include "stepsize/learn.h"

#ifndef __GLIBC__
int main(void) {
  printf("skipped: needs glibc\n");
  return 0;
}
#else

static uint8_t *trained(int32_t trainer, size_t *size) {
  stepsize_agent_options options;
  stepsize_agent *agent = NULL;
  double multiplier;
  REQUIRE(stepsize_agent_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.trainer = trainer, options.units = 2, options.population = 4, options.instances = 2, options.every = 2;
  REQUIRE(stepsize_agent_create(&options, &agent, NULL) == STEPSIZE_OK);
  for (int episode = 0; episode < 5; episode++) {
    CHECK_STATUS(stepsize_agent_begin_episode(agent, 12, 1, NULL), STEPSIZE_OK);
    for (int t = 0; t < 12; t++) {
      CHECK_STATUS(stepsize_agent_observe(agent, 1.0 / (1 + t), &multiplier), STEPSIZE_OK);
      CHECK_STATUS(stepsize_agent_reward(agent, 0.1, NULL), STEPSIZE_OK);
    }
    CHECK_STATUS(stepsize_agent_end_episode(agent, NULL), STEPSIZE_OK);
  }
  REQUIRE(stepsize_agent_save_training(agent, NULL, 0, size) == STEPSIZE_OK);
  uint8_t *state = malloc(*size);
  REQUIRE(stepsize_agent_save_training(agent, state, *size, NULL) == STEPSIZE_OK);
  stepsize_agent_destroy(agent);
  return state;
}

/* Each word as a large number; what is refused says whose state it is not. */
static void words(int32_t trainer) {
  static const uint64_t values[] = {4096, 1 << 20, INT64_C(1) << 31, INT64_C(1) << 60, INT64_MAX, UINT64_MAX};
  size_t size;
  uint8_t *state = trained(trainer, &size), *bad = malloc(size);
  int refused = 0;
  for (size_t i = 24; i + 8 <= size; i += 8)
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
      stepsize_agent *agent = NULL;
      stepsize_error error = {0};
      memcpy(bad, state, size);
      put(bad + i, values[k], 8);
      seal(bad, size);
      const size_t before = begin();
      if (stepsize_agent_restore_training(bad, size, &agent, &error) != STEPSIZE_OK) {
        refused++;
        CHECK(strstr(error.text, "that of an agent: ") != NULL);
      }
      bounded("the state of an agent", before, size);
      stepsize_agent_destroy(agent);
      CHECK(used == before);
    }
  CHECK(refused > 100);
  free(state), free(bad);
}

int main(void) {
  words(STEPSIZE_TRAINER_CEM);
  words(STEPSIZE_TRAINER_PPO);
  return finish();
}

#endif
