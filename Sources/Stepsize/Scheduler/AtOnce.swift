// The commonest steps: they make no call and ask for no memory, so that a function that tries them first and leaves the others
// to a second one needs no stack. False for another step; nothing has changed then.

extension Scheduler {
  @inline(__always)
  package mutating func stepAtOnce(into rates: consuming MutableSpan<Double>) throws(StepFailure) -> Bool {
    let isWritten = try isToBeWritten(rates.count)
    // Or the controller has observed this update already, and that alone.
    guard onlyCounts || !needsLoss && !isWatched && observed == step else { return false }
    finish(rates, isWritten)
    return true
  }

  @inline(__always)
  package mutating func stepAtOnce(
    loss: Double, into rates: consuming MutableSpan<Double>
  ) throws(StepFailure) -> Bool {
    let isWritten = try isToBeWritten(rates.count)
    guard observesAtOnce(loss) else { return false }
    finish(rates, isWritten)
    return true
  }

  @inline(__always)
  package mutating func advanceAtOnce(into rates: consuming MutableSpan<Double>) throws(StepFailure) -> Bool {
    let isWritten = try isToBeWritten(rates.count)
    guard !isWatched else { return false }
    finish(rates, isWritten)
    return true
  }
}
