/* Sequences of calls, compared with a model that was written apart (model.h): schedules are made from one another and
   destroyed in between, a scheduler steps, jumps, is saved and restored, is given another schedule, and keeps a record. */
#include "model.h"

enum { SLOTS = 5, CALLS = 60 };

typedef struct Slot {
  int node;
  stepsize_schedule *schedule;
} Slot;

static Slot slots[SLOTS];

static void put(unsigned index, Node node, stepsize_status status, stepsize_schedule *schedule) {
  EXPECT(status == STEPSIZE_OK && schedule != NULL);
  /* What was made from it lives on. */
  stepsize_schedule_destroy(slots[index].schedule);
  slots[index] = (Slot){add_node(node), schedule};
  EXPECT(stepsize_schedule_length(schedule) == node.length);
}

static void make_leaf(unsigned index, Input *input) {
  static const double values[] = {1, 0.5, 0.1, 0, 3, 0.25, 10, 0.7};
  stepsize_schedule *made = NULL;
  const unsigned form = take_below(input, 5);
  const int64_t count = take_byte(input);
  const double value = values[take_below(input, 8)], floor = value > 1 ? 0 : value;
  const int64_t total = count > 0 ? count : 1;
  Node node = {.form = (Form)form, .length = total, .total = total, .a = floor, .weight = 1};
  stepsize_status status;
  if (form == CONSTANT) {
    node.length = count == 255 ? STEPSIZE_NEVER : count, node.a = value;
    status = stepsize_schedule_constant(node.length, value, &made, NULL);
  } else if (form == LINEAR) {
    status = stepsize_schedule_linear(total, floor, &made, NULL);
  } else if (form == COSINE) {
    status = stepsize_schedule_cosine(total, floor, &made, NULL);
  } else if (form == WARMUP) {
    node.length = node.total = count;
    status = stepsize_schedule_warmup(count, &made, NULL);
  } else {
    double table[TABLE];
    node.length = node.total = 1 + count % TABLE;
    for (int i = 0; i < TABLE; i++) node.table[i] = table[i] = values[(i + count) % 8];
    status = stepsize_schedule_table(table, (size_t)node.total, &made, NULL);
  }
  put(index, node, status, made);
}

static int64_t sum(int64_t a, int64_t b) { return a == INT64_MAX || b == INT64_MAX ? INT64_MAX : a + b; }
static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

static void combine(unsigned index, Input *input) {
  const Slot a = slots[take_below(input, SLOTS)], b = slots[take_below(input, SLOTS)];
  if (!a.schedule || !b.schedule || node_count == NODES) return;
  const Node *x = &nodes[a.node], *y = &nodes[b.node];
  Node node = {.first = a.node, .second = b.node, .length = x->length, .weight = x->weight + y->weight};
  stepsize_schedule *made = NULL;
  stepsize_error error;
  stepsize_status status;
  if (node.weight > WEIGHT) return;
  switch (take_below(input, 5)) {
  case 0:
    node.form = SEQUENCE, node.length = sum(x->length, y->length);
    status = stepsize_schedule_sequence(a.schedule, b.schedule, &made, &error);
    if (x->length == INT64_MAX) {
      EXPECT(status == STEPSIZE_ERROR_ARGUMENT);
      expect_refusal(status, &error, made);
      return;
    }
    break;
  case 1:
    node.form = PRODUCT, node.length = longer(x->length, y->length);
    status = stepsize_schedule_product(a.schedule, b.schedule, &made, &error);
    break;
  case 2:
    node.form = SCALED, node.a = take_byte(input) / 16.0;
    status = stepsize_schedule_scale(a.schedule, (double)node.a, &made, &error);
    break;
  case 3:
    node.form = CLAMPED, node.a = take_byte(input) / 256.0, node.b = node.a + take_byte(input) / 64.0;
    status = stepsize_schedule_clamp(a.schedule, (double)node.a, (double)node.b, &made, &error);
    break;
  default:
    node.form = HELD, node.length = node.total = 1 + take_byte(input);
    status = stepsize_schedule_extend(a.schedule, node.total, STEPSIZE_EXTEND_HOLD, 0, &made, &error);
    if (x->length == INT64_MAX) {
      EXPECT(status == STEPSIZE_ERROR_ARGUMENT);
      expect_refusal(status, &error, made);
      return;
    }
    break;
  }
  put(index, node, status, made);
}

