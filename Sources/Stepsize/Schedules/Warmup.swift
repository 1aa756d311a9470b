/// A rise to the full rate.
///
///     value(t) = rise((t + 1)/steps)                              for t < steps, then 1
///     value(t) = start + (1 - start) rise(t/steps)                where `start` is given
///
/// Without `start` the first update has 1/steps and the full rate is reached at update steps - 1, so that
/// no update is spent at a rate of 0 (which some trainers reject). rise(u) is a fall seen from its end.
///
/// Examples, to step 700:
///
///     warmup(500)
///     warmup(500, start=0.3)
///     warmup(500, shape="cosine")
///     warmup(500, shape="1-sqrt")
///     warmup(500, shape="1-square")
///     warmup(500, shape="log")
///     warmup(500, shape="harmonic")
///     warmup(500, start=0.01, shape="geometric")
struct Warmup: Sendable {
  /// The shapes of a fall, mirrored, and rises that are not mirrored falls.
  enum Ramp {
    case fall(Shape)
    case logarithmic  // ln(1 + u·steps) / ln(1 + steps)
    case geometric  // start^(1 - u)
    case constant  // start until the end
    case harmonic  // 1/(steps - t)

    init(_ a: Arguments) throws(ConfigurationError) {
      let index = a.wordIndex("shape")
      if let shape = Shape(rawValue: index) {
        self = .fall(shape)
        return
      }
      switch index - Int32(Shape.allCases.count) {
      case 0: self = .logarithmic
      case 1: self = .geometric
      case 2: self = .constant
      case 3: self = .harmonic
      default: throw a.error("shape", expected: "a known word")
      }
    }
  }

  let steps: Int64
  let start: Double?
  let ramp: Ramp
  let fall: Fall

  static var declaration: StaticString {
    """
    warmup: a rise to the full rate
    formula: start + (1 - start) rise(u), u = (t+1)/steps, or t/steps where start is given; rise(u) = \
    fall(1-u); log ln(1+u steps)/ln(1+steps); geometric start^(1-u); constant start; harmonic 1/(steps-t)
    steps: count of updates from 0; updates until the full rate
    start: real in [0, 1] = none; fraction at the first update; none: the first update is already one step \
    up
    shape: word @shape|log|geometric|constant|harmonic = linear; curve of the rise
    power
    q
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let ramp = try Ramp(a)
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
    case .logarithmic: rise = Double.log(onePlus: Double(done)) / Double.log(onePlus: Double(steps))
    case .geometric: return raise(low, to: u.left)
    case .constant: return low
    case .harmonic: return 1 / Double(steps &- t)
    }
    return low + (1 - low) * rise
  }
}
