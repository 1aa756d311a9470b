/// Cosine decay with warm restarts (SGDR, Loshchilov and Hutter, arXiv 1608.03983).
///
/// Cycle i has first·growth^i updates, rounded to the nearest whole number. In it, with x the fraction done,
/// c = (1 + cos πx)/2, d = decay^i and f the floor:
///
///     peak    value = f + (max(d, f) - f) c     the peaks shrink
///     all     value = d (f + (1 - f) c)         the whole curve shrinks
///     range   value = f + (1 - f) d c           the height above the floor shrinks
///
/// Cycles are found in whole numbers, never with logarithms, which are off by one cycle at some restarts.
///
/// Examples, to step 1000:
///
///     restarts(250)
///     restarts(150, growth=2, decay=0.7)
struct Restarts: Sendable {
  enum Shrink: Int32 {
    case peak, all, range
  }

  let first: Int64
  let decay: Double
  let floor: Double
  let shrink: Shrink
  /// nil for endless cycles.
  let cycles: Int64?
  /// Where cycles 1, 2, … start, as far as that is below 2^63; empty where all cycles have one length.
  let starts: [Int64]
  /// Length of the cycle that begins at the last of them; it may exceed 2^63.
  let lastLength: Pair

  /// A smaller growth would make the list of cycles too long.
  static let minimumGrowth = 1.001

  static var declaration: StaticString {
    """
    restarts: cosine decay with warm restarts
    formula: cycle i has first growth^i updates, rounded; x = position in it, c = (1+cos(pi x))/2, d = decay^i: \
    peak floor + (max(d, floor) - floor) c; all d (floor + (1 - floor) c); range floor + (1 - floor) d c
    source: arXiv 1608.03983
    first: count of updates from 1; updates of the first cycle
    growth: real >= 1 = 1; each cycle's length over the previous one: 1, or >= 1.001
    decay: real > 0 = 1; each cycle's height over the previous one
    floor
    shrink: word peak|all|range = peak; what decay acts on
    cycles: count from 1 = none; number of cycles, or none for no end
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let growth = a.real("growth")
    guard growth == 1 || growth >= minimumGrowth else {
      throw a.error("growth", expected: "1 or a finite number >= 1.001")
    }
    let first = a.count("first")
    let count = a.optionalCount("cycles")
    var starts: [Int64] = []
    var length: Int64?
    var exact = Pair(first)
    if growth == 1 {
      if let count { length = first.multiplied(by: count) }
    } else {
      var end: Int64 = 0
      var cycle: Int64 = 0
      // Lengths grow at least as fast as 1.001^i, so this ends after at most about 37000 cycles.
      while let rounded = exact.rounded, let sum = end.adding(rounded) {
        cycle += 1
        end = sum
        if cycle == count {
          length = end
          exact = Pair(rounded)
          break
        }
        starts.append(end)
        let next = exact * growth
        // Far beyond 2^63 nothing depends on the length any more.
        exact = next.high < 1e30 ? next : Pair(1e30)
      }
    }
    if count != nil && length == nil {
      throw ConfigurationError(.limit, "restarts: longer than 2^63 - 1 updates")
    }
    let restarts = Restarts(
      first: first, decay: a.real("decay"), floor: a.real("floor"),
      shrink: try a.word("shrink", as: Shrink.self), cycles: count, starts: starts,
      lastLength: exact)
    return Body(.restarts(restarts), length: length)
  }

  func value(at t: Int64) -> Double {
    var cycle: Int64
    let left: Pair
    if starts.isEmpty {
      cycle = t / Swift.max(first, 1)
      if let cycles, cycle >= cycles {
        // After the last cycle its end value is held.
        cycle = cycles &- 1
        left = Pair.zero
      } else {
        left = Progress(t % Swift.max(first, 1), of: first).left
      }
    } else {
      let index = starts.count(upTo: t)
      cycle = Int64(index)
      let position = index == 0 ? t : t &- starts[index &- 1]
      if index < starts.count {
        left = Progress(position, of: index == 0 ? starts[0] : starts[index] &- starts[index &- 1]).left
      } else {
        let rest = lastLength - Pair(position)
        left = rest.high <= 0 ? Pair.zero : rest / lastLength
      }
    }
    let c = halfWave(left)
    let d = raise(decay, to: Double(cycle))
    switch shrink {
    case .peak: return floor + (Swift.max(d, floor) - floor) * c
    case .all: return d * (floor + (1 - floor) * c)
    case .range: return floor + (1 - floor) * (d * c)
    }
  }
}