/* Extensions that the model has no formula for keep what they promise. */
static void extend(Input *input) {
  const Slot slot = slots[take_below(input, SLOTS)];
  if (!slot.schedule || nodes[slot.node].length == INT64_MAX) return;
  const int64_t length = nodes[slot.node].length, total = 1 + take_byte(input), step = take_byte(input);
  stepsize_schedule *made = NULL;
  stepsize_error error;
  const int goes_on = take_byte(input) & 1;
  const stepsize_status status = stepsize_schedule_extend(
      slot.schedule, total, goes_on ? STEPSIZE_EXTEND_CONTINUE : STEPSIZE_EXTEND_RESCALE, step, &made, &error);
  if (goes_on && (step >= length || step >= total)) {
    EXPECT(status == STEPSIZE_ERROR_ARGUMENT);
    expect_refusal(status, &error, made);
    return;
  }
  EXPECT(status == STEPSIZE_OK && stepsize_schedule_length(made) == total);
  for (int64_t t = 0; t <= (goes_on ? step : 0); t++)
    EXPECT(is_value(stepsize_schedule_at(made, t), slot.node, t));
  stepsize_schedule_destroy(made);
}

static void check_values(Input *input) {
  const Slot slot = slots[take_below(input, SLOTS)];
  if (!slot.schedule) return;
  const int64_t first = take_integer(input);
  double row[8];
  EXPECT(stepsize_schedule_fill(slot.schedule, first, 1, 1, row, 8) == STEPSIZE_OK);
  for (int i = 0; i < 8; i++) {
    const int64_t t = first > INT64_MAX - i ? INT64_MAX : first + i;
    EXPECT(is_value(row[i], slot.node, t));
    EXPECT(bits_of(stepsize_schedule_at(slot.schedule, t)) == bits_of(row[i]));
  }
}

