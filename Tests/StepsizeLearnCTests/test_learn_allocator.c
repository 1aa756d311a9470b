/* stepsize_learn_set_allocator: the second library's blocks come from the program's allocator, those of the first from the
   one that the first was given. */
#define _GNU_SOURCE
#include "../StepsizeCTests/allocator.h"

#include "stepsize/learn.h"

enum { ROWS = 6, COLUMNS = 5, EPISODES = 8 };

static stepsize_status learn(void) {
  static uint8_t bytes[1 << 16];
  double x[ROWS * COLUMNS], multiplier, score;
  stepsize_nmf_options options;
  stepsize_agent_options agents;
  stepsize_nmf *nmf = NULL;
  stepsize_agent *agent = NULL, *other = NULL;
  stepsize_status status;
  size_t size;
  for (int i = 0; i < ROWS * COLUMNS; i++) x[i] = 1 + i % 7;
  REQUIRE(stepsize_nmf_defaults(&options, sizeof options) == STEPSIZE_OK);
  REQUIRE(stepsize_agent_defaults(&agents, sizeof agents) == STEPSIZE_OK);
  options.rank = 2, agents.population = 4, agents.instances = 1, agents.units = 3;
  if ((status = stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS, &nmf, NULL)) != STEPSIZE_OK) return status;
  for (int i = 0; i < 5; i++) CHECK_STATUS(stepsize_nmf_step(nmf, x, COLUMNS, 1, NULL, NULL), STEPSIZE_OK);
  stepsize_nmf_destroy(nmf);
  if ((status = stepsize_agent_create(&agents, &agent, NULL)) != STEPSIZE_OK) return status;
  for (int i = 0; i < EPISODES && status == STEPSIZE_OK && stepsize_agent_episodes_left(agent) > 0; i++) {
    if ((status = stepsize_agent_begin_episode(agent, 10, 0, NULL)) != STEPSIZE_OK) break;
    for (int t = 0; t < 10 && status == STEPSIZE_OK; t++) {
      status = stepsize_agent_observe(agent, 10 - t, &multiplier);
      if (status == STEPSIZE_OK) status = stepsize_agent_reward(agent, t, NULL);
    }
    if (status == STEPSIZE_OK) CHECK_STATUS(stepsize_agent_end_episode(agent, &score), STEPSIZE_OK);
  }
  /* Its schedulers are the first library's. */
  if (status == STEPSIZE_OK) status = stepsize_agent_score_nmf(agent, -1, &score, NULL);
  if (status == STEPSIZE_OK) status = stepsize_agent_save_training(agent, bytes, sizeof bytes, &size);
  if (status == STEPSIZE_OK) status = stepsize_agent_restore_training(bytes, size, &other, NULL);
  stepsize_agent_destroy(agent), stepsize_agent_destroy(other);
  return status;
}

/* Each library has its own: what an agent's scheduler takes is the first library's. */
static void every_block(void) {
  Arena first = arena_of(-1), second = arena_of(-1);
  const stepsize_allocator one = {arena_allocate, arena_release, &first}, two = {arena_allocate, arena_release, &second};
  const long before = asked;
  CHECK_STATUS(stepsize_learn_set_allocator(&two), STEPSIZE_OK);
#ifdef IS_SANITIZED /* one program from the objects of both */
  CHECK_STATUS(stepsize_set_allocator(&one), STEPSIZE_ERROR_ORDER);
  first.made = first.freed = 1;
#else
  CHECK_STATUS(stepsize_set_allocator(&one), STEPSIZE_OK);
#endif
  CHECK_STATUS(learn(), STEPSIZE_OK);
  CHECK(asked == before);
  CHECK(first.made > 0 && first.made == first.freed && first.wrong == 0);
  CHECK(second.made > 0 && second.made == second.freed && second.wrong == 0);
  give_back(&first), give_back(&second);
}

static void running_out(void) {
  Arena arena = arena_of(-1);
  const stepsize_allocator allocator = {arena_allocate, arena_release, &arena};
  CHECK_STATUS(stepsize_learn_set_allocator(&allocator), STEPSIZE_OK);
  CHECK_STATUS(learn(), STEPSIZE_OK);
  const long enough = arena.made;
  for (long limit = 0; limit < enough; limit += 1 + limit / 2) {
    arena.limit = limit, arena.used = 0;
    CHECK_STATUS(learn(), STEPSIZE_ERROR_MEMORY);
    CHECK(arena.made == arena.freed && arena.wrong == 0);
  }
  give_back(&arena);
}

/* What the first library has done does not matter here. */
static void too_late(void) {
  Arena arena = arena_of(-1);
  const stepsize_allocator allocator = {arena_allocate, arena_release, &arena};
  stepsize_schedule_destroy(parsed("linear(9)"));
  CHECK_STATUS(stepsize_set_allocator(&allocator), STEPSIZE_ERROR_ORDER);
  CHECK_STATUS(stepsize_learn_set_allocator(NULL), STEPSIZE_ERROR_NULL);
  CHECK_STATUS(learn(), STEPSIZE_OK);
  CHECK_STATUS(stepsize_learn_set_allocator(&allocator), STEPSIZE_ERROR_ORDER);
  CHECK(arena.made == 0);
  give_back(&arena);
}

int main(void) {
  apart(every_block);
  apart(running_out);
  apart(too_late);
  return finish();
}
