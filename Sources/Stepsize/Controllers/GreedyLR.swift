/// GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` observations in
/// a row that improve on the best metric, and multiplies them by `factor` after more than `patience` in a
/// row that do not.
///
/// Three variants. `paper` is the paper's Algorithm 1: it compares with the loss before, not with the best one,
/// and acts at once; the first loss only sets what the second is compared with. `huggingface` takes the decisions of transformers' `GreedyLR` bit for bit. The default one
/// mends what is known to be wrong there:
/// - bounds are relative to the base rates unless given: [base/10, 10 base]; base rates outside are refused;
/// - a loss that is not finite counts as one bad observation and enters neither the average nor the best;
/// - the average of the window is exact and forgets what leaves the window;
/// - a relative threshold is threshold·|best|, right for negative metrics too;
/// - `eps` is relative to the rate, and a bound is always reached;
/// - a reset is not followed by a cooldown, and can be turned off.
public struct GreedyLR: ~Copyable, Sendable {
  public enum Variant: Int32, Sendable {
    case standard = 0
    case huggingface = 1
    case paper = 2
  }

  /// The parameters, under transformers' names.
  public struct Configuration: Sendable {
    public var variant: Variant
    public var mode = MetricMode.min
    /// In (0, 1).
    public var factor = 0.95
    /// Observations to wait; the change is made at the next one.
    public var patience: Int64 = 10
    public var threshold = 1e-6
    public var thresholdMode = ThresholdMode.absolute
    /// Observations ignored after a cut.
    public var cooldown: Int64 = 0
    /// Observations ignored after a raise.
    public var warmup: Int64 = 0
    /// Bounds of the base rates: empty (the variant's default), one for all groups, or one each.
    public var minLR: [Double] = []
    public var maxLR: [Double] = []
    public var eps = 1e-8
    /// Whether the mean of the last `windowSize` losses is observed instead of the loss.
    public var smooth: Bool
    public var windowSize: Int64 = 50
    /// Cuts that end at the lower bound before everything starts anew; nil for never.
    public var resetStart: Int64? = 500

    /// transformers' defaults; the standard variant also smooths, as the paper's experiments do, and the
    /// paper's algorithm has neither patience nor threshold nor reset.
    public init(_ variant: Variant = .standard) {
      self.variant = variant
      smooth = variant == .standard
      if variant == .paper {
        patience = 0
        threshold = 0
        eps = 0
        resetStart = nil
      }
    }
  }

  private let configuration: Configuration
  private let lower: [Double]
  private let upper: [Double]
  private var average: MovingAverage
  private var streaming: StreamingAverage
  private var best: BestMetric
  private var goodCount: Int64 = 0
  private var badCount: Int64 = 0
  private var cooldownLeft: Int64 = 0
  private var warmupLeft: Int64 = 0
  private var resetLeft: Int64
  /// What came of the last observation that was not held by patience; `decision` tells which it was.
  private var action = Decision.none

  /// The controller of a scheduler with these base rates.
  init(_ configuration: Configuration, bases: [Double]) throws(ConfigurationError) {
    try configuration.validate()
    let isHuggingFace = configuration.variant == .huggingface
    let lower = try Bounds.each(
      "greedy", "min_lr", configuration.minLR, isHuggingFace ? bases.map { _ in 1e-3 } : bases.map { $0 / 10 }
    )
    let upper = try Bounds.each(
      "greedy", "max_lr", configuration.maxLR,
      isHuggingFace ? bases.map { _ in 1 } : bases.map { finite(10 * $0) })
    if !isHuggingFace { try Self.checkOrder(lower, bases, upper) }
    self.configuration = configuration
    self.lower = lower
    self.upper = upper
    best = BestMetric(
      mode: configuration.mode, threshold: configuration.threshold,
      thresholdMode: configuration.thresholdMode, signedMargin: isHuggingFace,
      followsPrevious: configuration.variant == .paper)
    resetLeft = configuration.resetStart ?? Int64.max
    let window = configuration.smooth ? Int(configuration.windowSize) : 1
    average = MovingAverage(window: isHuggingFace ? 1 : window)
    streaming = StreamingAverage(window: isHuggingFace ? window : 1)
    startCounting()
  }

  private static func checkOrder(
    _ lower: [Double], _ bases: [Double], _ upper: [Double]
  ) throws(ConfigurationError) {
    for i in bases.indices where !(lower[i] <= bases[i] && bases[i] <= upper[i]) {
      var text: [UInt8] = []
      text.write("greedy: the base rate ")
      text.write(bases[i])
      text.write(" of group ")
      text.write(Int64(i))
      text.write(" is outside [min_lr, max_lr] = [")
      text.write(lower[i])
      text.write(", ")
      text.write(upper[i])
      text.write("]")
      throw ConfigurationError(.argument, text)
    }
  }

