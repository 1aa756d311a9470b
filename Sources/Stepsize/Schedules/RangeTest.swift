/// The learning-rate range test (Smith, arXiv 1803.09820): the rate rises until the training diverges.
///
///     value(t) = 1 + rate u,   u = t/every, or ⌊t/every⌋ with `staircase`
///
/// Examples, to step 1000:
///
///     range_test(100)
///     range_test(100, staircase=true)
struct RangeTest: Sendable {
  let every: Double
  let rate: Double
  let staircase: Bool

  static var declaration: StaticString {
    """
    range_test: the learning-rate range test
    formula: 1 + rate u, u = t/every, or floor(t/every) with staircase
    source: arXiv 1803.09820
    every: real of updates > 0; updates that count as one unit of time
    rate: real >= 0 = 1; growth in each unit
    staircase: flag = false; whether only whole units of time count
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let test = RangeTest(every: a.real("every"), rate: a.real("rate"), staircase: a.flag("staircase"))
    return Body(.rangeTest(test), length: nil)
  }

  func value(at t: Int64) -> Double {
    if staircase { return finite((1.0).adding(rate, times: Double(wholeUnits(t, of: every)))) }
    return finite(every.adding(rate, times: Double(t)) / every)
  }
}
