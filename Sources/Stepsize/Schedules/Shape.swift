import CMathShims

/// The shapes of a fall from 1 (x = 0) to 0 (x = 1). A rise is the same curve seen from its end.
///
/// Sources: 1-sqrt, Hägele et al. arXiv 2405.18392; exponential with q = 0.5 is the decay of MiniCPM's
/// warm-up–stable–decay as trained by Megatron-LM; mirror-cosine, Hägele et al.
enum Shape: Word {
  case linear, cosine, oneMinusSqrt, oneMinusSquare, oneMinusPower, sqrt, square, power, exponential
  case mirrorCosine

  var name: StaticString {
    switch self {
    case .linear: "linear"  // 1 - x
    case .cosine: "cosine"  // (1 + cos πx) / 2
    case .oneMinusSqrt: "1-sqrt"  // 1 - √x
    case .oneMinusSquare: "1-square"  // 1 - x²
    case .oneMinusPower: "1-power"  // 1 - x^p
    case .sqrt: "sqrt"  // √(1 - x)
    case .square: "square"  // (1 - x)²
    case .power: "power"  // (1 - x)^p
    case .exponential: "exponential"  // (q^x - q) / (1 - q)
    case .mirrorCosine: "mirror-cosine"  // 2(1 - x) - (1 + cos πx) / 2
    }
  }
}

/// A shape with its parameters.
struct Fall: Sendable {
  let shape: Shape
  let power: Double
  let q: Double

  static let formula =
    """
    fall: linear 1-x, cosine (1+cos(pi x))/2, 1-sqrt 1-sqrt(x), 1-square 1-x^2, 1-power 1-x^power, \
    sqrt sqrt(1-x), square (1-x)^2, power (1-x)^power, exponential (q^x-q)/(1-q), \
    mirror-cosine 2(1-x)-(1+cos(pi x))/2
    """ as StaticString

  static var parameters: [Parameter] {
    [
      Parameter("power", .real(.positive), default: .real(1), "exponent of the shapes power and 1-power"),
      Parameter(
        "q", .real(Interval(0, 1, lowerIsOpen: true, upperIsOpen: true)), default: .real(0.1),
        "base of the shape exponential"),
    ]
  }

  func value(at x: Progress) -> Double {
    switch shape {
    case .linear: return x.left
    case .cosine:
      let s = sinHalfPi(x.left)
      return s * s
    case .oneMinusSqrt: return oneMinusPower(x, 0.5)
    case .oneMinusSquare: return oneMinusPower(x, 2)
    case .oneMinusPower: return oneMinusPower(x, power)
    case .sqrt: return x.left.squareRoot()
    case .square: return x.left * x.left
    case .power: return raise(x.left, to: power)
    case .exponential:
      // (q^x - q) / (1 - q) without the cancellation near x = 1.
      return Swift.min(1, q * stepsize_math_expm1(-x.left * stepsize_math_log(q)) / (1 - q))
    case .mirrorCosine:
      let s = sinHalfPi(x.left)
      return 2 * x.left - s * s
    }
  }
}
