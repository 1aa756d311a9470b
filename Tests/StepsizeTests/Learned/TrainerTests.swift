import XCTest

@testable import Stepsize

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
    var search = CrossEntropy(mean: [0, 0], deviation: 1, population: 200, seed: 2)
    XCTAssertEqual(search.candidate(0), [0, 0])
    for _ in 0..<40 {
      let scores = (0..<200).map { (i: Int) -> Double in
        let p = search.candidate(i)
        return i % 7 == 3 ? .nan : -(p[0] - 2) * (p[0] - 2) - (p[1] + 1) * (p[1] + 1)
      }
      search.update(scores)
    }
    XCTAssertEqual(search.mean[0], 2, accuracy: 0.05)
    XCTAssertEqual(search.mean[1], -1, accuracy: 0.05)
    for deviation in search.deviation { XCTAssertGreaterThan(deviation, 1e-3) }
  }

  // MARK: - PPO

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

  func testTrainsOnFactorizations() throws {
    for trainer in [Agent.Trainer.crossEntropy, .proximal] {
      var settings = configuration(trainer)
      settings.every = 10
      settings.population = 4
      settings.instances = 1
      func trained() throws -> ([Double], Double) {
        var agent = try Agent(settings)
        let mean = try agent.trainOnNMF()
        XCTAssertGreaterThan(mean, 0)
        return (agent.policy.parameters, try agent.scoreOnNMF(instance: -1))
      }
      let first = try trained()
      let second = try trained()
      XCTAssertEqual(first.0, second.0)
      XCTAssertEqual(first.1, second.1)
      XCTAssert(first.0.contains { $0 != 0 })
    }
  }
}
