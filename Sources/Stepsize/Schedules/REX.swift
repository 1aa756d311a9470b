/// Reflected exponential decay (Chen et al., arXiv 2107.04197): near the full rate for long, then down fast.
///
///     value(t) = floor + (1 - floor) (1 - x) / (1 - beta x),   x = t/total
///
/// 1 at t = 0, floor at total and after. The larger beta is, the later it falls: 0 is linear decay, 0.5 the paper's curve,
/// 0.9 that of several trainers.
///
/// Examples, to step 1000:
///
///     rex(1000)
///     rex(1000, floor=0.2)
///     rex(1000, beta=0.9)
struct REX: Sendable {
  let total: Int64
  let floor: Double
  let beta: Double

  static var declaration: StaticString {
    """
    rex: reflected exponential decay to a floor
    formula: floor + (1 - floor) (1 - x)/(1 - beta x), x = t/total
    source: arXiv 2107.04197
    total: count of updates from 1; updates until the floor is reached
    floor
    beta: real in [0, 1) = 0.5; how late it falls: 0 is linear decay
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    return Body(.rex(REX(total: total, floor: a.real("floor"), beta: a.real("beta"))), length: total)
  }

  func value(at t: Int64) -> Double {
    let left = Double(total &- Swift.min(t, total))
    return floor + (1 - floor) * (left / ((1 - beta) * Double(total) + beta * left))
  }
}
