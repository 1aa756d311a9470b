/// Random numbers without a state: each is a function of a seed and a counter, so that a resumed run draws
/// the same numbers as an uninterrupted one.
///
/// The 64 bits are a chain of SplitMix64 finalizers (Steele, Lea and Flood, 2014) over the seed, the step and
/// the attempt: only integer arithmetic, hence the same on every machine.
package struct CounterRandom {
  private let key: UInt64

  package init(seed: Int64, step: Int64) {
    key = Self.mix(
      Self.mix(UInt64(bitPattern: seed) &+ 0x9e37_79b9_7f4a_7c15) &+ UInt64(bitPattern: step)
        &* 0x9e37_79b9_7f4a_7c15)
  }

  /// In (0, 1), both ends excluded.
  package func uniform(_ attempt: UInt64) -> Double {
    let bits = Self.mix(key &+ (attempt &+ 1) &* 0xd1b5_4a32_d192_ed03)
    return (Double(bits >> 12) + 0.5) * 0x1p-52
  }

  /// From the standard normal distribution (Box and Muller, 1958).
  @inline(never)
  package func normal(_ attempt: UInt64) -> Double {
    let radius = (-2 * Double.log(uniform(2 &* attempt))).squareRoot()
    return radius * cosPi(2 * uniform(2 &* attempt &+ 1))
  }

  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
