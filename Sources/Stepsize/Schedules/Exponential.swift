/// Exponential decay (or growth).
///
///     value(t) = gamma^(t/every)
///
/// Growth saturates at the largest finite number.
///
/// Examples, to step 1000:
///
///     exponential(0.995)
///     exponential(0.5, every=100)
struct Exponential: Sendable {
  let gamma: Double
  let every: Double

  static var declaration: StaticString {
    """
    exponential: exponential decay without an end
    formula: gamma^(t/every)
    gamma: real > 0; multiplier over each `every` updates
    every: real of updates > 0 = 1; updates, which may be a fraction
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.exponential(Exponential(gamma: a.real("gamma"), every: a.real("every"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    raise(gamma, to: Pair(t) / Pair(every))
  }
}
