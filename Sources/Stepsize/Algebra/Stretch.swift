/// A schedule in another unit of time, such as one written in epochs of `factor` updates.
///
///     hold     value(t) = schedule(⌊t/factor⌋)
///     linear   value(t) = interpolated from schedule(⌊u⌋) to schedule(⌊u⌋ + 1),   u = t/factor
///
/// Examples, to step 1000:
///
///     stretch(linear(10), 100)
///     stretch(linear(10), 100, interpolation="linear")
enum Stretch {
  enum Interpolation: Int32 {
    case hold, linear
  }

  static var declaration: StaticString {
    """
    stretch: a schedule in another unit of time
    formula: hold: schedule(floor(t/factor)); linear: interpolated from that to the next step's value
    schedule: schedule; the schedule to stretch
    factor: real of updates > 0; updates for each step of the schedule
    interpolation: word hold|linear = hold; value between two steps
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inner = try a.schedule("schedule")
    let factor = a.real("factor")
    var length: Int64?
    if let end = inner.length {
      guard let product = firstStep(ofUnit: end, factor) else {
        throw ConfigurationError(.limit, "stretch: longer than 2^63 - 1 updates")
      }
      length = product
    }
    let isLinear = try a.word("interpolation", as: Interpolation.self) == .linear
    var body = Body(.stretch(inner.node, factor: factor, isLinear: isLinear), length: length, around: [inner])
    // Each level of interpolation asks for two values.
    if isLinear { body.evaluationCount *= 2 }
    return body
  }
}

extension Node {
  static func stretched(_ part: Node, _ t: Int64, by factor: Double, _ isLinear: Bool) -> Double {
    let n = wholeUnits(t, of: factor)
    let v0 = part.value(at: n)
    guard isLinear, n < Int64.max else { return v0 }
    let v1 = part.value(at: n &+ 1)
    // Equal values stay equal, whatever the rounding of the weights.
    if v1 == v0 { return v0 }
    // The smaller weight from where it is 0; the other is what it leaves.
    let done = (Pair(t) - Pair(n) * factor).high / factor
    if done < 0.5 { return finite(v0 * (1 - Swift.max(done, 0)) + v1 * Swift.max(done, 0)) }
    let left = Swift.max((Pair(n &+ 1) * factor - Pair(t)).high / factor, 0)
    return finite(v0 * left + v1 * (1 - left))
  }
}

extension Schedule {
  /// The schedule with `factor` updates for each of its steps: the updates of an epoch for one written in epochs.
  public func stretched(by factor: Double, isLinear: Bool = false) throws(ConfigurationError) -> Schedule {
    try Schedule(.stretch, [.schedule(self), .real(factor), .word(isLinear ? "linear" : "hold")])
  }
}
