/* One random call of a training loop on a scheduler, whatever it needs: what the targets with schedulers share. */
#ifndef TRAINING_H
#define TRAINING_H

#include "fuzz.h"

enum { GROUPS = 3 };

static inline void expect_rates(const stepsize_scheduler *scheduler, const double *rates) {
  const size_t groups = stepsize_scheduler_group_count(scheduler);
  for (size_t g = 0; g < groups; g++) EXPECT(is_rate(rates[g]));
}

/* A short schedule, or NULL. */
static inline stepsize_schedule *take_schedule(Input *input) {
  stepsize_schedule *schedule = NULL;
  const unsigned choice = take_below(input, 3);
  const int64_t total = 1 + take_byte(input);
  if (choice == 0) EXPECT(stepsize_schedule_linear(total, 0.25, &schedule, NULL) == STEPSIZE_OK);
  if (choice == 1) EXPECT(stepsize_schedule_warmup(total, &schedule, NULL) == STEPSIZE_OK);
  return schedule;
}

/* Other base rates, groups or schedules. What is refused says why and changes nothing. */
static inline void change_groups(stepsize_scheduler *scheduler, Input *input) {
  const size_t groups = stepsize_scheduler_group_count(scheduler);
  size_t size, after, count = groups;
  uint8_t *before = scheduler_state(scheduler, &size);
  stepsize_schedule *schedules[GROUPS] = {0};
  stepsize_error error;
  stepsize_status status;
  int is_allowed = 1; /* as far as the arguments alone can tell */
  switch (take_below(input, 5)) {
  case 0: {
    double base[GROUPS];
    if (take_byte(input) & 1) count = 1;
    for (size_t g = 0; g < count; g++) base[g] = take_real(input), is_allowed &= isfinite(base[g]) && base[g] >= 0;
    status = stepsize_scheduler_set_base_lrs(scheduler, base, count, &error);
    count = groups;
    break;
  }
  case 1: {
    const double base = take_real(input), lowest = fabs(take_real(input)), highest = take_byte(input) & 1 ? INFINITY : 1;
    if (groups == GROUPS) {
      free(before);
      return;
    }
    schedules[0] = take_schedule(input);
    is_allowed = isfinite(base) && base >= 0 && isfinite(lowest) && lowest <= highest;
    status = stepsize_scheduler_add_group(scheduler, base, lowest, highest, schedules[0], &error);
    count++;
    break;
  }
  case 2: {
    const size_t group = take_below(input, GROUPS + 1);
    is_allowed = groups > 1 && group < groups;
    status = stepsize_scheduler_remove_group(scheduler, group, &error);
    count--;
    break;
  }
  case 3:
    schedules[0] = take_schedule(input);
    status = stepsize_scheduler_extend(scheduler, schedules[0], &error);
    break;
  default:
    for (size_t g = 0; g < groups; g++) schedules[g] = take_schedule(input), is_allowed &= schedules[g] != NULL;
    status = stepsize_scheduler_extend_groups(scheduler, (const stepsize_schedule *const *)schedules, groups, &error);
    break;
  }
  for (size_t g = 0; g < GROUPS; g++) stepsize_schedule_destroy(schedules[g]);
  if (status == STEPSIZE_OK) {
    EXPECT(is_allowed && stepsize_scheduler_group_count(scheduler) == count);
  } else {
    expect_refusal(status, &error, NULL);
    uint8_t *same = scheduler_state(scheduler, &after);
    expect_same_bytes(before, size, same, after);
    free(same);
  }
  free(before);
}

