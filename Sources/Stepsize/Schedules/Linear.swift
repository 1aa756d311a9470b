/// Linear decay, the schedule that is optimal in the worst case (Defazio et al., arXiv 2310.07831).
///
///     value(t) = floor + (1 - floor) (1 - t/total)
///
/// 1 at t = 0, floor + (1 - floor)/total at the last update total - 1, floor at total and after.
///
/// Examples, to step 1000:
///
///     linear(1000)
///     linear(1000, floor=0.1)
struct Linear: Sendable {
  let total: Int64
  let floor: Double
  /// `total` as a double: converting it would be a part of every step.
  private let totalReal: Double
  private let drop: Double

  init(total: Int64, floor: Double) {
    self.total = total
    self.floor = floor
    totalReal = Double(total)
    drop = 1 - floor
  }

  static var declaration: StaticString {
    """
    linear: linear decay to a floor
    formula: floor + (1 - floor) (1 - t/total)
    source: Defazio et al., arXiv 2310.07831
    total: count of updates from 1; updates until the floor is reached
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    return Body(.linear(Linear(total: total, floor: a.real("floor"))), length: total)
  }

  @inline(__always)
  func value(at t: Int64) -> Double {
    floor + drop * (real(total &- Swift.min(t, total)) / totalReal)
  }
}
