/// Cuts the base rates when the metric has stopped improving.
///
/// Its peers count differently under one name; each way of counting is here by the name of its peer:
/// - `pytorch` (ReduceLROnPlateau): cuts at the observation after `patience` bad ones; a cooldown holds the
///   count at 0, the best metric moves on;
/// - `keras` (ReduceLROnPlateau): cuts at the `patience`-th bad observation; the first observation after a
///   cooldown of n is its n-th;
/// - `optax` (reduce_on_plateau): like `keras`, on the mean of `accumulation` observations, and with patience 0
///   on improvements, as there.
///
/// An observation that is not finite counts as a bad one and never becomes the best; optax and PyTorch, who
/// take -inf for a best, are left there.
public struct Plateau: ~Copyable, Sendable {
  public enum Counting: Int32, Word, Sendable {
    case pytorch = 0
    case keras = 1
    case optax = 2

    public var name: StaticString {
      switch self {
      case .pytorch: "pytorch"
      case .keras: "keras"
      case .optax: "optax"
      }
    }
  }

  public struct Configuration: Sendable {
    public var counting: Counting
    public var mode = MetricMode.min
    /// In (0, 1).
    public var factor = 0.1
    /// Bad observations to wait.
    public var patience: Int64 = 10
    public var threshold = 1e-4
    public var thresholdMode: ThresholdMode
    /// A margin besides the threshold, as optax has both.
    public var extraThreshold = 0.0
    /// Observations after a cut during which nothing is counted.
    public var cooldown: Int64 = 0
    /// Lower bounds of the base rates: empty (0), one for all groups, or one each.
    public var minLR: [Double] = []
    /// Smaller cuts are not made (absolute).
    public var eps: Double
    /// Observations that are averaged into one.
    public var accumulation: Int64 = 1

    /// The defaults of the peer.
    public init(_ counting: Counting = .pytorch) {
      self.counting = counting
      thresholdMode = counting == .keras ? .absolute : .relative
      eps = counting == .pytorch ? 1e-8 : 0
    }
  }

  private let configuration: Configuration
  private let lower: [Double]
  private var best: BestMetric
  private var badCount: Int64 = 0
  private var cooldownLeft: Int64 = 0
  private var sum = 0.0
  private var summed: Int64 = 0
  /// What came of the last observation.
  private(set) var decision = Decision.none

  init(_ configuration: Configuration, bases: [Double]) throws(ConfigurationError) {
    try Controller.plateau(configuration).validate()
    let lower = try Bounds.each("plateau", "min_lr", configuration.minLR, bases.map { _ in 0 })
    self.configuration = configuration
    self.lower = lower
    best = BestMetric(
      mode: configuration.mode, threshold: configuration.threshold,
      thresholdMode: configuration.thresholdMode,
      signedMargin: true, extraMargin: configuration.extraThreshold)
  }

