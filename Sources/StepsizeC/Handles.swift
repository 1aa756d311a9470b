import Stepsize
@_exported import StepsizeBoundary

// What the handles of this library point to, and how texts and phases are passed.

/// What a schedule's handle points to. It is noncopyable, so that evaluating it counts no references.
struct ScheduleBox: ~Copyable {
  let schedule: Schedule

  @_optimize(speed)
  func value(at step: Int64) -> Double { schedule.value(at: step) }
}

extension UnsafePointer<stepsize_schedule> {
  var value: UnsafePointer<ScheduleBox> { UnsafeRawPointer(self).assumingMemoryBound(to: ScheduleBox.self) }
}

extension UnsafePointer<stepsize_controller> {
  var value: UnsafePointer<Controller> { UnsafeRawPointer(self).assumingMemoryBound(to: Controller.self) }
}

extension UnsafePointer<stepsize_scheduler> {
  var value: UnsafePointer<Scheduler> { UnsafeRawPointer(self).assumingMemoryBound(to: Scheduler.self) }
}

extension UnsafeMutablePointer<stepsize_scheduler> {
  var value: UnsafeMutablePointer<Scheduler> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Scheduler.self)
  }
}

// MARK: - Texts and phases

/// Runs the core on the bytes of the caller's text.
func parsing(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ error: ErrorOut,
  _ body: ([UInt8]) throws(ConfigurationError) -> Void
) -> stepsize_status {
  guard text != nil || size == 0 else { return fail(STEPSIZE_ERROR_NULL, "text is NULL", error) }
  guard size <= UInt(Schedule.maximumTextLength) else {
    return fail(STEPSIZE_ERROR_LIMIT, "the text has more than 268435456 bytes", error)
  }
  return boundary(error) { () throws(ConfigurationError) in try body(copied(text, size)) }
}

/// Writes a phase as of step `t`; an unnamed one has no start and no end.
func give(_ phase: Phase, at t: Int64, _ out: UnsafeMutablePointer<stepsize_phase>) -> stepsize_status {
  guard isWritable(out) else { return Int32(STEPSIZE_ERROR_SIZE) }
  var result = stepsize_phase()
  result.length = Int64.max
  result.until = phase.until ?? Int64.max
  if !phase.name.isEmpty {
    result.entered = phase.start == t ? 1 : 0
    result.start = phase.start
    result.position = max(0, min(t, phase.end ?? Int64.max) - phase.start)
    if let end = phase.end, end > phase.start {
      result.length = end - phase.start
      result.progress = Double(result.position) / Double(result.length)
    }
    withUnsafeMutableBytes(of: &result.name) {
      copy(phase.name, to: $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
  }
  write(result, to: out)
  return Int32(STEPSIZE_OK)
}
