/// From 1 to `end` by equal factors: exponential decay that knows where it is going.
///
///     value(t) = end^(t/total)
///
/// 1 at t = 0, end at total and after.
struct Geometric: Sendable {
  let total: Int64
  let end: Double

  static var name: StaticString { "geometric" }

  static var entry: Entry {
    Entry(
      name, "exponential decay to a given end", formula: "end^(t/total)",
      [
        .steps("total", "updates until the end is reached"),
        Parameter("end", .real(.positive), "multiplier at the end"),
      ]
    ) { a throws(ConfigurationError) in
      let total = a.count("total")
      return Body(.geometric(Geometric(total: total, end: a.real("end"))), length: total)
    }
  }

  func value(at t: Int64) -> Double {
    t >= total ? end : raise(end, to: Progress(t, of: total).done)
  }
}
