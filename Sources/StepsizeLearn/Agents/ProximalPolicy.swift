import StepsizeBase

/// Proximal policy optimization (arXiv 1707.06347): a Gaussian over raw actions whose mean is the policy's network,
/// the clipped probability ratio, generalized advantages (arXiv 1506.02438) of a value network, Adam.
///
/// Discount 1: rewards are differences of log losses, whose sum is the objective, and the end of an episode is not a
/// truncation, as the features include the progress.
struct ProximalPolicy: Sendable {
  /// A decision. `action` is the raw sample, before it is squashed: its density is what the ratio compares.
  struct Sample: Sendable {
    var features: [Double]
    var action: Double
    var logDensity: Double
    var reward = 0.0
    var isLast = false
    var advantage = 0.0
    var target = 0.0
  }

  var policy: Network
  var value: Network
  /// The logarithm of the standard deviation.
  var logDeviation = -0.5
  var policyAdam: Adam
  var valueAdam: Adam
  var samples: [Sample] = []

  static let clip = 0.2
  static let smoothing = 0.95
  static let epochs = 10
  static let logDeviations = -3.0...1.0

  init(policy: Network, seed: Int64) {
    self.policy = policy
    value = Network(inputs: policy.inputs, units: 8, random: CounterRandom(seed: seed, step: -3))
    // The deviation is the last one.
    policyAdam = Adam(count: policy.parameters.count &+ 1, rate: 0.02)
    valueAdam = Adam(count: value.parameters.count, rate: 0.02)
  }

  var count: Int { samples.count }

  /// log of the normal density, without the constant.
  static func logDensity(_ action: Double, _ mean: Double, _ logDeviation: Double) -> Double {
    let z = (action - mean) * Double.exp(-logDeviation)
    return -0.5 * z * z - logDeviation
  }

  /// Draws the raw action for the features, and keeps both.
  mutating func act(_ features: [Double], noise: Double) -> Double {
    let mean = policy.value(features)
    let action = mean + Double.exp(logDeviation) * noise
    samples.append(
      Sample(
        features: features, action: action, logDensity: Self.logDensity(action, mean, logDeviation)))
    return action
  }

  mutating func reward(_ reward: Double) {
    guard let last = samples.indices.last else { return }
    samples[last].reward = Agent.sum(samples[last].reward, reward)
  }

  mutating func endEpisode() {
    if !samples.isEmpty { samples[samples.count &- 1].isLast = true }
  }

  /// Discards everything after `count` samples: an episode that was not ended.
  mutating func truncate(to count: Int) {
    if samples.count > count { samples.removeLast(samples.count &- Swift.max(count, 0)) }
  }

  mutating func update() {
    guard samples.count >= 2 else {
      samples = []
      return
    }
    estimate()
    for _ in 0..<Self.epochs {
      let (_, gradient) = Self.surrogate(policy, logDeviation, samples)
      var all = policy.parameters + [logDeviation]
      policyAdam.step(&all, gradient)
      logDeviation = bounded(all.removeLast(), Self.logDeviations.lowerBound, Self.logDeviations.upperBound)
      policy.parameters = all
      let (_, slope) = Self.valueLoss(value, samples)
      valueAdam.step(&value.parameters, slope)
    }
    samples = []
  }

  /// Advantages, normalised over the batch, and the targets of the values.
  mutating func estimate() {
    var next = 0.0
    var trace = 0.0
    for i in samples.indices.reversed() {
      if samples[i].isLast {
        next = 0
        trace = 0
      }
      let now = value.value(samples[i].features)
      trace = samples[i].reward + next - now + Self.smoothing * trace
      samples[i].advantage = trace
      samples[i].target = now + trace
      next = now
    }
    let count = Double(samples.count)
    var mean = 0.0
    for sample in samples { mean += sample.advantage / count }
    var variance = 0.0
    for sample in samples { variance += (sample.advantage - mean) * (sample.advantage - mean) / count }
    let scale = 1 / (variance.squareRoot() + 1e-8)
    for i in samples.indices { samples[i].advantage = (samples[i].advantage - mean) * scale }
  }

  /// −mean min(ρA, clip(ρ, 0.8, 1.2)A) and its gradient, with respect to the network's parameters, then the
  /// logarithm of the deviation.
  static func surrogate(
    _ policy: Network, _ logDeviation: Double, _ samples: [Sample]
  ) -> (Double, [Double]) {
    var gradient = Array(repeating: 0.0, count: policy.parameters.count &+ 1)
    var loss = 0.0
    let count = Double(Swift.max(samples.count, 1))
    for sample in samples {
      let mean = policy.value(sample.features)
      let ratio = self.ratio(sample, mean, logDeviation)
      let clipped = bounded(ratio, 1 - clip, 1 + clip)
      let plain = ratio * sample.advantage
      loss -= Swift.min(plain, clipped * sample.advantage) / count
      guard plain <= clipped * sample.advantage else { continue }
      let inverse = Double.exp(-logDeviation)
      let z = (sample.action - mean) * inverse
      policy.addGradient(sample.features, -plain * z * inverse / count, to: &gradient)
      gradient[policy.parameters.count] -= plain * (z * z - 1) / count
    }
    return (loss, gradient)
  }

  /// Ratio of the densities of the raw action, now and when it was drawn.
  static func ratio(_ sample: Sample, _ mean: Double, _ logDeviation: Double) -> Double {
    let change = logDensity(sample.action, mean, logDeviation) - sample.logDensity
    return Double.exp(bounded(change, -20, 20))
  }

  /// ½·mean (V − target)² and its gradient.
  static func valueLoss(_ value: Network, _ samples: [Sample]) -> (Double, [Double]) {
    var gradient = Array(repeating: 0.0, count: value.parameters.count)
    var loss = 0.0
    let count = Double(Swift.max(samples.count, 1))
    for sample in samples {
      let error = value.value(sample.features) - sample.target
      loss += 0.5 * error * error / count
      value.addGradient(sample.features, error / count, to: &gradient)
    }
    return (loss, gradient)
  }

  var collected: [Sample] { samples }
}
