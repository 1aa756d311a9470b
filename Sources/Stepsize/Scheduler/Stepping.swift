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
  private mutating func checkObserved() throws(StepFailure) {
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

  // MARK: - At once

  // The commonest steps: they make no call and ask for no memory, so that a function that tries them first and leaves the
  // others to a second one needs no stack. False for another step; nothing has changed then.

  @inline(__always)
  package mutating func stepAtOnce(into rates: consuming MutableSpan<Double>) throws(StepFailure) -> Bool {
    let isWritten = try isToBeWritten(rates.count)
    guard onlyCounts else { return false }
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

  // MARK: - Memory

  // A step asks for no memory where there is a reserve. A caller that cannot do without it makes one beforehand, part by
  // part, so that each may fail by itself (`stepsize_scheduler_step`).

  /// Whether the next step has the memory that it needs, except for the controller where nothing is recorded and nothing
  /// ends early.
  @inline(__always)
  package var hasReserve: Bool { !isWatched || watch.reservedCount > 0 }

  /// The parts of the watch, and the controller.
  package var reserveCount: Int { watch.reserveCount + 1 }

  package mutating func reserve(_ part: Int) {
    if part == watch.reserveCount { return reserveController() }
    watch.reserve(part, from: time, of: plan.schedule)
  }

  package mutating func reserveController() { controller.reserve() }

  package mutating func countReserve() {
    watch.countReserve(controller.reservedCount(), from: time, of: plan.schedule)
  }

  // MARK: - Before an update

  /// Shows the hypergradient controller the dot products of the gradient with the previous update, and the products of
  /// their norms (`Hypergradient`): one for all groups, or one for each. The rates of this update change.
  ///
  /// Throws `.order` for another controller, `.argument` for a wrong number of products, `.size` for too short a span.
  public mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, into rates: consuming MutableSpan<Double>
  ) throws(ConfigurationError) {
    let isWritten = try isToBeWrittenAfterwards(rates.count)
    try controller.observeGradient(dots: dots, norms: norms, &groups)
    observed = step
    if isWritten { write(rates) }
  }

  /// Begins a line search and sets the rates of its first trial (`LineSearch`): the batch's loss, and the squared norm
  /// of its gradient for each group.
  ///
  /// Throws `.order` for another controller, `.argument` for a wrong number of norms, `.size` for too short a span.
  public mutating func propose(
    loss: Double, squaredNorms: Span<Double>, into rates: consuming MutableSpan<Double>
  ) throws(ConfigurationError) {
    let isWritten = try isToBeWrittenAfterwards(rates.count)
    try controller.propose(loss: loss, squaredNorms: squaredNorms, step: step, &groups)
    observed = step
    if isWritten { write(rates) }
  }

  /// Judges a trial of the line search and sets the rates of the next one: the batch's loss there, and, where steps are
  /// projected, the squared length of the step for each group.
  ///
  /// Throws `.order` without a `propose` for this update, `.argument` for a wrong number of distances, `.size` for too
  /// short a span.
  public mutating func report(
    loss: Double, squaredDistances: Span<Double>, into rates: consuming MutableSpan<Double>
  ) throws(ConfigurationError) -> Trial {
    let isWritten = try isToBeWrittenAfterwards(rates.count)
    let multiplier = schedule.value(at: time)
    let trial = try controller.report(
      loss: loss, squaredDistances: squaredDistances, step: step, multiplier: multiplier, &groups)
    observed = step
    if isWritten { write(rates) }
    return trial
  }

  /// The number of losses that the line search has requested.
  public var trialCount: Int64 { controller.trialCount }

  /// What the controller did with the last observation, and why.
  public var decision: Decision { isIgnored ? .ignored : controller.decision }

  // MARK: - Parts of a step

  /// Whether a span of this size is to be written: an empty one is not.
  @inline(__always)
  private func isToBeWritten(_ count: Int) throws(StepFailure) -> Bool {
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
  private mutating func observesAtOnce(_ loss: Double) -> Bool {
    !isWatched && controller.observeAtOnce(loss)
  }

  @inline(__always)
  private mutating func finish(_ rates: consuming MutableSpan<Double>, _ isWritten: Bool) {
    count()
    if isWritten { write(rates) }
  }

  @inline(__always)
  private mutating func count() {
    if time < Int64.max { time += 1 }
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
  private static func writeEach(
    _ schedules: [Node], at time: Int64, _ groups: [Group], _ rates: consuming MutableSpan<Double>
  ) {
    for i in groups.indices { rates[i] = groups[i].rate(schedules[i].value(at: time)) }
  }

  @inline(__always)
  private static func write(_ multiplier: Double, _ groups: [Group], _ rates: consuming MutableSpan<Double>) {
    for i in groups.indices { rates[i] = groups[i].rate(multiplier) }
  }

  @inline(never)
  private static func writeDown(_ scheduler: inout Scheduler) {
    scheduler.watch.useReserve()
    guard scheduler.watch.hasRoom() else { return }
    var multiplier = scheduler.schedule.value(at: scheduler.time)
    for i in scheduler.groups.indices {
      if !scheduler.groupSchedules.isEmpty {
        multiplier = scheduler.groupSchedules[i].value(at: scheduler.time)
      }
      scheduler.watch.append(scheduler.groups[i].rate(multiplier), ofGroup: i)
    }
  }

  /// Whether the controller observes the current update.
  private mutating func isInScope() -> Bool {
    isIgnored = !scope.begins(by: step, time: time)
    if !isIgnored, let name = scope.phase {
      isIgnored = watch.phase(at: time, of: plan.schedule).name != name
    }
    return !isIgnored
  }

  @inline(never)
  private mutating func endPhase(_ loss: Double) {
    // A record alone needs no phase, and looking one up allocates.
    if plan.earlyStops.isEmpty { return }
    let phase = watch.phase(at: time, of: plan.schedule)
    let ending = watch.ending(loss, at: step, in: phase.name.isEmpty ? nil : phase.name)
    guard ending != .none else { return }
    if ending == .phase, !phase.name.isEmpty, let end = phase.end, end < length ?? Int64.max {
      // The next update is the first of the next phase.
      if end > time {
        watch.jump(to: end, at: step)
        lead += end - 1 - time
        time = end - 1
      }
    } else {
      watch.hasStopped = true
    }
  }
}
