@testable import Stepsize

/// Random short schedules full of phases, and, step by step, which of their parts names each step.
struct NamedSchedules {
  var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  /// A part that carries a name carries that of its level, so that a name says how deep it is.
  mutating func schedule(level: Int = 0) -> Schedule {
    while true {
      guard var made = try? unnamed(level) else { continue }
      if made.phase == nil, Int.random(in: 0..<2, using: &random) == 0 {
        let names = ["a\(level)", "b\(level)"]
        made = (try? made.named(Array((names.randomElement(using: &random) ?? "").utf8))) ?? made
      }
      return made
    }
  }

  private mutating func count(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &random)
  }

  private mutating func unnamed(_ level: Int) throws -> Schedule {
    guard level < 4 else { return try .constant(count(0...4)) }
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1, 2:
      // Some of them long: their trees have runs of one name in any shape.
      let count = Int.random(in: 0..<8, using: &random) == 0 ? 12 : Int.random(in: 2...4, using: &random)
      let parts = (0..<count).map { _ in schedule(level: level + 1) }
      return try .sequence(parts)
    case 3: return try .product([schedule(level: level + 1), schedule(level: level + 1)])
    case 4: return try schedule(level: level + 1).repeated(Bool.random(using: &random) ? count(1...4) : nil)
    case 5: return try schedule(level: level + 1).shifted(by: count(-6...6))
    case 6, 7:
      let factors = [0.1, 0.25, 0.3, 0.5, 0.7, 1, 1.5, 2, 2.5, 3.7]
      return try schedule(level: level + 1).stretched(by: factors.randomElement(using: &random) ?? 1)
    case 8: return try schedule(level: level + 1).taking(count(0...12))
    case 9: return try schedule(level: level + 1).clamped(max: 2)
    case 10: return try schedule(level: level + 1).scaled(by: 0.5)
    default:
      if Int.random(in: 0..<4, using: &random) == 0 {
        return try parse("wsd(\(count(4...12)), warmup=\(count(0...2)), decay=\(count(1...2)))")
      }
      return try Int.random(in: 0..<8, using: &random) == 0 ? .constant() : .constant(count(0...4))
    }
  }
}

extension Schedule {
  /// The part that names a step, as a path through the tree, with the rounds of repeats; empty where none does.
  /// Nothing is computed but the step in each part's own time.
  func namingPart(at t: Int64, path: String = "") -> String {
    let name = "=" + String(decoding: phase ?? [], as: UTF8.self)
    let inner: String
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion {
        inner = expansion.namingPart(at: t, path: path + ".")
      } else if case .some(.schedule(let part)) = arguments.values.first {
        var step = t
        var round = ""
        switch node {
        case .take(_, let length): step = min(t, max(length - 1, 0))
        case .repeat(_, let length, let end):
          step = min(t, max(end, 1) - 1)
          round = "r\(step / length)"
          step %= length
        case .shift(_, let by): step = max(t - by, 0)
        case .stretch(_, let factor, _): step = wholeUnits(t, of: factor)
        default: break
        }
        inner = part.namingPart(at: step, path: path + round + ".")
      } else {
        inner = ""
      }
    case .scale(_, let part), .group(let part): inner = part.namingPart(at: t, path: path + ".")
    case .product(let factors):
      // A factor names no step after its end, unless the product ends with it.
      let inForce = factors.indices.filter {
        t < factors[$0].length ?? Int64.max || factors[$0].length == length
      }
      let found = inForce.map { factors[$0].namingPart(at: t, path: path + "\($0).") }
      inner = found.first { !$0.isEmpty } ?? ""
    case .sequence(let list):
      let parts = list.all
      var start: Int64 = 0
      var i = 0
      while i < parts.count - 1, let length = parts[i].length, t >= start + length {
        start += length
        i += 1
      }
      // Neighbours of one name are one phase: that of the first of them.
      var first = i
      while first > 0, parts[first].phase != nil, parts[first - 1].phase == parts[first].phase { first -= 1 }
      let found = parts[i].namingPart(at: t - start, path: path + "\(i).")
      let own = "=" + String(decoding: parts[i].phase ?? [], as: UTF8.self)
      inner = found == path + "\(i)." + own ? path + "\(first)." + own : found
    }
    return inner.isEmpty && phase != nil ? path + name : inner
  }
}
