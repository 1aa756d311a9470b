/// A learned schedule: a policy trained by an `Agent` moves the base rates by what it sees of the losses.
///
/// Every `policy.every` updates: base = base₀·exp(a), a ← a + ½(limit·tanh(u) − a), u the policy's output for what it
/// observes (`Observer`). Before the first decision the rates are the anchor's. A loss that is <= 0 or not finite is
/// ignored.
///
/// With `adapt` > 0 a bias b of u keeps learning: each decision is perturbed by ±0.25, and where the loss then falls by
/// more than on average, b moves to that side (REINFORCE with a running baseline, advantages clipped to ±2 deviations).
struct Learned: ~Copyable, Sendable, Moving {
  static var declaration: StaticString {
    """
    learned: moves the base rates by a policy that reinforcement learning has found
    formula: base exp(a), a <- a + (limit tanh(u) - a)/2, u = policy(what it sees of the losses)
    policy: word nmf|mlp|custom = nmf; a policy of the library, or the one in parameters (custom)
    total: count of updates from 0 = 0; updates of the training; 0: unknown
    adapt: real in [0, 1] = 0; rate at which it keeps learning; 0: not at all
    parameters: reals = none; a custom policy: updates between decisions, limit, hidden units, weights
    after
    phase
    skip_warmup
    """
  }

  static var needs: Needs { .loss }

  struct Configuration: Sendable {
    let policy: Policy
    /// Updates of the training; 0: unknown.
    let total: Int64
    /// Rate of the online adaptation; 0 for none.
    let adapt: Double

    init(_ a: Arguments) throws(ConfigurationError) {
      if let shipped = ShippedPolicy(rawValue: a.wordIndex("policy")) {
        guard case .none = a["parameters"] else {
          throw a.error("parameters", expected: "none unless the policy is custom")
        }
        policy = try Policy(numbers: shipped.numbers)
      } else {
        policy = try Policy(numbers: a.reals("parameters"))
      }
      total = a.count("total")
      adapt = a.real("adapt")
    }
  }

  static func check(_ a: Arguments) throws(ConfigurationError) { _ = try Configuration(a) }

  private let configuration: Configuration
  private var observer: Observer
  private var features: [Double]
  private var level = 0.0
  private(set) var decision = Decision.none
  // The adaptation.
  private var bias = 0.0
  private var side = 0.0
  private var meanGain = 0.0
  private var meanSquare = 0.0
  private var decisions: Int64 = 0

  private static var exploration: Double { 0.25 }

  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    configuration = try Configuration(a)
    observer = Observer(every: configuration.policy.every, total: configuration.total)
    features = Array(repeating: 0, count: Observer.featureCount)
  }

  /// No number in it reaches a limit.
  func isAtBottom(_ groups: [Group]) -> Bool { false }

  @inline(__always)
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    switch observer.add(loss) {
    case .none: decision = .ignored
    case .some(false): decision = .heldByPatience
    case .some(true): decide(&groups)
    }
  }

  @inline(never)
  private mutating func decide(_ groups: inout [Group]) {
    let policy = configuration.policy
    observer.decide(level: level / policy.limit, into: &features)
    var action = policy.network.value(features)
    if configuration.adapt > 0 {
      adapt()
      action += bias + Self.exploration * side
    }
    let old = level
    level = bounded(policy.moved(level, by: action), -policy.limit, policy.limit)
    let factor = Double.exp(level)
    for i in groups.indices { groups[i].base = finite(groups[i].initial * factor) }
    decision = level > old ? .raised : level < old ? .cut : .kept
  }

  /// Judges the side of the last decision and chooses the next one.
  private mutating func adapt() {
    if side != 0 {
      let gain = observer.gain
      let rate = Swift.max(0.1, 1 / Double(Swift.min(decisions, 1000) &+ 1))
      meanGain += rate * (gain - meanGain)
      meanSquare += rate * (gain * gain - meanSquare)
      let deviation = Swift.max(meanSquare - meanGain * meanGain, 0).squareRoot()
      let advantage = deviation > 0 ? bounded((gain - meanGain) / deviation, -2, 2) : 0
      bias = bounded(bias + configuration.adapt * side * advantage, -2, 2)
    }
    side = CounterRandom(seed: 0, step: decisions).uniform(0) < 0.5 ? -1 : 1
    decisions &+= decisions < Int64.max ? 1 : 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    observer.transfer(&state)
    state.transfer(&decision)
    state.transfer(&decisions, in: StateCoder.counts)
    Self.transfer(&level, 10, &state)
    Self.transfer(&bias, 2, &state)
    Self.transfer(&side, 1, &state)
    if side != side.roundedDown { state.reject() }
    Self.transfer(&meanGain, 1e4, &state)
    Self.transfer(&meanSquare, 1e8, &state)
  }

  private static func transfer(_ x: inout Double, _ limit: Double, _ state: inout StateCoder) {
    state.transfer(&x)
    if !(abs(x) <= limit) { state.reject() }
  }
}
