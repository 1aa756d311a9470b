/// The early stop rule: ends a phase when the metric has stopped improving, that is, has not improved on its best in
/// the phase by the threshold for `patience` observations in a row.
///
/// The schedule continues with the next phase; where there is none, or where the rule names no phase, the scheduler
/// reports that the training can stop. The counts start over in each phase. An observation that is not finite counts as
/// bad and enters neither the average nor the best.
struct EarlyStop: ~Copyable, Sendable {
  static var declaration: StaticString {
    """
    early_stop: ends a phase, or the training, when the metric has stopped improving
    formula: patience observations in a row that do not improve on the phase's best by the threshold
    phase: name = none; the phase to end; none: the training
    mode
    patience: count from 1 = 100; observations in a row without an improvement
    threshold = 1e-3
    threshold_mode = rel
    window: count from 1 to 16777216 = 1; observations in the mean that is compared
    after
    """
  }

  static var needs: Needs { .loss }

  /// nil: the whole training.
  let phase: [UInt8]?
  private let after: Int64
  private let patience: Int64
  private var average: MovingAverage
  private var best: BestMetric
  private var badCount: Int64 = 0

  init(_ a: Arguments) throws(ConfigurationError) {
    phase = a.optionalWord("phase")
    after = a.count("after")
    patience = a.count("patience")
    average = MovingAverage(window: Int(a.count("window")))
    best = BestMetric(try MetricGoal(a), .absolute)
  }

  /// Whether the metric has stopped improving with this observation, of that update, in the phase of that name.
  mutating func observe(_ loss: Double, at step: Int64, in phase: [UInt8]?) -> Bool {
    if let name = self.phase, name != phase {
      if badCount != 0 || !best.isNew { reset() }
      return false
    }
    if step < after { return false }
    let metric = loss.isFinite ? average.add(loss) : Double.nan
    badCount = best.improves(metric) ? 0 : badCount + 1
    return badCount >= patience
  }

  mutating func reserve() { average.reserve() }

  var reservedCount: Int64 { average.reservedCount }

  private mutating func reset() {
    average.reset()
    best.reset()
    badCount = 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    average.transfer(&state)
    best.transfer(&state)
    state.transfer(&badCount, in: StateCoder.counts)
  }
}
