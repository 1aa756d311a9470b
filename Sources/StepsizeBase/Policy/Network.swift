/// A function of the features: linear, or with one hidden layer of tanh units.
///
/// Parameters: w of w·x; or for each unit its weights, then v₀, v₁, … of v₀ + Σ v_i·tanh(w_i·x).
package struct Network: Sendable {
  package let inputs: Int
  /// Hidden units; 0 for a linear function.
  package let units: Int
  package var parameters: [Double]

  package static func count(inputs: Int, units: Int) -> Int {
    units == 0 ? inputs : units &* inputs &+ units &+ 1
  }

  /// Zeros; the weights of hidden units are drawn at random, as otherwise no gradient would ever reach them.
  package init(inputs: Int, units: Int, random: CounterRandom? = nil) {
    self.inputs = inputs
    self.units = units
    parameters = Array(repeating: 0, count: Self.count(inputs: inputs, units: units))
    guard let random, units > 0 else { return }
    for i in 0..<units &* inputs {
      parameters[i] = random.normal(UInt64(i)) / Double(inputs).squareRoot()
    }
  }

  package init(inputs: Int, units: Int, parameters: [Double]) {
    self.inputs = inputs
    self.units = units
    self.parameters = parameters
  }

  /// `x` has `inputs` numbers.
  @_optimize(speed)
  package func value(_ x: [Double]) -> Double {
    guard x.count >= inputs else { return 0 }
    guard units > 0 else { return dot(0, x) }
    let outer = units &* inputs
    var sum = parameters[outer]
    for i in 0..<units { sum += parameters[outer &+ 1 &+ i] * Double.tanh(dot(i &* inputs, x)) }
    return sum
  }

  @inline(__always)
  private func dot(_ start: Int, _ x: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<inputs { sum += parameters[start &+ i] * x[i] }
    return sum
  }

  /// Adds `weight` times the derivative of the value with respect to the parameters.
  package func addGradient(_ x: [Double], _ weight: Double, to gradient: inout [Double]) {
    guard x.count >= inputs, gradient.count >= parameters.count else { return }
    guard units > 0 else {
      for i in 0..<inputs { gradient[i] += weight * x[i] }
      return
    }
    let outer = units &* inputs
    gradient[outer] += weight
    for i in 0..<units {
      let t = Double.tanh(dot(i &* inputs, x))
      gradient[outer &+ 1 &+ i] += weight * t
      let inner = weight * parameters[outer &+ 1 &+ i] * (1 - t * t)
      for j in 0..<inputs { gradient[i &* inputs &+ j] += inner * x[j] }
    }
  }
}
