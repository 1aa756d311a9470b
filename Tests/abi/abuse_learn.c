/* Every function of libstepsize-learn with bad arguments: abuse_learn SYMBOLS. Fails if a function of SYMBOLS is missing
   here: a new function belongs into `main`. */
#include "abuse.h"

#include "stepsize/learn.h"

static void versions(void) {
  TRY(stepsize_learn_abi_version, stepsize_learn_abi_version() == STEPSIZE_ABI_VERSION);
  TRY(stepsize_learn_version, stepsize_learn_version() == stepsize_version());
  /* One that lacks a function. */
  const stepsize_allocator allocators[] = {{NULL, NULL, NULL}, {allocate_nothing, NULL, NULL}, {NULL, release_nothing, NULL}};
  EACH(i, allocators) REFUSED(stepsize_learn_set_allocator, &allocators[i]);
  REFUSED(stepsize_learn_set_allocator, NULL);
}

/* ---- Factorizations ---------------------------------------------------------------------------- */

static stepsize_nmf *new_nmf;
static const double matrix[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0};

/* Looks at the status and at what was made, trains it, and frees it. */
static int is_factorization(int32_t status) {
  int right = is_status(status) && (status == STEPSIZE_OK) == (new_nmf != NULL);
  if (!new_nmf) return right && error.status == status && error.text[0];
  for (int i = 0; i < 5; i++) {
    stepsize_nmf_update update = {.size = sizeof update};
    right = right && stepsize_nmf_step(new_nmf, matrix, 4, reals[i % 2 ? 10 : 12], &update, &error) == STEPSIZE_OK;
    right = right && is_rate(update.loss) && is_rate(update.w_rate) && is_rate(update.h_rate);
  }
  right = right && stepsize_nmf_loss(new_nmf, matrix, 4, numbers, &error) == STEPSIZE_OK && is_rate(numbers[0]);
  right = right && is_rate(stepsize_nmf_apriori_bound(new_nmf));
  stepsize_nmf_destroy(new_nmf);
  return right;
}

#define FACTORIZES(...) TRY(stepsize_nmf_create, is_factorization(stepsize_nmf_create(__VA_ARGS__)))

