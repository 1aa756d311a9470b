// Section 6: Schedulers

import CStepsize
import Stepsize

public typealias SchedulerIn = UnsafePointer<stepsize_scheduler>?
public typealias SchedulerInOut = UnsafeMutablePointer<stepsize_scheduler>?
public typealias Rates = UnsafeMutablePointer<Double>?

// MARK: - Making schedulers

/// Fills the options with the defaults: no groups yet, no schedule, no controller, no bounds.
/// - Parameter options: Receives the defaults and its own size.
/// - Returns: A status.
@c public func stepsize_scheduler_defaults(
  _ options: UnsafeMutablePointer<stepsize_scheduler_options>?
) -> Int32 {
  guard let options else { return Int32(STEPSIZE_ERROR_NULL) }
  options.pointee = stepsize_scheduler_options(size: ())
  return Int32(STEPSIZE_OK)
}

/// A scheduler. It answers the rates for update 0 at once.
///
/// The rate of group g is clamp(base[g] as moved by the controller times schedule(step), min_lr[g], max_lr[g]).
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size` or array, STEPSIZE_ERROR_ARGUMENT for a value outside its
/// range.
/// - Parameter options: From stepsize_scheduler_defaults, with base_lr and group_count set; all is copied.
/// - Parameter out: Receives the scheduler, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_create(
  _ options: UnsafePointer<stepsize_scheduler_options>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<stepsize_scheduler>?>?, _ error: ErrorOut
) -> Int32 {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  let defaults = stepsize_scheduler_options(size: ())
  guard let given = read(options, over: defaults, minimum: MemoryLayout<stepsize_scheduler_options>.size)
  else {
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: size is none of stepsize_scheduler_options", error)
  }
  guard given.reserved == 0 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "scheduler: reserved is not 0", error)
  }
  let limit = Scheduler.maximumGroupCount
  guard let baseLRs = array(given.base_lr, given.group_count, limit: limit) else {
    return fail(
      STEPSIZE_ERROR_SIZE, "scheduler: base_lr is NULL, not aligned, or has more than 1048576 groups", error)
  }
  guard let minLRs = array(given.min_lr, given.min_lr_count, limit: limit),
    let maxLRs = array(given.max_lr, given.max_lr_count, limit: limit)
  else {
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: min_lr or max_lr is NULL, not aligned or too long", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    let scheduler = try Scheduler(
      baseLRs: baseLRs, schedule: given.schedule?.value.pointee.schedule,
      controller: given.controller?.value.pointee,
      minLRs: minLRs, maxLRs: maxLRs)
    out.pointee = makeHandle(scheduler, as: stepsize_scheduler.self)
  }
}

extension stepsize_scheduler_options {
  fileprivate init(size: Void) {
    self.init()
    self.size = UInt32(MemoryLayout<stepsize_scheduler_options>.size)
  }
}

// MARK: - Training

/// The rates for the present update.
/// - Parameter scheduler: What to ask.
/// - Parameter lrs: Receives one rate for each group.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_scheduler_rates(_ scheduler: SchedulerIn, _ lrs: Rates, _ count: UInt) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(of: scheduler, lrs, count) {}
}

/// Goes to the next update. Call it after an update.
/// - Parameter scheduler: What to advance: one without a controller, else STEPSIZE_ERROR_LOSS_REQUIRED.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_scheduler_step(_ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard !scheduler.value.pointee.needsLoss else { return Int32(STEPSIZE_ERROR_LOSS_REQUIRED) }
  return withRates(of: scheduler, lrs, count) { scheduler.value.pointee.advance() }
}

/// Shows the loss of the update just made to the controller and goes to the next update.
/// - Parameter scheduler: What to advance; one without a controller ignores the loss.
/// - Parameter loss: Any number; NaN and infinities are losses too (a run may diverge).
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_scheduler_step_with_loss(
  _ scheduler: SchedulerInOut, _ loss: Double, _ lrs: Rates, _ count: UInt
) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(of: scheduler, lrs, count) {
    scheduler.value.pointee.observe(loss)
    scheduler.value.pointee.advance()
  }
}

/// Goes to the next update without asking the controller: for the updates between two evaluations.
/// - Parameter scheduler: What to advance.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_scheduler_step_without_loss(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(of: scheduler, lrs, count) { scheduler.value.pointee.advance() }
}

/// Checks the caller's array, makes the change, then writes the rates: all or nothing.
@inline(__always)
private func withRates(
  of scheduler: UnsafePointer<stepsize_scheduler>, _ lrs: Rates, _ count: UInt, _ change: () -> Void
) -> Int32 {
  let groupCount = scheduler.value.pointee.groupCount
  if let lrs {
    guard count >= UInt(groupCount), UInt(bitPattern: lrs) % UInt(MemoryLayout<Double>.alignment) == 0 else {
      return Int32(STEPSIZE_ERROR_SIZE)
    }
  } else if count != 0 {
    return Int32(STEPSIZE_ERROR_NULL)
  }
  change()
  guard let lrs else { return Int32(STEPSIZE_OK) }
  // Without a call the function needs no stack, which is a third of its time.
  if let multiplier = scheduler.value.pointee.immediateMultiplier {
    return write(lrs, of: scheduler, multiplier)
  }
  return writeAfterCall(lrs, of: scheduler)
}

@inline(__always)
private func write(
  _ lrs: UnsafeMutablePointer<Double>, of scheduler: UnsafePointer<stepsize_scheduler>, _ multiplier: Double
) -> Int32 {
  for i in 0..<scheduler.value.pointee.groupCount {
    lrs[i] = scheduler.value.pointee.rate(ofGroup: i, multiplier)
  }
  return Int32(STEPSIZE_OK)
}

@inline(never)
@_optimize(speed)
private func writeAfterCall(
  _ lrs: UnsafeMutablePointer<Double>, of scheduler: UnsafePointer<stepsize_scheduler>
) -> Int32 {
  write(lrs, of: scheduler, scheduler.value.pointee.multiplier)
}

// MARK: - State

/// Goes to any update, forwards or back. The controller's state stays as it is.
/// - Parameter scheduler: What to set.
/// - Parameter step: The update that the next rates are for, >= 0.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a step before 0.
@c public func stepsize_scheduler_set_step(_ scheduler: SchedulerInOut, _ step: Int64) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try scheduler.value.pointee.setStep(step) }
}

/// The update that the present rates are for.
/// - Parameter scheduler: What to ask.
/// - Returns: The update, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_get_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.step ?? -1
}

/// What the controller did with the last loss, and why.
/// - Parameter scheduler: What to ask.
/// - Returns: STEPSIZE_DECISION_...; STEPSIZE_DECISION_NONE if scheduler is NULL.
@c public func stepsize_scheduler_decision(_ scheduler: SchedulerIn) -> Int32 {
  guard let scheduler else { return Int32(STEPSIZE_DECISION_NONE) }
  return scheduler.value.pointee.decision.rawValue
}

/// The number of parameter groups.
/// - Parameter scheduler: What to ask.
/// - Returns: The number; 0 if scheduler is NULL.
@c public func stepsize_scheduler_group_count(_ scheduler: SchedulerIn) -> UInt {
  UInt(scheduler?.value.pointee.groupCount ?? 0)
}

/// Whether the schedule has an end and it is reached.
/// - Parameter scheduler: What to ask.
/// - Returns: 1 or 0; 0 if scheduler is NULL.
@c public func stepsize_scheduler_finished(_ scheduler: SchedulerIn) -> Int32 {
  scheduler?.value.pointee.isFinished == true ? 1 : 0
}

/// Frees a scheduler. NULL is allowed.
/// - Parameter scheduler: Not to be used afterwards.
@c public func stepsize_scheduler_destroy(_ scheduler: SchedulerInOut) {
  destroyHandle(scheduler, of: Scheduler.self)
}
