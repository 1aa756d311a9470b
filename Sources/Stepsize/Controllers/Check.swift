/// Checks of a controller's parameters; an error names the owner, the field, the value and the range.
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

/// Bounds given once for all groups, for each, or not at all.
enum Bounds {
  static func each(
    _ owner: StaticString, _ field: StaticString, _ given: [Double], _ defaults: [Double]
  ) throws(ConfigurationError) -> [Double] {
    switch given.count {
    case 0: return defaults
    case defaults.count: return given
    case 1: return defaults.map { _ in given[0] }
    default:
      throw ConfigurationError(owner, field, .reals(given), expected: "none, one, or one for each group")
    }
  }
}
