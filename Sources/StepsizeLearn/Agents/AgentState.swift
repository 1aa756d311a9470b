import StepsizeBase

extension Agent {
  /// "TRAINING" as the first field: this state is not that of a scheduler or a policy.
  private static let tag: UInt64 = 0x474E_494E_4941_5254

  public static var maximumStateLength: Int { 1 << 31 }

  /// The whole training as bytes that `init(state:)` reads. An episode in progress is not part of it and has to be
  /// begun again.
  public func state() -> [UInt8] {
    var tag = Self.tag
    var settings = configuration
    var numbers = policy.numbers
    var copy = self
    copy.forgetEpisode()
    return StateCoder.bytes {
      $0.transfer(&tag)
      settings.transfer(&$0)
      $0.transfer(&numbers)
      copy.transfer(&$0)
    }
  }

  /// The agent that `state()` has written, which continues with the same bits; throws for damaged bytes.
  public init(state: [UInt8]) throws(ConfigurationError) {
    self = try state.span.withUnsafeBytes { (bytes) throws(ConfigurationError) in
      try Agent(state: StateBytes(bytes))
    }
  }

  package init(state: StateBytes) throws(ConfigurationError) {
    var coder = try StateCoder(reading: state, of: "an agent")
    var tag: UInt64 = 0
    var settings = Configuration()
    var numbers: [Double] = []
    coder.transfer(&tag)
    if tag != Self.tag { coder.reject() }
    settings.transfer(&coder)
    coder.transfer(&numbers)
    try coder.check()
    do {
      try self.init(settings, policy: try Policy(numbers: numbers))
    } catch {
      throw coder.refusal(error.message)
    }
    transfer(&coder)
    try coder.finish()
  }

  // Each number must be in the range that a training keeps it in: then everything that follows from a state can be
  // saved.

  private mutating func transfer(_ coder: inout StateCoder) {
    coder.transfer(&generation, in: 0...Self.maximumGeneration)
    coder.transfer(&episodes, in: 0...episodesPerUpdate)
    coder.transfer(&sums, within: Self.largestSum)
    coder.transfer(&total, within: Self.largestSum)
    search.transfer(&coder)
    proximal.transfer(&coder)
  }
}

extension Agent.Configuration {
  /// Values out of range are found by the checks of the agent.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    var kind = Int64(trainer.rawValue)
    coder.transfer(&kind, in: 0...1)
    trainer = Agent.Trainer(rawValue: Int32(kind)) ?? trainer
    coder.transfer(&units, in: 0...Policy.maximumUnits)
    coder.transfer(&seed, in: Int64.min...Int64.max)
    coder.transfer(&every, in: 1...Policy.maximumEvery)
    coder.transfer(&limit, within: Double.greatestFiniteMagnitude)
    coder.transfer(&population, in: 4...4096)
    coder.transfer(&instances, in: 1...4096)
  }
}

extension CrossEntropy {
  /// The mean is the policy.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    coder.transfer(&deviation, from: 0, to: Policy.largestWeight)
    coder.transfer(&generation, in: 0...Agent.maximumGeneration)
  }
}

extension ProximalPolicy {
  /// Features, action, log density, reward, whether it is the last one.
  private static var sampleLength: Int { Observer.featureCount &+ 4 }

  /// The network of the policy is the agent's.
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    coder.transfer(&value.parameters, within: Policy.largestWeight)
    coder.transfer(&logDeviation, from: Self.logDeviations.lowerBound, to: Self.logDeviations.upperBound)
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
      let sample = Sample(
        features: Array(numbers[..<Observer.featureCount]), action: numbers[length &- 4],
        logDensity: numbers[length &- 3], reward: numbers[length &- 2], isLast: words[end] == 1)
      if !sample.isPossible || words[end] > 1 { coder.reject() }
      samples.append(sample)
    }
  }
}

extension ProximalPolicy.Sample {
  /// Whether a training can have reached it: draws are within nine deviations of the mean, which is a sum of at most
  /// 33 weights times numbers in [-1, 1], and the least deviation is e^-3.
  fileprivate var isPossible: Bool {
    for x in features where !(abs(x) <= 1.001) { return false }
    return abs(action) <= 1e8 && abs(logDensity) <= 1e20 && abs(reward) <= Agent.largestSum
  }
}

extension Adam {
  fileprivate mutating func transfer(_ coder: inout StateCoder) {
    let largest = Self.largestGradient
    coder.transfer(&first, within: largest)
    coder.transfer(&second, from: 0, to: largest * largest)
    coder.transfer(&decay1, from: 0, to: 1)
    coder.transfer(&decay2, from: 0, to: 1)
  }
}

extension StateCoder {
  fileprivate mutating func transfer(_ x: inout Double, from low: Double, to high: Double) {
    transfer(&x)
    if !(x >= low && x <= high) { reject() }
  }

  fileprivate mutating func transfer(_ x: inout Double, within limit: Double) {
    transfer(&x, from: -limit, to: limit)
  }

  /// Exactly as many numbers as the array has.
  fileprivate mutating func transfer(_ list: inout [Double], from low: Double, to high: Double) {
    for i in list.indices { transfer(&list[i], from: low, to: high) }
  }

  fileprivate mutating func transfer(_ list: inout [Double], within limit: Double) {
    transfer(&list, from: -limit, to: limit)
  }
}
