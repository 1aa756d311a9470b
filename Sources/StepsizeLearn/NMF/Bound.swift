import StepsizeBase

/// Learning rates that cannot make a factorization unstable. All have the form θ/L, where L bounds the
/// curvature of the loss along the step; docs/nmf-bound.md has the proofs.
public enum Bound: Int32, Sendable {
  /// No bound: the rate is used unchanged.
  case none = 0
  /// L = (3·√r + 1)·‖X‖: known before the first step.
  case apriori = 1
  /// L from the present factors and the rows of the step.
  case state = 2
  /// That of the state, and for H mean-square stability under random batches.
  case minibatch = 3

  /// Up to this value a joint step never raises the loss of its rows: below the root of θ + θ²/4 + θ³/27 = 2.
  public static var maximumTheta: Double { 1.404 }

  /// For two factors moved at once: ‖W‖² + ‖H‖² + ‖WH − X‖, Frobenius norms.
  static func joint(_ wSquares: Double, _ hSquares: Double, residual: Double) -> Double {
    wSquares + hSquares + residual
  }

  /// On the ball ‖W‖², ‖H‖² ≤ radiusSquared, for any of its points: 3·R² + ‖X‖.
  static func apriori(radiusSquared: Double, norm: Double) -> Double { 3 * radiusSquared + norm }

  /// √r·‖X‖: the square of a radius that keeps a best factorization inside.
  static func radiusSquared(rank: Int, norm: Double) -> Double { Double(rank).squareRoot() * norm }

  /// Contraction of H in mean square when `count` random rows are drawn: max ‖w_i‖² + (count − 1)·‖W‖²/m.
  static func meanSquare(largestRow: Double, squares: Double, rows: Int, count: Int) -> Double {
    largestRow + (Double(count) - 1) * squares / Double(rows)
  }

  /// The largest eigenvalue of a symmetric matrix without negative entries, from above: max (S·v)_i / v_i for
  /// a v without negative entries whose zeros are rows of zeros (Collatz and Wielandt), here from a few
  /// power steps.
  ///
  /// `scratch` holds at least 2·size numbers: an update asks for no memory.
  static func largestEigenvalue(
    _ s: borrowing FixedBuffer, _ size: Int, _ scratch: inout FixedBuffer
  ) -> Double {
    scratch.set(1, 0, size)
    var top = 0.0
    for _ in 0..<5 {
      top = 0
      var largest = 0.0
      for i in 0..<size {
        var sum = 0.0
        for j in 0..<size { sum += s[i &* size &+ j] * scratch[j] }
        scratch[size &+ i] = sum
        if scratch[i] > 0 { top = Swift.max(top, sum / scratch[i]) }
        largest = Swift.max(largest, sum)
      }
      guard largest > 0 else { return 0 }
      for i in 0..<size { scratch[i] = scratch[size &+ i] / largest }
    }
    return top
  }
}
