import StepsizeBase

/// Adam (arXiv 1412.6980) with its usual constants. Whatever the gradients are, the parameters stay valid weights and
/// the moments finite.
struct Adam: Sendable {
  var first: [Double]
  var second: [Double]
  var decay1 = 1.0
  var decay2 = 1.0
  let rate: Double

  static let largestGradient = 1e60

  init(count: Int, rate: Double) {
    first = Array(repeating: 0, count: count)
    second = first
    self.rate = rate
  }

  mutating func step(_ parameters: inout [Double], _ gradient: [Double]) {
    decay1 *= 0.9
    decay2 *= 0.999
    for i in first.indices where i < parameters.count && i < gradient.count {
      let slope = bounded(gradient[i], -Self.largestGradient, Self.largestGradient)
      first[i] += 0.1 * (slope - first[i])
      second[i] += 0.001 * (slope * slope - second[i])
      let root = (second[i] / (1 - decay2)).squareRoot()
      let moved = parameters[i] - rate * first[i] / (1 - decay1) / (root + 1e-8)
      parameters[i] = bounded(moved, -Policy.largestWeight, Policy.largestWeight)
    }
  }
}
