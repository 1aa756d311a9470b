# Learning rates, one per optimizer update. No rate is computed here; constants.R is generated.

# Signals why a call has failed: tryCatch(…, stepsize_error = function(e) e$status). Called by src/stepsize.c.
failure <- function(status, message, offset) {
  word <- names(STATUS)[match(status, STATUS)]
  stop(structure(
    class = c("stepsize_error", "error", "condition"),
    list(message = message, call = NULL, status = if (is.na(word)) "unknown" else word, offset = offset)
  ))
}

word_of <- function(number, numbers) {
  word <- names(numbers)[match(number, numbers)]
  if (is.na(word)) "unknown" else word
}

# A schedule, a pure function of the step, from its text form, such as "warmup(500) >> cosine(9500, floor=0.1)"; with a
# total, of which the text may give shares, such as "warmup(10%) >> cosine(rest)".
schedule <- function(text, total = NULL) .Call(r_schedule, text, total)

# Of multipliers, one for each update; the last one holds.
schedule_table <- function(values) .Call(r_table, as.double(values))

# The multipliers for updates, counted from 0. Steps are doubles, exact to 2^53; NA for NA.
at <- function(schedule, steps) .Call(r_at, schedule, as.double(steps))

# How many updates a schedule describes; Inf where it has no end.
updates <- function(schedule) .Call(r_updates, schedule)

# One schedule for its length, then another from its own step 0.
`%then%` <- function(first, then) .Call(r_then, first, then)

# The product of two schedules at the same step, or of a schedule and a number.
`*.stepsize_schedule` <- function(e1, e2) {
  if (is.numeric(e1)) return(.Call(r_scale, e2, e1))
  if (is.numeric(e2)) return(.Call(r_scale, e1, e2))
  .Call(r_product, e1, e2)
}

as.character.stepsize_object <- function(x, ...) .Call(r_text, x)

print.stepsize_object <- function(x, ...) {
  cat("<", class(x)[1], " ", as.character(x), ">\n", sep = "")
  invisible(x)
}

# What a training loop holds, from the text form of controllers and schedule, such as "greedy(patience=10) * linear(1000)",
# and a base rate for each parameter group. Bounds are none, one for all groups, or one for each. It changes in place.
scheduler <- function(text, base_lrs, min_lr = NULL, max_lr = NULL, record = FALSE, total = NULL) {
  .Call(r_scheduler, text, as.double(base_lrs), as.double(min_lr), as.double(max_lr), record, total)
}

# Everything that is needed to continue, as a raw vector; and a scheduler from it, in this or another language.
save_state <- function(scheduler) .Call(r_save, scheduler)
restore_state <- function(state) .Call(r_restore, state)

# The rates of all groups for the current update.
lrs <- function(scheduler) .Call(r_lrs, scheduler)

# Goes to the next update; a loss is that of the last one.
step <- function(scheduler, loss = NULL) invisible(.Call(r_step, scheduler, loss))

# Goes so many updates on without showing a loss.
advance <- function(scheduler, updates = 1) invisible(.Call(r_advance, scheduler, updates))

# Shows what is known of an update before it is made, such as c(loss = 1, grad_norm = 0.5); or one vector for each group.
observe <- function(scheduler, ...) {
  observations <- list(...)
  given <- names(observations[[1]])
  stopifnot(given %in% SCALARS, vapply(observations, function(one) setequal(names(one), given), NA))
  numbers <- matrix(0, length(SCALARS), length(observations), dimnames = list(SCALARS, NULL))
  for (i in seq_along(observations)) numbers[given, i] <- observations[[i]][given]
  bits <- sum(NEEDS[paste0("scalar_", given)])
  invisible(.Call(r_observe, scheduler, numbers, as.integer(bits)))
}

# Shows products of the gradient and the last update to a hypergradient controller.
observe_gradient <- function(scheduler, dots, norms = NULL) {
  invisible(.Call(r_observe_gradient, scheduler, as.double(dots), as.double(norms)))
}

# Begins a line search; the rates are those of the first trial.
propose <- function(scheduler, loss, squared_norms) {
  invisible(.Call(r_propose, scheduler, loss, as.double(squared_norms)))
}

# Judges a trial by the loss after it: "accepted", "retry" or "failed".
report <- function(scheduler, loss, squared_distances = NULL) {
  word_of(.Call(r_report, scheduler, loss, as.double(squared_distances)), TRIAL)
}

# Another schedule from the current update on.
extend <- function(scheduler, schedule) invisible(.Call(r_extend, scheduler, schedule))

# The recorded rates of a group, from 1, as a schedule for a base rate of 1.
replay <- function(scheduler, group = 1L) .Call(r_replay, scheduler, group - 1L)

# What the controller did with the last loss, such as "cut".
decision <- function(scheduler) word_of(.Call(r_decision, scheduler), DECISION)

# What has to be shown at each update, such as "needs_loss".
needs <- function(scheduler) names(NEEDS)[bitwAnd(NEEDS, .Call(r_needs, scheduler)) != 0]

# Why the training can stop, such as "end"; "none" where there is no reason to.
stop_reason <- function(scheduler) word_of(.Call(r_stop_reason, scheduler), STOP)

# The update that the current rates are for.
current_step <- function(scheduler) .Call(r_current_step, scheduler)
