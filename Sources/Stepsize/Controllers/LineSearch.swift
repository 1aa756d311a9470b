/// What came of a trial of the line search.
public enum Trial: Int32, Sendable {
  /// The step stands: go on to the next update.
  case accepted = 0
  /// Too long: take the step back and try the smaller rate.
  case retry = 1
  /// Out of trials: take the step back and make one with the lowest rate, which is now answered.
  case failed = 2
}

/// Stochastic line search with the Armijo condition (Vaswani et al., arXiv 1905.09997), by ask and tell.
///
/// For each update the caller gives the loss f(x) of the batch and the squared norm of its gradient g, tries
/// x - rate·g, and reports the loss of the same batch there, which is accepted if
///
///     f(x - rate g) <= f(x) - c rate ‖g‖²                      plain
///     f(x+) <= f(x) - (c/rate) ‖x+ - x‖²,  x+ = P(x - rate g)   projected
///
/// and else tried again with rate·backtrack. The first trial's rate follows from the last accepted one: the same
/// (`previous`), times gamma^(1/batches_per_epoch) (`grow`), or the base rate given at the start (`initial`).
/// With several groups the terms of all groups add up, each with its own rate.
///
/// Beside what is published, rates have an upper bound (10 base), and a lower one (1e-6 base), which is also the rate
/// of the step that is made when all trials have failed. A gradient below `tolerance` is accepted without a test, and
/// the rate stays as it is. A trial whose loss is not finite is rejected. Where the loss or the gradient at x itself is
/// not finite the search fails at once, and the next one begins as if this had not been.
public struct LineSearch: ~Copyable, Sendable {
  public enum Reset: Int32, Word, Sendable {
    case previous = 0
    case grow = 1
    case initial = 2

    public var name: StaticString {
      switch self {
      case .previous: "previous"
      case .grow: "grow"
      case .initial: "initial"
      }
    }
  }

  public struct Configuration: Sendable {
    /// Fraction of the expected decrease that must be reached, in (0, 1).
    public var c = 0.1
    /// In (0, 1).
    public var backtrack = 0.9
    public var reset = Reset.grow
    /// Growth in an epoch, >= 1.
    public var gamma = 2.0
    public var batchesPerEpoch: Int64 = 500
    public var maxTrials: Int64 = 100
    /// Gradient norms below this are 0.
    public var tolerance = 1e-8
    public var isProjected = false
    /// Bounds of the base rates: empty (1e-6 base and 10 base), one for all groups, or one each.
    public var minLR: [Double] = []
    public var maxLR: [Double] = []

    public init() {}
  }

  private let configuration: Configuration
  private let growth: Double
  private let lower: [Double]
  private let upper: [Double]
  /// What the last search ended with, which the next one starts from.
  private var previous: FixedBuffer
  /// Of the batch that is searched.
  private var squaredNorms: FixedBuffer
  private var loss = 0.0
  private var step: Int64 = 0
  private var trialsLeft: Int64 = 0
  /// How often a loss was asked for.
  private(set) var trialCount: Int64 = 0
  private(set) var decision = Decision.none

  init(_ configuration: Configuration, bases: [Double]) throws(ConfigurationError) {
    try Controller.lineSearch(configuration).validate()
    let (lower, upper) = try Bounds.around(
      bases, "line_search", min: configuration.minLR, bases.map { $0 / 1e6 }, max: configuration.maxLR,
      bases.map { finite(10 * $0) })
    self.configuration = configuration
    growth = raise(configuration.gamma, to: 1 / Double(configuration.batchesPerEpoch))
    self.lower = lower
    self.upper = upper
    previous = FixedBuffer(count: bases.count)
    squaredNorms = FixedBuffer(count: bases.count)
    for i in bases.indices { previous[i] = bases[i] }
  }

  /// Begins the search of update `step` and sets the base rates of its first trial.
  mutating func propose(
    loss: Double, squaredNorms: Span<Double>, step: Int64, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    try check("squared norm count", squaredNorms.count, groups.count)
    var total = 0.0
    for i in groups.indices {
      self.squaredNorms[i] = squaredNorms[i]
      total += squaredNorms[i]
    }
    self.loss = loss
    self.step = step
    trialsLeft = loss.isFinite && total.isFinite && total >= 0 ? configuration.maxTrials : Self.isBlind
    if trialsLeft == Self.isBlind {
      for i in groups.indices { groups[i].base = lower[i] }
    } else if total.squareRoot() < configuration.tolerance {
      trialsLeft = Self.isFlat
      for i in groups.indices { groups[i].base = previous[i] }
    } else {
      for i in groups.indices {
        let start =
          switch configuration.reset {
          case .previous: previous[i]
          case .grow: previous[i] * growth
          case .initial: groups[i].initial
          }
        groups[i].base = bounded(start, lower[i], upper[i])
      }
    }
  }

