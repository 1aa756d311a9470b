/* A saved state, of a scheduler or of a log of gradient norms, whose header is made right: either it is refused, or it is
   as good as any, and what continues from it can be saved again. */
#include "mend_state.h"
#include "training.h"

enum { CALLS = 12, KEPT = 4096 };

static void try_scheduler(const uint8_t *state, size_t size, Input calls) {
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  const stepsize_status status = stepsize_scheduler_restore(state, size, &scheduler, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, scheduler);
    EXPECT(status == STEPSIZE_ERROR_STATE || status == STEPSIZE_ERROR_VERSION);
    return;
  }
  if (stepsize_scheduler_group_count(scheduler) <= GROUPS) {
    ask_everything(scheduler);
    expect_replay(scheduler);
    for (int i = 0; i < CALLS; i++) (void)!training_call(scheduler, &calls); /* checked where it is made */
    expect_replay(scheduler);
    stepsize_scheduler_destroy(expect_restored(scheduler));
  }
  stepsize_scheduler_destroy(scheduler);
}

static void try_norm_log(const uint8_t *state, size_t size) {
  stepsize_norm_log *log = NULL, *again = NULL;
  stepsize_error error;
  const stepsize_status status = stepsize_norm_log_restore(state, size, &log, &error);
  if (status != STEPSIZE_OK) {
    expect_refusal(status, &error, log);
    return;
  }
  const size_t kept = stepsize_norm_log_kept(log);
  const int64_t stride = stepsize_norm_log_stride(log), count = stepsize_norm_log_count(log);
  EXPECT(stride >= 1 && (stride & (stride - 1)) == 0);
  EXPECT(count >= 0 && kept == (size_t)(count / stride + (count % stride != 0)));
  if (kept <= KEPT) {
    double values[KEPT];
    EXPECT(stepsize_norm_log_values(log, values, KEPT) == STEPSIZE_OK);
    for (size_t i = 0; i < kept; i++) EXPECT(!(values[i] < 0));
  }
  for (int i = 0; i < 5; i++) EXPECT(stepsize_norm_log_add(log, i) == STEPSIZE_OK);
  size_t saved_size, again_size;
  uint8_t *saved = norm_log_state(log, &saved_size);
  EXPECT(stepsize_norm_log_restore(saved, saved_size, &again, &error) == STEPSIZE_OK);
  uint8_t *same = norm_log_state(again, &again_size);
  expect_same_bytes(saved, saved_size, same, again_size);
  free(saved), free(same);
  stepsize_norm_log_destroy(log), stepsize_norm_log_destroy(again);
}

static void target(Input input) {
  uint8_t *state = malloc(input.size + 1);
  EXPECT(state != NULL);
  if (input.size) memcpy(state, input.bytes, input.size);
  mend_state(state, input.size);
  try_scheduler(state, input.size, input);
  try_norm_log(state, input.size);
  free(state);
}
