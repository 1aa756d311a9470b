import StepsizeBase

/// The cross-entropy method: a Gaussian over parameters with a diagonal covariance, moved to the best of its draws.
struct CrossEntropy: Sendable {
  private(set) var mean: [Double]
  var deviation: [Double]
  let population: Int
  private let seed: Int64
  var generation: Int64 = 0

  init(mean: [Double], deviation: Double, population: Int, seed: Int64) {
    self.mean = mean
    self.deviation = mean.map { _ in deviation }
    self.population = population
    self.seed = seed
  }

  /// A candidate of this generation; the first one is the mean.
  func candidate(_ index: Int) -> [Double] {
    guard index > 0 else { return mean }
    let random = CounterRandom(seed: seed, step: generation)
    var parameters = mean
    for i in parameters.indices {
      parameters[i] += deviation[i] * random.normal(UInt64(index &* mean.count &+ i))
    }
    return parameters
  }

  /// Ends a generation: the mean becomes that of the best quarter, the deviation 0.7 of theirs plus 0.27 of the
  /// previous one plus 0.001, so that it cannot vanish. Scores that are NaN are the worst.
  mutating func update(_ scores: [Double]) {
    guard scores.count == population else { return }
    var keys = scores.map { $0.isNaN ? -Double.greatestFiniteMagnitude : $0 }
    var best: [[Double]] = []
    for _ in 0..<Swift.max(population / 4, 2) {
      var top = 0
      for i in keys.indices where keys[i] > keys[top] { top = i }
      best.append(candidate(top))
      keys[top] = -Double.infinity
    }
    for i in mean.indices {
      var sum = 0.0
      for parameters in best { sum += parameters[i] }
      let center = sum / Double(best.count)
      var squares = 0.0
      for parameters in best { squares += (parameters[i] - center) * (parameters[i] - center) }
      mean[i] = bounded(center, -Policy.largestWeight, Policy.largestWeight)
      deviation[i] = Swift.min(
        0.7 * (squares / Double(best.count)).squareRoot() + 0.27 * deviation[i] + 1e-3, Policy.largestWeight)
    }
    generation &+= generation < Agent.maximumGeneration ? 1 : 0
  }
}
