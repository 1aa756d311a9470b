import CMathShims

/// What happens to the height of a cycle as time goes on.
enum Fading: Sendable {
  case none, halving
  /// gamma^t
  case power(Double)

  func value(at t: Int64, cycle: UInt64) -> Double {
    switch self {
    case .none: 1
    // 0 from 2^-1075 on.
    case .halving: Double(sign: .plus, exponent: -Int(Swift.min(cycle, 1100)), significand: 1)
    case .power(let gamma): raise(gamma, to: Pair(t))
    }
  }

  static var gamma: Parameter {
    Parameter(
      "gamma", .real(Interval(0, 1, lowerIsOpen: true)), default: .real(1), "factor an update of the exp mode"
    )
  }
}

/// Triangular cycles (Smith, arXiv 1506.01186).
///
///     value(t) = floor + (1 - floor) h k,   period = up + down, y = t mod period
///     h = y/up for y <= up, else (period - y)/down
///     k = 1, 2^-⌊t/period⌋ (triangular2) or gamma^t (exp_range)
///
/// The floor at t = 0, 1 at t = up.
struct Cyclic: Sendable {
  enum Mode: Word {
    case triangular, triangular2, expRange

    var name: StaticString {
      switch self {
      case .triangular: "triangular"
      case .triangular2: "triangular2"
      case .expRange: "exp_range"
      }
    }
  }

  let up: Int64
  let down: Int64
  let floor: Double
  let fading: Fading

  static var name: StaticString { "cyclic" }

  static var entry: Entry {
    Entry(
      name, "triangular cycles",
      formula: """
        floor + (1 - floor) h k, y = t mod (up + down), h = y/up for y <= up, else (up + down - y)/down; \
        k = 1, 2^-floor(t/(up + down)) for triangular2, gamma^t for exp_range
        """,
      source: "arXiv 1506.01186",
      [
        .steps("up", "updates of the rise"),
        .steps("down", default: Value.none, "updates of the fall; none: as many as up"),
        .floor(0.1),
        Parameter("mode", .word(Mode.names), default: .word("triangular"), "what happens to the height"),
        Fading.gamma,
      ]
    ) { a throws(ConfigurationError) in
      let up = a.count("up")
      let fading: Fading =
        switch try a.word("mode", as: Mode.self) {
        case .triangular: .none
        case .triangular2: .halving
        case .expRange: .power(a.real("gamma"))
        }
      let cyclic = Cyclic(
        up: up, down: a.optionalCount("down") ?? up, floor: a.real("floor"), fading: fading)
      return Body(.cyclic(cyclic), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    let up = UInt64(bitPattern: up)
    let down = UInt64(bitPattern: down)
    let period = Swift.max(up &+ down, 1)
    let (cycle, y) = UInt64(bitPattern: t).quotientAndRemainder(dividingBy: period)
    let height = y <= up ? Double(y) / Double(up) : Double(period &- y) / Double(down)
    return floor + (1 - floor) * (height * fading.value(at: t, cycle: cycle))
  }
}

/// Half sine waves.
///
///     value(t) = floor + (1 - floor) |sin(πt/period)| k
///     k = 1, 2^-⌊t/period⌋ (sine2) or gamma^t (exp_sine)
///
/// The floor at t = 0, 1 at t = period/2.
struct Sine: Sendable {
  enum Mode: Word {
    case sine, sine2, expSine

    var name: StaticString {
      switch self {
      case .sine: "sine"
      case .sine2: "sine2"
      case .expSine: "exp_sine"
      }
    }
  }

  let period: Int64
  let floor: Double
  let fading: Fading

  static var name: StaticString { "sine" }

  static var entry: Entry {
    Entry(
      name, "half sine waves",
      formula: """
        floor + (1 - floor) |sin(pi t/period)| k; k = 1, 2^-floor(t/period) for sine2, gamma^t for exp_sine
        """,
      source: "ParameterSchedulers.jl",
      [
        .steps("period", "updates from zero to zero"), .floor(0.1),
        Parameter("mode", .word(Mode.names), default: .word("sine"), "what happens to the height"),
        Fading.gamma,
      ]
    ) { a throws(ConfigurationError) in
      let fading: Fading =
        switch try a.word("mode", as: Mode.self) {
        case .sine: .none
        case .sine2: .halving
        case .expSine: .power(a.real("gamma"))
        }
      return Body(
        .sine(Sine(period: a.count("period"), floor: a.real("floor"), fading: fading)), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    let period = Swift.max(UInt64(bitPattern: period), 1)
    let (cycle, y) = UInt64(bitPattern: t).quotientAndRemainder(dividingBy: period)
    let height = sinHalfPi(Pair(2 &* Swift.min(y, period &- y), over: period))
    return floor + (1 - floor) * (height * fading.value(at: t, cycle: cycle))
  }
}
