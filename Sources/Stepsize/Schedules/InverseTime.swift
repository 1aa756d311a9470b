/// Decay with the inverse of time.
///
///     value(t) = (1 + rate u)^-power,   u = t/every, or ⌊t/every⌋ with `staircase`
struct InverseTime: Sendable {
  let rate: Double
  let every: Double
  let power: Double
  let staircase: Bool

  static var name: StaticString { "inverse_time" }

  static var entry: Entry {
    Entry(
      name, "decay with the inverse of time",
      formula: "(1 + rate u)^-power, u = t/every, or floor(t/every) with staircase",
      [
        Parameter("rate", .real(.nonNegative), "speed of the decay"),
        Parameter("every", .real(.positive), default: .real(1), "updates that count as one unit of time"),
        Parameter("power", .real(.positive), default: .real(1), "exponent"),
        Parameter("staircase", .flag, default: .flag(false), "whole units of time only"),
      ]
    ) { a throws(ConfigurationError) in
      let inverse = InverseTime(
        rate: a.real("rate"), every: a.real("every"), power: a.real("power"), staircase: a.flag("staircase"))
      return Body(.inverseTime(inverse), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    let unit = staircase ? 1 : every
    let time = staircase ? wholeUnits(t, of: every) : t
    let sum = unit.addingProduct(rate, Double(time))
    // The low parts below would overflow.
    guard sum < 1e300 else { return raise(unit / sum, to: power) }
    return raise(Pair(unit) / (Pair(unit) + Pair(time) * rate), to: power)
  }
}
