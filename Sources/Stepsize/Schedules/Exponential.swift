/// Exponential decay (or growth).
///
///     value(t) = gamma^(t/every)
///
/// Growth saturates at the largest finite number.
struct Exponential: Sendable {
  let gamma: Double
  let every: Double

  static var name: StaticString { "exponential" }

  static var entry: Entry {
    Entry(
      name, "exponential decay without end", formula: "gamma^(t/every)",
      [
        Parameter("gamma", .real(.positive), "multiplier over each `every` updates"),
        Parameter("every", .real(.positive), default: .real(1), "updates, also fractions of one"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.exponential(Exponential(gamma: a.real("gamma"), every: a.real("every"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    raise(gamma, to: Pair(t) / Pair(every))
  }
}

extension Schedule {
  /// The rate times `gamma` over each `every` updates.
  public static func exponential(_ gamma: Double, every: Double = 1) throws(ConfigurationError) -> Schedule {
    try Schedule(.exponential, [.real(gamma), .real(every)])
  }
}
