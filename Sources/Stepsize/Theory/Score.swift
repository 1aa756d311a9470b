/// The bound of convex theory for a schedule, before any training (arXiv 2310.07831, Theorem 10).
///
/// For rates η_t = γ s_t the expected last loss exceeds the best one by at most
///
///     Ω(γ) = A/γ + γ B,   A = D²/(2 S_1),   B = ½ Σ s_t² G_t² / S_{min(t+1, T)},   S_k = s_k + … + s_T
///
/// where D is the distance from the start to the solution and G_t bounds the gradient norm of update t. The
/// best base rate is γ* = √(A/B), with Ω* = 2 √(A B). Updates at the end whose rate is 0 do not count.
public struct Score: Sendable {
  public let a: Double
  public let b: Double
  /// The best base rate.
  public let gamma: Double
  /// The bound at the best base rate.
  public let omega: Double
  /// Updates up to the last one whose rate is above 0.
  public let count: Int64
  /// The smallest bound that any schedule can have for these norms, D/√(Σ G_t^-2) over all updates; D G/√T for
  /// constant norms, where linear decay reaches it.
  public let bound: Double
  /// D/√(Σ G_t²): the base rate D/(G √T) for constant norms.
  public let rate: Double

  public static let maximumCount: Int64 = 268_435_456

  /// Scores in O(total), from the last update to the first.
  /// - Parameters:
  ///   - total: Updates, 1 to 268435456; 0 for the length of the schedule.
  ///   - norms: One for all updates, or one for each: finite, >= 0.
  ///   - distance: D, finite, > 0.
  public init(
    _ schedule: Schedule, total: Int64 = 0, norms: Span<Double>, distance: Double = 1
  ) throws(ConfigurationError) {
    let check = Check("score")
    guard let length = total == 0 ? schedule.length : total else {
      throw ConfigurationError(.argument, "score: the schedule has no end, expected a total")
    }
    try check("total", length, from: 1, to: Self.maximumCount)
    try check("D", distance, in: .positive)
    guard norms.count == 1 || Int64(norms.count) == length else {
      throw ConfigurationError(
        "score", "G", .integer(Int64(norms.count)), expected: "one norm, or one for each update")
    }
    // Norms are measured by the largest, so that their squares do not overflow.
    var unit = 0.0
    for i in norms.indices {
      try check("G", norms[i], in: .nonNegative)
      unit = Swift.max(unit, norms[i])
    }
    guard unit > 0 else { throw ConfigurationError(.argument, "score: G is 0 at every update") }

    var tail = Tail()
    var sum = Tail()
    var inverseSquares = Tail()
    var squares = Tail()
    var counted: Int64 = 0
    let isConstant = norms.count == 1
    var block = Array(repeating: 0.0, count: Int(Swift.min(length, 2048)))
    var end = length
    while end > 0 {
      let size = Int(Swift.min(end, Int64(block.count)))
      let start = end &- Int64(size)
      var values = block.mutableSpan
      schedule.fill(&values, from: start)
      for i in (0..<size).reversed() {
        let g = isConstant ? 1 : norms[Int(start) &+ i] / unit
        let square = g * g
        squares.add(square)
        inverseSquares.add(Swift.min(1 / square, 1e290))
        let s = values[i]
        if s == 0 { continue }
        if counted == 0 { counted = start &+ Int64(i) &+ 1 }
        sum.add(s * (s / (tail.sum > 0 ? tail.sum : s)) * square)
        tail.add(s)
      }
      end = start
    }
    guard tail.sum.isFinite, sum.sum.isFinite else {
      throw ConfigurationError(.argument, "score: the multipliers are too large for their sums to be finite")
    }
    guard tail.sum > 0 else {
      throw ConfigurationError(.argument, "score: the schedule is 0 at every update")
    }
    guard sum.sum > 0 else {
      throw ConfigurationError(.argument, "score: G is 0 wherever the schedule is not")
    }
    let first = 0.5 / tail.sum
    let second = 0.5 * sum.sum
    count = counted
    a = finite(first * distance * distance)
    b = finite(second * unit * unit)
    gamma = finite(distance / unit * (first / second).squareRoot())
    omega = finite(2 * distance * unit * (first * second).squareRoot())
    bound = finite(distance * unit / inverseSquares.sum.squareRoot())
    rate = finite(distance / unit / squares.sum.squareRoot())
  }

  /// Ω at another base rate; NaN unless all arguments are above 0.
  public static func omega(a: Double, b: Double, gamma: Double) -> Double {
    guard a > 0, b > 0, gamma > 0 else { return Double.nan }
    return finite(a / gamma + gamma * b)
  }
}
