/// Polynomial decay.
///
///     value(t) = floor + (1 - floor) (1 - y)^power,   y = (t/total)^k_decay
///
/// With `cycle`, the span grows to total·max(1, ⌈t/total⌉), as Keras has it: at each multiple of `total` the
/// floor is reached and the curve starts again from where the longer span has it.
struct Polynomial: Sendable {
  let total: Int64
  let power: Double
  let floor: Double
  let kDecay: Double
  let cycle: Bool

  static var name: StaticString { "polynomial" }

  static var entry: Entry {
    Entry(
      name, "polynomial decay to a floor",
      formula: "floor + (1 - floor) (1 - y)^power, y = (t/total)^k_decay",
      source: "k_decay: arXiv 2004.05909",
      [
        .steps("total", "updates until the floor is reached"),
        Parameter("power", .real(.positive), default: .real(1), "exponent; 1 is linear"),
        .floor(),
        Parameter("k_decay", .real(.positive), default: .real(1), "exponent of the progress"),
        Parameter("cycle", .flag, default: .flag(false), "start again over a longer span at each end"),
      ]
    ) { a throws(ConfigurationError) in
      let total = a.count("total")
      let cycle = a.flag("cycle")
      let polynomial = Polynomial(
        total: total, power: a.real("power"), floor: a.real("floor"), kDecay: a.real("k_decay"), cycle: cycle)
      return Body(.polynomial(polynomial), length: cycle ? nil : total)
    }
  }

  func value(at t: Int64) -> Double {
    var progress = Progress(t, of: total)
    if cycle && t > total {
      let t = UInt64(bitPattern: t)
      let total = UInt64(bitPattern: total)
      let over = t % total
      progress = Progress(t: t, rest: over == 0 ? 0 : total &- over)
    }
    let left = kDecay == 1 ? progress.left : Pair(progress.oneMinusPower(kDecay))
    return floor + (1 - floor) * raise(left, to: power)
  }
}

extension Schedule {
  /// Polynomial decay to `floor` (a fraction of the base rate) over `total` updates.
  public static func polynomial(
    _ total: Int64, power: Double = 1, floor: Double = 0
  ) throws(ConfigurationError) -> Schedule {
    try Schedule(.polynomial, [.integer(total), .real(power), .real(floor)])
  }
}