static stepsize_scheduler *create(ModelScheduler *model, Input *input) {
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  const uint8_t choice = take_byte(input);
  const Slot slot = slots[take_below(input, SLOTS)];
  *model = (ModelScheduler){.groups = 1 + choice % MODEL_GROUPS};
  model->records = choice >> 6 & 1;
  for (size_t g = 0; g < MODEL_GROUPS; g++) {
    model->base[g] = take_byte(input) / 32.0;
    model->max_lr[g] = INFINITY, model->schedule[g] = slot.schedule ? slot.node : -1;
    if (choice & 128) model->min_lr[g] = take_byte(input) / 512.0, model->max_lr[g] = model->min_lr[g] + take_byte(input) / 64.0;
  }
  EXPECT(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = model->groups, options.base_lr = model->base, options.record = model->records;
  options.schedule = slot.schedule;
  if (choice & 128) {
    options.min_lr = model->min_lr, options.min_lr_count = model->groups;
    options.max_lr = model->max_lr, options.max_lr_count = model->groups;
  }
  EXPECT(stepsize_scheduler_create(&options, &scheduler, &error) == STEPSIZE_OK);
  return scheduler;
}

static void check_scheduler(const stepsize_scheduler *scheduler, const ModelScheduler *model, double *rates) {
  EXPECT(stepsize_scheduler_get_step(scheduler) == model->step);
  EXPECT(stepsize_scheduler_rates(scheduler, rates, MODEL_GROUPS) == STEPSIZE_OK);
  for (size_t g = 0; g < model->groups; g++) EXPECT(is_rate_of(rates[g], model, g));
  const int64_t length = length_of(model);
  EXPECT(stepsize_scheduler_finished(scheduler) == (length < INT64_MAX && model->step >= length));
}

static void check_record(const stepsize_scheduler *scheduler, const ModelScheduler *model) {
  int64_t first = -1, count = -1;
  EXPECT(stepsize_scheduler_record_range(scheduler, &first, &count) == STEPSIZE_OK);
  EXPECT((size_t)count == model->recorded);
  if (model->records) EXPECT(first == model->first_recorded);
  for (size_t g = 0; g < model->groups && model->records; g++) {
    double rates[RECORDED];
    size_t written = 0;
    EXPECT(stepsize_scheduler_record(scheduler, g, 0, rates, RECORDED, &written) == STEPSIZE_OK);
    EXPECT(written == model->recorded);
    for (size_t i = 0; i < written; i++) EXPECT(bits_of(rates[i]) == bits_of(model->record[i][g]));
  }
  expect_replay(scheduler);
}

/* Other base rates, groups and schedules, from the current update on. */
static void change_groups(stepsize_scheduler *scheduler, ModelScheduler *model, Input *input) {
  const Slot slot = slots[take_below(input, SLOTS)];
  const int schedule = slot.schedule ? slot.node : -1;
  const double base = take_byte(input) / 32.0;
  stepsize_error error;
  stepsize_status status = STEPSIZE_OK;
  switch (take_below(input, 5)) {
  case 0:
    status = stepsize_scheduler_set_base_lrs(scheduler, &base, 1, &error);
    for (size_t g = 0; g < model->groups; g++) model->base[g] = base;
    break;
  case 1:
    model->base[0] = base;
    status = stepsize_scheduler_set_base_lrs(scheduler, model->base, model->groups, &error);
    break;
  case 2:
    if (model->groups == MODEL_GROUPS) break;
    status = stepsize_scheduler_add_group(scheduler, base, 0.125, 4, slot.schedule, &error);
    model_add_group(model, base, 0.125, 4, slot.schedule ? schedule : model->schedule[0]);
    break;
  case 3: {
    const size_t group = take_below(input, MODEL_GROUPS);
    status = stepsize_scheduler_remove_group(scheduler, group, &error);
    if (model->groups > 1 && group < model->groups) {
      model_remove_group(model, group);
      break;
    }
    EXPECT(status == STEPSIZE_ERROR_ARGUMENT);
    expect_refusal(status, &error, NULL);
    return;
  }
  default: {
    const stepsize_schedule *each[MODEL_GROUPS];
    const Slot first = slots[take_below(input, SLOTS)];
    if (!slot.schedule || !first.schedule) break;
    for (size_t g = 0; g < model->groups; g++) {
      each[g] = g ? slot.schedule : first.schedule;
      model->schedule[g] = g ? slot.node : first.node;
    }
    status = stepsize_scheduler_extend_groups(scheduler, each, model->groups, &error);
    break;
  }
  }
  EXPECT(status == STEPSIZE_OK);
}

static stepsize_scheduler *restored(stepsize_scheduler *scheduler) {
  stepsize_scheduler *other = NULL;
  stepsize_error error;
  size_t size;
  uint8_t *state = scheduler_state(scheduler, &size);
  EXPECT(stepsize_scheduler_restore(state, size, &other, &error) == STEPSIZE_OK);
  /* A damaged one is refused. */
  state[size / 2] ^= 4;
  const stepsize_status status = stepsize_scheduler_load(scheduler, state, size, &error);
  EXPECT(status == STEPSIZE_ERROR_STATE || status == STEPSIZE_ERROR_VERSION);
  free(state);
  stepsize_scheduler_destroy(scheduler);
  return other;
}

/* Many updates at once are as many one after the other: the same rates, record and state. */
static void advance_by(stepsize_scheduler *scheduler, ModelScheduler *model, double *rates, int64_t updates) {
  stepsize_scheduler *other = NULL;
  double last[MODEL_GROUPS];
  size_t size, other_size;
  uint8_t *state = scheduler_state(scheduler, &size);
  EXPECT(stepsize_scheduler_restore(state, size, &other, NULL) == STEPSIZE_OK);
  free(state);
  for (int64_t i = 0; i < updates; i++) {
    model_step(model, rates);
    EXPECT(stepsize_scheduler_advance(other, rates, MODEL_GROUPS) == STEPSIZE_OK);
  }
  EXPECT(stepsize_scheduler_advance_by(scheduler, updates, last, MODEL_GROUPS) == STEPSIZE_OK);
  for (size_t g = 0; g < model->groups; g++) EXPECT(bits_of(last[g]) == bits_of(rates[g]));
  state = scheduler_state(scheduler, &size);
  uint8_t *other_state = scheduler_state(other, &other_size);
  expect_same_bytes(state, size, other_state, other_size);
  free(state), free(other_state);
  stepsize_scheduler_destroy(other);
}

static void train(Input *input) {
  ModelScheduler model;
  stepsize_scheduler *scheduler = create(&model, input);
  stepsize_error error;
  double rates[MODEL_GROUPS], next[MODEL_GROUPS];
  for (int i = 0; i < CALLS && input->size > 0; i++) {
    check_scheduler(scheduler, &model, rates);
    stepsize_status status = STEPSIZE_OK;
    switch (take_below(input, 11)) {
    case 0: case 1:
      status = stepsize_scheduler_step(scheduler, next, MODEL_GROUPS);
      model_step(&model, rates);
      break;
    case 2:
      status = stepsize_scheduler_advance(scheduler, next, MODEL_GROUPS);
      model_step(&model, rates);
      break;
    case 3:
      status = stepsize_scheduler_step_with_loss(scheduler, NAN, NULL, 0);
      model_step(&model, rates);
      break;
    case 4: {
      const int64_t step = take_byte(input);
      status = stepsize_scheduler_set_step(scheduler, step);
      model_set_step(&model, step);
      break;
    }
    case 5: scheduler = restored(scheduler); break;
    case 6: {
      const Slot slot = slots[take_below(input, SLOTS)];
      status = stepsize_scheduler_extend(scheduler, slot.schedule, &error);
      for (size_t g = 0; g < model.groups; g++) model.schedule[g] = slot.schedule ? slot.node : -1;
      break;
    }
    case 7: change_groups(scheduler, &model, input); break;
    case 8:
      status = stepsize_scheduler_next(scheduler, next, MODEL_GROUPS);
      for (size_t g = 0; g < model.groups; g++) EXPECT(bits_of(next[g]) == bits_of(rates[g]));
      model_step(&model, rates);
      break;
    case 9: advance_by(scheduler, &model, rates, take_below(input, 4)); break;
    default:
      EXPECT(stepsize_scheduler_step(scheduler, next, model.groups - 1) == STEPSIZE_ERROR_SIZE || model.groups == 1);
      EXPECT(stepsize_scheduler_set_step(scheduler, -1) == STEPSIZE_ERROR_ARGUMENT);
      break;
    }
    EXPECT(status == STEPSIZE_OK);
  }
  check_scheduler(scheduler, &model, rates);
  check_record(scheduler, &model);
  stepsize_scheduler_destroy(scheduler);
}

static void target(Input input) {
  node_count = 0;
  for (int i = 0; i < SLOTS; i++) slots[i] = (Slot){0, NULL};
  for (int i = 0; i < CALLS && input.size > 0; i++) {
    const uint8_t call = take_byte(&input);
    const unsigned index = call / 8 % SLOTS;
    switch (call % 8) {
    case 0: case 1: case 2:
      if (node_count < NODES) make_leaf(index, &input);
      break;
    case 3: case 4: combine(index, &input); break;
    case 5: extend(&input); break;
    case 6: check_values(&input); break;
    default: train(&input); break;
    }
  }
  for (int i = 0; i < SLOTS; i++) stepsize_schedule_destroy(slots[i].schedule);
}
