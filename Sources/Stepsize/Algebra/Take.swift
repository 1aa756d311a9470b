/// A schedule cut, or held, to a length.
///
///     value(t) = schedule(min(t, length))
enum Take {
  static var name: StaticString { "take" }

  static var entry: Entry {
    Entry(
      name, "a schedule cut or held to a length", formula: "schedule(min(t, length))",
      [
        Parameter("schedule", .schedule, "the schedule to cut or to hold"),
        .steps("length", from: 0, "updates"),
      ]
    ) { a throws(ConfigurationError) in
      let inner = try a.schedule("schedule")
      let length = a.count("length")
      return Body(.take(inner.node, length), length: length, around: [inner])
    }
  }
}

extension Schedule {
  /// The schedule cut, or held, to exactly `length` updates.
  public func taking(_ length: Int64) throws(ConfigurationError) -> Schedule {
    try Schedule(.take, [.schedule(self), .integer(length)])
  }
}
