/// A cut at regular intervals.
///
///     value(t) = factor^⌊t/every⌋
///
/// Examples, to step 1000:
///
///     step(300)
///     step(200, factor=0.5)
struct Step: Sendable {
  let every: Int64
  let factor: Double

  static var declaration: StaticString {
    """
    step: a cut at regular intervals
    formula: factor^floor(t/every)
    every: count of updates from 1; updates between two cuts
    factor: real >= 0 = 0.1; multiplier at each cut
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.step(Step(every: a.count("every"), factor: a.real("factor"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    raise(factor, to: Double(t / Swift.max(every, 1)))
  }
}