  /// Takes one loss and cuts the base rates if it is time.
  @inline(never)
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    var metric = loss
    if configuration.accumulation > 1 {
      sum += loss
      summed += 1
      guard summed == configuration.accumulation else {
        decision = .heldByPatience
        return
      }
      metric = sum / Double(summed)
      sum = 0
      summed = 0
    }
    if !metric.isFinite { metric = Double.nan }
    switch configuration.counting {
    case .pytorch: countAsPyTorch(metric, &groups)
    case .keras: countAsKeras(metric, &groups)
    case .optax: countAsOptax(metric, &groups)
    }
  }

  private mutating func countAsPyTorch(_ metric: Double, _ groups: inout [Group]) {
    badCount = best.improves(metric) ? 0 : badCount + 1
    decision = .heldByPatience
    if cooldownLeft > 0 {
      cooldownLeft -= 1
      badCount = 0
      decision = .heldByCooldown
    }
    if badCount > configuration.patience {
      cut(&groups)
      cooldownLeft = configuration.cooldown
      badCount = 0
    }
  }

  private mutating func countAsKeras(_ metric: Double, _ groups: inout [Group]) {
    if cooldownLeft > 0 {
      cooldownLeft -= 1
      badCount = 0
    }
    decision = cooldownLeft > 0 ? .heldByCooldown : .heldByPatience
    if best.improves(metric) {
      badCount = 0
    } else if cooldownLeft == 0 {
      badCount += 1
      if badCount >= configuration.patience && hasRoom(groups) {
        cut(&groups)
        cooldownLeft = configuration.cooldown
        badCount = 0
      }
    }
  }

  private mutating func countAsOptax(_ metric: Double, _ groups: inout [Group]) {
    let count = best.improves(metric) ? 0 : badCount + 1
    if cooldownLeft > 0 {
      cooldownLeft -= 1
      badCount = 0
      decision = .heldByCooldown
    } else if count == configuration.patience {
      cut(&groups)
      cooldownLeft = configuration.cooldown
      badCount = 0
    } else {
      badCount = count
      decision = .heldByPatience
    }
  }

  /// Keras goes on counting where every rate is at its bound.
  private func hasRoom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return true }
    return false
  }

  private mutating func cut(_ groups: inout [Group]) {
    decision = .heldAtBound
    for i in groups.indices {
      let old = groups[i].base
      let new = Swift.max(old * configuration.factor, lower[i])
      if old - new > configuration.eps {
        groups[i].base = new
        decision = .cut
      }
    }
  }
}

extension Plateau {
  func isAtBottom(_ groups: [Group]) -> Bool { !hasRoom(groups) }

  mutating func transfer(_ state: inout StateCoder) {
    best.transfer(&state)
    state.transfer(&badCount, in: StateCoder.counts)
    state.transfer(&cooldownLeft, in: 0...Int64.max)
    state.transfer(&sum)
    state.transfer(&summed, in: 0...configuration.accumulation - 1)
    state.transfer(&decision)
  }
}

extension Plateau.Configuration {
  static func signature(_ counting: Plateau.Counting) -> Signature {
    let defaults = Self(counting)
    return Signature(
      name: "plateau", summary: "cuts the base rates when the metric has stopped improving",
      formula: "after patience observations without an improvement: rate*factor", source: "",
      parameters: [
        Parameter(
          "counting", .word(Plateau.Counting.names), default: .word(Plateau.Counting.pytorch.name),
          "whose way of counting; it chooses the defaults"),
        .mode(defaults.mode),
        Parameter(
          "factor", .real(Interval(0, 1, lowerIsOpen: true, upperIsOpen: true)),
          default: .real(defaults.factor),
          "what the rates are multiplied by"),
        .observations("patience", default: defaults.patience, "bad observations to wait"),
        .threshold(defaults.threshold), .thresholdMode(defaults.thresholdMode),
        Parameter(
          "extra_threshold", .real(.nonNegative), default: .real(defaults.extraThreshold),
          "a margin besides, always a difference"),
        .observations(
          "cooldown", default: defaults.cooldown, "observations after a cut during which nothing is counted"),
        .bound("min_lr", "lowest base rates; none: 0"),
        Parameter("eps", .real(.nonNegative), default: .real(defaults.eps), "smaller cuts are not made"),
        .observations(
          "accumulation", from: 1, default: defaults.accumulation, "observations averaged into one"),
      ])
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    self.init(try a.word("counting", as: Plateau.Counting.self))
    mode = try a.word("mode", as: MetricMode.self)
    factor = a.real("factor")
    patience = a.count("patience")
    threshold = a.real("threshold")
    thresholdMode = try a.word("threshold_mode", as: ThresholdMode.self)
    extraThreshold = a.real("extra_threshold")
    cooldown = a.count("cooldown")
    minLR = a.perGroup("min_lr")
    eps = a.real("eps")
    accumulation = a.count("accumulation")
  }

  /// In the order of the signature.
  var values: [Value] {
    [
      .word(counting.name), .word(mode.name), .real(factor), .integer(patience), .real(threshold),
      .word(thresholdMode.name), .real(extraThreshold), .integer(cooldown), .perGroup(minLR), .real(eps),
      .integer(accumulation),
    ]
  }
}
