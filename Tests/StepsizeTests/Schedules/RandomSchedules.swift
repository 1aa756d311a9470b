@testable import Stepsize

/// Random legal schedules of every kind, made from the catalogue itself: a new kind is covered at once.
struct RandomSchedules {
  var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  /// A schedule of that kind; nil where the values do not fit together (each of them is legal).
  mutating func schedule(_ kind: Kind, depth: Int = 0) -> Schedule? {
    var values: [Value?] = []
    for parameter in kind.signature.parameters {
      if parameter.defaultValue != nil, Int.random(in: 0..<3, using: &random) == 0 {
        values.append(nil)
      } else {
        values.append(value(parameter, depth))
      }
    }
    return try? Schedule(kind, values)
  }

  /// Any schedule, also sequences, products and scales.
  mutating func schedule(depth: Int = 0) -> Schedule {
    while true {
      switch depth < 3 ? Int.random(in: 0..<10, using: &random) : 9 {
      case 0:
        if let s = try? Schedule.sequence([schedule(depth: depth + 1), schedule(depth: depth + 1)]) {
          return s
        }
      case 1:
        if let s = try? Schedule.product([schedule(depth: depth + 1), schedule(depth: depth + 1)]) {
          return s
        }
      case 2:
        if let s = try? schedule(depth: depth + 1).scaled(by: real(.nonNegative)) { return s }
      case 3:
        if let s = try? schedule(depth: depth + 1).named(Array("a phase".utf8)) { return s }
      default:
        let kind = Kind.allCases.randomElement(using: &random) ?? .constant
        if let s = schedule(kind, depth: depth + 1) { return s }
      }
    }
  }

  mutating func value(_ parameter: Parameter, _ depth: Int) -> Value {
    switch parameter.kind {
    case .count(let range): return .integer(integer(range))
    case .real(let interval): return .real(real(interval))
    case .flag: return .flag(Bool.random(using: &random))
    case .word(let words): return .word(words.randomElement(using: &random) ?? [])
    case .counts:
      let list = (0..<Int.random(in: 0..<4, using: &random)).map { _ in integer(0...Int64.max) }
      return .integers(Array(Set(list)).sorted())
    case .reals(let interval):
      let list = (0..<Int.random(in: 1..<4, using: &random)).map { _ in real(interval) }
      if parameter.name == Array("lengths".utf8) { return .reals(list.map { min($0.rounded(), 1e18) }) }
      return .reals(parameter.name == Array("steps".utf8) ? Array(Set(list)).sorted() : list)
    case .perGroup(let interval): return .real(real(interval))
    case .name: return .word("a phase")
    case .schedule:
      return .schedule(depth < 4 ? schedule(depth: depth + 1) : (schedule(.linear) ?? schedule()))
    }
  }

  private mutating func integer(_ range: ClosedRange<Int64>) -> Int64 {
    let size = Int64(1) << Int64.random(in: 0..<63, using: &random)
    let candidates: [Int64] = [
      range.lowerBound, range.upperBound, 1, 2, 10, 1000, Int64.random(in: 0..<size, using: &random),
      Int64.random(in: 0...100, using: &random), -Int64.random(in: 0..<size, using: &random), (1 << 53) + 1,
    ]
    let n = candidates.randomElement(using: &random) ?? 1
    return min(max(n, range.lowerBound), range.upperBound)
  }

  private mutating func real(_ interval: Interval) -> Double {
    let tiny = Double.leastNonzeroMagnitude
    let candidates: [Double] = [
      interval.lower, interval.upper, interval.lower.nextUp, interval.upper.nextDown, 0, 1, 0.5, 2, 10, 7.5,
      tiny,
      1e-300, 1e300, Double.random(in: 0...1, using: &random), Double.random(in: 0...1000, using: &random),
      Double.random(in: 0...1e10, using: &random).rounded(), -Double.random(in: 0...100, using: &random),
    ]
    while true {
      if let x = candidates.randomElement(using: &random), interval.contains(x) { return x }
    }
  }
}

/// Steps at which arithmetic goes wrong first.
let hardSteps: [Int64] = [
  Int64.min, -1, 0, 1, 2, 3, 99, 100, 101, 1000, (1 << 31) - 1, 1 << 31, (1 << 53) - 1, 1 << 53,
  (1 << 53) + 1,
  1 << 62, Int64.max - 1, Int64.max,
]
