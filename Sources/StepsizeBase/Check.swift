/// Checks of numbers that are not in a signature; an error names the owner, the field, the value and the range.
package struct Check {
  private let owner: StaticString

  package init(_ owner: StaticString) { self.owner = owner }

  package func callAsFunction(
    _ field: StaticString, _ value: Double, in interval: Interval
  ) throws(ConfigurationError) {
    if interval.contains(value) { return }
    var expected: [UInt8] = []
    interval.write(to: &expected)
    throw ConfigurationError(owner, field, Decimal.write(value), expected: expected)
  }

  package func callAsFunction(
    _ field: StaticString, _ value: Int64, from lower: Int64, to upper: Int64 = .max
  ) throws(ConfigurationError) {
    if value >= lower && value <= upper { return }
    var expected: [UInt8] = []
    expected.write(expected: lower...upper)
    throw ConfigurationError(owner, field, Decimal.write(value), expected: expected)
  }
}
