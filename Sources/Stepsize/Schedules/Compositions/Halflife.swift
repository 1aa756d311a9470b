/// Exponential decay by its half-life.
///
///     halflife(steps) = exponential(0.5, every=steps)
///
/// Examples, to step 1000:
///
///     halflife(200)
enum Halflife {
  static var declaration: StaticString {
    """
    halflife: exponential decay by its half-life
    formula: exponential(0.5, every=steps)
    steps: real of updates > 0; updates in which the rate halves
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try Template.body("exponential(0.5, {steps})", a)
  }
}
