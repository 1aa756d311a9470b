/* The text of a scheduler, up to a line end, and after it what is done with it: options, then calls of a training. It
   continues from a saved state as if nothing had happened. */
#include "training.h"

enum { CALLS = 48 };

static stepsize_scheduler *parsed(Input *input) {
  const uint8_t *end = input->size ? memchr(input->bytes, '\n', input->size) : NULL;
  const char *text = (const char *)input->bytes;
  const size_t size = end ? (size_t)(end - input->bytes) : input->size;
  input->bytes += size, input->size -= size;
  take_byte(input);

  double base[GROUPS], min_lr[GROUPS] = {0}, max_lr[GROUPS];
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  EXPECT(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  const uint8_t choice = take_byte(input);
  options.record = choice & 1;
  options.group_count = 1 + choice / 2 % GROUPS;
  options.norm_capacity = choice & 64 ? 2 + take_byte(input) : 0;
  for (size_t g = 0; g < GROUPS; g++) base[g] = choice & 128 ? take_rate(input) : 0.1 / (double)(g + 1);
  options.base_lr = base;
  options.total = size % 2 ? 1 << size % 16 : 0;
  if (choice & 32) {
    for (size_t g = 0; g < GROUPS; g++) min_lr[g] = take_rate(input), max_lr[g] = take_rate(input);
    options.min_lr = min_lr, options.min_lr_count = options.group_count;
    options.max_lr = max_lr, options.max_lr_count = options.group_count;
  }
  const stepsize_status status = stepsize_scheduler_parse(text, size, &options, &scheduler, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, scheduler);
    EXPECT(error.offset >= -1 && error.offset <= (int64_t)size);
  }
  return scheduler;
}

static void target(Input input) {
  stepsize_scheduler *scheduler = parsed(&input), *other = NULL;
  if (!scheduler) return;
  for (int i = 0; i < CALLS && input.size > 0; i++) {
    const uint8_t kind = take_byte(&input);
    if (kind % 8 == 0) {
      const stepsize_status status = stepsize_scheduler_log_norm(scheduler, fabs(take_real(&input)));
      EXPECT(status == STEPSIZE_OK || status == STEPSIZE_ERROR_ORDER);
    } else if (kind == 1 || kind == 201) {
      stepsize_scheduler *restored = expect_restored(scheduler);
      if (kind == 1) other = scheduler, scheduler = restored;
      else other = restored;
      /* The two do the same from now on. */
      Input left = input;
      for (int k = 0; k < 6; k++) EXPECT(training_call(scheduler, &input) == training_call(other, &left));
      size_t size, other_size;
      uint8_t *state = scheduler_state(scheduler, &size), *other_state = scheduler_state(other, &other_size);
      expect_same_bytes(state, size, other_state, other_size);
      free(state), free(other_state);
      stepsize_scheduler_destroy(other);
    } else {
      (void)!training_call(scheduler, &input); /* checked where it is made */
    }
  }
  ask_everything(scheduler);
  expect_replay(scheduler);

  /* What it prints is what it is. */
  double base[GROUPS] = {1, 1, 1};
  stepsize_scheduler_options options;
  stepsize_error error;
  EXPECT(stepsize_scheduler_defaults(&options, sizeof options) == STEPSIZE_OK);
  options.group_count = stepsize_scheduler_group_count(scheduler), options.base_lr = base;
  char *text = scheduler_text(scheduler);
  const stepsize_status status = stepsize_scheduler_parse(text, strlen(text), &options, &other, &error);
  if (status == STEPSIZE_OK) {
    char *same = scheduler_text(other);
    EXPECT(strcmp(text, same) == 0);
    free(same);
    stepsize_scheduler_destroy(other);
  } else {
    /* A bound of a controller may not suit these base rates; nothing else can be wrong. */
    EXPECT(status == STEPSIZE_ERROR_ARGUMENT || *text == 0);
  }
  free(text);
  stepsize_scheduler_destroy(scheduler);
}
