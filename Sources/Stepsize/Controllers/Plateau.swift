/// Cuts the base rates when the metric has stopped improving.
///
/// The default counts as PyTorch's, and differs where that is at fault: a relative threshold is below the best metric for
/// a negative metric (a log-likelihood) as well. Its peers count differently under one name; each way of counting is
/// available by the name of its peer, with the same decisions bit for bit:
/// - `pytorch` (ReduceLROnPlateau): cuts at the observation after `patience` bad ones; a cooldown holds the
///   count at 0, the best metric moves on;
/// - `keras` (ReduceLROnPlateau): cuts at the `patience`-th bad observation; the first observation after a
///   cooldown of n is its n-th;
/// - `optax` (reduce_on_plateau): like `keras`, on the mean of `accumulation` observations, and with patience 0
///   on improvements, as there.
///
/// An observation that is not finite counts as a bad one and never becomes the best; in this optax and PyTorch, which
/// take -inf as the best, are not followed.
struct Plateau: ~Copyable, Sendable, Moving {
  enum Counting: Int32, Sendable { case standard, pytorch, keras, optax }

  static var declaration: StaticString {
    """
    plateau: cuts the base rates when the metric has stopped improving
    formula: after patience observations without an improvement: rate*factor
    counting: word default|pytorch|keras|optax = default; as in PyTorch with a threshold for negative metrics, or the \
    peer whose way of counting it takes; it chooses the defaults
    mode
    factor: real in (0, 1) = 0.1; multiplier of the rates at a cut
    patience: count from 0 = 10; bad observations to wait before a cut
    threshold = 1e-4
    threshold_mode = rel (keras: abs)
    extra_threshold: real >= 0 = 0; an additional margin, always a difference
    cooldown: count from 0 = 0; observations after a cut during which nothing is counted
    min_lr: per_group >= 0 = none; lowest base rates; none: 0
    eps: real >= 0 = 1e-8 (keras: 0, optax: 0); smallest cut made
    accumulation: count from 1 = 1; observations averaged into one
    after
    phase
    skip_warmup = true (pytorch: false, keras: false, optax: false)
    """
  }

  static var needs: Needs { .loss }

  struct Configuration: Sendable {
    let counting: Counting
    let factor: Double
    let patience: Int64
    let cooldown: Int64
    let eps: Double
    let accumulation: Int64

    init(_ a: Arguments) throws(ConfigurationError) {
      counting = try a.word("counting", as: Counting.self)
      factor = a.real("factor")
      patience = a.count("patience")
      cooldown = a.count("cooldown")
      eps = a.real("eps")
      accumulation = a.count("accumulation")
    }
  }

  private let configuration: Configuration
  private var lower: [Double]
  private var best: BestMetric
  private var badCount: Int64 = 0
  private var cooldownLeft: Int64 = 0
  private var sum = 0.0
  private var summed: Int64 = 0
  /// The outcome of the last observation.
  private(set) var decision = Decision.none

  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    let configuration = try Configuration(a)
    let goal = try MetricGoal(a)
    let lower = try Bounds.each("plateau", "min_lr", a.perGroup("min_lr"), bases)
    self.configuration = configuration
    self.lower = lower
    // Keras has no relative threshold.
    let isPeer = configuration.counting == .pytorch || configuration.counting == .optax
    best = BestMetric(goal, isPeer ? .signed : .mended, extraMargin: a.real("extra_threshold"))
  }

  /// Takes one loss and cuts the base rates if a cut is due.
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
    case .standard, .pytorch: countAsPyTorch(metric, &groups)
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

  /// Keras keeps counting where every rate is at its bound.
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

  mutating func adopt(_ other: inout Plateau, _ origins: [Int], _ groups: [Group]) { lower = other.lower }

  var bounds: ([Double], [Double])? { (lower, []) }

  /// `plateau()` was PyTorch's before format 3.
  var isFormer: Bool { configuration.counting == .standard && best.margin == .signed }

  mutating func transfer(_ state: inout StateCoder) {
    if configuration.counting == .standard { best.transferMargin(&state) }
    best.transfer(&state)
    state.transfer(&badCount, in: StateCoder.counts)
    state.transfer(&cooldownLeft, in: 0...configuration.cooldown)
    state.transfer(&sum)
    state.transfer(&summed, in: 0...configuration.accumulation - 1)
    state.transfer(&decision)
  }
}
