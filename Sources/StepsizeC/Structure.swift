// Section 10: Structure

import CStepsize
import Stepsize

// MARK: - The parts of a schedule
// A schedule as a tree: stepsize_schedule_structure says how the parts are joined, and stepsize_schedule_part gives
// each of them as a schedule, to be walked in the same way. No program has to parse the text form for that.

/// How a schedule is composed.
/// - Parameter schedule: The schedule.
/// - Parameter structure: Receives how its parts are joined, their number, and its names.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if structure->size is less than sizeof(stepsize_structure).
@c public func stepsize_schedule_structure(
  _ schedule: ScheduleIn, _ structure: UnsafeMutablePointer<stepsize_structure>?
) -> stepsize_status {
  guard let schedule, let structure else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isWritable(structure) else { return Int32(STEPSIZE_ERROR_SIZE) }
  return guarded {
    let asked = schedule.value.pointee.schedule
    let signature = asked.signature
    var result = stepsize_structure()
    result.form = asked.structure.rawValue
    result.part_count = asked.partCount
    result.parameter_count = signature?.parameters.count ?? 0
    result.factor = asked.factor
    withUnsafeMutableBytes(of: &result.name) { copy(signature?.name ?? [], to: $0) }
    withUnsafeMutableBytes(of: &result.phase) { copy(asked.phase ?? [], to: $0) }
    write(result, to: structure)
    return Int32(STEPSIZE_OK)
  }
}

/// A part of a schedule.
/// - Parameter schedule: The schedule.
/// - Parameter index: 0 to structure.part_count - 1, in the order of the text.
/// - Parameter start: Receives the update of `schedule` at which the part begins: in a sequence where the previous part
///   ends, otherwise 0; may be NULL.
/// - Parameter out: Receives the part, to be destroyed by the caller; NULL on failure.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong index.
@c public func stepsize_schedule_part(
  _ schedule: ScheduleIn, _ index: UInt, _ start: UnsafeMutablePointer<Int64>?, _ out: ScheduleOut
) -> stepsize_status {
  out?.pointee = nil
  guard let schedule, let out else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    guard let part = schedule.value.pointee.schedule.part(Int(clamping: index)) else {
      return Int32(STEPSIZE_ERROR_ARGUMENT)
    }
    out.pointee = makeHandle(ScheduleBox(schedule: part.schedule), as: stepsize_schedule.self)
    start?.pointee = part.start
    return Int32(STEPSIZE_OK)
  }
}

/// A text about a parameter of a schedule of the catalogue, or its value.
/// - Parameter schedule: A schedule of STEPSIZE_FORM_CALL; the others have no parameters.
/// - Parameter parameter: 0 to structure.parameter_count - 1.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _KIND, _RANGE, _DEFAULT, _UNIT or _VALUE.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong parameter, STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_schedule_parameter(
  _ schedule: ScheduleIn, _ parameter: UInt, _ what: stepsize_text, _ buffer: UnsafeMutablePointer<CChar>?,
  _ capacity: UInt, _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let schedule else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    let asked = schedule.value.pointee.schedule
    guard let parameters = asked.signature?.parameters, parameter < UInt(parameters.count) else {
      return Int32(STEPSIZE_ERROR_ARGUMENT)
    }
    let index = Int(parameter)
    let text = what == STEPSIZE_TEXT_VALUE ? asked.valueText(index) : parameters[index].text(what)
    guard let text else { return Int32(STEPSIZE_ERROR_NAME) }
    return give(text, buffer, capacity, size)
  }
}

/// How many updates a picture of the schedule shows by default: its length; for a schedule without an end, four times
/// the largest number of updates among its parameters, and at least 1000.
/// - Parameter schedule: The schedule.
/// - Returns: The number of updates, >= 1; -1 if schedule is NULL.
@c public func stepsize_schedule_horizon(_ schedule: ScheduleIn) -> Int64 {
  schedule?.value.pointee.schedule.horizon ?? -1
}

// MARK: - Phases
// The named phases in order, however many there are:
//
//     stepsize_phase phase = {sizeof phase};
//     const int64_t length = stepsize_schedule_length(schedule);
//     for (int64_t t = 0; t < length; t = phase.until) {
//       if (stepsize_schedule_phase(schedule, t, &phase) != STEPSIZE_OK) return 1;
//       if (phase.name[0]) printf("%s from update %lld on\n", phase.name, (long long)t);
//     }
//
// Each iteration gives one phase, or one unnamed span. A phase that another one inside it interrupts comes again after
// that, with the same start and length. An iteration takes time proportional at most to the text of the schedule, never
// to its updates or phases. Only in a schedule that `stretch` squeezes to fewer updates than it has steps, where many
// phases are squeezed to nothing, can `until` be too early: the same phase, or the unnamed span, then comes again at
// once.

/// The named phase that a step is in, of the innermost part that has a name, and how long it is in force.
/// - Parameter schedule: The schedule.
/// - Parameter step: The update, from 0; a negative one counts as 0, one after the end is in the last phase.
/// - Parameter phase: Receives the phase; its name is empty where there is none.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if phase->size is less than sizeof(stepsize_phase).
@c public func stepsize_schedule_phase(
  _ schedule: ScheduleIn, _ step: Int64, _ phase: UnsafeMutablePointer<stepsize_phase>?
) -> stepsize_status {
  guard let schedule, let phase else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(schedule.value.pointee.schedule.span(at: step), at: max(step, 0), phase) }
}

/// The named phase of the current update, counted in the scheduler's updates.
/// - Parameter scheduler: The scheduler.
/// - Parameter phase: Receives the phase; its name is empty where there is none.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if phase->size is less than sizeof(stepsize_phase).
@c public func stepsize_scheduler_phase(
  _ scheduler: SchedulerIn, _ phase: UnsafeMutablePointer<stepsize_phase>?
) -> stepsize_status {
  stepsize_scheduler_phase_at(scheduler, stepsize_scheduler_get_step(scheduler), phase)
}

/// The named phase of any update, counted in the scheduler's updates: for past updates as it was, including phases that
/// ended early or belonged to an earlier schedule in the record; for future ones as it is planned.
/// - Parameter scheduler: The scheduler.
/// - Parameter step: The update, from 0; a negative one counts as 0.
/// - Parameter phase: Receives the phase; its name is empty where there is none.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if phase->size is less than sizeof(stepsize_phase).
@c public func stepsize_scheduler_phase_at(
  _ scheduler: SchedulerIn, _ step: Int64, _ phase: UnsafeMutablePointer<stepsize_phase>?
) -> stepsize_status {
  guard let scheduler, let phase else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(scheduler.value.pointee.span(at: step), at: max(step, 0), phase) }
}

// MARK: - What a scheduler needs

/// What a scheduler needs at each update, which follows from its controllers.
/// - Parameter scheduler: The scheduler.
/// - Returns: A sum of STEPSIZE_NEEDS_...; 0 if it needs nothing, or if scheduler is NULL.
@c public func stepsize_scheduler_needs(_ scheduler: SchedulerIn) -> stepsize_needs {
  scheduler?.value.pointee.needs.rawValue ?? 0
}

private func copy(_ text: [UInt8], to bytes: UnsafeMutableRawBufferPointer) {
  copy(text, to: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
}
