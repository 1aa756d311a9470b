/// A number as an unevaluated sum of two doubles, the second far smaller: about 106 bits.
///
/// A quotient of integers that is rounded once is off by up to half a unit in the last place; an exponent or
/// an angle would magnify that error many times. `low` is what the rounding lost.
package struct Pair {
  package let high: Double
  package let low: Double

  package static var zero: Pair { Pair(high: 0, low: 0) }

  @inline(__always)
  package init(high: Double, low: Double) {
    self.high = high
    self.low = low
  }

  package init(_ x: Double) { self.init(high: x, low: 0) }

  /// The whole number, exactly.
  package init(_ n: UInt64) {
    // Both halves are exact, and the sum rounds as n itself would.
    let top = Double(n >> 32) * 0x1p32
    let bottom = Double(n & 0xffff_ffff)
    let sum = top + bottom
    self.init(high: sum, low: bottom - (sum - top))
  }

  package init(_ n: Int64) { self.init(UInt64(n.magnitude)) }

  /// n/d for d >= 1.
  @_optimize(speed)
  package init(_ n: UInt64, over d: UInt64) {
    self = Pair(n) / Pair(d)
  }

  /// a·b, exactly (unless it underflows, or it or a factor is close to overflow, where `low` is 0).
  ///
  /// Dekker (1971), with Veltkamp's splitting: a fused multiplication would be a call to libm on processors that lack
  /// it, or that the compiler may not count on.
  @inline(__always)
  package init(_ a: Double, times b: Double) {
    let product = a * b
    let (aTop, aBottom) = Self.split(a)
    let (bTop, bBottom) = Self.split(b)
    let low = ((aTop * bTop - product) + aTop * bBottom + aBottom * bTop) + aBottom * bBottom
    self.init(high: product, low: low.magnitude < .infinity ? low : 0)
  }

  /// Two halves of 26 bits with signs.
  @inline(__always)
  private static func split(_ x: Double) -> (Double, Double) {
    let large = x * 0x1.0000002p27
    let top = large - (large - x)
    return (top, x - top)
  }

  /// a + b, exactly.
  package init(_ a: Double, plus b: Double) {
    let sum = a + b
    let fromB = sum - a
    self.init(high: sum, low: (a - (sum - fromB)) + (b - fromB))
  }

  package static func + (a: Pair, b: Pair) -> Pair {
    let sum = Pair(a.high, plus: b.high)
    let low = sum.low + (a.low + b.low)
    let high = sum.high + low
    return Pair(high: high, low: low - (high - sum.high))
  }

  package static func - (a: Pair, b: Pair) -> Pair { a + Pair(high: -b.high, low: -b.low) }

  package static func * (a: Pair, b: Double) -> Pair {
    let product = Pair(a.high, times: b)
    return Pair(high: product.high, low: product.low + a.low * b)
  }

  package static func / (a: Pair, b: Pair) -> Pair {
    let quotient = a.high / b.high
    let product = Pair(quotient, times: b.high)
    let rest = ((a.high - product.high) - product.low) + (a.low - quotient * b.low)
    return Pair(high: quotient, low: rest / b.high)
  }
}

extension Double {
  /// self + b·c, as if there were one rounding: its sign is right, and its error below 0.5000001 ulp.
  @inline(never)
  @_optimize(speed)
  package func adding(_ b: Double, times c: Double) -> Double {
    let product = Pair(b, times: c)
    let plain = self + product.high
    // Near overflow the parts below are not numbers.
    guard plain.magnitude < 0x1p1000 else { return plain }
    let sum = Pair(self, plus: product.high)
    return sum.high + (sum.low + product.low)
  }
}

/// `sin(pi * x / 2)` for x in [0, 1].
@_optimize(speed)
package func sinHalfPi(_ x: Pair) -> Double {
  let s = sinHalfPi(x.high)
  // The slope needs few digits, and where s is near 1 it has no weight.
  return s + x.low * (0.5 * Double.pi) * ((1 - s) * (1 + s)).squareRoot()
}

/// (1 - cos πx)/2 for x in [0, 1]: 0 at 0 with full relative precision there, 1 at 1.
package func halfWave(_ x: Pair) -> Double {
  let s = sinHalfPi(x)
  return s * s
}

// MARK: - Whole numbers from quotients and products

/// The largest double below 2^63.
package let largestCount = 0x1.fffffffffffffp62

/// ⌊t/unit⌋ for t >= 0 and unit > 0, saturating at 2^63 - 1. Exact where the unit is a whole number, or t and the
/// quotient are below 2^53; beyond that with the 106 bits of a pair.
package func wholeUnits(_ t: Int64, of unit: Double) -> Int64 {
  if let n = Int64(whole: unit) { return t / Swift.max(n, 1) }
  let steps = Double(t)
  let quotient = steps / unit
  guard quotient < largestCount else { return Int64.max }
  let n = Int64(quotient)
  if Swift.max(steps, quotient) >= 0x1p53 {
    let rest = Pair(t) - Pair(n) * unit
    return n.adding(Int64((rest.high / unit).roundedDown)) ?? Int64.max
  }
  // The quotient is rounded: where it is a whole number the exact one may be below it.
  return quotient == Double(n) && (-steps).adding(Double(n), times: unit) > 0 ? n &- 1 : n
}

/// The first t with wholeUnits(t, of: unit) >= n; nil if there is none.
package func firstStep(ofUnit n: Int64, _ unit: Double) -> Int64? {
  // Inlined, it would be most of the code.
  @inline(never)
  func reaches(_ t: Int64) -> Bool { wholeUnits(t, of: unit) >= n }
  guard n > 0 else { return 0 }
  let guess = (Pair(n) * unit).roundedUp ?? Int64.max
  var (low, high) = (max(guess - 1, 0), guess)
  // Where the unit is no whole number, a product beyond 2^53 may be off.
  var width: Int64 = 1
  while !reaches(high) {
    if high == Int64.max { return nil }
    low = high
    high = high > Int64.max - width ? Int64.max : high + width
    width = width > Int64.max / 2 ? width : width * 2
  }
  width = 1
  while low > 0, reaches(low) {
    high = low
    low = max(low - width, 0)
    width = width > Int64.max / 2 ? width : width * 2
  }
  while high - low > 1 {
    let middle = low + (high - low) / 2
    if reaches(middle) { high = middle } else { low = middle }
  }
  return high
}

extension Pair {
  /// The whole number at or above a number >= 0; nil if it is 2^63 or more.
  package var roundedUp: Int64? {
    guard let (whole, rest) = parts else { return nil }
    return whole.adding(rest > 0 ? 1 : 0)
  }

  /// The nearest whole number, halves upwards, of a number >= 0; nil if it is 2^63 or more.
  package var rounded: Int64? {
    guard let (whole, rest) = parts else { return nil }
    return whole.adding(rest >= 0.5 ? 1 : 0)
  }

  /// The whole number below, and what is left, in [0, 1].
  private var parts: (Int64, Double)? {
    guard high <= largestCount else { return nil }
    var whole = Int64(high)
    // One of the two is 0: above 2^53 `high` is whole, and below it `low` is less than the last bit.
    var rest = high - Double(whole)
    let lowWhole = low.roundedDown
    if rest == 0 {
      whole = whole &+ Int64(lowWhole)
      return whole < 0 ? nil : (whole, low - lowWhole)
    }
    // A tie that `low` breaks downwards must not round up.
    let sum = rest + low
    rest = sum == rest && low < 0 ? rest.nextDown : sum
    return (whole, rest)
  }
}
