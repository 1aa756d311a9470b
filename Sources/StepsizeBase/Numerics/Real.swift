/// An integer in 0..<2^52 as a Double, exactly.
///
/// The integer becomes the low bits of a Double in [2^52, 2^53), whose last place is 1. Unlike the conversion
/// instruction of x86 this leaves no dependency on what the target register held before (which would chain
/// one evaluation to the next), and it vectorises on the oldest 64-bit processors.
@inline(__always)
package func smallReal(_ n: Int64) -> Double {
  raisedReal(n) - 0x1p52
}

/// 2^52 + n for an integer in 0..<2^52.
@inline(__always)
package func raisedReal(_ n: Int64) -> Double {
  Double(bitPattern: 0x4330_0000_0000_0000 | UInt64(bitPattern: n))
}

/// Double(n) for n >= 0.
@inline(__always)
package func real(_ n: Int64) -> Double {
  n < 1 << 52 ? smallReal(n) : Double(n)
}

extension Double {
  /// The largest whole number that is not above it. `rounded(.down)` is a call to libm on the oldest processors.
  @inline(__always)
  package var roundedDown: Double {
    // From here on every number is whole, or none.
    guard magnitude < 0x1p52 else { return self }
    let whole = Double(Int64(self))
    return whole > self ? whole - 1 : whole
  }
}

extension Int64 {
  /// The whole number x; nil where it is not one, or out of range. `init(exactly:)` is a call to libm, too.
  @inline(__always)
  package init?(whole x: Double) {
    guard x >= -0x1p63, x < 0x1p63 else { return nil }
    let n = Int64(x)
    guard Double(n) == x else { return nil }
    self = n
  }
}
