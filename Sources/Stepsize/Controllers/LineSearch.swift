/// The outcome of a trial of the line search.
public enum Trial: Int32, Sendable {
  /// The step is accepted: go on to the next update.
  case accepted = 0
  /// The step is too long: undo it and try the smaller rate.
  case retry = 1
  /// No trials left: undo the step and make one with the lowest rate, which is now the current one.
  case failed = 2
}

/// Stochastic line search with the Armijo condition (Vaswani et al., arXiv 1905.09997), with an ask-and-tell interface.
///
/// For each update the caller gives the loss f(x) of the batch and the squared norm of its gradient g, tries
/// x - rate·g, and reports the loss of the same batch there, which is accepted if
///
///     f(x - rate g) <= f(x) - c rate ‖g‖²                      plain
///     f(x+) <= f(x) - (c/rate) ‖x+ - x‖²,  x+ = P(x - rate g)   projected
///
/// and otherwise tried again with rate·backtrack. The first trial's rate follows from the last accepted one: the same
/// (`previous`), times gamma^(1/batches_per_epoch) (`grow`), or the base rate given at the start (`initial`).
/// With several groups the terms of all groups add up, each with its own rate.
///
/// In addition to the published method, rates have an upper bound (10 base) and a lower one (1e-6 base), which is also
/// the rate of the step to make when all trials have failed. With a gradient norm below `tolerance` the step is
/// accepted without a test, and the rate does not change. A trial whose loss is not finite is rejected. Where the loss
/// or the gradient at x itself is not finite the search fails at once, and the next one starts as if it had not
/// happened.
struct LineSearch: ~Copyable, Sendable, Moving {
  enum Reset: Int32, Sendable { case previous, grow, initial }

  static var declaration: StaticString {
    """
    line_search: the largest tried rate with enough decrease on the batch (Armijo)
    formula: until f(x - rate g) <= f(x) - c rate |g|^2: rate*backtrack
    source: arXiv 1905.09997
    c: real in (0, 1) = 0.1; fraction of the expected decrease that is required
    backtrack: real in (0, 1) = 0.9; rate of a trial over that of the previous one
    reset: word previous|grow|initial = grow; first trial: the last accepted rate, that rate grown, or the base rate
    gamma: real >= 1 = 2; growth of the first trial's rate over an epoch
    batches_per_epoch: count of updates from 1 = 500; updates over which it grows by gamma
    max_trials: count from 1 = 100; trials in one update
    tolerance: real >= 0 = 1e-8; gradient norms below it count as 0
    projected: flag = false; whether steps are projected onto a constraint
    min_lr: per_group >= 0 = none; lowest base rates, also for the step after the last trial; none: 1e-6 base
    max_lr: per_group >= 0 = none; highest base rates; none: 10 base
    """
  }

  static var needs: Needs { .search }

  var scalars: Needs { [.observedLoss, .gradientNorm, .eachGroup] }

  struct Configuration: Sendable {
    let c: Double
    let backtrack: Double
    let reset: Reset
    /// Growth of the first trial's rate in one update.
    let growth: Double
    let maxTrials: Int64
    let tolerance: Double
    let isProjected: Bool

    init(_ a: Arguments) throws(ConfigurationError) {
      c = a.real("c")
      backtrack = a.real("backtrack")
      reset = try a.word("reset", as: Reset.self)
      growth = raise(a.real("gamma"), to: 1 / Double(a.count("batches_per_epoch")))
      maxTrials = a.count("max_trials")
      tolerance = a.real("tolerance")
      isProjected = a.flag("projected")
    }
  }

  private let configuration: Configuration
  private var lower: [Double]
  private var upper: [Double]
  /// The rates that the last search ended with, which the next one starts from.
  private var previous: FixedBuffer
  /// Loss and squared norms of the current batch.
  private var squaredNorms: FixedBuffer
  private var loss = 0.0
  private var step: Int64 = 0
  private var trialsLeft: Int64 = 0
  /// The number of losses that were requested.
  private(set) var trialCount: Int64 = 0
  private(set) var decision = Decision.none

  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    let configuration = try Configuration(a)
    let (lower, upper) = try Bounds.around(bases, "line_search", a, below: 1e6, above: 10)
    self.configuration = configuration
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
    try check("squared norm", squaredNorms, groups.count)
    for i in groups.indices { self.squaredNorms[i] = squaredNorms[i] }
    begin(loss, step, &groups)
  }

  mutating func observe(_ numbers: Span<Double>, _ moment: Moment, _ groups: inout [Group]) {
    for i in groups.indices {
      let norm = numbers.extracting(moment.places(ofGroup: i)).gradientNorm
      squaredNorms[i] = norm * norm
    }
    begin(numbers.loss, moment.step, &groups)
  }

  private mutating func begin(_ loss: Double, _ step: Int64, _ groups: inout [Group]) {
    var total = 0.0
    for i in groups.indices { total += squaredNorms[i] }
    self.loss = loss
    self.step = step
    trialsLeft = loss.isFinite && total.isFinite ? configuration.maxTrials : Self.isBlind
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
          case .grow: previous[i] * configuration.growth
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
      throw ConfigurationError(.order, "line_search: report needs a propose for this update first")
    }
    if configuration.isProjected {
      try check("squared distance", squaredDistances, groups.count)
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

  /// In place of a number of trials: the gradient is 0, or no search is possible on the batch.
  private static var isFlat: Int64 { -1 }
  private static var isBlind: Int64 { -2 }

  /// What is not finite is a training that diverges; below 0 no square is.
  private func check(
    _ field: StaticString, _ squares: Span<Double>, _ count: Int
  ) throws(ConfigurationError) {
    guard squares.count == count else {
      throw ConfigurationError(
        .argument, "line_search: numbers in an array of squares, expected one for each group: ",
        Decimal.write(Int64(squares.count)))
    }
    for i in squares.indices where squares[i] < 0 {
      throw ConfigurationError("line_search", field, .real(squares[i]), expected: "a number >= 0")
    }
  }

  func isAtBottom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return false }
    return true
  }

  mutating func adopt(_ other: inout LineSearch, _ origins: [Int], _ groups: [Group]) {
    lower = other.lower
    upper = other.upper
    // The new one begins with the base rates.
    for (i, origin) in origins.enumerated() where origin >= 0 && groups[origin].initial > 0 {
      let ratio = finite(other.previous[i] / groups[origin].initial)
      other.previous[i] = bounded(previous[origin] * ratio, lower[i], upper[i])
    }
    swap(&previous, &other.previous)
    swap(&squaredNorms, &other.squaredNorms)
    // A search that has begun was for the groups as they were.
    trialsLeft = 0
  }

  var bounds: ([Double], [Double])? { (lower, upper) }

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
