/// Where a step stands in a span: the parts done and left, each a correctly rounded quotient of integers
/// (up to 2^53), so that neither loses digits near its zero.
struct Progress {
  /// t / total
  let done: Double
  /// (total - t) / total
  let left: Double

  /// For 0 <= t <= total, total >= 1.
  @inline(__always)
  init(_ t: Int64, of total: Int64) {
    done = Double(t) / Double(total)
    left = Double(total &- t) / Double(total)
  }

  init(done: Double, left: Double) {
    self.done = done
    self.left = left
  }

  /// The same place seen from the other end.
  var reversed: Progress { Progress(done: left, left: done) }
}
