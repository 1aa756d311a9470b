/// Bounds of the base rates: one for all groups, one for each, or the defaults.
enum Bounds {
  /// The default of each is base·times/over + plus.
  @inline(never)
  static func each(
    _ owner: StaticString, _ field: StaticString, _ given: [Double], _ bases: [Double], times: Double = 0,
    over: Double = 1, plus: Double = 0
  ) throws(ConfigurationError) -> [Double] {
    if given.count == bases.count { return given }
    guard given.count <= 1 else {
      throw ConfigurationError(owner, field, .reals(given), expected: "none, one, or one for each group")
    }
    var bounds: [Double] = []
    bounds.reserveCapacity(bases.count)
    for base in bases { bounds.append(given.first ?? finite(base * times) / over + plus) }
    return bounds
  }

  /// The parameters min_lr and max_lr, which must enclose the base rates; their defaults are a `below`-th of each base
  /// rate and `above` times it.
  @inline(never)
  static func around(
    _ bases: [Double], _ owner: StaticString, _ a: Arguments, below: Double, above: Double
  ) throws(ConfigurationError) -> ([Double], [Double]) {
    let lower = try each(owner, "min_lr", a.perGroup("min_lr"), bases, times: 1, over: below)
    let upper = try each(owner, "max_lr", a.perGroup("max_lr"), bases, times: above)
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
