// For loops and callbacks that have one place to ask, before each update.

extension Scheduler {
  /// Before an update: its rates; it then counts as made. For loops and callbacks that have one place to ask, and none
  /// after the update. The step and what is saved are those of `advance`.
  ///
  /// Throws as `step(into:)`.
  public mutating func next(into rates: consuming MutableSpan<Double>) throws(StepFailure) {
    if needsLoss { throw .lossRequired }
    try checkObserved()
    try self.rates(into: rates)
    Self.countUpdate(&self)
  }

  /// The same in single precision: a rate above 0 is not rounded to 0.
  public mutating func next(into rates: consuming MutableSpan<Float>) throws(StepFailure) {
    if needsLoss { throw .lossRequired }
    try checkObserved()
    if try isToBeWritten(rates.count) {
      for i in groups.indices { rates[i] = single(rate(i, at: time)) }
    }
    Self.countUpdate(&self)
  }

  @inline(never)
  private static func countUpdate(_ scheduler: inout Scheduler) {
    if scheduler.isWatched { writeDown(&scheduler) }
    scheduler.count()
  }

  /// The rate of a group for the current update; nil where there is no such group.
  public func rate(ofGroup index: Int) -> Double? {
    groups.indices.contains(index) ? rate(index, at: time) : nil
  }

  /// The rate of a group that exists, with its base rate as it is, for a step of the schedule.
  @inline(never)
  func rate(_ index: Int, at time: Int64) -> Double {
    groups[index].rate((groupSchedules.isEmpty ? schedule : groupSchedules[index]).value(at: time))
  }
}
