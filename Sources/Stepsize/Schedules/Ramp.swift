/// From any value to any other.
///
///     linear      start (1 - x) + end x,   x = t/total
///     cosine      start c + end (1 - c),   c = (1 + cos πx)/2
///     geometric   start^(1 - x) end^x
///
/// start at t = 0, end at total and after; end alone where total is 0.
struct Ramp: Sendable {
  enum Curve: Word {
    case linear, cosine, geometric

    var name: StaticString {
      switch self {
      case .linear: "linear"
      case .cosine: "cosine"
      case .geometric: "geometric"
      }
    }
  }

  let total: Int64
  let start: Double
  let end: Double
  let curve: Curve

  static var name: StaticString { "ramp" }

  static var entry: Entry {
    Entry(
      name, "from one value to another",
      formula: """
        linear start (1-x) + end x; cosine start c + end (1-c), c = (1+cos(pi x))/2; \
        geometric start^(1-x) end^x; x = t/total
        """,
      [
        .steps("total", from: 0, "updates until the end value"),
        Parameter("start", .real(.nonNegative), default: .real(0), "multiplier at the start"),
        Parameter("end", .real(.nonNegative), default: .real(1), "multiplier at the end"),
        Parameter("shape", .word(Curve.names), default: .word("linear"), "curve between them"),
      ]
    ) { a throws(ConfigurationError) in
      let curve = try a.word("shape", as: Curve.self)
      let start = a.real("start")
      let end = a.real("end")
      if curve == .geometric {
        guard start > 0 else {
          throw a.error("start", expected: "a number > 0, which the shape geometric needs")
        }
        guard end > 0 else { throw a.error("end", expected: "a number > 0, which the shape geometric needs") }
      }
      let total = a.count("total")
      return Body(.ramp(Ramp(total: total, start: start, end: end, curve: curve)), length: total)
    }
  }

  func value(at t: Int64) -> Double {
    if t >= total { return end }
    let progress = Progress(t, of: total)
    let left = progress.left
    let done = progress.done
    switch curve {
    case .linear: return finite(start * left.high + end * done.high)
    case .cosine: return finite(start * halfWave(left) + end * halfWave(done))
    case .geometric: return finite(raise(start, to: left) * raise(end, to: done))
    }
  }
}