  /// Takes one loss (any value, NaN and infinities included) and moves the base rates if it is time.
  @inline(__always)
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    var metric = loss
    if configuration.variant == .huggingface {
      if configuration.smooth { metric = streaming.add(loss) }
    } else if !(abs(loss) <= Double.greatestFiniteMagnitude) {
      metric = Double.nan
    } else if configuration.smooth {
      metric = average.add(loss)
    }
    decide(metric, &groups)
  }

  @inline(__always)
  private mutating func decide(_ metric: Double, _ groups: inout [Group]) {
    // Neither is ever negative.
    if cooldownLeft | warmupLeft > 0 {
      hold()
    } else if best.improves(metric) {
      badCount = 0
      goodCount += 1
      if goodCount > configuration.patience {
        raise(&groups)
      }
    } else {
      badCount += 1
      goodCount = 0
      if badCount > configuration.patience {
        cut(&groups)
      }
    }
  }

  @inline(never)
  private mutating func hold() {
    if cooldownLeft > 0 {
      cooldownLeft -= 1
      action = .heldByCooldown
    } else {
      warmupLeft -= 1
      action = .heldByWarmup
    }
    clearCounts()
  }

  @inline(never)
  @_optimize(speed)
  private mutating func raise(_ groups: inout [Group]) {
    action = .heldAtBound
    for i in groups.indices {
      let old = groups[i].base
      let new = Swift.min(old / configuration.factor, upper[i])
      if isChange(new - old, from: old, to: new, bound: upper[i]) {
        groups[i].base = new
        action = .raised
      }
    }
    resetLeft = configuration.resetStart ?? Int64.max
    warmupLeft = configuration.warmup
    goodCount = 0
  }

  /// A cut that leaves all rates at the bottom may end in a reset.
  @inline(never)
  @_optimize(speed)
  private mutating func cut(_ groups: inout [Group]) {
    action = .heldAtBound
    var isAtBottom = true
    for i in groups.indices {
      let old = groups[i].base
      let new = Swift.max(old * configuration.factor, lower[i])
      if isChange(old - new, from: old, to: new, bound: lower[i]) {
        groups[i].base = new
        action = .cut
      }
      if groups[i].base > lower[i] { isAtBottom = false }
    }
    badCount = 0
    cooldownLeft = configuration.cooldown
    guard isAtBottom, configuration.resetStart != nil else { return }
    if resetLeft > 1 { resetLeft -= 1 } else { reset(&groups) }
  }

  private mutating func reset(_ groups: inout [Group]) {
    action = .reset
    for i in groups.indices { groups[i].base = groups[i].initial }
    best.reset()
    clearCounts()
    startCounting()
    // transformers' class begins anew with a cooldown.
    cooldownLeft = configuration.variant == .huggingface ? configuration.cooldown : 0
    warmupLeft = 0
    resetLeft = configuration.resetStart ?? Int64.max
    average.reset()
    streaming.reset()
  }

  private func isChange(_ amount: Double, from old: Double, to new: Double, bound: Double) -> Bool {
    if configuration.variant == .huggingface { return amount > configuration.eps }
    return amount > configuration.eps * old || (new == bound && amount > 0)
  }

  /// The paper's algorithm compares with the loss before: the first one, which has none, does not count.
  private mutating func startCounting() {
    badCount = configuration.variant == .paper ? -1 : 0
  }

  var decision: Decision { goodCount > 0 || badCount > 0 ? .heldByPatience : action }

  private mutating func clearCounts() {
    goodCount = 0
    badCount = 0
  }
}

extension GreedyLR.Configuration {
  /// Checks everything that does not depend on the base rates.
  public func validate() throws(ConfigurationError) {
    let check = Check("greedy")
    try check("factor", factor, in: Interval(0, 1, lowerIsOpen: true, upperIsOpen: true))
    try check("threshold", threshold, in: .nonNegative)
    try check("eps", eps, in: .nonNegative)
    try check("patience", patience, from: 0)
    try check("cooldown", cooldown, from: 0)
    try check("warmup", warmup, from: 0)
    try check("window_size", windowSize, from: 1, to: 16_777_216)
    if let resetStart { try check("reset_start", resetStart, from: variant == .huggingface ? 0 : 1) }
    for bound in minLR { try check("min_lr", bound, in: .nonNegative) }
    for bound in maxLR { try check("max_lr", bound, in: .nonNegative) }
  }
}
