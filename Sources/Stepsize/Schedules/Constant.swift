/// A constant multiplier.
///
///     value(t) = value
///
/// for `length` updates, or without end.
struct Constant: Sendable {
  let value: Double

  static var name: StaticString { "constant" }

  static var entry: Entry {
    Entry(
      name, "a constant rate", formula: "value",
      [
        .steps("length", from: 0, default: Value.none, "updates, or none for no end"),
        Parameter("value", .real(.nonNegative), default: .real(1), "multiplier of the base rate"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.constant(Constant(value: a.real("value"))), length: a.optionalCount("length"))
    }
  }
}

extension Schedule {
  /// `value` for `length` updates (nil: without end).
  public static func constant(_ length: Int64? = nil, value: Double = 1) throws(ConfigurationError)
    -> Schedule
  {
    try Schedule(.constant, [length.map { .integer($0) } ?? Value.none, .real(value)])
  }
}
