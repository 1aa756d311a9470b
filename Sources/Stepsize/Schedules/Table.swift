/// Any list of multipliers, one for each update.
///
///     value(t) = values[min(t, n - 1)]
///
/// Examples, to step 12:
///
///     table([0.2, 0.6, 1, 1, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05])
struct Table: Sendable {
  let values: [Double]

  static let maximumCount = 16_777_216

  static var declaration: StaticString {
    """
    table: a list of values, one for each update; the last one holds
    formula: values[min(t, n-1)]
    values: reals >= 0; multipliers, 1 to 16777216 of them
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let values = a.reals("values")
    guard !values.isEmpty, values.count <= maximumCount else {
      throw a.error("values", expected: "1 to 16777216 values")
    }
    return Body(.table(Table(values: values)), length: Int64(values.count))
  }

  @inline(__always)
  func value(at t: Int64) -> Double {
    values[Int(Swift.min(t, Int64(values.count &- 1)))]
  }
}
