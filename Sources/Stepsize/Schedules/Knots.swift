/// A curve through points.
///
///     linear   v0 (1 - x) + v1 x,   x = (t - s0)/(s1 - s0) between the knots (s0, v0) and (s1, v1)
///     cosine   v0 c + v1 (1 - c),   c = (1 + cos πx)/2
///     hold     v0
///
/// Before the first knot and after the last one their values are held.
///
/// Examples, to step 1000:
///
///     knots([0, 300, 1000], [0.1, 1, 0])
///     knots([0, 300, 1000], [0.1, 1, 0], interpolation="cosine")
///     knots([0, 300, 1000], [0.1, 1, 0], interpolation="hold")
struct Knots: Sendable {
  enum Interpolation: Int32 {
    case linear, cosine, hold
  }

  let steps: [Double]
  let values: [Double]
  let interpolation: Interpolation

  static var declaration: StaticString {
    """
    knots: a curve through points
    formula: between knots (s0, v0) and (s1, v1), x = (t - s0)/(s1 - s0): linear v0 (1-x) + v1 x; cosine v0 c + \
    v1 (1-c), c = (1+cos(pi x))/2; hold v0
    steps: reals of updates in [0, 9223372036854774784]; steps of the knots, strictly ascending
    values: reals >= 0; multipliers at the knots
    interpolation: word linear|cosine|hold = linear; curve between two knots
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let steps = a.reals("steps")
    let values = a.reals("values")
    for i in steps.indices.dropFirst() where steps[i] <= steps[i - 1] {
      throw a.error("steps", expected: "strictly ascending numbers")
    }
    guard let last = steps.last, let length = Pair(last).roundedUp, steps.count <= Table.maximumCount else {
      throw a.error("steps", expected: "1 to 16777216 numbers")
    }
    guard values.count == steps.count else { throw a.error("values", expected: "as many values as steps") }
    let interpolation = try a.word("interpolation", as: Interpolation.self)
    return Body(.knots(Knots(steps: steps, values: values, interpolation: interpolation)), length: length)
  }

  /// The update of the first knot after which the values do not rise; 0 where they do not rise at all.
  var rise: Int64 {
    var last = 0
    while last &+ 1 < values.count && values[last &+ 1] > values[last] { last &+= 1 }
    return last == 0 ? 0 : Pair(steps[last]).roundedUp ?? Int64.max
  }

  func value(at t: Int64) -> Double {
    let time = Pair(t)
    // How many knots are at or before t. The difference of the high parts has the sign of the exact one.
    var lower = 0
    var upper = steps.count
    while lower < upper {
      let middle = lower &+ (upper &- lower) / 2
      if steps[middle] - time.high <= time.low { lower = middle &+ 1 } else { upper = middle }
    }
    if lower == 0 { return values[0] }
    let v0 = values[lower &- 1]
    if lower == steps.count || interpolation == .hold { return v0 }
    let s0 = Pair(steps[lower &- 1])
    let s1 = Pair(steps[lower])
    let v1 = values[lower]
    let span = s1 - s0
    let left = (s1 - time) / span
    let done = (time - s0) / span
    switch interpolation {
    case .cosine: return finite(v0 * halfWave(left) + v1 * halfWave(done))
    default: return finite(v0 * left.high + v1 * done.high)
    }
  }
}
