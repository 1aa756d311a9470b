import StepsizeBase

/// Trains a policy on episodes of any environment, in the library or outside it.
///
///     episode: beginEpisode, then for each update observe -> multiplier, reward as often as it is known, endEpisode
///     generation: `episodesPerUpdate` episodes, then update
///
/// All numbers are determined by the seed and the observations.
public struct Agent: Sendable {
  public enum Trainer: Int32, Sendable {
    /// The cross-entropy method: each candidate plays the same instances.
    case crossEntropy = 0
    /// Proximal policy optimization: each episode plays its own instance.
    case proximal = 1
  }

  public struct Configuration: Sendable {
    public var trainer = Trainer.crossEntropy
    /// Hidden units of the policy; 0 for a linear one.
    public var units: Int64 = 0
    public var seed: Int64 = 0
    /// Updates between two decisions.
    public var every: Int64 = 10
    /// The largest |log multiplier|.
    public var limit = 3.0
    /// Candidates of a generation.
    public var population: Int64 = 32
    /// Problem instances that each candidate plays.
    public var instances: Int64 = 8

    public init() {}

    public func validate() throws(ConfigurationError) {
      let check = Check("agent")
      try check("population", population, from: 4, to: 4096)
      try check("instances", instances, from: 1, to: 4096)
      try check("seed", seed, from: Int64.min)
    }
  }

  public let configuration: Configuration
  /// The policy learned so far.
  public private(set) var policy: Policy
  /// Completed generations.
  public internal(set) var generation: Int64 = 0
  /// Completed episodes of this generation.
  public internal(set) var episodes: Int64 = 0

  var search: CrossEntropy
  var proximal: ProximalPolicy
  var sums: [Double]
  var total = 0.0

  // The episode.
  private var observer: Observer
  private var actor: Network
  private var level = 0.0
  private var isPlaying = false
  private var isExploring = false
  private var decisions: UInt64 = 0
  private var score = 0.0
  private var sampleCount = 0

  /// What a reward that is not finite counts as.
  public static var failure: Double { -10 }

  /// The value that a reward counts as.
  static func counted(_ reward: Double) throws(ConfigurationError) -> Double {
    guard reward.isFinite else { return failure }
    try Check("agent")("reward", reward, in: Interval(-1e6, 1e6))
    return reward
  }

  /// Sums of rewards and counts stay within the range of a state (AgentState.swift), however long a training is.
  static var largestSum: Double { 1e30 }
  static var maximumGeneration: Int64 { 1 << 38 }

  static func sum(_ a: Double, _ b: Double) -> Double { bounded(a + b, -largestSum, largestSum) }

  public init(_ configuration: Configuration, policy given: Policy? = nil) throws(ConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    let policy: Policy
    if let given {
      policy = given
    } else {
      var drawn = try Policy(
        every: configuration.every, limit: configuration.limit, units: configuration.units)
      drawn.network = Network(
        inputs: Observer.featureCount, units: Int(configuration.units),
        random: CounterRandom(seed: configuration.seed, step: -4))
      policy = drawn
    }
    self.policy = policy
    search = CrossEntropy(
      mean: policy.parameters, deviation: 1, population: Int(configuration.population),
      seed: configuration.seed)
    proximal = ProximalPolicy(policy: policy.network, seed: configuration.seed)
    sums = Array(repeating: 0, count: Int(configuration.population))
    observer = Observer(every: policy.every, total: 0)
    actor = policy.network
  }

  /// Episodes before `update`.
  public var episodesPerUpdate: Int64 { configuration.population &* configuration.instances }

  public var episodesLeft: Int64 { episodesPerUpdate &- episodes }

  /// The problem instance of the next episode, or of the one in progress: the same for all candidates of a generation,
  /// another one in each generation.
  public var instance: Int64 {
    let done = Swift.min(episodes, episodesPerUpdate &- 1)
    switch configuration.trainer {
    case .crossEntropy: return generation &* configuration.instances &+ done / configuration.population
    case .proximal: return generation &* episodesPerUpdate &+ done
    }
  }

  // MARK: - An episode

