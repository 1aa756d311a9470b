import CMathShims

/// Noise around 1, to multiply a schedule with.
///
///     value(t) = 1 + n,   n from the normal distribution of mean 0 and deviation std, given that |n| < limit
///
/// A function of the seed and the step alone. timm's noise is alike, from another generator.
struct Noise: Sendable {
  let std: Double
  let limit: Double
  let seed: Int64

  static var name: StaticString { "noise" }

  static var entry: Entry {
    Entry(
      name, "normal noise around 1, within a limit",
      formula: "1 + n, n normal with deviation std given that |n| < limit; depends on seed and t alone",
      source: "the noise of timm's schedulers",
      [
        Parameter("std", .real(.nonNegative), default: .real(1), "standard deviation before the limit"),
        Parameter(
          "limit", .real(Interval(0, 1, lowerIsOpen: true)), default: .real(0.67), "bound of the deviation"),
        .steps("seed", from: 0, default: .integer(42), "seed"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.noise(Noise(std: a.real("std"), limit: a.real("limit"), seed: a.count("seed"))), length: nil)
    }
  }

  /// Draws until one is accepted, 3 in 4 or more of them. Where the limit is below std, evenly distributed
  /// numbers within the limit are thinned out to the bell; otherwise normal ones outside are dropped.
  func value(at t: Int64) -> Double {
    let random = CounterRandom(seed: seed, step: t)
    var attempt: UInt64 = 0
    // 64 refusals in a row do not happen (1e-38).
    while attempt < 64 {
      if limit < std {
        let n = limit * (2 * random.uniform(2 &* attempt) - 1)
        let z = n / std
        if random.uniform(2 &* attempt &+ 1) < stepsize_math_exp(-0.5 * z * z) { return 1 + n }
      } else {
        let n = std * random.normal(attempt)
        if n.magnitude < limit { return 1 + n }
      }
      attempt &+= 1
    }
    return 1
  }
}

/// Random multipliers, as darknet's policy of that name.
///
///     value(t) = u^power,   u evenly distributed in (0, 1)
///
/// A function of the seed and the step alone.
struct Random: Sendable {
  let power: Double
  let seed: Int64

  static var name: StaticString { "random" }

  static var entry: Entry {
    Entry(
      name, "random multipliers in (0, 1)",
      formula: "u^power, u evenly distributed in (0, 1); depends on seed and t alone",
      source: "darknet's policy random",
      [
        Parameter("power", .real(.positive), default: .real(4), "exponent"),
        .steps("seed", from: 0, default: .integer(0), "seed"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.random(Random(power: a.real("power"), seed: a.count("seed"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    raise(CounterRandom(seed: seed, step: t).uniform(0), to: power)
  }
}
