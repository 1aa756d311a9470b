/// The learning-rate range test (Smith, arXiv 1803.09820): the rate rises until the training breaks.
///
///     value(t) = 1 + rate u,   u = t/every, or ⌊t/every⌋ with `staircase`
struct RangeTest: Sendable {
  let every: Double
  let rate: Double
  let staircase: Bool

  static var name: StaticString { "range_test" }

  static var entry: Entry {
    Entry(
      name, "the learning-rate range test",
      formula: "1 + rate u, u = t/every, or floor(t/every) with staircase", source: "arXiv 1803.09820",
      [
        Parameter("every", .real(.positive), "updates that count as one unit of time"),
        Parameter("rate", .real(.nonNegative), default: .real(1), "growth in each unit"),
        Parameter("staircase", .flag, default: .flag(false), "whole units of time only"),
      ]
    ) { a throws(ConfigurationError) in
      let test = RangeTest(every: a.real("every"), rate: a.real("rate"), staircase: a.flag("staircase"))
      return Body(.rangeTest(test), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    if staircase { return finite((1.0).addingProduct(rate, Double(wholeUnits(t, of: every)))) }
    return finite(every.addingProduct(rate, Double(t)) / every)
  }
}
