/// Why a step was not made; nothing has changed then.
public enum StepFailure: Error, Sendable {
  /// Something needs the loss: call `step(loss:into:)`, or `advance` for an update that is not shown to it.
  case lossRequired
  /// The span of the rates is shorter than the number of groups, and not empty.
  case size
}

// Each of these writes the rates into the caller's span, one for each group: for the present update, or for the next one
// after a step. A span may be empty: then none are written. On a failure nothing has changed.
//
// Written so that a step with the commonest schedules makes no call: the function then needs no stack, which is a third
// of its time.

extension Scheduler {
  /// The rates for the present update.
  @inline(__always)
  public func rates(into rates: inout MutableSpan<Double>) throws(StepFailure) {
    try check(rates)
    write(&rates)
  }

  /// After an update; the rates are those for the next one. The count saturates at 2^63 - 1.
  @inline(__always)
  public mutating func step(into rates: inout MutableSpan<Double>) throws(StepFailure) {
    guard isPlain else { return try stepWatched(into: &rates) }
    try check(rates)
    count()
    write(&rates)
  }

  @inline(never)
  private mutating func stepWatched(into rates: inout MutableSpan<Double>) throws(StepFailure) {
    if needsLoss { throw .lossRequired }
    try advance(into: &rates)
  }

  /// After an update, with its loss: any number, NaN and infinities included. What needs no loss ignores it.
  @inline(__always)
  public mutating func step(loss: Double, into rates: inout MutableSpan<Double>) throws(StepFailure) {
    try check(rates)
    if isWatched {
      stepWatched(loss)
    } else {
      controller.observe(loss, &groups)
      count()
    }
    write(&rates)
  }

  @inline(never)
  private mutating func stepWatched(_ loss: Double) {
    writeDown()
    controller.observe(loss, &groups)
    settle(loss)
    count()
  }

  /// After an update whose loss is not shown to the controller: between two evaluations.
  @inline(__always)
  public mutating func advance(into rates: inout MutableSpan<Double>) throws(StepFailure) {
    try check(rates)
    if isWatched { writeDown() }
    count()
    write(&rates)
  }

  // MARK: - Before an update

  /// Shows the hypergradient controller the dot products of the gradient with the update before, and the products of
  /// their norms (`Hypergradient`). The rates of this update change.
  public mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, into rates: inout MutableSpan<Double>
  ) throws(ConfigurationError) {
    try require(rates)
    try controller.observeGradient(dots: dots, norms: norms, &groups)
    write(&rates)
  }

  /// Begins a line search and sets the rates of its first trial (`LineSearch`).
  public mutating func propose(
    loss: Double, squaredNorms: Span<Double>, into rates: inout MutableSpan<Double>
  ) throws(ConfigurationError) {
    try require(rates)
    try controller.propose(loss: loss, squaredNorms: squaredNorms, step: step, &groups)
    write(&rates)
  }

  /// Judges a trial of the line search and sets the rates of the next one.
  public mutating func report(
    loss: Double, squaredDistances: Span<Double>, into rates: inout MutableSpan<Double>
  ) throws(ConfigurationError) -> Trial {
    try require(rates)
    let multiplier = schedule.value(at: time)
    let trial = try controller.report(
      loss: loss, squaredDistances: squaredDistances, step: step, multiplier: multiplier, &groups)
    write(&rates)
    return trial
  }

  /// How often the line search has asked for a loss.
  public var trialCount: Int64 { controller.trialCount }

  /// What the controller did with the last observation, and why.
  public var decision: Decision { controller.decision }

  // MARK: - The parts of a step

  @inline(__always)
  private func check(_ rates: borrowing MutableSpan<Double>) throws(StepFailure) {
    if rates.count < groups.count && rates.count > 0 { throw .size }
  }

  private func require(_ rates: borrowing MutableSpan<Double>) throws(ConfigurationError) {
    do { try check(rates) } catch {
      throw ConfigurationError(.size, "scheduler: the array of rates is shorter than the number of groups")
    }
  }

  @inline(__always)
  private mutating func count() {
    if time < Int64.max { time += 1 }
  }

  @inline(__always)
  private func write(_ rates: inout MutableSpan<Double>) {
    if rates.isEmpty { return }
    if let multiplier = schedule.immediateValue(at: time) {
      write(multiplier, &rates)
    } else {
      writeAfterCall(&rates)
    }
  }

  @inline(never)
  @_optimize(speed)
  private func writeAfterCall(_ rates: inout MutableSpan<Double>) {
    write(schedule.value(at: time), &rates)
  }

  @inline(__always)
  private func write(_ multiplier: Double, _ rates: inout MutableSpan<Double>) {
    for i in 0..<Swift.min(groups.count, rates.count) { rates[i] = groups[i].rate(multiplier) }
  }

  @inline(never)
  private mutating func writeDown() {
    guard watch.isRecording else { return }
    let multiplier = schedule.value(at: time)
    for i in groups.indices { watch.append(groups[i].rate(multiplier), ofGroup: i) }
  }

  @inline(never)
  private mutating func settle(_ loss: Double) {
    // A record alone needs no phase, and looking for one allocates.
    if plan.settlings.isEmpty { return }
    let phase = plan.schedule?.phase(at: time)
    let ending = watch.ending(loss, in: phase?.name)
    guard ending != .none else { return }
    if ending == .phase, let end = phase?.end, end < length ?? Int64.max {
      // The next update, which is one later, is the first of the next phase.
      if end > time {
        watch.jump(to: end, at: step)
        lead += end - 1 - time
        time = end - 1
      }
    } else {
      watch.hasSettled = true
    }
  }
}
