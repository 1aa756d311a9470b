/// Noise around 1, to be multiplied with a schedule.
///
///     value(t) = 1 + n,   n from the normal distribution of mean 0 and deviation std, given that |n| < limit
///
/// A function of the seed and the step only. timm's noise has the same distribution, from another generator.
///
/// Examples, to step 1000:
///
///     noise(std=0.1) * linear(1000)
struct Noise: Sendable {
  let std: Double
  let limit: Double
  let seed: Int64

  static var declaration: StaticString {
    """
    noise: normal noise around 1, within a limit
    formula: 1 + n, n normal with deviation std given that |n| < limit; depends on seed and t only
    source: the noise of timm's schedulers
    std: real >= 0 = 1; standard deviation before the limit
    limit: real in (0, 1] = 0.67; bound of the deviation
    seed: count from 0 = 42; seed
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.noise(Noise(std: a.real("std"), limit: a.real("limit"), seed: a.count("seed"))), length: nil)
  }

  /// Draws until one is accepted, which at least 3 in 4 are. Where the limit is below std, uniform numbers within the
  /// limit are thinned out to the bell curve; otherwise normal numbers outside the limit are dropped.
  func value(at t: Int64) -> Double {
    let random = CounterRandom(seed: seed, step: t)
    var attempt: UInt64 = 0
    // 64 rejections in a row do not happen (1e-38).
    while attempt < 64 {
      if limit < std {
        let n = limit * (2 * random.uniform(2 &* attempt) - 1)
        let z = n / std
        if random.uniform(2 &* attempt &+ 1) < Double.exp(-0.5 * z * z) { return 1 + n }
      } else {
        let n = std * random.normal(attempt)
        if n.magnitude < limit { return 1 + n }
      }
      attempt &+= 1
    }
    return 1
  }
}
