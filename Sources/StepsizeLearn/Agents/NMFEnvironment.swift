import StepsizeBase

/// Random factorizations to train on: an instance is a function of its number alone.
///
/// X = (W₀H₀ + noise)·scale without negative entries: 120 to 240 rows, 20 to 50 columns, rank 3 to 8, log-normal
/// factors with some zeros, scale 0.01 to 100; batches of 12 to 32 rows, 120 to 360 updates, rates relative to the
/// state's bound and cut to it; the anchor is a constant of 0.1 to 1. In a quarter of the instances the policy does not
/// know the length of the episode. The reward is the fall of log e, e the loss of up to 64 fixed rows for their best W.
struct NMFEnvironment {
  let rows: Int
  let columns: Int
  var total: Int64
  let isTotalKnown: Bool
  let anchor: Double
  private let configuration: Factorization.Configuration
  private let x: [Double]
  private var evaluated: Int { Swift.min(rows, 64) }

  /// Negative numbers are held out: training uses numbers >= 0.
  init(instance: Int64) {
    let random = CounterRandom(seed: instance, step: -5)
    @inline(never)
    func draw(_ i: UInt64, _ low: Double, _ high: Double) -> Double { low + random.uniform(i) * (high - low) }
    @inline(never)
    func whole(_ i: UInt64, _ low: Int, _ high: Int) -> Int {
      low &+ Swift.min(Int(random.uniform(i) * Double(high &- low &+ 1)), high &- low)
    }
    rows = whole(0, 120, 240)
    columns = whole(1, 20, 50)
    let rank = whole(2, 3, 8)
    total = Int64(whole(3, 12, 36)) &* 10
    let sparsity = draw(4, 0, 0.6)
    let noise = draw(5, 0.02, 0.3)
    let scale = Double.exp(draw(6, -4.6, 4.6))
    anchor = Double.exp(draw(7, -2.3, 0))
    isTotalKnown = random.uniform(8) > 0.25
    var configuration = Factorization.Configuration()
    configuration.rank = Int64(rank)
    configuration.batchSize = Int64(whole(9, 12, 32))
    configuration.seed = instance
    configuration.isRelative = true
    self.configuration = configuration
    let parts = CounterRandom(seed: instance, step: -6)
    @inline(never)
    func entry(_ i: Int) -> Double {
      let i = UInt64(i)
      return parts.uniform(4 &* i &+ 2) < sparsity ? 0 : Double.exp(parts.normal(2 &* i) * 0.7)
    }
    let wCount = rows &* rank
    var w: [Double] = []
    var h: [Double] = []
    for i in 0..<wCount { w.append(entry(i)) }
    for i in 0..<rank &* columns { h.append(entry(wCount &+ i)) }
    let disturbance = CounterRandom(seed: instance, step: -7)
    var x: [Double] = []
    x.reserveCapacity(rows &* columns)
    for i in 0..<rows {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<rank { sum += w[i &* rank &+ k] * h[k &* columns &+ j] }
        sum += noise * Double(rank) * disturbance.normal(UInt64(x.count))
        x.append(scale * Swift.max(sum, 0))
      }
    }
    self.x = x
  }

  /// An agent plays it and learns; returns the score, log(e₀/e_T).
  func play(_ agent: inout Agent) throws(ConfigurationError) -> Double {
    try agent.beginEpisode(total: knownTotal)
    try run(&agent)
    return try agent.endEpisode()
  }

  /// The score, log(e₀/e_T), of a policy without exploration.
  func score(_ policy: Policy) throws(ConfigurationError) -> Double {
    var player = try player(policy)
    return try player.play(self)
  }

  /// A player of a policy without exploration, for an episode.
  func player(_ policy: Policy) throws(ConfigurationError) -> Player { try Player(policy, total: knownTotal) }

  /// The number of updates that a player knows.
  private var knownTotal: Int64 { isTotalKnown ? total : 0 }

  fileprivate func run<Who: EpisodePlayer & ~Copyable>(_ player: inout Who) throws(ConfigurationError) {
    var model = try Factorization(configuration, x.span, rows: rows, columns: columns, stride: columns)
    var multiplier = 1.0
    var before = try evaluate(model)
    for t in 0..<total {
      let update = try model.step(x.span, stride: columns, rate: anchor * multiplier)
      let loss = update.squares > 0 ? 2 * update.loss / update.squares : 0
      // Before the next decision: the reward belongs to the last one. Only trainers that learn from single rewards need them
      // during the episode.
      var isDue = t == total &- 1
      if let every = player.updatesPerReward, (t &+ 1) % every == 0 { isDue = true }
      if isDue {
        let after = try evaluate(model)
        try player.reward(Double.log(before / after))
        before = after
      }
      multiplier = try player.observe(loss: loss)
    }
  }

  /// The loss of the fixed rows, each with the best W that a few steps find; never 0.
  private func evaluate(_ model: borrowing Factorization) throws(ConfigurationError) -> Double {
    let rank = model.rank
    var h = Array(repeating: 0.0, count: rank &* columns)
    var hSpan = h.mutableSpan
    model.write(h: &hSpan)
    var w = Array(repeating: 0.0, count: evaluated &* rank)
    var wSpan = w.mutableSpan
    try Factorization.transform(
      x.span, rows: evaluated, columns: columns, stride: columns, h: h.span, rank: Int64(rank), steps: 60,
      into: &wSpan)
    var loss = 0.0
    var squares = 0.0
    for i in 0..<evaluated {
      for j in 0..<columns {
        var residual = x[i &* columns &+ j]
        squares += residual * residual
        for k in 0..<rank { residual -= w[i &* rank &+ k] * h[k &* columns &+ j] }
        loss += residual * residual
      }
    }
    return Swift.max(loss, 1e-12 * squares)
  }
}

extension Agent {
  /// Plays a generation of factorizations, learns from it, and returns the mean score of its episodes.
  @discardableResult
  public mutating func trainOnNMF() throws(ConfigurationError) -> Double {
    var number = instance
    var environment = NMFEnvironment(instance: number)
    while episodes < episodesPerUpdate {
      if instance != number {
        number = instance
        environment = NMFEnvironment(instance: number)
      }
      _ = try environment.play(&self)
    }
    return try update()
  }

  /// The score, log(e₀/e_T), of the policy without exploration on an instance. Training uses numbers >= 0.
  public func scoreOnNMF(instance: Int64) throws(ConfigurationError) -> Double {
    try NMFEnvironment(instance: instance).score(policy)
  }

  /// The same in single calls, for a caller that needs the player in between.
  public final class Audition {
    private let environment: NMFEnvironment
    private let policy: Policy
    private var player: Player?

    public init(_ agent: Agent, instance: Int64) {
      environment = NMFEnvironment(instance: instance)
      policy = agent.policy
    }

    /// Brings the player in. Nothing is asked for after that.
    public func begin() throws(ConfigurationError) { player = try environment.player(policy) }

    public func score() throws(ConfigurationError) -> Double {
      try player?.play(environment) ?? 0
    }
  }
}

extension Player {
  /// The score, log(e₀/e_T).
  fileprivate mutating func play(_ environment: NMFEnvironment) throws(ConfigurationError) -> Double {
    try environment.run(&self)
    return score
  }
}