  /// Judges the trial of update `step` and sets the base rates of the next one.
  mutating func report(
    loss trial: Double, squaredDistances: Span<Double>, step: Int64, multiplier: Double,
    _ groups: inout [Group]
  ) throws(ConfigurationError) -> Trial {
    guard trialsLeft != 0, step == self.step else {
      throw ConfigurationError(.order, "line_search: report without a propose for this update")
    }
    if configuration.isProjected {
      try check("squared distance count", squaredDistances.count, groups.count)
    }
    trialCount = trialCount &+ 1
    if trialsLeft == Self.isBlind {
      decision = .ignored
      trialsLeft = 0
      return .failed
    }
    var decrease = 0.0
    for i in groups.indices {
      let rate = groups[i].rate(multiplier)
      if !configuration.isProjected {
        decrease += rate * squaredNorms[i]
      } else if rate > 0 {
        decrease += squaredDistances[i] / rate
      }
    }
    let isGoodEnough = trial.isFinite && trial <= loss - configuration.c * decrease
    if trialsLeft == Self.isFlat || isGoodEnough {
      accept(&groups)
      return .accepted
    }
    trialsLeft -= 1
    for i in groups.indices {
      groups[i].base = bounded(groups[i].base * configuration.backtrack, lower[i], upper[i])
    }
    if trialsLeft > 0 { return .retry }
    decision = .cut
    for i in groups.indices {
      previous[i] = groups[i].base
      groups[i].base = lower[i]
    }
    return .failed
  }

  private mutating func accept(_ groups: inout [Group]) {
    trialsLeft = 0
    decision = .kept
    for i in groups.indices {
      if decision == .kept, groups[i].base != previous[i] {
        decision = groups[i].base > previous[i] ? .raised : .cut
      }
      previous[i] = groups[i].base
    }
  }

  /// In place of a number of trials: the gradient is 0, or the batch cannot be searched.
  private static var isFlat: Int64 { -1 }
  private static var isBlind: Int64 { -2 }

  private func check(_ field: StaticString, _ count: Int, _ expected: Int) throws(ConfigurationError) {
    guard count == expected else {
      throw ConfigurationError("line_search", field, .integer(Int64(count)), expected: "one for each group")
    }
  }

  func isAtBottom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return false }
    return true
  }

  mutating func transfer(_ state: inout StateCoder) {
    for i in 0..<previous.count { state.transferRate(&previous[i]) }
    state.transfer(&squaredNorms)
    state.transfer(&loss)
    state.transfer(&step, in: 0...Int64.max)
    state.transfer(&trialsLeft, in: Self.isBlind...configuration.maxTrials)
    state.transfer(&trialCount, in: StateCoder.counts)
    state.transfer(&decision)
  }
}

extension LineSearch.Configuration {
  static var signature: Signature {
    let defaults = Self()
    let inside = Interval(0, 1, lowerIsOpen: true, upperIsOpen: true)
    return Signature(
      name: "line_search", summary: "the largest tried rate with enough decrease on the batch (Armijo)",
      formula: "f(x - rate g) <= f(x) - c rate |g|^2, else rate*backtrack", source: "arXiv 1905.09997",
      parameters: [
        Parameter(
          "c", .real(inside), default: .real(defaults.c), "part of the expected decrease to be reached"),
        Parameter(
          "backtrack", .real(inside), default: .real(defaults.backtrack), "rate over that of the trial before"
        ),
        Parameter(
          "reset", .word(LineSearch.Reset.names), default: .word(defaults.reset.name),
          "first trial: the last rate, that grown, or the base rate"),
        Parameter(
          "gamma", .real(Interval(1, Double.greatestFiniteMagnitude)), default: .real(defaults.gamma),
          "growth of the first trial in an epoch"),
        .observations(
          "batches_per_epoch", from: 1, default: defaults.batchesPerEpoch,
          "updates in which it grows by gamma"),
        .observations("max_trials", from: 1, default: defaults.maxTrials, "trials in one update"),
        Parameter(
          "tolerance", .real(.nonNegative), default: .real(defaults.tolerance),
          "gradient norms below it are 0"),
        Parameter(
          "projected", .flag, default: .flag(defaults.isProjected),
          "whether steps are projected on a constraint"),
        .bound("min_lr", "lowest base rates, also for the step after the last trial; none: 1e-6 base"),
        .bound("max_lr", "highest base rates; none: 10 base"),
      ])
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    c = a.real("c")
    backtrack = a.real("backtrack")
    reset = try a.word("reset", as: LineSearch.Reset.self)
    gamma = a.real("gamma")
    batchesPerEpoch = a.count("batches_per_epoch")
    maxTrials = a.count("max_trials")
    tolerance = a.real("tolerance")
    isProjected = a.flag("projected")
    minLR = a.perGroup("min_lr")
    maxLR = a.perGroup("max_lr")
  }

  /// In the order of the signature.
  var values: [Value] {
    [
      .real(c), .real(backtrack), .word(reset.name), .real(gamma), .integer(batchesPerEpoch),
      .integer(maxTrials),
      .real(tolerance), .flag(isProjected), .perGroup(minLR), .perGroup(maxLR),
    ]
  }
}
