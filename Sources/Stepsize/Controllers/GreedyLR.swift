/// GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` observations in
/// a row that improve on the best metric, and multiplies them by `factor` after more than `patience` in a
/// row that do not.
///
/// Three variants. `paper` is the paper's Algorithm 1: it compares with the previous loss, not with the best one,
/// and acts at once; the first loss is only a reference for the second. `huggingface` reproduces the decisions of
/// transformers' `GreedyLR` bit for bit. The default corrects its known faults:
/// - bounds are relative to the base rates unless given, [base/10, 10 base]; base rates outside are an error;
/// - a loss that is not finite counts as one bad observation and enters neither the average nor the best;
/// - the average over the window is exact, and values that leave the window are forgotten;
/// - a relative threshold is threshold·|best|, which is correct for negative metrics too;
/// - `eps` is relative to the rate, and a bound is always reached;
/// - a reset is not followed by a cooldown, and can be disabled.
struct GreedyLR: ~Copyable, Sendable, Moving {
  enum Variant: Int32, Sendable { case standard, huggingface, paper }

  /// The parameters have the names of transformers.
  static var declaration: StaticString {
    """
    greedy: raises the base rates while the loss improves, cuts them while it does not
    formula: more than patience good losses in a row: rate/factor; more than patience bad ones: rate*factor
    source: arXiv 2512.14527
    variant: word default|huggingface|paper = default; corrected, as in transformers, or the paper's Algorithm 1; \
    it chooses the defaults
    mode
    factor: real in (0, 1) = 0.95; rate*factor when worse, rate/factor when better
    patience: count from 0 = 10 (paper: 0); observations to wait before a change
    threshold = 1e-6 (paper: 0)
    threshold_mode
    cooldown: count from 0 = 0; observations ignored after a cut
    warmup: count from 0 = 0; observations ignored after a raise
    min_lr: per_group >= 0 = none; lowest base rates; none: base/10 (huggingface: 0.001)
    max_lr: per_group >= 0 = none; highest base rates; none: 10 base (huggingface: 1)
    eps: real >= 0 = 1e-8 (paper: 0); smallest change made, relative to the rate or, for huggingface, \
    absolute
    smooth: flag = true (huggingface: false, paper: false); whether losses are averaged
    window: count from 1 to 16777216 = 50; losses in the average
    reset_start: count from 1 (huggingface: from 0) or none = 500 (paper: none); cuts at the lower bound before \
    a reset to the base rates, or none
    after
    phase
    skip_warmup
    """
  }

  static var needs: Needs { .loss }

  struct Configuration: Sendable {
    let variant: Variant
    let factor: Double
    let patience: Int64
    let cooldown: Int64
    let warmup: Int64
    let eps: Double
    let isSmooth: Bool
    let window: Int
    let resetStart: Int64?

    init(_ a: Arguments) throws(ConfigurationError) {
      variant = try a.word("variant", as: Variant.self)
      factor = a.real("factor")
      patience = a.count("patience")
      cooldown = a.count("cooldown")
      warmup = a.count("warmup")
      eps = a.real("eps")
      isSmooth = a.flag("smooth")
      window = Int(a.count("window"))
      resetStart = a.optionalCount("reset_start")
    }
  }

  private let configuration: Configuration
  /// Both counts are below it where `observeAtOnce` can take the loss.
  private let patienceAtOnce: Int64
  private var lower: [Double]
  private var upper: [Double]
  private var average: MovingAverage
  private var streaming: StreamingAverage
  private var best: BestMetric
  private var goodCount: Int64 = 0
  private var badCount: Int64 = 0
  private var cooldownLeft: Int64 = 0
  private var warmupLeft: Int64 = 0
  private var resetLeft: Int64
  /// The outcome of the last observation that patience did not hold; `decision` says which it was.
  private var action = Decision.none

