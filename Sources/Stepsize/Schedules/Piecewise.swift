/// A value for each span between listed updates.
///
///     value(t) = values[number of boundaries <= t]
///
/// Examples, to step 1000:
///
///     piecewise([200, 600], [0.3, 1, 0.1])
struct Piecewise: Sendable {
  let boundaries: [Int64]
  let values: [Double]

  static var declaration: StaticString {
    """
    piecewise: a constant between listed updates
    formula: values[number of boundaries <= t]
    boundaries: counts of updates; updates at which the value changes, ascending
    values: reals >= 0; multipliers: one more than boundaries
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let boundaries = a.counts("boundaries")
    let values = a.reals("values")
    guard values.count == boundaries.count + 1, values.count <= Table.maximumCount else {
      throw a.error("values", expected: "one value more than boundaries, at most 16777216")
    }
    return Body(.piecewise(Piecewise(boundaries: boundaries, values: values)), length: nil)
  }

  func value(at t: Int64) -> Double {
    values[boundaries.count(upTo: t)]
  }
}
