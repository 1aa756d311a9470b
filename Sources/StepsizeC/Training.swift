// Section 6, part 2

import CStepsize
import Stepsize

// MARK: - Training

// These write the rates into the caller's array. Nothing changes unless the status is STEPSIZE_OK.

/// The rates for the current update.
/// - Parameter scheduler: The scheduler.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_SIZE for an array that is too short or not aligned.
@_optimize(speed)
@c public func stepsize_scheduler_rates(
  _ scheduler: SchedulerIn, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  rates(scheduler, lrs, count)
}

/// A step that has the value of its schedule by a call ends with this one.
@inline(never)
@_optimize(speed)
func rates(_ scheduler: SchedulerIn, _ lrs: Rates, _ count: UInt) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.rates(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Goes to the next update. Call it after an update.
///
/// STEPSIZE_ERROR_OBSERVATION_REQUIRED: the scheduler has a line search or a hypergradient controller, which has not
/// observed this update (stepsize_scheduler_propose, stepsize_scheduler_observe_gradient; the first update of a
/// hypergradient needs none). stepsize_scheduler_advance is for an update without.
/// - Parameter scheduler: One that needs no loss; otherwise STEPSIZE_ERROR_LOSS_REQUIRED.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_step(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  atOnce(scheduler, lrs, count) { $0.stepAtOnce() } ?? step(scheduler, lrs, count)
}

@inline(never)
@_optimize(speed)
private func step(_ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt) -> stepsize_status {
  atOnce(scheduler, lrs, count) { $0.stepObservedAtOnce() } ?? stepInFull(scheduler, lrs, count)
}

@inline(never)
private func stepInFull(_ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Shows the loss of the last update to the controller and goes to the next update.
/// - Parameter scheduler: The scheduler; one that needs no loss ignores it. STEPSIZE_ERROR_OBSERVATION_REQUIRED as
///   stepsize_scheduler_step.
/// - Parameter loss: Any number; NaN and infinities are losses too (a run may diverge).
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_step_with_loss(
  _ scheduler: SchedulerInOut, _ loss: Double, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  atOnce(scheduler, lrs, count) { $0.stepAtOnce(loss: loss) } ?? step(scheduler, loss, lrs, count)
}

@inline(never)
private func step(
  _ scheduler: SchedulerInOut, _ loss: Double, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(loss: loss, into: rates) { scheduler in
      guarded {
        scheduler.reserveController()
        return Int32(STEPSIZE_OK)
      } == STEPSIZE_OK
    }
    return Int32(STEPSIZE_OK)
  }
}

/// Goes to the next update without showing a loss to the controller, or any other observation: for the updates between
/// two evaluations.
/// - Parameter scheduler: The scheduler.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_advance(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  atOnce(scheduler, lrs, count) { $0.advanceAtOnce() } ?? advance(scheduler, lrs, count)
}

@inline(never)
private func advance(_ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.advance(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Goes so many updates on without showing losses to the controller: the same state, record and rates as by one
/// stepsize_scheduler_advance for each, at once. A record takes the time of that many steps, up to the end of the schedule.
/// - Parameter scheduler: The scheduler.
/// - Parameter updates: How many, >= 0.
/// - Parameter lrs: Receives the rates for the update that is then current; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a negative number, and for one that leads beyond 2^63 - 1.
@c public func stepsize_scheduler_advance_by(
  _ scheduler: SchedulerInOut, _ updates: Int64, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.advance(by: updates, into: rates) { _ in reserve(scheduler) }
    return Int32(STEPSIZE_OK)
  }
}

// For loops and callbacks that have one place to ask, before each update.

/// The rate of one group for the current update, as a number: for a loop that takes a step after each update.
///
///     for (int t = 0; t < 10000; t++) {
///       double loss = train(stepsize_scheduler_lr(scheduler, 0));
///       if (stepsize_scheduler_step_with_loss(scheduler, loss, NULL, 0)) return 1;
///     }
///
/// - Parameter scheduler: What to ask.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or has no such group.
@c public func stepsize_scheduler_lr(_ scheduler: SchedulerIn, _ group: UInt) -> Double {
  guard let scheduler, let group = Int(exactly: group) else { return .nan }
  return scheduler.value.pointee.rate(ofGroup: group) ?? .nan
}

/// The same in single precision. A rate above 0 is never rounded to 0.
/// - Parameter scheduler: What to ask.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or has no such group.
@c public func stepsize_scheduler_lr_float(_ scheduler: SchedulerIn, _ group: UInt) -> Float {
  single(stepsize_scheduler_lr(scheduler, group))
}

/// The rates for the current update, which then counts as made: the first call gives those for update 0, each further one
/// those for the next update. Nothing is to be called after an update; saved and restored, the next call continues.
///
///     double lr;
///     for (int t = 0; t < 10000 && stepsize_scheduler_next(scheduler, &lr, 1) == STEPSIZE_OK; t++)
///       train(lr);
///
/// - Parameter scheduler: What to ask: one that needs no loss; errors as stepsize_scheduler_step.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@c public func stepsize_scheduler_next(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.next(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// The same in single precision. A rate above 0 is never rounded to 0.
/// - Parameter scheduler: What to ask: one that needs no loss; errors as stepsize_scheduler_step.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@c public func stepsize_scheduler_next_float(
  _ scheduler: SchedulerInOut, _ lrs: UnsafeMutablePointer<Float>?, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.next(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Whether a step has the memory that it needs: it asks for none itself.
@inline(__always)
private func hasMemory(_ scheduler: UnsafeMutablePointer<stepsize_scheduler>) -> Bool {
  scheduler.value.pointee.hasReserve || reserve(scheduler)
}

@inline(never)
private func reserve(_ scheduler: UnsafeMutablePointer<stepsize_scheduler>) -> Bool {
  // One after the other: each is whole, whatever becomes of the next.
  for part in 0..<scheduler.value.pointee.reserveCount {
    let status = guarded {
      scheduler.value.pointee.reserve(part)
      return Int32(STEPSIZE_OK)
    }
    guard status == STEPSIZE_OK else { return false }
  }
  scheduler.value.pointee.countReserve()
  return true
}
