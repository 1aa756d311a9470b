/// Hyperbolic tangent decay (Hsueh et al., arXiv 1806.01593).
///
///     value(t) = floor + (1 - floor)/2 (1 - tanh(lower (1 - x) + upper x)),   x = t/total
///
/// As published, it begins slightly below 1 and ends slightly above the floor: by about 1e-6 and 0.0025 of
/// the range for the defaults.
///
/// Examples, to step 1000:
///
///     tanh(1000)
///     tanh(1000, lower=-4, upper=4)
struct Tanh: Sendable {
  let total: Int64
  let lower: Double
  let upper: Double
  let floor: Double

  static var declaration: StaticString {
    """
    tanh: hyperbolic tangent decay
    formula: floor + (1 - floor)/2 (1 - tanh(lower (1 - x) + upper x)), x = t/total
    source: arXiv 1806.01593
    total: count of updates from 1; updates until the end of the curve
    lower: real in [-1000, 1000] = -7; argument of tanh at the start
    upper: real in [-1000, 1000] = 3; argument of tanh at the end
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let tanh = Tanh(total: total, lower: a.real("lower"), upper: a.real("upper"), floor: a.real("floor"))
    return Body(.tanh(tanh), length: total)
  }

  /// (1 - tanh z)/2 = 1/(1 + e^2z), which does not cancel.
  func value(at t: Int64) -> Double {
    let progress = Progress(t, of: total)
    return floor + (1 - floor) * logistic(progress.left * (2 * lower) + progress.done * (2 * upper))
  }
}
