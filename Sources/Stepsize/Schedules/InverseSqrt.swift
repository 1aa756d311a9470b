/// Decay with the inverse square root of time, 1 at t = 0.
///
///     value(t) = √(timescale / (timescale + t))
///
/// Examples, to step 1000:
///
///     inverse_sqrt(100)
///     warmup(100) >> inverse_sqrt(100)
struct InverseSqrt: Sendable {
  let timescale: Double

  static var declaration: StaticString {
    """
    inverse_sqrt: decay with the inverse square root of time
    formula: sqrt(timescale/(timescale + t))
    source: arXiv 2106.04560
    timescale: real of updates > 0; updates until the rate is at 1/sqrt(2)
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.inverseSqrt(InverseSqrt(timescale: a.real("timescale"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    (timescale / (timescale + Double(t))).squareRoot()
  }
}
