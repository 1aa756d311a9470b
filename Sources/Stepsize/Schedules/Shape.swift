/// The shapes of a fall from 1 (x = 0) to 0 (x = 1). A rise is the same curve seen from its end.
/// In the order of the words of the shared parameter shape.
///
/// Sources: 1-sqrt, Hägele et al. arXiv 2405.18392; exponential with q = 0.5 is the decay of MiniCPM's
/// warm-up–stable–decay as trained by Megatron-LM; mirror-cosine, Hägele et al.
enum Shape: Int32, CaseIterable {
  case linear  // 1 - x
  case cosine  // (1 + cos πx) / 2
  case oneMinusSqrt  // 1 - √x
  case oneMinusSquare  // 1 - x²
  case oneMinusPower  // 1 - x^p
  case sqrt  // √(1 - x)
  case square  // (1 - x)²
  case power  // (1 - x)^p
  case exponential  // (q^x - q) / (1 - q)
  case mirrorCosine  // 2(1 - x) - (1 + cos πx) / 2
}

/// A shape with its parameters.
struct Fall: Sendable {
  let shape: Shape
  let power: Double
  let q: Double

  init(shape: Shape, power: Double, q: Double) {
    self.shape = shape
    self.power = power
    self.q = q
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    self.init(shape: try a.word("shape", as: Shape.self), power: a.real("power"), q: a.real("q"))
  }

  func value(at x: Progress) -> Double {
    switch shape {
    case .linear: return x.left.high
    case .cosine: return halfWave(x.left)
    case .oneMinusSqrt: return x.oneMinusPower(0.5)
    case .oneMinusSquare: return x.oneMinusPower(2)
    case .oneMinusPower: return x.oneMinusPower(power)
    case .sqrt: return x.left.high.squareRoot()
    case .square: return x.left.high * x.left.high
    case .power: return raise(x.left, to: power)
    case .exponential: return exponential(x)
    case .mirrorCosine:
      // (1 - cos πx)/2 above the line 1 - 2x in the first half; mirrored in the second.
      if x.t <= x.rest { return Pair(x.rest &- x.t, over: x.total).high + halfWave(x.done) }
      let left = x.left
      return 2 * left.high - halfWave(left)
    }
  }

  private func exponential(_ x: Progress) -> Double {
    if x.rest == 0 { return 0 }
    if x.t == 0 { return 1 }
    let z = -x.left.high * Double.log(q)
    // Near the end q^x - q cancels.
    if z < 1 { return q / (1 - q) * Double.expMinusOne(z) }
    return (raise(q, to: x.done) - q) / (1 - q)
  }
}
