/// Warm-up, a constant rate, then a power law (Squeezeformer, arXiv 2206.00888).
///
///     noam_hold(warmup, hold, power, floor)
///       = clamp(warmup(warmup, start=0) >> constant(hold) >> power_law(warmup, power), min=floor)
///
/// Examples, to step 1000:
///
///     noam_hold(100, 300)
enum NoamHold {
  static var declaration: StaticString {
    """
    noam_hold: warm-up, a constant rate, then a power law
    formula: clamp(warmup(warmup, start=0) >> constant(hold) >> power_law(warmup, power), min=floor)
    source: arXiv 2206.00888
    warmup: count of updates from 1; updates of the rise, and scale of the power law
    hold: count of updates from 0; updates at the full rate
    power: real > 0 = 0.5; exponent of the power law
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try Template.body(
      "clamp(warmup({warmup}, 0) >> constant({hold}) >> power_law({warmup}, {power}), {floor})", a)
  }
}
