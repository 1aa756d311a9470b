import XCTest

@testable import StepsizeLearn

final class TrainerTests: XCTestCase {
  private func configuration(_ trainer: Agent.Trainer, units: Int64 = 0, seed: Int64 = 1)
    -> Agent.Configuration
  {
    var configuration = Agent.Configuration()
    configuration.trainer = trainer
    configuration.units = units
    configuration.seed = seed
    configuration.every = 2
    configuration.population = 8
    configuration.instances = 4
    return configuration
  }

  /// Episodes on a noisy quadratic whose best rate is `best` times the anchor's; every decision gets its reward.
  private func generation(_ agent: inout Agent, best: Double) throws -> Double {
    while agent.episodesLeft > 0 {
      let random = CounterRandom(seed: agent.instance, step: 0)
      try agent.beginEpisode(total: 20)
      var multiplier = 1.0
      var loss = 1.0
      for t in 0..<20 {
        let off = log(multiplier / best)
        loss *= exp(0.1 * (off * off - 1) + 0.02 * random.normal(UInt64(t)))
        multiplier = try agent.observe(loss: loss)
        let next = log(multiplier / best)
        try agent.reward(-0.1 * (next * next))
      }
      try agent.endEpisode()
    }
    return try agent.update()
  }

  func testBothTrainersFindTheBetterRate() throws {
    for (trainer, units): (Agent.Trainer, Int64) in [
      (.crossEntropy, 0), (.crossEntropy, 4), (.proximal, 0), (.proximal, 4),
    ] {
      var agent = try Agent(configuration(trainer, units: units))
      let first = try generation(&agent, best: 4)
      var last = first
      for _ in 0..<30 { last = try generation(&agent, best: 4) }
      XCTAssertGreaterThan(last, 0.5 * first, "\(trainer) \(units): \(first) to \(last)")
      XCTAssertLessThan(first, -0.5)
    }
  }

  func testTheSeedDecidesEverything() throws {
    for trainer in [Agent.Trainer.crossEntropy, .proximal] {
      func trained(_ seed: Int64) throws -> [Double] {
        var agent = try Agent(configuration(trainer, units: 2, seed: seed))
        for _ in 0..<3 { _ = try generation(&agent, best: 0.3) }
        return agent.policy.parameters
      }
      XCTAssertEqual(try trained(5), try trained(5))
      XCTAssertNotEqual(try trained(5), try trained(6))
    }
  }

  func testCandidatesOfAGenerationPlayTheSameInstances() throws {
    var agent = try Agent(configuration(.crossEntropy))
    var played: [Int64] = []
    for _ in 0..<2 {
      while agent.episodesLeft > 0 {
        played.append(agent.instance)
        try agent.beginEpisode(total: 0)
        XCTAssertEqual(agent.instance, played.last)
        try agent.endEpisode()
      }
      try agent.update()
    }
    XCTAssertEqual(played, (0..<8).flatMap { i in Array(repeating: Int64(i), count: 8) })
  }

  func testCrossEntropyMovesToTheElite() {
    var search = CrossEntropy(mean: [0, 0], deviation: 3, population: 24, seed: 2)
    XCTAssertEqual(search.candidate(0), [0, 0])
    for _ in 0..<60 {
      let scores = (0..<24).map { (i: Int) -> Double in
        let p = search.candidate(i)
        return i % 7 == 3 ? .nan : -(p[0] - 2) * (p[0] - 2) - (p[1] + 1) * (p[1] + 1)
      }
      search.update(scores)
    }
    XCTAssertEqual(search.mean[0], 2, accuracy: 0.05)
    XCTAssertEqual(search.mean[1], -1, accuracy: 0.05)
    for deviation in search.deviation { XCTAssertGreaterThan(deviation, 1e-3) }
  }

