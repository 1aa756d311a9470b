/// GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` observations in
/// a row that improve on the best metric, and multiplies them by `factor` after more than `patience` in a
/// row that do not.
///
/// Two variants. `huggingface` takes the decisions of transformers' `GreedyLR` bit for bit. The default one
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

    /// transformers' defaults; the standard variant also smooths, as the paper's experiments do.
    public init(_ variant: Variant = .standard) {
      self.variant = variant
      smooth = variant == .standard
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

  /// The controller of a scheduler with these base rates.
  init(_ configuration: Configuration, bases: [Double]) throws(ConfigurationError) {
    try configuration.validate()
    let isStandard = configuration.variant == .standard
    let lower = try Self.bounds(
      configuration.minLR, "min_lr", isStandard ? bases.map { $0 / 10 } : bases.map { _ in 1e-3 })
    let upper = try Self.bounds(
      configuration.maxLR, "max_lr", isStandard ? bases.map { finite(10 * $0) } : bases.map { _ in 1 })
    if isStandard { try Self.checkOrder(lower, bases, upper) }
    self.configuration = configuration
    self.lower = lower
    self.upper = upper
    best = BestMetric(
      mode: configuration.mode, threshold: configuration.threshold,
      thresholdMode: configuration.thresholdMode, signedMargin: !isStandard)
    resetLeft = configuration.resetStart ?? Int64.max
    let window = configuration.smooth ? Int(configuration.windowSize) : 1
    average = MovingAverage(window: isStandard ? window : 1)
    streaming = StreamingAverage(window: isStandard ? 1 : window)
  }

  /// The bounds of one side, one for each group.
  private static func bounds(
    _ given: [Double], _ field: StaticString, _ defaults: [Double]
  ) throws(ConfigurationError) -> [Double] {
    switch given.count {
    case 0: return defaults
    case defaults.count: return given
    case 1: return defaults.map { _ in given[0] }
    default:
      throw ConfigurationError("greedy", field, .reals(given), expected: "none, one, or one for each group")
    }
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
    if cooldownLeft > 0 || warmupLeft > 0 {
      if cooldownLeft > 0 { cooldownLeft -= 1 } else { warmupLeft -= 1 }
      clearCounts()
    } else if best.improves(metric) {
      badCount = 0
      goodCount += 1
      if goodCount > configuration.patience {
        raise(&groups)
        warmupLeft = configuration.warmup
        goodCount = 0
      }
    } else {
      badCount += 1
      goodCount = 0
      if badCount > configuration.patience {
        let wasReset = cut(&groups)
        if !wasReset || configuration.variant == .huggingface { cooldownLeft = configuration.cooldown }
        badCount = 0
      }
    }
  }

  @inline(never)
  @_optimize(speed)
  private mutating func raise(_ groups: inout [Group]) {
    for i in groups.indices {
      let old = groups[i].base
      let new = Swift.min(old / configuration.factor, upper[i])
      if isChange(new - old, from: old, to: new, bound: upper[i]) { groups[i].base = new }
    }
    resetLeft = configuration.resetStart ?? Int64.max
  }

  /// Answers whether the cut ended in a reset.
  @inline(never)
  @_optimize(speed)
  private mutating func cut(_ groups: inout [Group]) -> Bool {
    var isAtBottom = true
    for i in groups.indices {
      let old = groups[i].base
      let new = Swift.max(old * configuration.factor, lower[i])
      if isChange(old - new, from: old, to: new, bound: lower[i]) { groups[i].base = new }
      if groups[i].base > lower[i] { isAtBottom = false }
    }
    guard isAtBottom, configuration.resetStart != nil else { return false }
    if resetLeft > 1 {
      resetLeft -= 1
      return false
    }
    for i in groups.indices { groups[i].base = groups[i].initial }
    best.reset()
    clearCounts()
    cooldownLeft = 0
    warmupLeft = 0
    resetLeft = configuration.resetStart ?? Int64.max
    average.reset()
    streaming.reset()
    return true
  }

  private func isChange(_ amount: Double, from old: Double, to new: Double, bound: Double) -> Bool {
    if configuration.variant == .huggingface { return amount > configuration.eps }
    return amount > configuration.eps * old || (new == bound && amount > 0)
  }

  private mutating func clearCounts() {
    goodCount = 0
    badCount = 0
  }
}

extension GreedyLR.Configuration {
  /// Checks everything that does not depend on the base rates.
  public func validate() throws(ConfigurationError) {
    let unit = Interval(0, 1, lowerIsOpen: true, upperIsOpen: true)
    try check("factor", factor, in: unit)
    try check("threshold", threshold, in: .nonNegative)
    try check("eps", eps, in: .nonNegative)
    try check("patience", patience, from: 0)
    try check("cooldown", cooldown, from: 0)
    try check("warmup", warmup, from: 0)
    try check("window_size", windowSize, from: 1, to: 16_777_216)
    if let resetStart { try check("reset_start", resetStart, from: variant == .standard ? 1 : 0) }
    for bound in minLR { try check("min_lr", bound, in: .nonNegative) }
    for bound in maxLR { try check("max_lr", bound, in: .nonNegative) }
  }

  private func check(_ field: StaticString, _ value: Double, in interval: Interval) throws(ConfigurationError)
  {
    if interval.contains(value) { return }
    var expected: [UInt8] = []
    interval.write(to: &expected)
    throw ConfigurationError("greedy", field, .real(value), expected: expected)
  }

  private func check(
    _ field: StaticString, _ value: Int64, from lower: Int64, to upper: Int64 = .max
  ) throws(ConfigurationError) {
    if value >= lower && value <= upper { return }
    throw ConfigurationError(
      "greedy", field, .integer(value), expected: Parameter("", .count(lower...upper), "").expected)
  }
}
