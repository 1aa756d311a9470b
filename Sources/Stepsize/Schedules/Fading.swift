/// How the height of a cycle decays.
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
}