static void making_factorizations(void) {
  stepsize_nmf_options good, bad;
  TRY(stepsize_nmf_defaults, stepsize_nmf_defaults(&bad, sizeof bad) == STEPSIZE_OK);
  TRY(stepsize_nmf_defaults, is_status(stepsize_nmf_defaults(ODD(stepsize_nmf_options), sizeof(stepsize_nmf_options))));
  REFUSED(stepsize_nmf_defaults, NULL, sizeof good);
  EACH(i, lengths) REFUSED(stepsize_nmf_defaults, &bad, lengths[i]);
  REFUSED(stepsize_nmf_defaults, &bad, sizeof bad - 1);
  REQUIRE(stepsize_nmf_defaults(&good, sizeof good) == STEPSIZE_OK);
  good.rank = 2;
  FACTORIZES(&good, matrix, 3, 4, 4, &new_nmf, &error);
  FACTORIZES(memcpy(bytes + 1, &good, sizeof good), matrix, 3, 4, 4, &new_nmf, &error);
  EACH(i, sizes) REFUSED(stepsize_nmf_create, WITH(size, sizes[i]), matrix, 3, 4, 4, &new_nmf, &error);
  EACH(i, codes) {
    FACTORIZES(WITH(order, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(bound, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(relative, codes[i]), matrix, 3, 4, 4, &new_nmf, &error);
  }
  EACH(i, counts) {
    FACTORIZES(WITH(rank, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(batch_size, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(seed, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(w_steps, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(h_steps, counts[i]), matrix, 3, 4, 4, &new_nmf, &error);
  }
  EACH(i, reals) {
    FACTORIZES(WITH(theta, reals[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES(WITH(norm, reals[i]), matrix, 3, 4, 4, &new_nmf, &error);
    FACTORIZES((bad = good, bad.rank = 1, &bad), &reals[i], 1, 1, 1, &new_nmf, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_nmf_create, &good, matrix, lengths[i], 4, 4, &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, lengths[i], 4, &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, lengths[i], &new_nmf, &error);
    REFUSED(stepsize_nmf_create, &good, matrix, 3, lengths[i], lengths[i], &new_nmf, &error);
  }
  REFUSED(stepsize_nmf_create, &good, matrix, 0, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 0, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, 3, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, ODD(double), 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, NULL, 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, NULL, matrix, 3, 4, 4, &new_nmf, &error);
  REFUSED(stepsize_nmf_create, &good, matrix, 3, 4, 4, NULL, &error);
  REFUSED(stepsize_nmf_create, NULL, NULL, 0, 0, 0, NULL, NULL);
  TRY(stepsize_nmf_destroy, (stepsize_nmf_destroy(NULL), 1));
}

static void factorizing(void) {
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  REQUIRE(stepsize_nmf_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.rank = 2;
  REQUIRE(stepsize_nmf_create(&options, matrix, 3, 4, 4, &nmf, NULL) == STEPSIZE_OK);
  static const double parts[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  stepsize_nmf_update update = {.size = sizeof update};
  EACH(i, reals)
    TRY(stepsize_nmf_step, (stepsize_nmf_step(nmf, matrix, 4, reals[i], &update, &error) == STEPSIZE_OK) == is_rate(reals[i]));
  /* Rows that are none of a matrix without negative entries. */
  EACH(i, reals) {
    double rows[COUNT(matrix)], loss = 0;
    memcpy(rows, matrix, sizeof rows);
    rows[7] = reals[i];
    int is_legal = reals[i] >= 0 && reals[i] <= 1e100;
    TRY(stepsize_nmf_step, (stepsize_nmf_step(nmf, rows, 4, 1, &update, &error) == STEPSIZE_OK) == is_legal);
    TRY(stepsize_nmf_loss, (stepsize_nmf_loss(nmf, rows, 4, &loss, &error) == STEPSIZE_OK) == is_legal && is_rate(loss));
  }
  EACH(i, sizes)
    TRY(stepsize_nmf_step, (update.size = sizes[i], refused(stepsize_nmf_step(nmf, matrix, 4, 1, &update, &error))));
  EACH(i, lengths) {
    REFUSED(stepsize_nmf_step, nmf, matrix, lengths[i], 1, &update, &error);
    REFUSED(stepsize_nmf_loss, nmf, matrix, lengths[i], numbers, &error);
    REFUSED(stepsize_nmf_get_factors, nmf, numbers, lengths[i], NULL, 0);
    REFUSED(stepsize_nmf_get_factors, nmf, NULL, 0, numbers, lengths[i]);
    REFUSED(stepsize_nmf_set_factors, nmf, numbers, lengths[i], NULL, 0, &error);
    REFUSED(stepsize_nmf_set_factors, nmf, NULL, 0, numbers, lengths[i], &error);
    REFUSED(stepsize_nmf_transform, parts, lengths[i], 4, matrix, 3, 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, lengths[i], matrix, 3, 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, lengths[i], 4, 10, numbers, &error);
    REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, lengths[i], 10, numbers, &error);
  }
  REFUSED(stepsize_nmf_step, NULL, matrix, 4, 1, &update, &error);
  REFUSED(stepsize_nmf_step, nmf, NULL, 4, 1, &update, &error);
  REFUSED(stepsize_nmf_step, nmf, ODD(double), 4, 1, &update, &error);
  REFUSED(stepsize_nmf_step, nmf, matrix, 3, 1, &update, &error);
  REFUSED(stepsize_nmf_loss, NULL, matrix, 4, numbers, &error);
  REFUSED(stepsize_nmf_loss, nmf, NULL, 4, numbers, &error);
  REFUSED(stepsize_nmf_loss, nmf, matrix, 4, NULL, &error);
  REFUSED(stepsize_nmf_loss, nmf, ODD(double), 4, numbers, &error);
  TRY(stepsize_nmf_apriori_bound, stepsize_nmf_apriori_bound(NULL) == 0);
  REFUSED(stepsize_nmf_get_factors, NULL, numbers, 6, NULL, 0);
  REFUSED(stepsize_nmf_get_factors, nmf, NULL, 6, NULL, 0);
  REFUSED(stepsize_nmf_get_factors, nmf, ODD(double), 6, NULL, 0);
  TRY(stepsize_nmf_get_factors, stepsize_nmf_get_factors(nmf, NULL, 0, NULL, 0) == STEPSIZE_OK);
  REFUSED(stepsize_nmf_set_factors, NULL, parts, 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, NULL, 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, ODD(double), 6, NULL, 0, &error);
  REFUSED(stepsize_nmf_set_factors, nmf, reals, 6, NULL, 0, &error);
  TRY(stepsize_nmf_set_factors, stepsize_nmf_set_factors(nmf, parts, 6, parts, 8, &error) == STEPSIZE_OK);
  REFUSED(stepsize_nmf_transform, NULL, 2, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, NULL, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, 4, 10, NULL, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, matrix, 3, 4, 10, ODD(double), &error);
  REFUSED(stepsize_nmf_transform, parts, 0, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, reals, 2, 4, matrix, 3, 4, 10, numbers, &error);
  REFUSED(stepsize_nmf_transform, parts, 2, 4, reals, 3, 4, 10, numbers, &error);
  EACH(i, counts)
    TRY(stepsize_nmf_transform, (stepsize_nmf_transform(parts, 2, 4, matrix, 3, 4, counts[i], numbers, &error) == STEPSIZE_OK) ==
                                    (counts[i] >= 1 && counts[i] <= 10000));
  stepsize_nmf_destroy(nmf);
}

/* ---- Agents ------------------------------------------------------------------------------------ */

static stepsize_agent *new_agent;

static int is_agent(int32_t status) {
  int right = is_status(status) && (status == STEPSIZE_OK) == (new_agent != NULL);
  stepsize_agent_destroy(new_agent);
  return right;
}

#define LEARNS(...) TRY(stepsize_agent_create, is_agent(stepsize_agent_create(__VA_ARGS__)))

static void learning(void) {
  stepsize_agent_options good, bad;
  TRY(stepsize_agent_defaults, stepsize_agent_defaults(&bad, sizeof bad) == STEPSIZE_OK);
  TRY(stepsize_agent_defaults, is_status(stepsize_agent_defaults(ODD(stepsize_agent_options), sizeof(stepsize_agent_options))));
  REFUSED(stepsize_agent_defaults, NULL, sizeof good);
  EACH(i, lengths) REFUSED(stepsize_agent_defaults, &bad, lengths[i]);
  REFUSED(stepsize_agent_defaults, &bad, sizeof bad - 1);
  REQUIRE(stepsize_agent_defaults(&good, sizeof good) == STEPSIZE_OK);
  LEARNS(&good, &new_agent, &error);
  LEARNS(memcpy(bytes + 1, &good, sizeof good), &new_agent, &error);
  EACH(i, sizes) REFUSED(stepsize_agent_create, WITH(size, sizes[i]), &new_agent, &error);
  EACH(i, codes) LEARNS(WITH(trainer, codes[i]), &new_agent, &error);
  EACH(i, counts) {
    LEARNS(WITH(units, counts[i]), &new_agent, &error);
    LEARNS(WITH(seed, counts[i]), &new_agent, &error);
    LEARNS(WITH(every, counts[i]), &new_agent, &error);
    LEARNS(WITH(population, counts[i]), &new_agent, &error);
    LEARNS(WITH(instances, counts[i]), &new_agent, &error);
  }
  EACH(i, reals) LEARNS(WITH(limit, reals[i]), &new_agent, &error);
  REFUSED(stepsize_agent_create, NULL, &new_agent, &error);
  REFUSED(stepsize_agent_create, &good, NULL, &error);
  for (int32_t trainer = 0; trainer < 2; trainer++) {
    stepsize_agent *agent = NULL;
    stepsize_controller *made = NULL;
    size_t length = 0;
    good.trainer = trainer, good.every = 1, good.population = 4, good.instances = 1;
    REQUIRE(stepsize_agent_create(&good, &agent, NULL) == STEPSIZE_OK);
    REFUSED(stepsize_agent_observe, agent, 1, numbers);
    REFUSED(stepsize_agent_reward, agent, 1, &error);
    REFUSED(stepsize_agent_end_episode, agent, NULL);
    REFUSED(stepsize_agent_update, agent, NULL, &error);
    EACH(i, counts) TRY(stepsize_agent_begin_episode, is_status(stepsize_agent_begin_episode(agent, counts[i], 1, &error)));
    EACH(i, codes) TRY(stepsize_agent_begin_episode, is_status(stepsize_agent_begin_episode(agent, 9, codes[i], &error)));
    EACH(i, counts) {
      REQUIRE(stepsize_agent_begin_episode(agent, INT64_MAX, 0, NULL) == STEPSIZE_OK);
      TRY(stepsize_agent_score_nmf, stepsize_agent_score_nmf(agent, counts[i], numbers, &error) == STEPSIZE_OK);
    }
    for (int k = 0; k < 4; k++) {
      REQUIRE(stepsize_agent_begin_episode(agent, 5, 1, NULL) == STEPSIZE_OK);
      EACH(i, reals) {
        TRY(stepsize_agent_observe,
            stepsize_agent_observe(agent, reals[i], numbers) == STEPSIZE_OK && is_rate(numbers[0]));
        REQUIRE(stepsize_agent_observe(agent, reals[i], numbers) == STEPSIZE_OK);
        int is_legal = !isfinite(reals[i]) || fabs(reals[i]) <= 1e6;
        TRY(stepsize_agent_reward, (stepsize_agent_reward(agent, reals[i], &error) == STEPSIZE_OK) == is_legal);
        REQUIRE((stepsize_agent_reward(agent, reals[i], NULL) == STEPSIZE_OK) == is_legal);
      }
      REFUSED(stepsize_agent_observe, agent, 1, NULL);
      REFUSED(stepsize_agent_observe, agent, 1, ODD(double));
      REFUSED(stepsize_agent_end_episode, agent, ODD(double));
      TRY(stepsize_agent_end_episode, stepsize_agent_end_episode(agent, numbers) == STEPSIZE_OK);
      REQUIRE(stepsize_agent_end_episode(agent, NULL) == STEPSIZE_OK);
    }
    TRY(stepsize_agent_episodes_left, stepsize_agent_episodes_left(agent) == 0);
    REFUSED(stepsize_agent_begin_episode, agent, 5, 1, &error);
    REFUSED(stepsize_agent_update, agent, ODD(double), &error);
    TRY(stepsize_agent_update, stepsize_agent_update(agent, numbers, &error) == STEPSIZE_OK);
    REQUIRE(stepsize_agent_update(agent, NULL, NULL) == STEPSIZE_OK);
    TRY(stepsize_agent_generation, stepsize_agent_generation(agent) == 1);
    TRY(stepsize_agent_instance, stepsize_agent_instance(agent) >= 1);
    TRY(stepsize_agent_train_nmf, stepsize_agent_train_nmf(agent, numbers, &error) == STEPSIZE_OK);
    REFUSED(stepsize_agent_train_nmf, agent, ODD(double), &error);
    REFUSED(stepsize_agent_score_nmf, agent, 0, ODD(double), &error);
    REFUSED(stepsize_agent_score_nmf, agent, 0, NULL, &error);
    REFUSED(stepsize_agent_save, agent, NULL, 10, &length);
    REFUSED(stepsize_agent_save, agent, (uint8_t *)bytes, 10, &length);
    REQUIRE(stepsize_agent_save(agent, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
    const uint8_t *policy = (const uint8_t *)bytes;
    TRY(stepsize_agent_load, stepsize_agent_load(agent, policy, length, &error) == STEPSIZE_OK);
    REFUSED(stepsize_agent_load, agent, NULL, length, &error);
    REFUSED(stepsize_controller_learned, NULL, length, 0, 0, &made, &error);
    REFUSED(stepsize_controller_learned, policy, length, 0, 0, NULL, &error);
    EACH(i, lengths) {
      REFUSED(stepsize_agent_load, agent, policy, lengths[i], &error);
      REFUSED(stepsize_controller_learned, policy, lengths[i], 0, 0, &made, &error);
    }
    EACH(i, counts)
      TRY(stepsize_controller_learned,
          is_status(stepsize_controller_learned(policy, length, counts[i], 0, &made, &error)) && (!made) == (counts[i] < 0));
    EACH(i, reals)
      TRY(stepsize_controller_learned,
          is_status(stepsize_controller_learned(policy, length, 0, reals[i], &made, &error)) &&
              (!made) == !(reals[i] >= 0 && reals[i] <= 1));
    REFUSED(stepsize_agent_save_training, agent, NULL, 10, &length);
    REFUSED(stepsize_agent_save_training, agent, (uint8_t *)bytes, 10, &length);
    REQUIRE(stepsize_agent_save_training(agent, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
    TRY(stepsize_agent_restore_training, is_agent(stepsize_agent_restore_training(policy, length, &new_agent, &error)));
    REFUSED(stepsize_agent_restore_training, NULL, length, &new_agent, &error);
    REFUSED(stepsize_agent_restore_training, policy, length, NULL, &error);
    EACH(i, lengths) REFUSED(stepsize_agent_restore_training, policy, lengths[i], &new_agent, &error);
    stepsize_agent_destroy(agent);
  }
  REFUSED(stepsize_agent_save_training, NULL, NULL, 0, NULL);
  REFUSED(stepsize_agent_begin_episode, NULL, 0, 1, &error);
  REFUSED(stepsize_agent_observe, NULL, 1, numbers);
  REFUSED(stepsize_agent_reward, NULL, 1, &error);
  REFUSED(stepsize_agent_end_episode, NULL, NULL);
  REFUSED(stepsize_agent_update, NULL, NULL, &error);
  REFUSED(stepsize_agent_train_nmf, NULL, NULL, &error);
  REFUSED(stepsize_agent_score_nmf, NULL, 0, numbers, &error);
  REFUSED(stepsize_agent_save, NULL, NULL, 0, NULL);
  REFUSED(stepsize_agent_load, NULL, (const uint8_t *)bytes, 10, &error);
  TRY(stepsize_agent_instance, stepsize_agent_instance(NULL) == -1);
  TRY(stepsize_agent_episodes_left, stepsize_agent_episodes_left(NULL) == -1);
  TRY(stepsize_agent_generation, stepsize_agent_generation(NULL) == -1);
  TRY(stepsize_agent_destroy, (stepsize_agent_destroy(NULL), 1));
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  make_objects();
  versions();
  making_factorizations();
  factorizing();
  learning();
  all_are_covered(argv[1]);
  destroy_objects();
  return finish();
}
