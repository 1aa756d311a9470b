/// Cosine decay (Loshchilov and Hutter, arXiv 1608.03983), with the variants of peers.
///
///     value(t) = floor + (1 - floor) ((1 + cos(2π cycles y)) / 2)^power,   y = (t/total)^k_decay
///
/// One half wave falls from 1 to the floor. It is computed as sin²(π(1 - y)/2), which keeps its relative
/// precision where 1 + cos would cancel; several waves likewise, from the nearest trough.
///
/// Examples, to step 1000:
///
///     cosine(1000)
///     cosine(1000, floor=0.1)
///     cosine(1000, cycles=1.5)
///     cosine(1000, k_decay=2)
struct Cosine: Sendable {
  let total: Int64
  let floor: Double
  let cycles: Double
  let power: Double
  let kDecay: Double
  /// Half a wave, no powers.
  let isPlain: Bool

  static var declaration: StaticString {
    """
    cosine: cosine decay to a floor
    formula: floor + (1 - floor) ((1 + cos(2 pi cycles y)) / 2)^power, y = (t/total)^k_decay
    source: arXiv 1608.03983; k_decay: arXiv 2004.05909
    total: count of updates from 1; updates until the end of the curve
    floor
    cycles: real in (0, 1000000000] = 0.5; waves; one half wave falls to the floor
    power: real > 0 = 1; exponent of the cosine
    k_decay: real > 0 = 1; exponent of the progress
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let cycles = a.real("cycles")
    let power = a.real("power")
    let kDecay = a.real("k_decay")
    let cosine = Cosine(
      total: total, floor: a.real("floor"), cycles: cycles, power: power, kDecay: kDecay,
      isPlain: cycles == 0.5 && power == 1 && kDecay == 1)
    return Body(.cosine(cosine), length: total)
  }

  /// The common case.
  @inline(__always)
  func plainValue(at t: Int64) -> Double {
    floor + (1 - floor) * halfWave(real(total &- Swift.min(t, total)) / real(total))
  }

  func value(at t: Int64) -> Double {
    if isPlain { return plainValue(at: t) }
    let progress = Progress(t, of: total)
    return floor + (1 - floor) * raise(kDecay == 1 ? wave(progress) : slowedWave(progress), to: power)
  }

  /// (1 + cos(2π cycles x)) / 2
  private func wave(_ progress: Progress) -> Double {
    if cycles == 0.5 { return halfWave(progress.left) }
    // In half waves. At odd numbers the value is 0; the distance to the nearest one, in whole numbers as far
    // as possible, keeps the digits beside it.
    let trough = 2 * (progress.done.high * cycles).roundedDown + 1
    let total = Pair(progress.total)
    let distance = (total * trough - Pair(progress.t) * (2 * cycles)) / total
    let isNegative = distance.high < 0
    let z = Pair(
      high: isNegative ? -distance.high : distance.high, low: isNegative ? -distance.low : distance.low)
    return z.high < 1.0 / 3 ? halfWave(z) : 0.5 - 0.5 * cosPi(z.high)
  }

  private func slowedWave(_ progress: Progress) -> Double {
    let y = raise(progress.done, to: kDecay)
    if cycles != 0.5 {
      let c = cosPi(cycles * y)
      return c * c
    }
    return y < 2.0 / 3 ? 0.5 + 0.5 * cosPi(y) : halfWave(Pair(progress.oneMinusPower(kDecay)))
  }
}
