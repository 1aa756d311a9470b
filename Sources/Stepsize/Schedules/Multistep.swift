/// A cut at each of the listed updates.
///
///     value(t) = factor^(number of milestones <= t)
///
/// A milestone that is listed twice counts twice.
///
/// Examples, to step 1000:
///
///     multistep([300, 600, 900])
///     multistep([300, 600, 900], factor=0.5)
struct Multistep: Sendable {
  let milestones: [Int64]
  let factor: Double

  static var declaration: StaticString {
    """
    multistep: a cut at listed updates
    formula: factor^(number of milestones <= t)
    milestones: counts of updates repeating; updates at which a cut is made, ascending
    factor: real >= 0 = 0.1; multiplier at each cut
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let milestones = a.counts("milestones")
    guard milestones.count <= Table.maximumCount else {
      throw a.error("milestones", expected: "at most 16777216 updates")
    }
    return Body(.multistep(Multistep(milestones: milestones, factor: a.real("factor"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    raise(factor, to: Double(milestones.count(upTo: t)))
  }
}
