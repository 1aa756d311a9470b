/// Why a step was refused; nothing has changed then.
public enum StepFailure: Error, Sendable {
  /// The scheduler needs a loss: call `step(loss:into:)`, or `advance` for an update without one.
  case lossRequired
  /// The controller has not observed this update: call `observeGradient`, or `propose` and `report`, before the step, or
  /// `advance` for an update without one.
  case observationRequired
  /// The span of the rates is shorter than the number of groups, and not empty.
  case size
  /// The number of updates is negative, or leads beyond 2^63 - 1.
  case count
  /// Memory ran out.
  case memory
}

// Each of these writes the rates into the caller's span (`rates.mutableSpan` of an array), one for each group: for the
// current update, or for the next one after a step. The span may be empty: then none are written. On a failure nothing
// has changed.
//
// A step with the commonest schedules makes no call, and the rare cases are static functions, which take no register of
// their own: the function then needs no stack, which is a third of its time.

extension Scheduler {
  /// The rates for the current update, in the unit of the base rates: for group g, in [min[g], max[g]] and finite,
  ///
  ///     clamp(base[g] as moved by the controller × schedule(scheduleStep), min[g], max[g])
  ///
  /// Throws `.size`.
  @inline(__always)
  public func rates(into rates: consuming MutableSpan<Double>) throws(StepFailure) {
    if try isToBeWritten(rates.count) {
      if groupSchedules.isEmpty {
        Self.write(schedule.value(at: time), groups, rates)
      } else {
        Self.writeEach(groupSchedules, at: time, groups, rates)
      }
    }
  }

  /// After an update; the rates are those for the next one. The count saturates at 2^63 - 1.
  ///
  /// Throws `.lossRequired` where the scheduler needs a loss (`needsLoss`), `.observationRequired` where its controller
  /// observes something else and has not in this update, and `.size`.
  @inline(__always)
  public mutating func step(into rates: consuming MutableSpan<Double>) throws(StepFailure) {
    if needsLoss { throw .lossRequired }
    if observesMore { return try Self.stepObserved(&self, rates) }
    try advance(into: rates)
  }

  @inline(never)
  private static func stepObserved(
    _ scheduler: inout Scheduler, _ rates: consuming MutableSpan<Double>
  ) throws(StepFailure) {
    try scheduler.checkObserved()
    try scheduler.advance(into: rates)
  }

  /// After an update: whether the controller has observed it. The first update of a hypergradient has none before it.
  mutating func checkObserved() throws(StepFailure) {
    guard !observesMore || observed == step || step == 0 && controller.needs.contains(.gradient) else {
      throw .observationRequired
    }
  }

  /// After an update, with its loss: any number, NaN and infinities included. A scheduler that needs no loss ignores
  /// it.
  ///
  /// Throws `.observationRequired` as `step(into:)`, and `.size`.
  @inline(__always)
  public mutating func step(loss: Double, into rates: consuming MutableSpan<Double>) throws(StepFailure) {
    let isWritten = try isToBeWritten(rates.count)
    guard observesAtOnce(loss) else {
      return try Self.stepInFull(&self, loss, rates, isWritten) { _ in true }
    }
    finish(rates, isWritten)
  }

  /// The same for a caller that cannot do without a reserve (below) and has tried `stepAtOnce`. Few steps need more memory
  /// for the controller; `reserve` then provides it (`reserveController`), or returns false.
  ///
  /// Throws as well `.memory` where `reserve` returns false.
  package mutating func step(
    loss: Double, into rates: consuming MutableSpan<Double>, reserve: (inout Scheduler) -> Bool
  ) throws(StepFailure) {
    let isWritten = try isToBeWritten(rates.count)
    try Self.stepInFull(&self, loss, rates, isWritten, reserve)
  }

  @inline(never)
  private static func stepInFull(
    _ scheduler: inout Scheduler, _ loss: Double, _ rates: consuming MutableSpan<Double>, _ isWritten: Bool,
    _ reserve: (inout Scheduler) -> Bool
  ) throws(StepFailure) {
    try scheduler.checkObserved()
    if scheduler.isWatched {
      writeDown(&scheduler)
      if scheduler.isInScope() { scheduler.controller.observe(loss, &scheduler.groups) }
      scheduler.endPhase(loss)
    } else {
      if scheduler.controller.reservedCount() == 0, !reserve(&scheduler) { throw .memory }
      scheduler.controller.observe(loss, &scheduler.groups)
    }
    scheduler.finish(rates, isWritten)
  }

