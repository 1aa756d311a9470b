/// Whether a smaller or a larger metric is better.
public enum MetricMode: Int32, Word, Sendable {
  case min = 0
  case max = 1

  public var name: StaticString { self == .min ? "min" : "max" }
}

/// Whether a threshold is a difference or a fraction of the best metric.
public enum ThresholdMode: Int32, Word, Sendable {
  case absolute = 0
  case relative = 1

  public var name: StaticString { self == .absolute ? "abs" : "rel" }
}

extension Parameter {
  static func mode(_ fallback: MetricMode) -> Parameter {
    Parameter(
      "mode", .word(MetricMode.names), default: .word(fallback.name),
      "whether a smaller metric is better (a loss) or a larger one")
  }

  static func threshold(_ fallback: Double) -> Parameter {
    Parameter("threshold", .real(.nonNegative), default: .real(fallback), "margin of an improvement")
  }

  static func thresholdMode(_ fallback: ThresholdMode) -> Parameter {
    Parameter(
      "threshold_mode", .word(ThresholdMode.names), default: .word(fallback.name),
      "whether the margin is a difference or a fraction of the best metric")
  }

  /// Observations to wait.
  static func observations(
    _ name: StaticString, from lower: Int64 = 0, to upper: Int64 = .max, default fallback: Int64,
    _ note: StaticString
  ) -> Parameter {
    Parameter(name, .count(lower...upper), default: .integer(fallback), note)
  }

  /// Bounds of the base rates.
  static func bound(_ name: StaticString, _ note: StaticString) -> Parameter {
    Parameter(name, .perGroup(.nonNegative), default: Value.none, note)
  }
}

/// The best metric so far, and what the next one must beat.
///
/// Inside, smaller is always better: metrics to be maximised change their sign, which loses nothing.
struct BestMetric: Sendable {
  private let sign: Double
  private let threshold: Double
  private let thresholdMode: ThresholdMode
  /// best·(1 ± threshold), as PyTorch and transformers have it, which for a negative metric moves the wrong
  /// way; otherwise best - threshold·|best|.
  private let signedMargin: Bool
  /// A margin besides, always a difference.
  private let extraMargin: Double
  /// Whether the metric to beat is the one before instead of the best.
  private let followsPrevious: Bool
  private var best = Double.infinity
  /// Below this is better; moves with `best` alone.
  private var target = 0.0

  init(
    mode: MetricMode, threshold: Double, thresholdMode: ThresholdMode, signedMargin: Bool,
    extraMargin: Double = 0, followsPrevious: Bool = false
  ) {
    sign = mode == .min ? 1 : -1
    self.threshold = threshold
    self.thresholdMode = thresholdMode
    self.signedMargin = signedMargin
    self.extraMargin = extraMargin
    self.followsPrevious = followsPrevious
    reset()
  }

  /// Takes the metric as the best one if it is better by the threshold. NaN never is.
  @inline(__always)
  mutating func improves(_ metric: Double) -> Bool {
    let value = sign * metric
    guard value < target else {
      if followsPrevious { follow(value) }
      return false
    }
    set(value)
    return true
  }

  @inline(never)
  private mutating func follow(_ value: Double) {
    if !value.isNaN { set(value) }
  }

  /// Back to where every metric is better, or, against the one before, none.
  mutating func reset() {
    set(Double.infinity)
    if followsPrevious { target = Double.nan }
  }

  /// Whether there is no best metric yet.
  var isNew: Bool { best == Double.infinity }

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&best)
    state.transfer(&target)
  }

  private mutating func set(_ best: Double) {
    self.best = best
    switch thresholdMode {
    case .absolute: target = best - threshold - extraMargin
    case .relative where signedMargin: target = best * (1 - sign * threshold) - extraMargin
    case .relative: target = best == Double.infinity ? best : best - threshold * abs(best) - extraMargin
    }
  }
}
