// What hypergradient descent and the line search are shown before an update.

extension Scheduler {
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
}
