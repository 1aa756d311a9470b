/// What counts as an improvement of the metric: the parameters mode, threshold and threshold_mode.
struct MetricGoal: Sendable {
  enum Mode: Int32 { case min, max }
  enum ThresholdMode: Int32 { case absolute, relative }

  let mode: Mode
  let threshold: Double
  let thresholdMode: ThresholdMode

  init(_ a: Arguments) throws(ConfigurationError) {
    mode = try a.word("mode", as: Mode.self)
    threshold = a.real("threshold")
    thresholdMode = try a.word("threshold_mode", as: ThresholdMode.self)
  }
}

/// How far below the best metric a relative threshold is.
enum Margin: Sendable {
  /// best·(1 ± threshold), as in PyTorch, optax and transformers: above the best metric where that is negative, so that
  /// every metric is better, and the best one becomes worse.
  case signed
  /// The same for a positive metric, bit for bit, and below the best one for a negative one, too.
  case mended
  /// best - threshold·|best|: the same but for rounding.
  case absolute
}

/// The best metric so far, and the value that the next one must beat.
///
/// Internally smaller is always better: metrics to be maximised change their sign, which is exact.
struct BestMetric: Sendable {
  private let sign: Double
  private let threshold: Double
  private let thresholdMode: MetricGoal.ThresholdMode
  private(set) var margin: Margin
  /// An additional margin, always a difference.
  private let extraMargin: Double
  /// Whether the metric to beat is the previous one instead of the best.
  private let followsPrevious: Bool
  private var best = Double.infinity
  /// A metric below this is better; changes only with `best`.
  private var target = 0.0

  init(_ goal: MetricGoal, _ margin: Margin, extraMargin: Double = 0, followsPrevious: Bool = false) {
    sign = goal.mode == .min ? 1 : -1
    threshold = goal.threshold
    thresholdMode = goal.thresholdMode
    self.margin = margin
    self.extraMargin = extraMargin
    self.followsPrevious = followsPrevious
    reset()
  }

  /// `improves` without a call, where the metric to beat is the best one.
  @inline(__always)
  mutating func improvesAtOnce(_ metric: Double) -> Bool {
    let value = sign * metric
    guard value < target else { return false }
    set(value)
    return true
  }

  /// Makes the metric the best one if it is better by the threshold. NaN never is.
  mutating func improves(_ metric: Double) -> Bool {
    if improvesAtOnce(metric) { return true }
    if followsPrevious { follow(sign * metric) }
    return false
  }

  @inline(never)
  private mutating func follow(_ value: Double) {
    if !value.isNaN { set(value) }
  }

  /// Back to where every metric is better or, compared with the previous one, none is.
  mutating func reset() {
    set(Double.infinity)
    if followsPrevious {
      target = Double.nan
    } else if margin != .signed {
      target = Double.infinity
    }
  }

  /// Whether there is no best metric yet.
  var isNew: Bool { best == Double.infinity }

  /// Whether the margin is mended; before format 3 none was.
  mutating func transferMargin(_ state: inout StateCoder) {
    var isMended = margin == .mended
    if state.has(format: 3, ifWritten: isMended) { state.transfer(&isMended) } else { isMended = false }
    if state.isReading && !isMended { margin = .signed }
  }

  mutating func transfer(_ state: inout StateCoder) {
    var (best, target) = (best, target)
    state.transfer(&best)
    state.transfer(&target)
    guard state.isReading else { return }
    // The target follows from the best one, except where there is none to follow. An infinite mean of finite losses is one.
    let isReset = best == Double.infinity && (!followsPrevious || target.isNaN)
    if isReset { reset() } else { set(best) }
    let isSame = target == self.target || target.isNaN && self.target.isNaN
    if margin == .mended && !isSame {
      // From before it was mended: it continues so.
      margin = .signed
      set(best)
    }
    if best.isNaN || !(isSame || target == self.target) { state.reject() }
  }

  @inline(__always)
  private mutating func set(_ best: Double) {
    self.best = best
    if thresholdMode == .absolute {
      target = best - threshold - extraMargin
    } else if margin == .absolute {
      target = best == Double.infinity ? best : best - threshold * abs(best) - extraMargin
    } else {
      // A metric to be maximised comes with its sign changed, and PyTorch's factor with it.
      let isTurned = margin == .mended ? best < 0 : sign < 0
      target = best * (isTurned ? 1 + threshold : 1 - threshold) - extraMargin
    }
  }
}
