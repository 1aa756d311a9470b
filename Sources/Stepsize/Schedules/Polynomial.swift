/// Polynomial decay.
///
///     value(t) = floor + (1 - floor) (1 - y)^power,   y = (t/total)^k_decay
///
/// With `cycle`, the span grows to total·max(1, ⌈t/total⌉), as in Keras: at each multiple of `total` the floor is
/// reached, and the curve restarts at its value over the longer span.
///
/// Examples, to step 1000:
///
///     polynomial(1000, 2)
///     polynomial(1000, 0.5)
///     polynomial(300, 1, floor=0.05, cycle=true)
struct Polynomial: Sendable {
  let total: Int64
  let power: Double
  let floor: Double
  let kDecay: Double
  let cycle: Bool

  static var declaration: StaticString {
    """
    polynomial: polynomial decay to a floor
    formula: floor + (1 - floor) (1 - y)^power, y = (t/total)^k_decay
    source: k_decay: arXiv 2004.05909
    total: count of updates from 1; updates until the floor is reached
    power: real > 0 = 1; exponent; 1 is linear
    floor
    k_decay: real > 0 = 1; exponent of the progress
    cycle: flag = false; whether the curve restarts over a longer span at each end
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let cycle = a.flag("cycle")
    let polynomial = Polynomial(
      total: total, power: a.real("power"), floor: a.real("floor"), kDecay: a.real("k_decay"), cycle: cycle)
    return Body(.polynomial(polynomial), length: cycle ? nil : total)
  }

  func value(at t: Int64) -> Double {
    var progress = Progress(t, of: total)
    if cycle && t > total {
      let t = UInt64(bitPattern: t)
      let total = UInt64(bitPattern: total)
      let over = t % total
      progress = Progress(t: t, rest: over == 0 ? 0 : total &- over)
    }
    let left = kDecay == 1 ? progress.left : Pair(progress.oneMinusPower(kDecay))
    return floor + (1 - floor) * raise(left, to: power)
  }
}