  /// After an update whose loss is not shown to the controller: between two evaluations.
  ///
  /// Throws `.size`.
  @inline(__always)
  public mutating func advance(into rates: consuming MutableSpan<Double>) throws(StepFailure) {
    let isWritten = try isToBeWritten(rates.count)
    if isWatched { return Self.advanceWatched(&self, rates, isWritten) }
    finish(rates, isWritten)
  }

  @inline(never)
  private static func advanceWatched(
    _ scheduler: inout Scheduler, _ rates: consuming MutableSpan<Double>, _ isWritten: Bool
  ) {
    writeDown(&scheduler)
    scheduler.finish(rates, isWritten)
  }

  /// After so many updates whose losses are not shown to the controller: the same state, record and rates as by one
  /// `advance` for each, at once. A record takes the time of that many steps, up to the end of the schedule.
  ///
  /// Throws `.count` for a negative count and for one that leads beyond 2^63 - 1, and `.size`.
  public mutating func advance(
    by count: Int64, into rates: consuming MutableSpan<Double>
  ) throws(StepFailure) {
    try advance(by: count, into: rates) { _ in true }
  }

  /// The same for a caller that cannot do without a reserve (below).
  ///
  /// Throws `.memory`, too, where `reserve` returns false.
  package mutating func advance(
    by count: Int64, into rates: consuming MutableSpan<Double>, reserve: (inout Scheduler) -> Bool
  ) throws(StepFailure) {
    guard count >= 0, count <= Int64.max - time else { throw .count }
    let isWritten = try isToBeWritten(rates.count)
    let (start, end) = (time, time + count)
    let recordedCount = recorded.count
    let settled = plan.settled
    while time < end, watch.hasRoom() {
      guard hasReserve || reserve(&self) else {
        watch.cut(to: recordedCount)
        time = start
        throw .memory
      }
      Self.writeDown(&self)
      time += 1
      if time > settled {
        watch.lengthen(by: end - time)
        break
      }
    }
    time = end
    watch.endReserve()
    if isWritten { write(rates) }
  }

  // MARK: - Parts of a step

  /// Whether a span of this size is to be written: an empty one is not.
  @inline(__always)
  func isToBeWritten(_ count: Int) throws(StepFailure) -> Bool {
    if count >= groups.count { return true }
    if count > 0 { throw .size }
    return false
  }

  func isToBeWrittenAfterwards(_ count: Int) throws(ConfigurationError) -> Bool {
    do { return try isToBeWritten(count) } catch {
      throw ConfigurationError(.size, "scheduler: the array of rates is shorter than the number of groups")
    }
  }

  /// Whether nobody but the controller looks at the loss, and it has taken it without a call.
  @inline(__always)
  mutating func observesAtOnce(_ loss: Double) -> Bool {
    !isWatched && controller.observeAtOnce(loss)
  }

  @inline(__always)
  mutating func finish(_ rates: consuming MutableSpan<Double>, _ isWritten: Bool) {
    count()
    if isWritten { write(rates) }
  }

  @inline(__always)
  mutating func count() {
    if let next = time.adding(1) { time = next }
  }

  // `mutating`, though they change nothing: called on a noncopyable value that is being changed, others copy it first.

  @inline(__always)
  mutating func write(_ rates: consuming MutableSpan<Double>) {
    if let multiplier = schedule.immediateValue(at: time) {
      Self.write(multiplier, groups, rates)
    } else {
      Self.writeAfterCall(&self, rates)
    }
  }

  @inline(never)
  @_optimize(speed)
  private static func writeAfterCall(_ scheduler: inout Scheduler, _ rates: consuming MutableSpan<Double>) {
    if scheduler.groupSchedules.isEmpty {
      write(scheduler.schedule.value(at: scheduler.time), scheduler.groups, rates)
    } else {
      writeEach(scheduler.groupSchedules, at: scheduler.time, scheduler.groups, rates)
    }
  }

  @inline(never)
  static func writeEach(
    _ schedules: [Node], at time: Int64, _ groups: [Group], _ rates: consuming MutableSpan<Double>
  ) {
    for i in groups.indices { rates[i] = groups[i].rate(schedules[i].value(at: time)) }
  }

  @inline(__always)
  static func write(_ multiplier: Double, _ groups: [Group], _ rates: consuming MutableSpan<Double>) {
    for i in groups.indices { rates[i] = groups[i].rate(multiplier) }
  }
}
