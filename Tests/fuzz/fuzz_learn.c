/* The second library: factorizations, policies and trainings as bytes whose header is made right, and episodes. */
#include "mend_state.h"

#include "fuzz.h"
#include "stepsize/learn.h"

enum { SIDE = 5, ENTRIES = SIDE * SIDE, CALLS = 40 };

static int are_entries(const double *x, size_t rows, size_t columns, size_t stride) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (!(x[i * stride + j] >= 0 && x[i * stride + j] <= 1e100)) return 0;
  return 1;
}

static int is_legal_matrix(const double *x, size_t rows, size_t columns, size_t stride) {
  double largest = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) largest = fmax(largest, x[i * stride + j]);
  return are_entries(x, rows, columns, stride) && (largest == 0 || largest >= 1e-100);
}

static void check_factors(const stepsize_nmf *nmf, size_t w_count, size_t h_count) {
  double w[ENTRIES], h[ENTRIES];
  EXPECT(stepsize_nmf_get_factors(nmf, w, w_count, h, h_count) == STEPSIZE_OK);
  for (size_t i = 0; i < w_count; i++) EXPECT(is_rate(w[i]));
  for (size_t i = 0; i < h_count; i++) EXPECT(is_rate(h[i]));
}

static void factorize(Input *input) {
  double x[ENTRIES + SIDE];
  const size_t rows = 1 + take_below(input, SIDE), columns = 1 + take_below(input, SIDE), stride = columns + take_below(input, 2);
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  stepsize_error error;
  EXPECT(stepsize_nmf_defaults(&options, sizeof options) == STEPSIZE_OK);
  const uint8_t choice = take_byte(input);
  options.order = choice & 1, options.bound = choice >> 1 & 3, options.relative = choice >> 3 & 1;
  options.rank = 1 + (choice >> 4 & 3), options.batch_size = choice >> 6;
  options.seed = take_byte(input);
  if (take_byte(input) & 1) options.w_steps = take_integer(input) % 5, options.theta = take_real(input), options.norm = take_real(input);
  for (size_t i = 0; i < ENTRIES + SIDE; i++) x[i] = i < rows * stride ? take_real(input) : 0;
  stepsize_status status = stepsize_nmf_create(&options, x, rows, columns, stride, &nmf, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, nmf);
    return;
  }
  EXPECT(is_legal_matrix(x, rows, columns, stride));
  const size_t rank = (size_t)options.rank, w_count = rows * rank, h_count = rank * columns;
  check_factors(nmf, w_count, h_count);
  EXPECT(is_rate(stepsize_nmf_apriori_bound(nmf)));
  for (int i = 0; i < 10 && input->size > 0; i++) {
    stepsize_nmf_update update = {.size = sizeof update};
    double loss = NAN, factors[ENTRIES];
    switch (take_below(input, 4)) {
    case 0: case 1:
      /* + 0: a rate of -0 is used as it is. */
      status = stepsize_nmf_step(nmf, x, stride, take_real(input) + 0, &update, &error);
      if (status == STEPSIZE_OK) EXPECT(update.loss >= 0 && is_rate(update.w_rate) && is_rate(update.h_rate));
      break;
    case 2:
      status = stepsize_nmf_loss(nmf, x, stride, &loss, &error);
      if (status == STEPSIZE_OK) EXPECT(loss >= 0);
      break;
    default:
      for (size_t k = 0; k < w_count; k++) factors[k] = take_real(input);
      status = stepsize_nmf_set_factors(nmf, factors, w_count, NULL, 0, &error);
      break;
    }
    if (status != STEPSIZE_OK) expect_refusal(status, &error, NULL);
    check_factors(nmf, w_count, h_count);
  }
  stepsize_nmf_destroy(nmf);
}

static void transform(Input *input) {
  double h[ENTRIES], x[ENTRIES], w[ENTRIES];
  stepsize_error error;
  const size_t rank = 1 + take_below(input, SIDE), columns = 1 + take_below(input, SIDE), rows = 1 + take_below(input, SIDE);
  for (size_t i = 0; i < rank * columns; i++) h[i] = take_real(input);
  for (size_t i = 0; i < rows * columns; i++) x[i] = take_real(input);
  const stepsize_status status =
      stepsize_nmf_transform(h, rank, columns, x, rows, columns, 1 + take_below(input, 8), w, &error);
  const int is_legal = are_entries(h, rank, columns, columns) && is_legal_matrix(x, rows, columns, columns);
  EXPECT((status == STEPSIZE_OK) == is_legal);
  if (!is_legal) expect_refusal(status, &error, NULL);
  for (size_t i = 0; is_legal && i < rows * rank; i++) EXPECT(is_rate(w[i]));
}

static uint8_t *policy_of(const stepsize_agent *agent, size_t *size) {
#define ASK(buffer, capacity, size) stepsize_agent_save(agent, buffer, capacity, size)
  TAKE_ALL(uint8_t, ASK, state, 0, bytes);
#undef ASK
  *size = bytes;
  return state;
}

static uint8_t *training_of(const stepsize_agent *agent, size_t *size) {
#define ASK(buffer, capacity, size) stepsize_agent_save_training(agent, buffer, capacity, size)
  TAKE_ALL(uint8_t, ASK, state, 0, bytes);
#undef ASK
  *size = bytes;
  return state;
}