  /// The controller of a scheduler with these base rates.
  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    // Everything that can fail comes first: a noncopyable value cannot be left partly initialised.
    let configuration = try Configuration(a)
    let goal = try MetricGoal(a)
    let isHuggingFace = configuration.variant == .huggingface
    var bounds: (lower: [Double], upper: [Double])
    if isHuggingFace {
      bounds.lower = try Bounds.each("greedy", "min_lr", a.perGroup("min_lr"), bases, plus: 1e-3)
      bounds.upper = try Bounds.each("greedy", "max_lr", a.perGroup("max_lr"), bases, plus: 1)
    } else {
      bounds = try Bounds.around(bases, "greedy", a, below: 10, above: 10)
    }
    self.configuration = configuration
    // The paper's variant compares with the previous loss.
    patienceAtOnce = configuration.variant == .paper ? 0 : configuration.patience
    lower = bounds.lower
    upper = bounds.upper
    best = BestMetric(
      goal, isHuggingFace ? .signed : .absolute, followsPrevious: configuration.variant == .paper)
    resetLeft = configuration.resetStart ?? Int64.max
    let window = configuration.isSmooth ? configuration.window : 1
    average = MovingAverage(window: isHuggingFace ? 1 : window)
    streaming = StreamingAverage(window: isHuggingFace ? window : 1)
    startCounting()
  }

  @inline(__always)
  mutating func observeAtOnce(_ loss: Double) -> Bool {
    // Neither count is ever negative.
    guard cooldownLeft | warmupLeft == 0, goodCount < patienceAtOnce, badCount < patienceAtOnce else {
      return false
    }
    var metric = loss
    if configuration.variant == .huggingface {
      if configuration.isSmooth {
        guard let mean = streaming.addAtOnce(loss) else { return false }
        metric = mean
      }
    } else {
      guard abs(loss) <= Double.greatestFiniteMagnitude else { return false }
      if configuration.isSmooth {
        guard let mean = average.addAtOnce(loss) else { return false }
        metric = mean
      }
    }
    count(best.improvesAtOnce(metric))
    return true
  }

  @inline(__always)
  private mutating func count(_ isBetter: Bool) {
    if isBetter {
      badCount = 0
      goodCount += 1
    } else {
      badCount += 1
      goodCount = 0
    }
  }

  // One of the two has a window of 1.

  mutating func reservedCount() -> Int64 { Swift.min(average.reservedCount, streaming.reservedCount) }

  mutating func reserve() {
    average.reserve()
    streaming.reserve()
  }

  /// Takes one loss (any value, NaN and infinities included) and moves the base rates if a change is due.
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    var metric = loss
    if configuration.variant == .huggingface {
      if configuration.isSmooth { metric = streaming.add(loss) }
    } else if !(abs(loss) <= Double.greatestFiniteMagnitude) {
      metric = Double.nan
    } else if configuration.isSmooth {
      metric = average.add(loss)
    }
    decide(metric, &groups)
  }

  private mutating func decide(_ metric: Double, _ groups: inout [Group]) {
    // Neither is ever negative.
    if cooldownLeft | warmupLeft > 0 { return hold() }
    count(best.improves(metric))
    if goodCount > configuration.patience {
      raise(&groups)
    } else if badCount > configuration.patience {
      cut(&groups)
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

  /// A cut that leaves all rates at their lower bounds may trigger a reset.
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
    // transformers' class starts over with a cooldown.
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

  /// The paper's algorithm compares with the previous loss: the first one, which has none, does not count.
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

  mutating func adopt(_ other: inout GreedyLR, _ origins: [Int], _ groups: [Group]) {
    lower = other.lower
    upper = other.upper
  }

  var bounds: ([Double], [Double])? { (lower, upper) }

  mutating func transfer(_ state: inout StateCoder) {
    average.transfer(&state)
    streaming.transfer(&state)
    best.transfer(&state)
    let patience = Swift.min(configuration.patience, StateCoder.counts.upperBound)
    let resetStart = configuration.resetStart ?? Int64.max
    state.transfer(&goodCount, in: 0...patience)
    state.transfer(&badCount, in: (configuration.variant == .paper ? -1 : 0)...patience)
    state.transfer(&cooldownLeft, in: 0...configuration.cooldown)
    state.transfer(&warmupLeft, in: 0...configuration.warmup)
    state.transfer(&resetLeft, in: Swift.min(resetStart, 1)...resetStart)
    state.transfer(&action)
  }
}
