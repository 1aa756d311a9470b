/* Factorizations and agents of different threads are independent: each gives what it gives alone. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

#include "stepsize/learn.h"

enum { THREADS = 4, ROWS = 12, COLUMNS = 8, UPDATES = 200 };

typedef struct Result {
  double loss, mean;
  int is_complete;
} Result;

static pthread_barrier_t barrier;

static int factorize(double *loss) {
  double x[ROWS * COLUMNS];
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  for (int i = 0; i < ROWS * COLUMNS; i++) x[i] = (double)(i * i % 17) / 16;
  if (stepsize_nmf_defaults(&options, sizeof options) != STEPSIZE_OK) return 0;
  options.rank = 3, options.batch_size = 4, options.seed = 7;
  if (stepsize_nmf_create(&options, x, ROWS, COLUMNS, COLUMNS, &nmf, NULL) != STEPSIZE_OK) return 0;
  for (int i = 0; i < UPDATES; i++)
    if (stepsize_nmf_step(nmf, x, COLUMNS, 0.1, NULL, NULL) != STEPSIZE_OK) return 0;
  const int is_done = stepsize_nmf_loss(nmf, x, COLUMNS, loss, NULL) == STEPSIZE_OK;
  stepsize_nmf_destroy(nmf);
  return is_done;
}

static int learn(double *mean) {
  stepsize_agent_options options;
  stepsize_agent *agent = NULL;
  double multiplier;
  if (stepsize_agent_defaults(&options, sizeof options) != STEPSIZE_OK) return 0;
  options.population = 4, options.instances = 2, options.every = 2, options.trainer = STEPSIZE_TRAINER_PPO;
  if (stepsize_agent_create(&options, &agent, NULL) != STEPSIZE_OK) return 0;
  for (int generation = 0; generation < 3; generation++) {
    while (stepsize_agent_episodes_left(agent) > 0) {
      if (stepsize_agent_begin_episode(agent, 10, 1, NULL) != STEPSIZE_OK) return 0;
      for (int t = 0; t < 10; t++) {
        if (stepsize_agent_observe(agent, 1.0 / (t + 1), &multiplier) != STEPSIZE_OK) return 0;
        if (stepsize_agent_reward(agent, -multiplier, NULL) != STEPSIZE_OK) return 0;
      }
      if (stepsize_agent_end_episode(agent, NULL) != STEPSIZE_OK) return 0;
    }
    if (stepsize_agent_update(agent, mean, NULL) != STEPSIZE_OK) return 0;
  }
  stepsize_agent_destroy(agent);
  return 1;
}

static void *work(void *out) {
  Result *result = out;
  pthread_barrier_wait(&barrier);
  result->is_complete = factorize(&result->loss) && learn(&result->mean);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  Result results[THREADS], alone;
  REQUIRE(factorize(&alone.loss) && learn(&alone.mean));
  REQUIRE(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_create(&threads[i], NULL, work, &results[i]) == 0);
  for (int i = 0; i < THREADS; i++) REQUIRE(pthread_join(threads[i], NULL) == 0);
  for (int i = 0; i < THREADS; i++) {
    CHECK(results[i].is_complete);
    CHECK_SAME(results[i].loss, alone.loss);
    CHECK_SAME(results[i].mean, alone.mean);
  }
  pthread_barrier_destroy(&barrier);
  return finish();
}