/* Takes the call from the input and makes it. Its status may be any that the header names for it. */
static inline stepsize_status training_call(stepsize_scheduler *scheduler, Input *input) {
  double rates[GROUPS] = {0}, numbers[GROUPS], norms[GROUPS];
  const size_t groups = stepsize_scheduler_group_count(scheduler);
  const int64_t before = stepsize_scheduler_get_step(scheduler);
  const stepsize_needs needs = stepsize_scheduler_needs(scheduler);
  stepsize_status status;
  EXPECT(groups >= 1 && groups <= GROUPS);
  switch (take_below(input, 14)) {
  case 0: case 1: case 2: case 3:
    status = stepsize_scheduler_step_with_loss(scheduler, take_real(input), rates, GROUPS);
    EXPECT(status == STEPSIZE_OK ||
           (status == STEPSIZE_ERROR_OBSERVATION_REQUIRED && (needs & ~STEPSIZE_NEEDS_LOSS) != 0));
    break;
  case 4:
    status = stepsize_scheduler_step(scheduler, rates, GROUPS);
    EXPECT((status == STEPSIZE_ERROR_LOSS_REQUIRED) == ((needs & STEPSIZE_NEEDS_LOSS) != 0));
    break;
  case 5:
    status = stepsize_scheduler_advance(scheduler, rates, GROUPS);
    EXPECT(status == STEPSIZE_OK);
    break;
  case 6:
    for (size_t g = 0; g < groups; g++) numbers[g] = take_real(input), norms[g] = take_real(input);
    status = stepsize_scheduler_observe_gradient(scheduler, numbers, norms, groups, rates, GROUPS);
    EXPECT(needs & STEPSIZE_NEEDS_GRADIENT || status == STEPSIZE_ERROR_ORDER);
    break;
  case 7:
    for (size_t g = 0; g < groups; g++) norms[g] = take_real(input);
    status = stepsize_scheduler_propose(scheduler, take_real(input), norms, groups, rates, GROUPS);
    EXPECT(needs & STEPSIZE_NEEDS_SEARCH || status == STEPSIZE_ERROR_ORDER);
    break;
  case 8: {
    stepsize_trial trial = -1;
    for (size_t g = 0; g < groups; g++) norms[g] = take_real(input);
    status = stepsize_scheduler_report(scheduler, take_real(input), norms, groups, &trial, rates, GROUPS);
    if (status == STEPSIZE_OK) EXPECT(trial >= STEPSIZE_TRIAL_ACCEPTED && trial <= STEPSIZE_TRIAL_FAILED);
    break;
  }
  case 9: {
    stepsize_observation seen[GROUPS] = {{0}};
    const size_t count = take_below(input, 2) ? groups : 1;
    for (size_t g = 0; g < count; g++) {
      seen[g].size = sizeof *seen, seen[g].given = INT32_MAX;
      for (double *number = &seen[g].loss; number <= &seen[g].mean_dot_x; number++) *number = take_real(input);
    }
    status = stepsize_scheduler_observe(scheduler, seen, count, rates, GROUPS, NULL);
    EXPECT(needs >> 8 || status == STEPSIZE_ERROR_ORDER);
    break;
  }
  case 10: {
    /* A record takes the time of that many steps: many of them are a number that is refused. */
    int64_t updates = take_integer(input);
    if (updates > UINT16_MAX) updates = before > 0 ? INT64_MAX : 0;
    status = stepsize_scheduler_advance_by(scheduler, updates, rates, GROUPS);
    EXPECT(status == (updates < 0 || updates > INT64_MAX - before ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK));
    if (status == STEPSIZE_OK) EXPECT(stepsize_scheduler_get_step(scheduler) == before + updates);
    break;
  }
  case 11:
    status = stepsize_scheduler_next(scheduler, rates, GROUPS);
    EXPECT((status == STEPSIZE_ERROR_LOSS_REQUIRED) == ((needs & STEPSIZE_NEEDS_LOSS) != 0));
    break;
  case 12:
    change_groups(scheduler, input);
    status = stepsize_scheduler_rates(scheduler, rates, GROUPS);
    EXPECT(status == STEPSIZE_OK);
    break;
  default:
    status = stepsize_scheduler_set_step(scheduler, take_integer(input));
    if (status == STEPSIZE_OK) EXPECT(stepsize_scheduler_rates(scheduler, rates, GROUPS) == STEPSIZE_OK);
    break;
  }
  expect_rates(scheduler, rates);
  if (status != STEPSIZE_OK) EXPECT(stepsize_scheduler_get_step(scheduler) == before);
  return status;
}