  /// One generation by hand: of eight the two with the highest scores, whose places are not those of the lowest, the
  /// first or the last.
  func testOneGenerationOfCrossEntropy() {
    var search = CrossEntropy(mean: [1, -2], deviation: 0.5, population: 8, seed: 4)
    let drawn = (0..<8).map { search.candidate($0) }
    XCTAssertEqual(Set(drawn.map { $0[0] }).count, 8)
    search.update([-5, 0, 7, -3, .nan, 9, -8, 1])
    for i in 0..<2 {
      let (a, b) = (drawn[2][i], drawn[5][i])
      XCTAssertEqual(search.mean[i], (a + b) / 2, accuracy: 1e-14)
      XCTAssertEqual(search.deviation[i], 0.7 * abs(a - b) / 2 + 0.27 * 0.5 + 1e-3, accuracy: 1e-14)
    }
    // NaN is worse than any number.
    let next = (0..<8).map { search.candidate($0) }
    search.update([.nan, .nan, -1e300, .nan, .nan, .nan, .nan, -1e200])
    XCTAssertEqual(search.mean[0], (next[2][0] + next[7][0]) / 2, accuracy: 1e-14)
  }

  // MARK: - PPO

  /// Two episodes of one decision each from the same features, the raw actions one deviation above and below the mean.
  private func updated(_ above: Double, _ below: Double) -> (policy: ProximalPolicy, features: [Double]) {
    let features = [1, 0.3, -0.5, 0.2, 0.1, 0.4, -0.2, 0]
    var trainer = ProximalPolicy(policy: Network(inputs: 8, units: 0), seed: 1)
    for (noise, reward) in [(1.0, above), (-1.0, below)] {
      _ = trainer.act(features, noise: noise)
      trainer.reward(reward)
      trainer.endEpisode()
    }
    trainer.update()
    return (trainer, features)
  }

  func testPPOMovesToTheBetterAction() {
    let (up, features) = updated(1, -1)
    XCTAssertGreaterThan(up.policy.value(features), 0.05)
    XCTAssertLessThan(updated(-1, 1).policy.policy.value(features), -0.05)
    // What both actions have in common is no reason to prefer one: advantages are centred, and have no unit.
    for (above, below) in [(1001.0, 999.0), (-999, -1001), (50, -50)] {
      let other = updated(above, below).policy.policy.parameters
      for (a, b) in zip(other, up.policy.parameters) { XCTAssertEqual(a, b, accuracy: 1e-6) }
    }
  }

  /// Generalized advantages as the sum that defines them, Σ λˡδ; discount 1, nothing beyond the end of an episode.
  func testAdvantagesAreTheirSum() {
    var trainer = ProximalPolicy(policy: Network(inputs: 8, units: 0), seed: 3)
    let random = CounterRandom(seed: 6, step: 6)
    let lengths = [4, 1, 6]
    var rewards: [Double] = []
    for length in lengths {
      for _ in 0..<length {
        let i = UInt64(rewards.count)
        _ = trainer.act((0..<8).map { tanh(random.normal(20 * i + $0)) }, noise: random.normal(20 * i + 9))
        rewards.append(random.normal(20 * i + 10))
        trainer.reward(rewards[Int(i)])
      }
      trainer.endEpisode()
    }
    let values = trainer.collected.map { trainer.value.value($0.features) }
    var expected: [Double] = []
    for (first, length) in zip([0, 4, 5], lengths) {
      for t in first..<first + length {
        var sum = 0.0
        for k in t..<first + length {
          let next = k + 1 < first + length ? values[k + 1] : 0
          sum += pow(0.95, Double(k - t)) * (rewards[k] + next - values[k])
        }
        expected.append(sum)
      }
    }
    trainer.estimate()
    let mean = expected.reduce(0, +) / 11
    let deviation = (expected.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 11).squareRoot()
    for (i, sample) in trainer.collected.enumerated() {
      XCTAssertEqual(sample.advantage, (expected[i] - mean) / deviation, accuracy: 1e-6)
      XCTAssertEqual(sample.target, values[i] + expected[i], accuracy: 1e-12)
    }
  }

  /// A reward is that of the decision before it.
  func testARewardBelongsToTheLastDecision() throws {
    var agent = try Agent(configuration(.proximal))
    try agent.beginEpisode(total: 8)
    for t in 0..<8 {
      try agent.reward(Double(t))
      _ = try agent.observe(loss: 1)
    }
    XCTAssertEqual(try agent.endEpisode(), 28)
    // Decisions after the updates 1, 3, 5 and 7.
    XCTAssertEqual(agent.collected.map(\.reward), [2 + 3, 4 + 5, 6 + 7, 0])
    XCTAssertEqual(agent.collected.map(\.isLast), [false, false, false, true])
  }

