/// Exponential decay by its half-life.
///
///     halflife(steps) = exponential(0.5, every=steps)
enum HalfLife {
  static var name: StaticString { "halflife" }

  static var entry: Entry {
    Entry(
      name, "exponential decay by its half-life", formula: "exponential(0.5, every=steps)",
      [Parameter("steps", .real(.positive), "updates in which the rate halves")]
    ) { a throws(ConfigurationError) in
      Body(try .exponential(0.5, every: a.real("steps")))
    }
  }
}
