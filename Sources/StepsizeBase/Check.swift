/// Checks of numbers that belong to no signature; an error names the owner, the field, the value and the range.
struct Check {
  private let owner: StaticString

  init(_ owner: StaticString) { self.owner = owner }

  func callAsFunction(
    _ field: StaticString, _ value: Double, in interval: Interval
  ) throws(ConfigurationError) {
    if interval.contains(value) { return }
    var expected: [UInt8] = []
    interval.write(to: &expected)
    throw ConfigurationError(owner, field, .real(value), expected: expected)
  }

  func callAsFunction(
    _ field: StaticString, _ value: Int64, from lower: Int64, to upper: Int64 = .max
  ) throws(ConfigurationError) {
    if value >= lower && value <= upper { return }
    throw ConfigurationError(
      owner, field, .integer(value), expected: Parameter("", .count(lower...upper), "").expected)
  }
}
