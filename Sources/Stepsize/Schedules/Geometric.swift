/// From 1 to `end` by equal factors: exponential decay to a given value.
///
///     value(t) = end^(t/total)
///
/// 1 at t = 0, end at total and after.
///
/// Examples, to step 1000:
///
///     geometric(1000, 0.1)
///     geometric(1000, 0.001)
struct Geometric: Sendable {
  let total: Int64
  let end: Double

  static var declaration: StaticString {
    """
    geometric: exponential decay to a given value
    formula: end^(t/total)
    total: count of updates from 1; updates until the end is reached
    end: real > 0; multiplier at the end
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    return Body(.geometric(Geometric(total: total, end: a.real("end"))), length: total)
  }

  func value(at t: Int64) -> Double {
    t >= total ? end : raise(end, to: Progress(t, of: total).done)
  }
}
