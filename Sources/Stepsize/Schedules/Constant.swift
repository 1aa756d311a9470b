/// A constant multiplier.
///
///     value(t) = value
///
/// for `length` updates, or forever.
///
/// Examples, to step 1000:
///
///     constant(600)
///     constant(600, value=0.5)
struct Constant: Sendable {
  let value: Double

  static var declaration: StaticString {
    """
    constant: a constant rate
    formula: value
    length: count of updates from 0 = none; updates, or none for no end
    value: real >= 0 = 1; multiplier of the base rate
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.constant(Constant(value: a.real("value"))), length: a.optionalCount("length"))
  }

  func value(at t: Int64) -> Double { value }
}
