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
  public enum Variant: Int32, Word, Sendable {
    case standard = 0
    case huggingface = 1
    case paper = 2

    public var name: StaticString {
      switch self {
      case .standard: "default"
      case .huggingface: "huggingface"
      case .paper: "paper"
      }
    }
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
    /// Whether the mean of the last `window` losses is observed instead of the loss.
    public var smooth: Bool
    public var window: Int64 = 50
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
    try Controller.greedy(configuration).validate()
    let isHuggingFace = configuration.variant == .huggingface
    var bounds: (lower: [Double], upper: [Double])
    if isHuggingFace {
      bounds.lower = try Bounds.each("greedy", "min_lr", configuration.minLR, bases.map { _ in 1e-3 })
      bounds.upper = try Bounds.each("greedy", "max_lr", configuration.maxLR, bases.map { _ in 1 })
    } else {
      bounds = try Bounds.around(
        bases, "greedy", min: configuration.minLR, bases.map { $0 / 10 }, max: configuration.maxLR,
        bases.map { finite(10 * $0) })
    }
    self.configuration = configuration
    lower = bounds.lower
    upper = bounds.upper
    best = BestMetric(
      mode: configuration.mode, threshold: configuration.threshold,
      thresholdMode: configuration.thresholdMode, signedMargin: isHuggingFace,
      followsPrevious: configuration.variant == .paper)
    resetLeft = configuration.resetStart ?? Int64.max
    let window = configuration.smooth ? Int(configuration.window) : 1
    average = MovingAverage(window: isHuggingFace ? 1 : window)
    streaming = StreamingAverage(window: isHuggingFace ? window : 1)
    startCounting()
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

extension GreedyLR {
  func isAtBottom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return false }
    return true
  }

  mutating func transfer(_ state: inout StateCoder) {
    average.transfer(&state)
    streaming.transfer(&state)
    best.transfer(&state)
    state.transfer(&goodCount, in: StateCoder.counts)
    state.transfer(&badCount, in: -1...StateCoder.counts.upperBound)
    state.transfer(&cooldownLeft, in: 0...Int64.max)
    state.transfer(&warmupLeft, in: 0...Int64.max)
    state.transfer(&resetLeft, in: 0...Int64.max)
    state.transfer(&action)
  }
}

extension GreedyLR.Configuration {
  static func signature(_ variant: GreedyLR.Variant) -> Signature {
    let defaults = Self(variant)
    return Signature(
      name: "greedy", summary: "raises the base rates while the loss improves, cuts them while it does not",
      formula:
        "more than patience good losses in a row: rate/factor; more than patience bad ones: rate*factor",
      source: "arXiv 2512.14527",
      parameters: [
        Parameter(
          "variant", .word(GreedyLR.Variant.names), default: .word(GreedyLR.Variant.standard.name),
          "mended, as transformers has it, or the paper's Algorithm 1; it chooses the defaults"),
        .mode(defaults.mode),
        Parameter(
          "factor", .real(Interval(0, 1, lowerIsOpen: true, upperIsOpen: true)),
          default: .real(defaults.factor),
          "rate*factor when worse, rate/factor when better"),
        .observations("patience", default: defaults.patience, "observations to wait before a change"),
        .threshold(defaults.threshold), .thresholdMode(defaults.thresholdMode),
        .observations("cooldown", default: defaults.cooldown, "observations ignored after a cut"),
        .observations("warmup", default: defaults.warmup, "observations ignored after a raise"),
        .bound("min_lr", "lowest base rates; none: base/10 (huggingface: 0.001)"),
        .bound("max_lr", "highest base rates; none: 10 base (huggingface: 1)"),
        Parameter(
          "eps", .real(.nonNegative), default: .real(defaults.eps),
          "smaller changes are not made: relative to the rate, or absolute (huggingface)"),
        Parameter("smooth", .flag, default: .flag(defaults.smooth), "whether losses are averaged"),
        .observations(
          "window", from: 1, to: 16_777_216, default: defaults.window, "losses in the average"),
        Parameter(
          "reset_start", .count((variant == .huggingface ? 0 : 1)...Int64.max),
          default: defaults.resetStart.map { .integer($0) } ?? Value.none, isOptional: true,
          "cuts at the lower bound before everything starts anew, or none"),
      ])
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    self.init(try a.word("variant", as: GreedyLR.Variant.self))
    mode = try a.word("mode", as: MetricMode.self)
    factor = a.real("factor")
    patience = a.count("patience")
    threshold = a.real("threshold")
    thresholdMode = try a.word("threshold_mode", as: ThresholdMode.self)
    cooldown = a.count("cooldown")
    warmup = a.count("warmup")
    minLR = a.perGroup("min_lr")
    maxLR = a.perGroup("max_lr")
    eps = a.real("eps")
    smooth = a.flag("smooth")
    window = a.count("window")
    resetStart = a.optionalCount("reset_start")
  }

  /// In the order of the signature.
  var values: [Value] {
    [
      .word(variant.name), .word(mode.name), .real(factor), .integer(patience), .real(threshold),
      .word(thresholdMode.name), .integer(cooldown), .integer(warmup), .perGroup(minLR), .perGroup(maxLR),
      .real(eps), .flag(smooth), .integer(window), resetStart.map { .integer($0) } ?? Value.none,
    ]
  }
}
