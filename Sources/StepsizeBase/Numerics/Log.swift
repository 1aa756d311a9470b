// Logarithms, from a table of reciprocals of 8 bits and a polynomial (Tang, "Table-driven implementation of the
// logarithm function in IEEE floating-point arithmetic", 1990). x = 2^k z with z in an interval around c, and
//
//     ln x = k ln 2 + ln c + ln(1 + r),   r = z/c - 1.
//
// 1/c is so short that r, too, is a double: nothing is lost where the result is small. In the two intervals beside 1
// c is 1, so that k = 0 and ln c = 0 leave r = x - 1 alone.

/// x = 2^k z, and what the table has for z.
struct LogParts {
  /// z/c - 1 in two parts, both exact, as is their sum; the first has 21 bits.
  let top: Double
  let bottom: Double
  /// k ln 2 + ln c; `high` is a multiple of 2^-42.
  let high: Double
  let low: Double
  /// 1/(2^k c)
  let inverse: Double

  /// The bits of a number that is positive and normal, or the `scaledBits` of another.
  @inline(__always)
  init(_ bits: UInt64) {
    let n = bits &- LogTable.first
    let exponent = n & 0xfff0_0000_0000_0000
    let i = Int(truncatingIfNeeded: n >> 45 & 127) &* 3
    let k = Double(Int64(bitPattern: n) >> 52)
    let z = Double(bitPattern: bits &- exponent)
    let zTop = Double(bitPattern: (bits &- exponent) & 0xffff_ffff_0000_0000)
    let reciprocal = LogTable.entries[i]
    top = zTop * reciprocal - 1
    bottom = (z - zTop) * reciprocal
    high = k * LogTable.ln2 + LogTable.entries[i &+ 1]
    low = k * LogTable.ln2Low + LogTable.entries[i &+ 2]
    inverse = Double(bitPattern: reciprocal.bitPattern &- exponent)
  }

  /// z/c - 1
  @inline(__always)
  var r: Double { top + bottom }

  /// The logarithm, of which `lost` and what is `excess` of z/c - 1 have been taken away.
  @inline(__always)
  func logarithm(_ r: Double, _ lost: Double) -> Double {
    let sum = high + r
    let r2 = r * r
    return sum + ((((high - sum) + r) + lost - 0.5 * r2) + rest(r, r2))
  }

  /// The logarithm and a small number, with an error of 2^-65 of it.
  @inline(__always)
  func pair(plus small: Double) -> Pair {
    let r = r
    // All the places of r² that are not far below those of r: the difference is exact.
    let bent = r - 0.5 * top * top
    let sum = high + bent
    let tail = ((high - sum) + bent) + ((low + small - 0.5 * bottom * (top + r)) + rest(r, r * r))
    let result = sum + tail
    return Pair(high: result, low: (sum - result) + tail)
  }

  /// ln(1 + r) - r + r²/2
  @inline(__always)
  private func rest(_ r: Double, _ r2: Double) -> Double {
    let high = (LogTable.c5 + r * LogTable.c6) + r2 * (LogTable.c7 + r * LogTable.c8)
    return r * r2 * ((LogTable.c3 + r * LogTable.c4) + r2 * high)
  }
}

extension Double {
  /// ln x: error below 0.52 ulp; monotone, and log(1) is 0. NaN for x < 0.
  @inline(never)
  @_optimize(speed)
  package static func log(_ x: Double) -> Double {
    guard x.isPositiveNormal else { return unusualLog(x) }
    let parts = LogParts(x.bitPattern)
    return parts.logarithm(parts.r, parts.low)
  }

  /// ln(1 + x): error below 0.6 ulp. NaN for x < -1.
  @inline(never)
  @_optimize(speed)
  package static func log(onePlus x: Double) -> Double {
    if x.magnitude < 0.0625 { return smallLog(onePlus: x) }
    // A large x leaves no trace of the 1.
    guard x > -1, x < 0x1p54 else { return x > 0 ? log(x) : x == -1 ? -.infinity : .nan }
    let sum = Pair(1, plus: x)
    let parts = LogParts(sum.high.bitPattern)
    let excess = sum.low * parts.inverse
    let r = parts.r + excess
    return parts.logarithm(r, parts.low + ((parts.r - r) + excess))
  }

  /// Not for subnormals, infinities and NaN.
  @inline(__always)
  var isPositiveNormal: Bool { bitPattern &- 1 << 52 < 0x7fe0_0000_0000_0000 }

  /// The bits that a subnormal would have if there were room for its exponent, which goes below 0.
  @inline(__always)
  var scaledBits: UInt64 { (self * 0x1p54).bitPattern &- 54 << 52 }
}

@inline(__always)
private func smallLog(onePlus x: Double) -> Double {
  // Among other things, a zero keeps its sign.
  if x.magnitude < 0x1p-54 { return x }
  typealias T = LogTable
  let x2 = x * x
  let x4 = x2 * x2
  let low = (T.m3 + x * T.m4) + x2 * (T.m5 + x * T.m6)
  let middle = (T.m7 + x * T.m8) + x2 * (T.m9 + x * T.m10)
  let high = (T.m11 + x * T.m12) + x2 * T.m13
  return x - (0.5 * x2 - x2 * x * (low + x4 * (middle + x4 * high)))
}

/// ln x where x is no positive normal number.
@inline(never)
private func unusualLog(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
  let parts = LogParts(x.scaledBits)
  return parts.logarithm(parts.r, parts.low)
}
