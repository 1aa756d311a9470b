// Section 6, part 4

import CStepsize
import Stepsize

// MARK: - Querying schedulers

/// Goes to any update, forwards or back. The controller's state does not change.
/// - Parameter scheduler: The scheduler.
/// - Parameter step: The update that the next rates are for, >= 0.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a negative step.
@c public func stepsize_scheduler_set_step(_ scheduler: SchedulerInOut, _ step: Int64) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try scheduler.value.pointee.setStep(step) }
}

/// The update that the current rates are for.
/// - Parameter scheduler: The scheduler.
/// - Returns: The update, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_get_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.step ?? -1
}

/// The current step of the schedule: the update that the current rates are for, plus the updates that were left of
/// phases that ended early. stepsize_schedule_extend with STEPSIZE_EXTEND_CONTINUE starts from it.
/// - Parameter scheduler: The scheduler.
/// - Returns: The step, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_schedule_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.scheduleStep ?? -1
}

/// Switches to another schedule from the current update on, such as a longer one. Controllers and their states, base
/// rates, bounds, record and gradient norms are kept.
///
/// The step count continues: the new schedule's value at stepsize_scheduler_schedule_step is the next one. States saved
/// from now on are those of a scheduler with this schedule. A record keeps the names of at most 65536 phases under earlier
/// schedules; beyond that it keeps none of them.
/// - Parameter scheduler: The scheduler; unchanged on failure.
/// - Parameter schedule: May be destroyed afterwards. NULL for a constant 1.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT if it lacks the phase of an early stop rule.
@c public func stepsize_scheduler_extend(
  _ scheduler: SchedulerInOut, _ schedule: ScheduleIn, _ error: ErrorOut
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return extend(scheduler, error) { schedule.map { [$0.value.pointee.schedule] } ?? [] }
}

/// The base rate that a group was given last, unaffected by the controller.
/// - Parameter scheduler: The scheduler.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or the group does not exist.
@c public func stepsize_scheduler_base_lr(_ scheduler: SchedulerIn, _ group: UInt) -> Double {
  guard let scheduler, let group = Int(exactly: group) else { return .nan }
  return scheduler.value.pointee.baseLR(ofGroup: group) ?? .nan
}

/// What the controller did with the last loss, and why.
/// - Parameter scheduler: The scheduler.
/// - Returns: STEPSIZE_DECISION_...; STEPSIZE_DECISION_NONE if scheduler is NULL.
@c public func stepsize_scheduler_decision(_ scheduler: SchedulerIn) -> stepsize_decision {
  guard let scheduler else { return Int32(STEPSIZE_DECISION_NONE) }
  return scheduler.value.pointee.decision.rawValue
}

/// The number of parameter groups.
/// - Parameter scheduler: The scheduler.
/// - Returns: The number; 0 if scheduler is NULL.
@c public func stepsize_scheduler_group_count(_ scheduler: SchedulerIn) -> UInt {
  UInt(scheduler?.value.pointee.groupCount ?? 0)
}

/// Whether the schedule has reached its end.
/// - Parameter scheduler: The scheduler.
/// - Returns: Whether it has; false if scheduler is NULL or the schedule has no end.
@c public func stepsize_scheduler_finished(_ scheduler: SchedulerIn) -> Bool {
  scheduler?.value.pointee.isFinished ?? false
}

/// Why the training can stop.
/// - Parameter scheduler: The scheduler.
/// - Returns: STEPSIZE_STOP_...; STEPSIZE_STOP_NONE if there is no reason to, or if scheduler is NULL.
@c public func stepsize_scheduler_stop_reason(_ scheduler: SchedulerIn) -> stepsize_stop {
  scheduler?.value.pointee.stopReason?.rawValue ?? Int32(STEPSIZE_STOP_NONE)
}

/// The canonical text form of the controllers and the schedule, without base rates and bounds.
/// - Parameter scheduler: The scheduler.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_scheduler_print(
  _ scheduler: SchedulerIn, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(scheduler.value.pointee.plan.text, buffer, capacity, size) }
}

/// Frees a scheduler. NULL is allowed.
/// - Parameter scheduler: Not to be used afterwards.
@c public func stepsize_scheduler_destroy(_ scheduler: SchedulerInOut) {
  destroyHandle(scheduler, of: Scheduler.self)
}
