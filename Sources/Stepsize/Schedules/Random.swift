/// Random multipliers, like darknet's policy of that name.
///
///     value(t) = u^power,   u uniform in (0, 1)
///
/// A function of the seed and the step only.
///
/// Examples, to step 200:
///
///     random()
struct Random: Sendable {
  let power: Double
  let seed: Int64

  static var declaration: StaticString {
    """
    random: random multipliers in (0, 1)
    formula: u^power, u uniform in (0, 1); depends on seed and t only
    source: darknet's policy random
    power: real > 0 = 4; exponent
    seed: count from 0 = 0; seed
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    Body(.random(Random(power: a.real("power"), seed: a.count("seed"))), length: nil)
  }

  func value(at t: Int64) -> Double {
    raise(CounterRandom(seed: seed, step: t).uniform(0), to: power)
  }
}
