/// The position of a step in a span. The fractions done and left are each a quotient of whole numbers: 1 - x would
/// lose digits near 0.
struct Progress {
  /// Steps done and left.
  let t: UInt64
  let rest: UInt64
  /// Their sum, >= 1.
  let total: UInt64

  init(t: UInt64, rest: UInt64) {
    self.t = t
    self.rest = rest
    total = t &+ rest
  }

  /// For t >= 0 and total >= 1; a t above total counts as total.
  init(_ t: Int64, of total: Int64) {
    let t = Swift.min(t, total)
    self.init(t: UInt64(bitPattern: t), rest: UInt64(bitPattern: total &- t))
  }

  /// t / total
  var done: Pair { Pair(t, over: total) }
  /// (total - t) / total
  var left: Pair { Pair(rest, over: total) }

  /// The same position seen from the other end.
  var reversed: Progress { Progress(t: rest, rest: t) }
}

extension UInt64 {
  init(bitPattern n: Int64) { self.init(truncatingIfNeeded: n) }
}

extension Progress {
  /// 1 - x^p, where x is the fraction done.
  func oneMinusPower(_ p: Double) -> Double {
    let left = left
    if p == 1 { return left.high }
    let done = done
    if done.high == 0 { return 1 }
    if p == 2 { return left.high * (1 + done.high) }
    if p == 0.5 { return left.high / (1 + done.high.squareRoot()) }
    let log =
      done.high < 0.5
      ? Double.log(done.high) + done.low / done.high
      : Double.log(onePlus: -left.high) - left.low / (1 - left.high)
    let z = p * log
    return z > -0.7 ? -Double.expMinusOne(z) : 1 - raise(done, to: p)
  }
}
