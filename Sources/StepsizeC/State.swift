// Section 7: Record and state

import CStepsize
import Stepsize

// MARK: - The record

/// The range of updates that are recorded (options.record).
/// - Parameter scheduler: The scheduler.
/// - Parameter first: Receives the first update; may be NULL.
/// - Parameter count: Receives their number, 0 without a record; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_record_range(
  _ scheduler: SchedulerIn, _ first: UnsafeMutablePointer<Int64>?, _ count: UnsafeMutablePointer<Int64>?
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  let recorded = scheduler.value.pointee.recorded
  first?.pointee = recorded.first
  count?.pointee = recorded.count
  return Int32(STEPSIZE_OK)
}

/// The update from which on the current schedule applies where the record began under another one
/// (stepsize_scheduler_extend).
/// - Parameter scheduler: The scheduler.
/// - Returns: The update; 0 if the record has no other schedule, or if scheduler is NULL.
@c public func stepsize_scheduler_extended_at(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.extendedAt ?? 0
}

/// The rates that were actually used, one for each update.
/// - Parameter scheduler: The scheduler.
/// - Parameter group: The parameter group, from 0.
/// - Parameter first: The first entry of the record to copy, from 0.
/// - Parameter out: Receives up to `count` rates; may be NULL where count is 0.
/// - Parameter count: Numbers that fit into out.
/// - Parameter written: Receives how many were written; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_record(
  _ scheduler: SchedulerIn, _ group: UInt, _ first: Int64, _ out: UnsafeMutablePointer<Double>?,
  _ count: UInt,
  _ written: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  written?.pointee = 0
  guard let scheduler, out != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isUsable(out, count) else { return Int32(STEPSIZE_ERROR_SIZE) }
  guard first >= 0, group < UInt(scheduler.value.pointee.groupCount) else {
    return Int32(STEPSIZE_ERROR_ARGUMENT)
  }
  guard let out else { return Int32(STEPSIZE_OK) }
  return guarded {
    var span = MutableSpan(_unsafeStart: out, count: Int(count))
    let copied = scheduler.value.pointee.copyRecord(ofGroup: Int(group), from: first, to: &span)
    written?.pointee = UInt(copied)
    return Int32(STEPSIZE_OK)
  }
}

/// The recorded rates of a group as a schedule for a base rate of 1, which gives the same bits. Its text form
/// (stepsize_schedule_print) can be kept in a file and parsed in any language.
/// - Parameter scheduler: One made with options.record.
/// - Parameter group: The parameter group, from 0.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT where nothing is recorded, STEPSIZE_ERROR_LIMIT for a record of more than
///   65536 phases.
@c public func stepsize_scheduler_replay(
  _ scheduler: SchedulerIn, _ group: UInt, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    let schedule = try scheduler.value.pointee.replay(ofGroup: Int(clamping: group))
    out.pointee = makeHandle(ScheduleBox(schedule: schedule), as: stepsize_schedule.self)
  }
}

// MARK: - State

/// Everything that is needed to continue later, in another process or language: little-endian bytes with magic, format
/// number, length and checksum, and the text form of controllers and schedule.
///
/// Call it with capacity 0 to learn the size, then with a buffer of that size.
/// - Parameter scheduler: The scheduler, which does not change.
/// - Parameter buffer: Receives the state; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the state; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and is too small: it is then not written.
@c public func stepsize_scheduler_save(
  _ scheduler: SchedulerInOut, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    let needed = UInt(scheduler.value.pointee.save(to: StateBytes(buffer, count: capacity)))
    size?.pointee = needed
    if capacity == 0 { return Int32(STEPSIZE_OK) }
    return Int32(
      buffer == nil ? STEPSIZE_ERROR_NULL : needed <= capacity ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE)
  }
}

/// A scheduler from a saved state, which contains its configuration.
///
/// Errors: STEPSIZE_ERROR_STATE for bytes that are damaged, truncated or not a state, STEPSIZE_ERROR_VERSION for a
/// newer format.
/// - Parameter state: The bytes; copied.
/// - Parameter size: The number of bytes.
/// - Parameter out: Receives the scheduler, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_restore(
  _ state: UnsafePointer<UInt8>?, _ size: UInt, _ out: SchedulerOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  return reading(state, size, error) { (bytes) throws(ConfigurationError) in
    out.pointee = makeHandle(try Scheduler.restored(from: bytes), as: stepsize_scheduler.self)
  }
}

/// Loads a saved state into a scheduler with the same configuration as the saved one.
///
/// Errors: as stepsize_scheduler_restore, and STEPSIZE_ERROR_MISMATCH where controllers, schedule, groups, base rates
/// or bounds differ.
/// - Parameter scheduler: The scheduler; unchanged on failure.
/// - Parameter state: The bytes; copied.
/// - Parameter size: The number of bytes.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_load(
  _ scheduler: SchedulerInOut, _ state: UnsafePointer<UInt8>?, _ size: UInt, _ error: ErrorOut
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return reading(state, size, error) { (bytes) throws(ConfigurationError) in
    try scheduler.value.pointee.restore(bytes)
  }
}

/// The newest format of saved states that this library reads. It writes the oldest one that can hold the state: 1; 2
/// for a record that began under another schedule (stepsize_scheduler_extend); 3 for a window of more than 1024 losses of
/// which at least as many are still to come, and where each group has its own schedule.
/// - Returns: The number.
@c public func stepsize_state_format() -> Int32 { Scheduler.stateFormat }

private func reading(
  _ state: UnsafePointer<UInt8>?, _ size: UInt, _ error: ErrorOut,
  _ body: (StateBytes) throws(ConfigurationError) -> Void
) -> stepsize_status {
  guard state != nil || size == 0 else { return fail(STEPSIZE_ERROR_NULL, "state is NULL", error) }
  guard size <= UInt(Int.max) else { return fail(STEPSIZE_ERROR_SIZE, "state: size is too large", error) }
  return boundary(error) { () throws(ConfigurationError) in try body(StateBytes(state, count: size)) }
}

// MARK: - The parts of a scheduler

/// The schedule of a scheduler, such as a restored one; where each group has its own, that of the first.
/// - Parameter scheduler: The scheduler.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL if it has none.
/// - Returns: A status.
@c public func stepsize_scheduler_schedule(_ scheduler: SchedulerIn, _ out: ScheduleOut) -> stepsize_status {
  stepsize_scheduler_group_schedule(scheduler, 0, out)
}

/// The controllers of a scheduler: first the one that moves the rates, then the early stop rules.
/// - Parameter scheduler: The scheduler.
/// - Parameter index: The index of the controller, from 0.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL from the number of controllers on.
/// - Returns: A status.
@c public func stepsize_scheduler_controller(
  _ scheduler: SchedulerIn, _ index: UInt, _ out: ControllerOut
) -> stepsize_status {
  out?.pointee = nil
  guard let scheduler, let out else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    let controllers = scheduler.value.pointee.plan.controllers
    if index < UInt(controllers.count) {
      out.pointee = makeHandle(controllers[Int(index)], as: stepsize_controller.self)
    }
    return Int32(STEPSIZE_OK)
  }
}
