/// Any list of multipliers, one for each update.
///
///     value(t) = values[min(t, n - 1)]
struct Table: Sendable {
  let values: [Double]

  static let maximumCount = 16_777_216

  static var name: StaticString { "table" }

  static var entry: Entry {
    Entry(
      name, "a list of values, one for each update; the last one holds", formula: "values[min(t, n-1)]",
      [Parameter("values", .reals(.nonNegative), "multipliers, 1 to 16777216 of them")]
    ) { a throws(ConfigurationError) in
      let values = a.reals("values")
      guard !values.isEmpty, values.count <= maximumCount else {
        throw a.error("values", expected: "1 to 16777216 values")
      }
      return Body(.table(Table(values: values)), length: Int64(values.count))
    }
  }

  @inline(__always)
  func value(at t: Int64) -> Double {
    values[Int(Swift.min(t, Int64(values.count &- 1)))]
  }
}

extension Schedule {
  /// One multiplier for each update; the last one holds.
  public static func table(_ values: [Double]) throws(ConfigurationError) -> Schedule {
    try Schedule(.table, [.reals(values)])
  }
}