  private func samples(_ policy: Network, _ logDeviation: Double) -> [ProximalPolicy.Sample] {
    (0..<40).map { i in
      let random = CounterRandom(seed: 9, step: Int64(i))
      let features = (0..<8).map { tanh(random.normal(UInt64($0))) }
      let mean = policy.value(features) + 0.3 * random.normal(20)
      let action = mean + exp(logDeviation) * random.normal(21)
      var sample = ProximalPolicy.Sample(
        features: features, action: action,
        logDensity: ProximalPolicy.logDensity(action, mean, logDeviation + 0.1))
      sample.advantage = random.normal(22)
      sample.target = random.normal(23)
      return sample
    }
  }

  func testGradientsAgreeWithFiniteDifferences() {
    for units in [0, 5] {
      var policy = Network(inputs: 8, units: units, random: CounterRandom(seed: 1, step: 1))
      let random = CounterRandom(seed: 4, step: 4)
      for i in policy.parameters.indices { policy.parameters[i] = 0.5 * random.normal(UInt64(i)) }
      let batch = samples(policy, -0.3)
      // The clipping is at work, in both directions.
      let ratios = batch.map { ProximalPolicy.ratio($0, policy.value($0.features), -0.3) }
      XCTAssert(ratios.contains { $0 > 1.2 } && ratios.contains { $0 < 0.8 })
      let (_, gradient) = ProximalPolicy.surrogate(policy, -0.3, batch)
      let step = 1e-6
      for i in gradient.indices {
        func loss(_ change: Double) -> Double {
          var moved = policy
          if i < policy.parameters.count { moved.parameters[i] += change }
          return ProximalPolicy.surrogate(moved, -0.3 + (i < policy.parameters.count ? 0 : change), batch).0
        }
        XCTAssertEqual(gradient[i], (loss(step) - loss(-step)) / (2 * step), accuracy: 1e-7)
      }
      let (_, slope) = ProximalPolicy.valueLoss(policy, batch)
      for i in slope.indices {
        func loss(_ change: Double) -> Double {
          var moved = policy
          moved.parameters[i] += change
          return ProximalPolicy.valueLoss(moved, batch).0
        }
        XCTAssertEqual(slope[i], (loss(step) - loss(-step)) / (2 * step), accuracy: 1e-7)
      }
    }
  }

  /// What is stored is the raw sample: the multipliers follow from it by squashing, its density is that of the Gaussian,
  /// and the ratio before any update is 1. With the squashed action, or the multiplier, in its place none of it holds.
  func testRatiosAreComputedOnTheRawAction() throws {
    var agent = try Agent(configuration(.proximal))
    try agent.beginEpisode(total: 60)
    var levels: [Double] = []
    for t in 0..<60 {
      let multiplier = try agent.observe(loss: 1 / Double(t + 1))
      if t % 2 == 1 { levels.append(log(multiplier)) }
    }
    try agent.endEpisode()
    let stored = agent.collected
    XCTAssertEqual(stored.count, 30)
    let network = agent.policy.network
    var level = 0.0
    var differs = false
    for (sample, seen) in zip(stored, levels) {
      level += 0.5 * (3 * tanh(sample.action) - level)
      XCTAssertEqual(level, seen, accuracy: 1e-12)
      let mean = network.value(sample.features)
      // −z²/2 − log σ, the deviation being exp(−0.5) at first.
      let z = (sample.action - mean) / exp(-0.5)
      XCTAssertEqual(sample.logDensity, -z * z / 2 + 0.5, accuracy: 1e-12)
      XCTAssertEqual(ProximalPolicy.ratio(sample, mean, -0.5), 1, accuracy: 1e-12)
      differs = differs || abs(tanh(sample.action) - sample.action) > 0.1
    }
    XCTAssert(differs, "the actions are too small to tell raw from squashed")
    XCTAssert(stored.contains { abs($0.action) > 1 }, "beyond what a squashed action can be")
    // A sample whose density changes by a known amount: the mean moves by d.
    var moved = network
    moved.parameters[0] += 0.1
    for sample in stored {
      let mean = network.value(sample.features)
      let expected = exp((0.1 * (sample.action - mean) - 0.005) / exp(-1))
      XCTAssertEqual(
        ProximalPolicy.ratio(sample, moved.value(sample.features), -0.5), expected, accuracy: 1e-9 * expected)
    }
  }

