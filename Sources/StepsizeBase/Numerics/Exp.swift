// The exponential function, from a table of 2^(i/128) and a polynomial (Tang, "Table-driven implementation of the
// exponential function in IEEE floating-point arithmetic", 1989). Here as in Log.swift, Power.swift and Tanh.swift
// there are only + - * /, comparisons and integers, each rounded as IEEE 754 says and none fused, so that the bits are
// the same on every processor, whatever its libm.

/// e^x = scale·(1 + rest) with |rest| < 0.003; `scale` is 2^(k/128), rounded.
struct ExpParts {
  /// The bits of `scale`, where that is in range.
  let bits: UInt64
  let rest: Double

  /// For |x| < 2000.
  @inline(__always)
  init(_ x: Double) {
    // x = k ln 2/128 + r: k is rounded in the last places of a large number.
    let shifted = x * ExpTable.inverseStep + 0x1.8p52
    let k = shifted - 0x1.8p52
    self.init(shifted.bitPattern, (x - k * ExpTable.step) - k * ExpTable.stepLow)
  }

  /// `low` far below 1.
  @inline(__always)
  init(_ x: Pair) {
    let shifted = x.high * ExpTable.inverseStep + 0x1.8p52
    let k = shifted - 0x1.8p52
    self.init(shifted.bitPattern, (x.high - k * ExpTable.step) + (x.low - k * ExpTable.stepLow))
  }

  @inline(__always)
  private init(_ n: UInt64, _ r: Double) {
    let i = Int(truncatingIfNeeded: n & 127) &* 2
    let r2 = r * r
    let first = (Double(bitPattern: ExpTable.entries[i]) + r) + r2 * (ExpTable.c2 + r * ExpTable.c3)
    rest = first + r2 * r2 * (ExpTable.c4 + r * ExpTable.c5)
    bits = ExpTable.entries[i &+ 1] &+ n << 45
  }

  @inline(__always)
  var scale: Double { Double(bitPattern: bits) }

  /// Where the scale may be out of range: the sum is made of 2^±n times it.
  func extremeValue(_ x: Double) -> Double {
    if x > 0 {
      let quarter = Double(bitPattern: bits &- 2 << 52)
      return (quarter + quarter * rest) * 4
    }
    let large = Double(bitPattern: bits &+ 1022 << 52)
    let value = large + large * rest
    if value >= 1 { return value * 0x1p-1022 }
    // Subnormal: beside 1 the last place is that of the result, so that there is one rounding alone.
    let sum = 1 + large
    return ((sum + ((1 - sum) + large + large * rest)) - 1) * 0x1p-1022
  }
}

/// Below this magnitude the scale is a normal number, and so is what the rest of it is multiplied with.
private let ordinary = 700.0

@inline(never)
private func extremeExp(_ x: Pair) -> Double {
  if x.high > 709.8 { return .infinity }
  if x.high < -745.2 { return 0 }
  return x.high == x.high ? ExpParts(x).extremeValue(x.high) : .nan
}

extension Double {
  /// e^x: error below 0.52 ulp; monotone, and exp(0) is 1.
  @inline(never)
  @_optimize(speed)
  package static func exp(_ x: Double) -> Double {
    guard x.magnitude < ordinary else { return extremeExp(Pair(x)) }
    let parts = ExpParts(x)
    let scale = parts.scale
    return scale + scale * parts.rest
  }

  /// e^x - 1: error below 0.7 ulp.
  @inline(never)
  @_optimize(speed)
  package static func expMinusOne(_ x: Double) -> Double {
    if x.magnitude < 0.0625 { return smallExpMinusOne(x) }
    guard x.magnitude < ordinary else { return x <= -ordinary ? -1 : extremeExp(Pair(x)) }
    let parts = ExpParts(x)
    let scale = parts.scale
    let difference = Pair(scale, plus: -1)
    return difference.high + (difference.low + scale * parts.rest)
  }
}

@inline(__always)
private func smallExpMinusOne(_ x: Double) -> Double {
  // Among other things, a zero keeps its sign.
  if x.magnitude < 0x1p-54 { return x }
  let x2 = x * x
  let x4 = x2 * x2
  let low = (ExpTable.m3 + x * ExpTable.m4) + x2 * (ExpTable.m5 + x * ExpTable.m6)
  let high = (ExpTable.m7 + x * ExpTable.m8) + x2 * (ExpTable.m9 + x * ExpTable.m10)
  return x + (0.5 * x2 + x2 * x * (low + x4 * high))
}

/// e^x with |x.low| far below 1, finite: error below 0.52 ulp.
@inline(__always)
func exponential(_ x: Pair) -> Double {
  guard x.high.magnitude < ordinary else { return extremeExp(x) }
  let parts = ExpParts(x)
  let scale = parts.scale
  return scale + scale * parts.rest
}
