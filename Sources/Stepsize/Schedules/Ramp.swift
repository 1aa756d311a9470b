/// From any value to any other.
///
///     linear      start (1 - x) + end x,   x = t/total
///     cosine      start c + end (1 - c),   c = (1 + cos πx)/2
///     geometric   start^(1 - x) end^x
///
/// start at t = 0, end at total and after; end alone where total is 0.
///
/// Examples, to step 1000:
///
///     ramp(1000)
///     ramp(1000, start=1, end=0.2)
///     ramp(1000, shape="cosine")
///     ramp(1000, start=0.01, shape="geometric")
struct Ramp: Sendable {
  enum Curve: Int32 {
    case linear, cosine, geometric
  }

  let total: Int64
  let start: Double
  let end: Double
  let curve: Curve

  static var declaration: StaticString {
    """
    ramp: from one value to another
    formula: linear start (1-x) + end x; cosine start c + end (1-c), c = (1+cos(pi x))/2; geometric start^(1-x) \
    end^x; x = t/total
    total: count of updates from 0; updates until the end value
    start: real >= 0 = 0; multiplier at the start
    end: real >= 0 = 1; multiplier at the end
    shape: word linear|cosine|geometric = linear; curve between them
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
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
