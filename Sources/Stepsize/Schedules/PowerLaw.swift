/// Decay with a power of time, as in the stable phase of timm and of the power scheduler (arXiv 2408.13359).
///
///     value(t) = (1 + t/scale)^-power
///
/// 1 at t = 0, 2^-power at t = scale.
///
/// Examples, to step 1000:
///
///     power_law(100)
///     power_law(100, power=1)
struct PowerLaw: Sendable {
  let scale: Double
  let power: Double

  static var declaration: StaticString {
    """
    power_law: decay with a power of time
    formula: (1 + t/scale)^-power
    source: arXiv 2408.13359
    scale: real of updates > 0; updates until the rate is at 2^-power
    power: real > 0 = 0.5; exponent
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.powerLaw(PowerLaw(scale: a.real("scale"), power: a.real("power"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    raise(Pair(scale) / (Pair(scale) + Pair(t)), to: power)
  }
}