/* Everything that only asks. */
static inline void ask_everything(const stepsize_scheduler *scheduler) {
  double rates[GROUPS];
  stepsize_phase phase = {.size = sizeof phase};
  stepsize_schedule *schedule = NULL;
  stepsize_controller *controller = NULL;
  stepsize_norm_log *log = NULL;
  EXPECT(stepsize_scheduler_rates(scheduler, rates, GROUPS) == STEPSIZE_OK);
  expect_rates(scheduler, rates);
  EXPECT(stepsize_scheduler_get_step(scheduler) >= 0 && stepsize_scheduler_schedule_step(scheduler) >= 0);
  EXPECT(stepsize_scheduler_decision(scheduler) >= STEPSIZE_DECISION_NONE);
  EXPECT(stepsize_scheduler_decision(scheduler) <= STEPSIZE_DECISION_IGNORED);
  const stepsize_stop stop = stepsize_scheduler_stop_reason(scheduler);
  EXPECT(stop >= STEPSIZE_STOP_NONE && stop <= STEPSIZE_STOP_EARLY);
  if (stop == STEPSIZE_STOP_END) EXPECT(stepsize_scheduler_finished(scheduler));
  EXPECT(stepsize_scheduler_trial_count(scheduler) >= 0 && stepsize_scheduler_extended_at(scheduler) >= 0);
  EXPECT(stepsize_scheduler_phase(scheduler, &phase) == STEPSIZE_OK);
  EXPECT(phase.progress >= 0 && phase.progress <= 1);
  for (int64_t t = 0; t < 40; t += 13) EXPECT(stepsize_scheduler_phase_at(scheduler, t, &phase) == STEPSIZE_OK);
  for (size_t g = 0; g < stepsize_scheduler_group_count(scheduler); g++) {
    EXPECT(is_rate(stepsize_scheduler_base_lr(scheduler, g)));
    EXPECT(bits_of(stepsize_scheduler_lr(scheduler, g)) == bits_of(rates[g]));
    EXPECT((stepsize_scheduler_lr_float(scheduler, g) > 0) == (rates[g] > 0));
    EXPECT(stepsize_scheduler_group_schedule(scheduler, g, &schedule) == STEPSIZE_OK);
    stepsize_schedule_destroy(schedule);
  }
  EXPECT(stepsize_scheduler_schedule(scheduler, &schedule) == STEPSIZE_OK);
  for (size_t i = 0; i < 20; i++) {
    EXPECT(stepsize_scheduler_controller(scheduler, i, &controller) == STEPSIZE_OK);
    if (!controller) break;
    stepsize_controller_destroy(controller);
  }
  EXPECT(stepsize_scheduler_norm_log(scheduler, &log) == STEPSIZE_OK);
  stepsize_schedule_destroy(schedule);
  stepsize_norm_log_destroy(log);
}

/* A scheduler that continues from the state of this one, to be destroyed: saved again it has the same bytes. */
static inline stepsize_scheduler *expect_restored(stepsize_scheduler *scheduler) {
  stepsize_scheduler *other = NULL;
  stepsize_error error;
  size_t size, again;
  uint8_t *state = scheduler_state(scheduler, &size);
  if (stepsize_scheduler_restore(state, size, &other, &error) != STEPSIZE_OK) {
    fprintf(stderr, "%s\n", error.text);
    EXPECT(!"a saved state is restored");
  }
  uint8_t *same = scheduler_state(other, &again);
  expect_same_bytes(state, size, same, again);
  EXPECT(stepsize_scheduler_load(scheduler, state, size, &error) == STEPSIZE_OK);
  free(state), free(same);
  return other;
}

#endif
