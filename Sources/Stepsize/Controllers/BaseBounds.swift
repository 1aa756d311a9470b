/// Bounds of the base rates, given once for all groups, for each, or not at all.
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

  /// Lower and upper bounds that have the base rates between them.
  static func around(
    _ bases: [Double], _ owner: StaticString, min: [Double], _ defaultMin: [Double], max: [Double],
    _ defaultMax: [Double]
  ) throws(ConfigurationError) -> ([Double], [Double]) {
    let lower = try each(owner, "min_lr", min, defaultMin)
    let upper = try each(owner, "max_lr", max, defaultMax)
    for i in bases.indices where !(lower[i] <= bases[i] && bases[i] <= upper[i]) {
      var text: [UInt8] = []
      text.write(owner)
      text.write(": the base rate ")
      text.write(bases[i])
      text.write(" of group ")
      text.write(Int64(i))
      text.write(" is outside [min_lr, max_lr] = [")
      text.write(lower[i])
      text.write(", ")
      text.write(upper[i])
      text.write("]")
      throw ConfigurationError(.argument, text)
    }
    return (lower, upper)
  }
}
