/// The values kept within bounds.
///
///     value(t) = min(max(schedule(t), min), max)
enum Clamp {
  static var name: StaticString { "clamp" }

  static var entry: Entry {
    Entry(
      name, "the values of a schedule kept within bounds", formula: "min(max(schedule(t), min), max)",
      [
        Parameter("schedule", .schedule, "the schedule to bound"),
        Parameter("min", .real(.nonNegative), default: .real(0), "lowest multiplier"),
        Parameter("max", .real(.nonNegative), default: Value.none, "highest multiplier, or none"),
      ]
    ) { a throws(ConfigurationError) in
      let inner = try a.schedule("schedule")
      let low = a.real("min")
      let high = a.optionalReal("max") ?? Double.greatestFiniteMagnitude
      guard low <= high else { throw a.error("max", expected: "a number >= min") }
      return Body(.clamp(inner.node, min: low, max: high), length: inner.length, around: [inner])
    }
  }
}

extension Schedule {
  /// The values kept in [min, max] (fractions of the base rate).
  public func clamped(min: Double = 0, max: Double? = nil) throws(ConfigurationError) -> Schedule {
    try Schedule(.clamp, [.schedule(self), .real(min), max.map { .real($0) } ?? Value.none])
  }
}
