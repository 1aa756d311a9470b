/// Decay with the inverse of time.
///
///     value(t) = (1 + rate u)^-power,   u = t/every, or ⌊t/every⌋ with `staircase`
///
/// Examples, to step 1000:
///
///     inverse_time(0.01)
///     inverse_time(1, every=200, staircase=true)
struct InverseTime: Sendable {
  let rate: Double
  let every: Double
  let power: Double
  let staircase: Bool

  static var declaration: StaticString {
    """
    inverse_time: decay with the inverse of time
    formula: (1 + rate u)^-power, u = t/every, or floor(t/every) with staircase
    rate: real >= 0; speed of the decay
    every: real of updates > 0 = 1; updates that count as one unit of time
    power: real > 0 = 1; exponent
    staircase: flag = false; whether only whole units of time count
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inverse = InverseTime(
      rate: a.real("rate"), every: a.real("every"), power: a.real("power"), staircase: a.flag("staircase"))
    return Body(.inverseTime(inverse), length: nil)
  }

  func value(at t: Int64) -> Double {
    let unit = staircase ? 1 : every
    let time = staircase ? wholeUnits(t, of: every) : t
    let sum = unit.adding(rate, times: Double(time))
    // The low parts below would overflow.
    guard sum < 1e300 else { return raise(unit / sum, to: power) }
    return raise(Pair(unit) / (Pair(unit) + Pair(time) * rate), to: power)
  }
}
