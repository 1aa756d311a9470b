import StepsizeBase

extension Agent {
  /// "TRAINING" as the first field: this state is not that of a scheduler or a policy.
  private static let tag: UInt64 = 0x474E_494E_4941_5254

  public static var maximumStateLength: Int { 1 << 31 }

  /// All of the training as bytes that `init(state:)` reads. An episode that is being played is not part of it: it
  /// is to be begun again.
  public func state() -> [UInt8] {
    var coder = StateCoder()
    var tag = Self.tag
    coder.transfer(&tag)
    var settings = configuration
    settings.transfer(&coder)
    var words = policy.numbers.map { $0.bitPattern }
    coder.transfer(&words)
    var copy = self
    copy.forgetEpisode()
    copy.transfer(&coder)
    return coder.finished()
  }

  /// The agent that `state()` has written, which goes on with the same bits. Damaged bytes are refused.
  public init(state: [UInt8]) throws(ConfigurationError) {
    var coder = try StateCoder(reading: state, of: "an agent")
    var tag: UInt64 = 0
    var settings = Configuration()
    var words: [UInt64] = []
    coder.transfer(&tag)
    if tag != Self.tag { coder.reject() }
    settings.transfer(&coder)
    coder.transfer(&words)
    try coder.check()
    do {
      try self.init(settings, policy: try Policy(numbers: words.map { Double(bitPattern: $0) }))
    } catch {
      throw coder.refusal(error.message)
    }
    transfer(&coder)
    try coder.finish()
  }

  private mutating func transfer(_ coder: inout StateCoder) {
    coder.transfer(&generation, in: StateCoder.counts)
    coder.transfer(&episodes, in: 0...episodesPerUpdate)
    coder.transferFinite(&sums)
    coder.transferFinite(&total)
    search.transfer(&coder)
    proximal.transfer(&coder)
  }
}

extension Agent.Configuration {
  /// What is out of range is found by the checks of the agent.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    var kind = Int64(trainer.rawValue)
    coder.transfer(&kind, in: 0...1)
    trainer = Agent.Trainer(rawValue: Int32(kind)) ?? trainer
    coder.transfer(&units, in: 0...Policy.maximumUnits)
    coder.transfer(&seed, in: Int64.min...Int64.max)
    coder.transfer(&every, in: 1...Policy.maximumEvery)
    coder.transferFinite(&limit)
    coder.transfer(&population, in: 4...4096)
    coder.transfer(&instances, in: 1...4096)
  }
}

extension CrossEntropy {
  /// The mean is the policy.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    coder.transferFinite(&deviation)
    coder.transfer(&generation, in: StateCoder.counts)
  }
}

extension ProximalPolicy {
  /// Features, action, log density, reward, whether it is the last one.
  private static var sampleLength: Int { Observer.featureCount &+ 4 }

  /// The network of the policy is the agent's.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    coder.transferFinite(&value.parameters)
    coder.transferFinite(&logDeviation)
    policyAdam.transfer(&coder)
    valueAdam.transfer(&coder)
    var words: [UInt64] = []
    for sample in samples {
      for x in sample.features { words.append(x.bitPattern) }
      words.append(sample.action.bitPattern)
      words.append(sample.logDensity.bitPattern)
      words.append(sample.reward.bitPattern)
      words.append(sample.isLast ? 1 : 0)
    }
    coder.transfer(&words)
    let length = Self.sampleLength
    guard words.count % length == 0 else { return coder.reject() }
    samples = []
    for start in stride(from: 0, to: words.count, by: length) {
      let end = start &+ length &- 1
      let numbers = words[start..<end].map { Double(bitPattern: $0) }
      for x in numbers where !x.isFinite { coder.reject() }
      samples.append(
        Sample(
          features: Array(numbers[..<Observer.featureCount]), action: numbers[length &- 4],
          logDensity: numbers[length &- 3], reward: numbers[length &- 2], isLast: words[end] == 1))
    }
  }
}

extension Adam {
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    coder.transferFinite(&first)
    coder.transferFinite(&second)
    coder.transferFinite(&decay1)
    coder.transferFinite(&decay2)
  }
}

extension StateCoder {
  fileprivate mutating func transferFinite(_ x: inout Double) {
    transfer(&x)
    if !x.isFinite { reject() }
  }

  /// As many numbers as there are.
  fileprivate mutating func transferFinite(_ list: inout [Double]) {
    for i in list.indices { transferFinite(&list[i]) }
  }
}
