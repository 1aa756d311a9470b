/// A logistic curve around a step.
///
///     fall   value(t) = 1 / (1 + e^(steepness (t - center)))
///     rise   value(t) = 1 / (1 + e^(-steepness (t - center)))
///
/// Examples, to step 1000:
///
///     sigmoid(500, 0.02)
///     sigmoid(500, 0.02, direction="rise")
struct Sigmoid: Sendable {
  enum Direction: Int32 {
    case fall, rise
  }

  let center: Double
  /// Below 0 for a rise.
  let slope: Double

  static var declaration: StaticString {
    """
    sigmoid: a logistic fall or rise around a step
    formula: 1/(1 + e^z), z = steepness (t - center) for a fall, its negative for a rise
    center: real of updates; step at which the value is 1/2
    steepness: real >= 0; per update
    direction: word fall|rise = fall; down or up
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let direction = try a.word("direction", as: Direction.self)
    let steepness = a.real("steepness")
    let slope = direction == .fall ? steepness : -steepness
    return Body(.sigmoid(Sigmoid(center: a.real("center"), slope: slope)), length: nil)
  }

  func value(at t: Int64) -> Double {
    logistic((Pair(t) - Pair(center)) * slope)
  }
}
