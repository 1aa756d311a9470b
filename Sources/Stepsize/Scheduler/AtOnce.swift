// The commonest steps, in two parts that make no call and ask for no memory: a function that tries them first, and ends with
// a call where one of them says no, needs no stack. False: nothing has changed.

extension Scheduler {
  @inline(__always)
  package mutating func stepAtOnce() -> Bool {
    guard onlyCounts else { return false }
    count()
    return true
  }

  /// The same for a controller that has observed this update already, and that alone.
  @inline(__always)
  package mutating func stepObservedAtOnce() -> Bool {
    guard !needsLoss, !isWatched, observed == step else { return false }
    count()
    return true
  }

  @inline(__always)
  package mutating func stepAtOnce(loss: Double) -> Bool {
    guard observesAtOnce(loss) else { return false }
    count()
    return true
  }

  @inline(__always)
  package mutating func advanceAtOnce() -> Bool {
    guard !isWatched else { return false }
    count()
    return true
  }

  /// Writes the rates for the current update into a span that has room for them. The first group, which is always there,
  /// comes by itself: most have no other.
  @inline(__always)
  package mutating func writeAtOnce(_ rates: consuming MutableSpan<Double>) -> Bool {
    guard let multiplier = schedule.immediateValue(at: time) else { return false }
    rates[unchecked: 0] = groups[0].rate(multiplier)
    if groups.count > 1 {
      for i in 1..<groups.count { rates[i] = groups[i].rate(multiplier) }
    }
    return true
  }
}
