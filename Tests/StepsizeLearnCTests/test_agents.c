/* Agents through the C interface: episodes, both trainers, policies as bytes, controllers made of them, trainings that
   go on. */
#include "check.h"

#include "stepsize/learn.h"

#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))

static stepsize_agent *made(int32_t trainer, int64_t units, int64_t seed) {
  stepsize_agent_options options;
  stepsize_agent *agent = NULL;
  REQUIRE(stepsize_agent_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.trainer = trainer, options.units = units, options.seed = seed;
  options.every = 2, options.population = 8, options.instances = 4;
  REQUIRE(stepsize_agent_create(&options, &agent, NULL) == STEPSIZE_OK);
  return agent;
}

/* A toy: the best rate is a quarter of the anchor's. */
static double generation(stepsize_agent *agent) {
  double mean = NAN;
  while (stepsize_agent_episodes_left(agent) > 0) {
    double multiplier = 1, loss = 1 + (double)stepsize_agent_instance(agent), score = 0, sum = 0;
    REQUIRE(stepsize_agent_begin_episode(agent, 20, 1, NULL) == STEPSIZE_OK);
    for (int t = 0; t < 20; t++) {
      loss *= 0.95;
      REQUIRE(stepsize_agent_observe(agent, loss, &multiplier) == STEPSIZE_OK);
      double off = log(4 * multiplier), reward = -0.1 * off * off;
      sum += reward;
      REQUIRE(stepsize_agent_reward(agent, reward, NULL) == STEPSIZE_OK);
    }
    REQUIRE(stepsize_agent_end_episode(agent, &score) == STEPSIZE_OK);
    CHECK(fabs(score - sum) < 1e-12);
  }
  REQUIRE(stepsize_agent_update(agent, &mean, NULL) == STEPSIZE_OK);
  return mean;
}

static void training(void) {
  for (int32_t trainer = 0; trainer < 2; trainer++)
    for (int64_t units = 0; units < 4; units += 3) {
      stepsize_agent *agent = made(trainer, units, 1), *twin = made(trainer, units, 1);
      double first = generation(agent), last = 0;
      CHECK_SAME(generation(twin), first);
      for (int i = 0; i < 25; i++) CHECK_SAME(generation(twin), last = generation(agent));
      CHECK(last > 0.5 * first);
      CHECK(stepsize_agent_generation(agent) == 26);
      stepsize_agent_destroy(agent);
      stepsize_agent_destroy(twin);
    }
}

static void factorizations(void) {
  stepsize_agent *agent = made(STEPSIZE_TRAINER_CEM, 0, 3);
  double before = 0, after = 0, mean = 0;
  CHECK_STATUS(stepsize_agent_score_nmf(agent, -1, &before, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_agent_score_nmf(agent, -1, &after, NULL), STEPSIZE_OK);
  CHECK_SAME(before, after);
  CHECK_STATUS(stepsize_agent_train_nmf(agent, &mean, NULL), STEPSIZE_OK);
  CHECK(isfinite(mean) && before > 0 && stepsize_agent_generation(agent) == 1);
  stepsize_agent_destroy(agent);
}

static void policies(void) {
  stepsize_agent *agent = made(STEPSIZE_TRAINER_PPO, 2, 7), *other = made(STEPSIZE_TRAINER_CEM, 0, 1);
  uint8_t bytes[1024], again[1024];
  size_t length = 0, size = 0;
  generation(agent);
  REQUIRE(stepsize_agent_save(agent, bytes, sizeof bytes, &length) == STEPSIZE_OK);
  REQUIRE(stepsize_agent_load(other, bytes, length, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_agent_save(other, again, sizeof again, &size) == STEPSIZE_OK);
  CHECK(size == length && memcmp(bytes, again, size) == 0);
  for (size_t i = 0; i < length; i++) {
    stepsize_error error = {0};
    bytes[i] ^= 4;
    int32_t status = stepsize_agent_load(other, bytes, length, &error);
    CHECK((status == STEPSIZE_ERROR_STATE || status == STEPSIZE_ERROR_VERSION) && error.text[0]);
    bytes[i] ^= 4;
  }
  /* The controller does what the agent does, and its text is all that is needed. */
  stepsize_controller *controller = NULL;
  REQUIRE(stepsize_controller_learned(bytes, length, 50, 0, &controller, NULL) == STEPSIZE_OK);
  char text[4096];
  REQUIRE(stepsize_controller_print(controller, text, sizeof text, NULL) == STEPSIZE_OK);
  const double base = 0.5;
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL, *parsed = NULL;
  REQUIRE(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = 1, options.base_lr = &base;
  REQUIRE(stepsize_scheduler_parse(text, strlen(text), &options, &parsed, NULL) == STEPSIZE_OK);
  options.controller = controller;
  REQUIRE(stepsize_scheduler_create(&options, &scheduler, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_agent_begin_episode(agent, 50, 0, NULL) == STEPSIZE_OK);
  for (int t = 0; t < 50; t++) {
    double multiplier, rate, same, loss = exp(-0.1 * t) + 0.1 * (t % 3);
    REQUIRE(stepsize_agent_observe(agent, loss, &multiplier) == STEPSIZE_OK);
    REQUIRE(stepsize_scheduler_step_with_loss(scheduler, loss, &rate, 1) == STEPSIZE_OK);
    REQUIRE(stepsize_scheduler_step_with_loss(parsed, loss, &same, 1) == STEPSIZE_OK);
    CHECK_SAME(rate, 0.5 * multiplier);
    CHECK_SAME(rate, same);
  }
  stepsize_scheduler_destroy(scheduler);
  stepsize_scheduler_destroy(parsed);
  stepsize_controller_destroy(controller);
  stepsize_agent_destroy(agent);
  stepsize_agent_destroy(other);
}

/* A training saved in the middle of a generation continues with the same bits. */
static void resuming(void) {
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = made(trainer, 2, 5), *restored = NULL;
    static uint8_t bytes[65536];
    size_t length = 0, size = 0;
    double multiplier;
    generation(agent);
    for (int i = 0; i < 7; i++) {
      REQUIRE(stepsize_agent_begin_episode(agent, 20, 1, NULL) == STEPSIZE_OK);
      for (int t = 0; t < 20; t++) REQUIRE(stepsize_agent_observe(agent, 1.0 / (t + 1), &multiplier) == STEPSIZE_OK);
      REQUIRE(stepsize_agent_reward(agent, i, NULL) == STEPSIZE_OK);
      REQUIRE(stepsize_agent_end_episode(agent, NULL) == STEPSIZE_OK);
    }
    REQUIRE(stepsize_agent_save_training(agent, NULL, 0, &size) == STEPSIZE_OK);
    REQUIRE(stepsize_agent_save_training(agent, bytes, sizeof bytes, &length) == STEPSIZE_OK);
    CHECK(size == length);
    REQUIRE(stepsize_agent_restore_training(bytes, length, &restored, NULL) == STEPSIZE_OK);
    CHECK(stepsize_agent_episodes_left(restored) == 25 && stepsize_agent_instance(restored) == stepsize_agent_instance(agent));
    for (int i = 0; i < 3; i++) CHECK_SAME(generation(restored), generation(agent));
    stepsize_agent_destroy(restored);
    for (size_t i = 0; i < length; i += 37) {
      stepsize_error error = {0};
      bytes[i] ^= 4;
      int32_t status = stepsize_agent_restore_training(bytes, length, &restored, &error);
      CHECK((status == STEPSIZE_ERROR_STATE || status == STEPSIZE_ERROR_VERSION) && error.text[0] && !restored);
      bytes[i] ^= 4;
    }
    stepsize_agent_destroy(agent);
  }
}

/* One out of range is an error that changes nothing; one that is no number counts as -10. */
static void rewards(void) {
  static const double refused[] = {1000000.1, -1e7, 1e300};
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = made(trainer, 0, 1);
    stepsize_error error = {0};
    double multiplier, score = 0;
    CHECK_STATUS(stepsize_agent_reward(agent, 1, &error), STEPSIZE_ERROR_ORDER);
    CHECK_TEXT(error.text, "agent: no episode has begun, expected begin_episode first");
    REQUIRE(stepsize_agent_begin_episode(agent, 4, 1, NULL) == STEPSIZE_OK);
    for (int t = 0; t < 4; t++) REQUIRE(stepsize_agent_observe(agent, 1, &multiplier) == STEPSIZE_OK);
    for (int i = 0; i < 3; i++) CHECK_STATUS(stepsize_agent_reward(agent, refused[i], &error), STEPSIZE_ERROR_ARGUMENT);
    CHECK_TEXT(error.text, "agent: reward = 1e300, expected a number in [-1000000, 1000000]");
    CHECK_STATUS(stepsize_agent_reward(agent, 1e6, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_agent_reward(agent, NAN, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_agent_reward(agent, -INFINITY, NULL), STEPSIZE_OK);
    CHECK_STATUS(stepsize_agent_end_episode(agent, &score), STEPSIZE_OK);
    CHECK_SAME(score, 1e6 - 20);
    stepsize_agent_destroy(agent);
  }
}

/* The score is that of the controller, whatever the agent is doing. */
static void scores(void) {
  stepsize_agent *agent = made(STEPSIZE_TRAINER_PPO, 2, 7);
  double before, during, multiplier, score;
  CHECK_STATUS(stepsize_agent_score_nmf(agent, -2, &before, NULL), STEPSIZE_OK);
  REQUIRE(stepsize_agent_begin_episode(agent, 4, 1, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_agent_observe(agent, 1, &multiplier) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_agent_score_nmf(agent, -2, &during, NULL), STEPSIZE_OK);
  CHECK_SAME(before, during);
  CHECK_STATUS(stepsize_agent_reward(agent, 3, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_agent_end_episode(agent, &score), STEPSIZE_OK);
  CHECK_SAME(score, 3);
  stepsize_agent_destroy(agent);
}

/* Layout and defaults of the public structs. */
static void structs(void) {
  CHECK(sizeof(stepsize_agent_options) == 56);
  AT(stepsize_agent_options, size, 0);
  AT(stepsize_agent_options, trainer, 4);
  AT(stepsize_agent_options, units, 8);
  AT(stepsize_agent_options, seed, 16);
  AT(stepsize_agent_options, every, 24);
  AT(stepsize_agent_options, population, 32);
  AT(stepsize_agent_options, instances, 40);
  AT(stepsize_agent_options, limit, 48);
  stepsize_agent_options agent;
  memset(&agent, 0x5a, sizeof agent);
  CHECK_STATUS(stepsize_agent_defaults(&agent, sizeof agent), STEPSIZE_OK);
  CHECK(agent.size == sizeof agent && agent.trainer == STEPSIZE_TRAINER_CEM && agent.units == 0 && agent.seed == 0);
  CHECK(agent.every == 10 && agent.population == 32 && agent.instances == 8 && agent.limit == 3);
}

int main(void) {
  training();
  factorizations();
  policies();
  resuming();
  rewards();
  scores();
  structs();
  return finish();
}
