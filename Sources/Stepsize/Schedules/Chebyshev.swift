/// The fractal Chebyshev schedule (Agarwal, Goel and Zhang, arXiv 2103.01338): steps that are optimal for a
/// quadratic whose curvatures are between `small` and `large`, in an order that stays stable.
///
///     value(t) = 1 / (c - q cos((p + ½)π/N)),   c = (large + small)/2, q = (large - small)/2
///
/// N is the smallest power of two >= total, and p is place min(t, total - 1) of a permutation of 0..<N: from
/// [0], each p of the one half as long is replaced by p, size - 1 - p.
///
/// Examples, to step 64:
///
///     chebyshev(64)
struct Chebyshev: Sendable {
  let total: Int64
  let small: Double
  let large: Double

  static var declaration: StaticString {
    """
    chebyshev: fractal Chebyshev steps
    formula: 1/(c - q cos((p + 1/2) pi/N)), c = (large + small)/2, q = (large - small)/2, N = the power of two \
    >= total, p = permutation[min(t, total-1)]
    source: arXiv 2103.01338
    total: count of updates from 1; updates of the run
    small: real > 0 = 0.05; smallest curvature
    large: real > 0 = 1; largest curvature
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let small = a.real("small")
    let large = a.real("large")
    guard small <= large else { throw a.error("large", expected: "a number >= small") }
    let total = a.count("total")
    return Body(.chebyshev(Chebyshev(total: total, small: small, large: large)), length: total)
  }

  func value(at t: Int64) -> Double {
    let index = UInt64(bitPattern: Swift.min(t, total &- 1))
    let levels = 64 - (total &- 1).leadingZeroBitCount
    // From [0], level by level; the index's highest bit is the first choice.
    var place: UInt64 = 0
    var level = 1
    while level <= levels {
      if (index >> UInt64(levels &- level)) & 1 == 1 { place = (1 << UInt64(level)) &- 1 &- place }
      level &+= 1
    }
    // (2p + 1)/2N: at most 63 bits over a power of two.
    let angle = Pair(2 &* place &+ 1)
    let scale = Double(sign: .plus, exponent: -levels - 1, significand: 1)
    return finite(
      1 / (small + (large - small) * halfWave(Pair(high: angle.high * scale, low: angle.low * scale))))
  }
}