  /// Begins an episode; one that has not ended is discarded.
  /// - Parameters:
  ///   - total: Its updates; 0: unknown.
  ///   - explores: Whether it counts for `update`; otherwise the policy acts without exploration.
  public mutating func beginEpisode(total: Int64, explores: Bool = true) throws(ConfigurationError) {
    try Check("agent")("total", total, from: 0)
    if explores, episodes >= episodesPerUpdate {
      throw ConfigurationError(.order, "agent: the generation is complete, expected update next")
    }
    var actor = policy.network
    if explores, configuration.trainer == .crossEntropy {
      actor.parameters = search.candidate(Int(episodes % configuration.population))
    }
    // From here on no memory is asked for.
    self.actor = actor
    forgetEpisode()
    observer = Observer(every: policy.every, total: total)
    sampleCount = proximal.count
    level = 0
    score = 0
    decisions = 0
    isPlaying = true
    isExploring = explores
  }

  mutating func forgetEpisode() {
    if isPlaying { proximal.truncate(to: sampleCount) }
    isPlaying = false
  }

  /// After an update: takes its loss, and returns the multiplier of the anchor's rate for the next update.
  public mutating func observe(loss: Double) throws(ConfigurationError) -> Double {
    guard isPlaying else { throw Self.notPlaying }
    var observer = observer
    guard observer.add(loss) == true else {
      self.observer = observer
      return Double.exp(level)
    }
    var features = Array(repeating: 0.0, count: Observer.featureCount)
    observer.decide(level: level / policy.limit, into: &features)
    let action: Double
    if isExploring, configuration.trainer == .proximal {
      let random = CounterRandom(
        seed: configuration.seed, step: generation &* episodesPerUpdate &+ episodes)
      // The last to ask for memory: nothing is changed before.
      action = proximal.act(features, noise: random.normal(decisions))
    } else {
      action = actor.value(features)
    }
    self.observer = observer
    decisions &+= 1
    level = policy.moved(level, by: action)
    return Double.exp(level)
  }

  /// Adds to the reward of the last decision, and of the episode.
  /// - Parameter reward: In [-1e6, 1e6]; one that is not finite counts as `failure`.
  public mutating func reward(_ reward: Double) throws(ConfigurationError) {
    guard isPlaying else { throw Self.notPlaying }
    let reward = try Self.counted(reward)
    score = Self.sum(score, reward)
    if isExploring, configuration.trainer == .proximal, proximal.count > sampleCount {
      proximal.reward(reward)
    }
  }

  /// Ends the episode and returns the sum of its rewards.
  @discardableResult
  public mutating func endEpisode() throws(ConfigurationError) -> Double {
    guard isPlaying else { throw Self.notPlaying }
    isPlaying = false
    guard isExploring else { return score }
    if proximal.count > sampleCount { proximal.endEpisode() }
    let candidate = Int(episodes % configuration.population)
    sums[candidate] = Self.sum(sums[candidate], score)
    total = Self.sum(total, score)
    episodes &+= 1
    return score
  }

  /// Learns from the generation and returns the mean score of its episodes.
  @discardableResult
  public mutating func update() throws(ConfigurationError) -> Double {
    guard !isPlaying || !isExploring else {
      throw ConfigurationError(.order, "agent: an episode is in progress, expected end_episode first")
    }
    guard episodes == episodesPerUpdate else {
      throw ConfigurationError(
        .order, "agent: the generation is not complete, remaining episodes: ",
        Decimal.write(episodesLeft))
    }
    let mean = total / Double(episodesPerUpdate)
    switch configuration.trainer {
    case .crossEntropy:
      search.update(sums)
      policy.network.parameters = search.mean
    case .proximal:
      proximal.update()
      policy.network.parameters = proximal.policy.parameters
    }
    for i in sums.indices { sums[i] = 0 }
    total = 0
    episodes = 0
    generation &+= generation < Self.maximumGeneration ? 1 : 0
    return mean
  }

  private static var notPlaying: ConfigurationError {
    ConfigurationError(.order, "agent: no episode has begun, expected begin_episode first")
  }

  /// For the tests.
  var collected: [ProximalPolicy.Sample] { proximal.collected }
  var currentLevel: Double { level }
}
