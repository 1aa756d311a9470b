/// D-Adaptation for SGD without momentum (Defazio and Mishchenko, arXiv 2301.07733), from scalars: an estimate d of the
/// distance to the solution, which only grows,
///
///     rate = base·d/‖g₀‖,  n ← n + l g·(x₀ - x),  d ← max(d, min(2n/‖x₀ - x₊‖, growth·d))
///
/// where g₀ is the first gradient that is not 0, l the rate of this update with its schedule, and x₊ are the weights after
/// it, whose distance follows from what is observed. So an update's d is that of the rate of the next one. The base rate is a
/// factor, 1 as published.
///
/// Known to fail: d grows slowly in short trainings, and never falls. What the paper calls s is x₀ - x here, so that momentum,
/// weight decay apart from the gradient and projections change what is estimated.
///
/// An update with rate 0, and those before the first gradient, teach nothing. What is not finite changes nothing.
enum DAdaptation: Estimating {
  static var declaration: StaticString {
    """
    dadapt: estimated distance to the solution over the norm of the first gradient (D-Adaptation for SGD)
    formula: base d/|g0|, d <- max(d, min(2 n/|x0 - x+|, growth d)), n <- n + rate g.(x0 - x)
    source: arXiv 2301.07733
    d0: real > 0 = 1e-6; first estimate of the distance
    growth: real >= 1 or none = none; largest growth in an update
    max_lr: real >= 0 or none = none; highest base rate
    """
  }

  private static var first: Int { 0 }
  private static var growth: Int { 1 }

  static var scalars: Needs { [.gradientNorm, .distance, .dotStart] }

  private static var memory: Int { RuleNumbers.memory }

  /// ‖g₀‖, which is 0 until there is one; d, n.
  static var width: Int { 3 }

  static var signed: Int { 1 << 2 }

  static func rate(_ seen: Span<Double>, _ p: inout RuleNumbers) -> Double {
    if p[memory] == 0 {
      p[memory] = seen.gradientNorm
      p[memory + 1] = p[first]
    }
    return p[memory] > 0 ? finite(p[memory + 1] / p[memory]) : -1
  }

  static func learn(_ seen: Span<Double>, _ rate: Double, _ p: inout RuleNumbers) {
    let d = p[memory + 1]
    let along = rate * seen.dotStart
    let step = rate * seen.gradientNorm
    let sum = p[memory + 2] + along
    var found = 2 * sum / (seen.distance * seen.distance + 2 * along + step * step).squareRoot()
    // Not so without a step, nor where something overflows.
    guard rate > 0, found.isFinite else { return }
    // Without a limit, NaN.
    if found > p[growth] * d { found = p[growth] * d }
    p[memory + 1] = Swift.max(d, found)
    p[memory + 2] = sum
  }
}
