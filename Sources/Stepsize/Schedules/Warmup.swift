import CMathShims

/// A rise to the full rate.
///
///     value(t) = rise((t + 1)/steps)                              for t < steps, then 1
///     value(t) = start + (1 - start) rise(t/steps)                where `start` is given
///
/// Without `start` the first update has 1/steps and the full rate is reached at update steps - 1, so that
/// no update is spent at a rate of 0 (which some trainers refuse). rise(u) is a fall seen from its end.
struct Warmup: Sendable {
  /// The rises that are no mirrored fall.
  enum Ramp: Word {
    case fall(Shape), logarithmic, geometric, constant, harmonic

    static var allCases: [Ramp] {
      Shape.allCases.map { .fall($0) } + [.logarithmic, .geometric, .constant, .harmonic]
    }

    var name: StaticString {
      switch self {
      case .fall(let shape): shape.name
      case .logarithmic: "log"  // ln(1 + u·steps) / ln(1 + steps)
      case .geometric: "geometric"  // start^(1 - u)
      case .constant: "constant"  // start until the end
      case .harmonic: "harmonic"  // 1/(steps - t)
      }
    }
  }

  let steps: Int64
  let start: Double?
  let ramp: Ramp
  let fall: Fall

  static var name: StaticString { "warmup" }

  static var entry: Entry {
    Entry(
      name, "a rise to the full rate",
      formula: """
        start + (1 - start) rise(u), u = (t+1)/steps, or t/steps where start is given; \
        rise(u) = fall(1-u); log ln(1+u steps)/ln(1+steps); geometric start^(1-u); constant start; \
        harmonic 1/(steps-t)
        """,
      [
        .steps("steps", from: 0, "updates until the full rate"),
        Parameter(
          "start", .real(.fraction), default: Value.none,
          "fraction at the first update; none for a rise whose first update is already one step up"),
        Parameter("shape", .word(Ramp.names), default: .word("linear"), "curve of the rise"),
      ] + Fall.parameters
    ) { a throws(ConfigurationError) in
      let ramp = try a.word("shape", as: Ramp.self)
      let start = a.optionalReal("start")
      var fall = Fall(shape: .linear, power: a.real("power"), q: a.real("q"))
      switch ramp {
      case .geometric where start ?? 0 <= 0:
        throw a.error("start", expected: "a number in (0, 1], which the shape geometric needs")
      case .constant where start == nil:
        throw a.error("start", expected: "a number in [0, 1], which the shape constant needs")
      case .harmonic where start != nil:
        throw a.error("start", expected: "none with the shape harmonic")
      case .fall(let shape): fall = Fall(shape: shape, power: fall.power, q: fall.q)
      default: break
      }
      let steps = a.count("steps")
      return Body(.warmup(Warmup(steps: steps, start: start, ramp: ramp, fall: fall)), length: steps)
    }
  }

  /// A linear rise from its first step.
  var isPlain: Bool {
    if case .fall(.linear) = ramp { start == nil } else { false }
  }

  @inline(__always)
  func plainValue(at t: Int64) -> Double {
    t >= steps ? 1 : real(t &+ 1) / real(steps)
  }

  func value(at t: Int64) -> Double {
    if t >= steps || isPlain { return plainValue(at: t) }
    let done = start == nil ? t &+ 1 : t
    let u = Progress(done, of: steps)
    let low = start ?? 0
    let rise: Double
    switch ramp {
    case .fall: rise = fall.value(at: u.reversed)
    case .logarithmic: rise = stepsize_math_log1p(Double(done)) / stepsize_math_log1p(Double(steps))
    case .geometric: return raise(low, to: u.left)
    case .constant: return low
    case .harmonic: return 1 / Double(steps &- t)
    }
    return low + (1 - low) * rise
  }
}

extension Schedule {
  /// A linear rise over `steps` updates: 1/steps for update 0, the full rate from update steps - 1 on.
  public static func warmup(_ steps: Int64) throws(ConfigurationError) -> Schedule {
    try Schedule(.warmup, [.integer(steps)])
  }
}
