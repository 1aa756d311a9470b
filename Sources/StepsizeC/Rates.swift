import Stepsize

// How the array that receives the rates is checked and passed to the core.

/// Calls the core with the caller's array of rates.
@inline(__always)
func withRates<Rate>(
  _ scheduler: UnsafePointer<stepsize_scheduler>, _ lrs: UnsafeMutablePointer<Rate>?, _ count: UInt,
  _ body: (consuming MutableSpan<Rate>) throws(StepFailure) -> stepsize_status
) -> stepsize_status {
  guard lrs != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  // The place is looked at, not the pointer: then the span does not look again.
  let start = place(lrs, scheduler)
  guard isAligned(start), (lrs == nil) == (count == 0), count <= UInt(Int.max) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  do {
    return try body(MutableSpan(_unsafeStart: start, count: Int(count)))
  } catch {
    return switch error {
    case .size: Int32(STEPSIZE_ERROR_SIZE)
    case .count: Int32(STEPSIZE_ERROR_ARGUMENT)
    case .lossRequired: Int32(STEPSIZE_ERROR_LOSS_REQUIRED)
    case .observationRequired: Int32(STEPSIZE_ERROR_OBSERVATION_REQUIRED)
    case .memory: Int32(STEPSIZE_ERROR_MEMORY)
    }
  }
}

/// A step in the parts of `Scheduler.stepAtOnce`; nil where the core has not taken it, or where something is wrong with the
/// array.
@inline(__always)
func atOnce(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt, _ take: (inout Scheduler) -> Bool
) -> stepsize_status? {
  guard let scheduler else { return nil }
  if lrs == nil {
    guard count == 0 else { return nil }
  } else {
    guard isAligned(lrs), count <= UInt(Int.max),
      UInt(bitPattern: scheduler.value.pointee.groupCount &- 1) < count
    else { return nil }
  }
  guard take(&scheduler.value.pointee) else { return nil }
  guard let lrs else { return Int32(STEPSIZE_OK) }
  guard scheduler.value.pointee.writeAtOnce(MutableSpan(_unsafeStart: lrs, count: Int(count))) else {
    return rates(scheduler, lrs, count)
  }
  return Int32(STEPSIZE_OK)
}

/// The same for a call that may fail in other ways.
func withRatesAfter(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt,
  _ body: (UnsafeMutablePointer<Scheduler>, consuming MutableSpan<Double>) throws(ConfigurationError) -> Void
) -> stepsize_status {
  guard let scheduler, lrs != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isAligned(lrs), (lrs == nil) == (count == 0), count <= UInt(Int.max) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  return boundary(nil) { () throws(ConfigurationError) in
    try body(scheduler.value, MutableSpan(_unsafeStart: place(lrs, scheduler), count: Int(count)))
  }
}

@inline(__always)
func isAligned<Rate>(_ lrs: UnsafeMutablePointer<Rate>?) -> Bool {
  UInt(bitPattern: lrs) % UInt(MemoryLayout<Rate>.alignment) == 0
}

/// An empty span needs an address, too: the scheduler's will do. A single call with any span, instead of one for each
/// case, is inlined.
@inline(__always)
func place<Rate>(
  _ lrs: UnsafeMutablePointer<Rate>?, _ scheduler: UnsafePointer<stepsize_scheduler>
) -> UnsafeMutablePointer<Rate> {
  lrs ?? UnsafeMutableRawPointer(mutating: scheduler).assumingMemoryBound(to: Rate.self)
}
