/// Triangular cycles (Smith, arXiv 1506.01186).
///
///     value(t) = floor + (1 - floor) h k,   period = up + down, y = t mod period
///     h = y/up for y <= up, else (period - y)/down
///     k = 1, 2^-⌊t/period⌋ (triangular2) or gamma^t (exp_range)
///
/// The floor at t = 0, 1 at t = up.
///
/// Examples, to step 1000:
///
///     cyclic(100)
///     cyclic(100, mode="triangular2")
///     cyclic(50, down=150, mode="exp_range", gamma=0.998)
struct Cyclic: Sendable {
  enum Mode: Int32 {
    case triangular, triangular2, expRange
  }

  let up: Int64
  let down: Int64
  let floor: Double
  let fading: Fading

  static var declaration: StaticString {
    """
    cyclic: triangular cycles
    formula: floor + (1 - floor) h k, y = t mod (up + down), h = y/up for y <= up, else (up + down - y)/down; k \
    = 1, 2^-floor(t/(up + down)) for triangular2, gamma^t for exp_range
    source: arXiv 1506.01186
    up: count of updates from 1; updates of the rise
    down: count of updates from 1 = none; updates of the fall; none: as many as up
    floor = 0.1
    mode: word triangular|triangular2|exp_range = triangular; how the height decays
    gamma
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
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

  func value(at t: Int64) -> Double {
    let up = UInt64(bitPattern: up)
    let down = UInt64(bitPattern: down)
    let period = Swift.max(up &+ down, 1)
    let (cycle, y) = UInt64(bitPattern: t).quotientAndRemainder(dividingBy: period)
    let height = y <= up ? Double(y) / Double(up) : Double(period &- y) / Double(down)
    return floor + (1 - floor) * (height * fading.value(at: t, cycle: cycle))
  }
}