static stepsize_agent *created(uint8_t choice) {
  stepsize_agent_options options;
  stepsize_agent *agent = NULL;
  EXPECT(stepsize_agent_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.trainer = choice & 1, options.units = choice >> 1 & 3, options.every = 1 + (choice >> 3 & 3);
  options.population = 4, options.instances = 1, options.seed = choice;
  EXPECT(stepsize_agent_create(&options, &agent, NULL) == STEPSIZE_OK);
  return agent;
}

/* What is saved is restored, with the same bytes. */
static stepsize_agent *expect_restored(stepsize_agent *agent) {
  stepsize_agent *other = NULL;
  stepsize_error error;
  size_t size, again;
  uint8_t *training = training_of(agent, &size);
  if (stepsize_agent_restore_training(training, size, &other, &error) != STEPSIZE_OK) {
    fprintf(stderr, "%s\n", error.text);
    EXPECT(!"a saved training is restored");
  }
  uint8_t *same = training_of(other, &again);
  expect_same_bytes(training, size, same, again);
  free(training), free(same);
  return other;
}

/* Random factorizations take up to 40 milliseconds: one of these in one of 64 inputs, which a hash chooses, so that their like
   have none; and none with the sizes that bytes ask for. */
static int factorizations_left;

static stepsize_status play_nmf(stepsize_agent *agent, Input *input, stepsize_error *error) {
  double score = NAN;
  if (factorizations_left-- <= 0) return STEPSIZE_OK;
  const stepsize_status status = take_byte(input) % 4 ? stepsize_agent_score_nmf(agent, take_integer(input), &score, error)
                                                      : stepsize_agent_train_nmf(agent, &score, error);
  if (status == STEPSIZE_OK) EXPECT(isfinite(score));
  return status;
}

static stepsize_agent *play(stepsize_agent *agent, Input *input) {
  stepsize_error error;
  stepsize_status status = STEPSIZE_OK;
  for (int i = 0; i < CALLS && input->size > 0; i++) {
    double multiplier = 1, score = 0;
    const uint8_t call = take_byte(input);
    switch (call >= 250 ? -1 : call % 8) {
    case -1: status = play_nmf(agent, input, &error); break;
    case 0: status = stepsize_agent_begin_episode(agent, take_integer(input), take_byte(input) & 1, &error); break;
    case 1: case 2:
      if (stepsize_agent_observe(agent, take_real(input), &multiplier) == STEPSIZE_OK)
        EXPECT(isfinite(multiplier) && multiplier > 0);
      break;
    case 3: status = stepsize_agent_reward(agent, take_real(input), &error); break;
    case 4:
      if (stepsize_agent_end_episode(agent, &score) == STEPSIZE_OK) EXPECT(isfinite(score));
      break;
    case 5:
      if (stepsize_agent_episodes_left(agent) > 8) break; /* seconds of learning are no finding */
      status = stepsize_agent_update(agent, &score, &error);
      if (status == STEPSIZE_OK) EXPECT(isfinite(score));
      break;
    case 6: {
      stepsize_agent *other = expect_restored(agent);
      stepsize_agent_destroy(agent);
      agent = other;
      break;
    }
    default: {
      size_t size;
      stepsize_controller *controller = NULL;
      uint8_t *policy = policy_of(agent, &size);
      EXPECT(stepsize_controller_learned(policy, size, 100, 0, &controller, &error) == STEPSIZE_OK);
      stepsize_controller_destroy(controller);
      free(policy);
      break;
    }
    }
    if (status != STEPSIZE_OK) expect_refusal(status, &error, NULL);
    status = STEPSIZE_OK;
    EXPECT(stepsize_agent_episodes_left(agent) >= 0 && stepsize_agent_generation(agent) >= 0);
    EXPECT(stepsize_agent_instance(agent) >= 0);
  }
  return agent;
}

/* Bytes that claim to be a policy or a training: refused, or as good as any. */
static void read_bytes(Input *input, int is_training) {
  const size_t size = input->size;
  uint8_t *bytes = malloc(size + 1);
  stepsize_error error;
  EXPECT(bytes != NULL);
  if (size) memcpy(bytes, input->bytes, size);
  mend_state(bytes, size);
  stepsize_agent *agent = NULL;
  stepsize_controller *controller = NULL;
  stepsize_status status;
  if (is_training) {
    status = stepsize_agent_restore_training(bytes, size, &agent, &error);
    if (status != STEPSIZE_OK) expect_refusal(status, &error, agent);
  } else {
    agent = created(3);
    status = stepsize_agent_load(agent, bytes, size, &error);
    const stepsize_status same = stepsize_controller_learned(bytes, size, 10, 0.5, &controller, NULL);
    EXPECT((status == STEPSIZE_OK) == (same == STEPSIZE_OK));
    stepsize_controller_destroy(controller);
  }
  free(bytes);
  if (agent) {
    agent = play(agent, input);
    stepsize_agent_destroy(expect_restored(agent));
    stepsize_agent_destroy(agent);
  }
}

static uint32_t hash(Input input) {
  uint32_t sum = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < input.size; i++) sum = (sum ^ input.bytes[i]) * 16777619u;
  return sum;
}

static void target(Input input) {
  const int is_chosen = hash(input) >> 26 == 0;
  factorizations_left = 0;
  switch (take_below(&input, 5)) {
  case 0: factorize(&input); break;
  case 1: transform(&input); break;
  case 2: {
    const uint8_t choice = take_byte(&input);
    factorizations_left = is_chosen;
    stepsize_agent_destroy(play(created(choice), &input));
    break;
  }
  case 3: read_bytes(&input, 0); break;
  default: read_bytes(&input, 1); break;
  }
}
