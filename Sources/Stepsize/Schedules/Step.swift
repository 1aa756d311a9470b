/// A cut at regular intervals.
///
///     value(t) = factor^⌊t/every⌋
struct Step: Sendable {
  let every: Int64
  let factor: Double

  static var name: StaticString { "step" }

  static var entry: Entry {
    Entry(
      name, "a cut at regular intervals", formula: "factor^floor(t/every)",
      [
        .steps("every", "updates between two cuts"),
        Parameter("factor", .real(.nonNegative), default: .real(0.1), "multiplier at each cut"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.step(Step(every: a.count("every"), factor: a.real("factor"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    raise(factor, to: Double(t / Swift.max(every, 1)))
  }
}

extension Schedule {
  /// The rate times `factor` after each `every` updates.
  public static func step(_ every: Int64, factor: Double = 0.1) throws(ConfigurationError) -> Schedule {
    try Schedule(.step, [.integer(every), .real(factor)])
  }
}