  func testRewardsOutOfRangeAreErrors() throws {
    for trainer in [Agent.Trainer.crossEntropy, .proximal] {
      var agent = try Agent(configuration(trainer))
      try agent.beginEpisode(total: 4)
      for _ in 0..<4 { _ = try agent.observe(loss: 1) }
      for reward in [1e6.nextUp, -1e7, Double.greatestFiniteMagnitude] {
        XCTAssertThrowsError(try agent.reward(reward))
      }
      for reward in [1e6, -1e6, 0.5] { try agent.reward(reward) }
      XCTAssertEqual(try agent.endEpisode(), 0.5)
      if trainer == .proximal { XCTAssertEqual(agent.collected.last?.reward, 0.5) }
    }
  }

  // MARK: - Order

  func testCallsOutOfOrderAreRefused() throws {
    var agent = try Agent(configuration(.crossEntropy))
    XCTAssertThrowsError(try agent.observe(loss: 1))
    XCTAssertThrowsError(try agent.reward(1))
    XCTAssertThrowsError(try agent.endEpisode())
    XCTAssertThrowsError(try agent.update())
    XCTAssertThrowsError(try agent.beginEpisode(total: -1))
    while agent.episodesLeft > 0 {
      try agent.beginEpisode(total: 3)
      try agent.reward(.nan)
      XCTAssertEqual(try agent.endEpisode(), -10)
    }
    XCTAssertThrowsError(try agent.beginEpisode(total: 3))
    XCTAssertNoThrow(try agent.beginEpisode(total: 3, explores: false))
    XCTAssertEqual(try agent.update(), -10)
  }

  // MARK: - Factorizations

  /// A rate of e^-3 times the anchor's is too small for all of them.
  func testScoresOfFactorizationsAreHigherWhereTheLossIsLower() throws {
    var slow = try Policy(every: 10, limit: 3, units: 0)
    slow.network.parameters[0] = -9
    let anchor = try Agent(configuration(.crossEntropy), policy: try Policy(every: 10, limit: 3, units: 0))
    let other = try Agent(configuration(.crossEntropy), policy: slow)
    for instance: Int64 in [-1, -3] {
      let score = try anchor.scoreOnNMF(instance: instance)
      XCTAssertGreaterThan(score, try other.scoreOnNMF(instance: instance))
    }
  }

  /// A generation by hand: each candidate's score is that of a policy with its parameters, and the mean of the best two of
  /// four is what is learned.
  func testAGenerationOfFactorizationsIsWonByTheHighestScores() throws {
    var settings = configuration(.crossEntropy)
    settings.every = 10
    settings.population = 4
    settings.instances = 1
    var agent = try Agent(settings)
    let search = CrossEntropy(mean: agent.policy.parameters, deviation: 1, population: 4, seed: settings.seed)
    let candidates = (0..<4).map { search.candidate($0) }
    let scores = try candidates.map { (parameters: [Double]) -> Double in
      var policy = agent.policy
      policy.network.parameters = parameters
      return try Agent(settings, policy: policy).scoreOnNMF(instance: 0)
    }
    let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(2).map { candidates[$0] }
    XCTAssertEqual(try agent.trainOnNMF(), scores.reduce(0, +) / 4, accuracy: 1e-12)
    for i in 0..<8 {
      XCTAssertEqual(agent.policy.parameters[i], (best[0][i] + best[1][i]) / 2, accuracy: 1e-12)
    }
  }

  /// The rewards of the decisions and what came before the first one add up to the score; after the last one nothing
  /// comes any more.
  func testRewardsOfAFactorizationTelescope() throws {
    var settings = configuration(.proximal)
    settings.every = 10
    var agent = try Agent(settings)
    let environment = NMFEnvironment(instance: 0)
    let score = try environment.play(&agent)
    let rewards = agent.collected.map(\.reward)
    XCTAssertEqual(Int64(rewards.count), environment.total / 10)
    XCTAssertEqual(rewards.last, 0)
    // A run that ends where the first decision comes is the rest of it: what is before depends on no decision.
    var short = environment
    short.total = 10
    XCTAssertEqual(score - rewards.reduce(0, +), try short.score(agent.policy), accuracy: 1e-9)
  }
}
