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
    growth: real >= 1 or none = none; largest growth of the estimate in an update
    max_lr: per_group >= 0 = none; highest base rates
    """
  }

  /// ‖g₀‖, which is 0 until there is one; d, n.
  static var width: Int { 3 }

  static var scalars: Needs { [.gradientNorm, .distance, .dotStart] }

  static func find(
    _ seen: Observation, _ p: Automatic.Parameters, _ memory: inout FixedBuffer
  ) -> Finding {
    if memory[0] == 0 {
      memory[0] = seen.gradientNorm
      memory[1] = p[0]
    }
    return memory[0] > 0 ? .rate(memory[1] / memory[0]) : .kept
  }

  static func learn(
    _ seen: Observation, _ rate: Double, _ p: Automatic.Parameters, _ memory: inout FixedBuffer
  ) {
    let (d, growth) = (memory[1], p[1].isNaN ? Double.infinity : p[1])
    let along = rate * seen.dotStart
    let step = rate * seen.gradientNorm
    let sum = memory[2] + along
    let found = 2 * sum / (seen.distance * seen.distance + 2 * along + step * step).squareRoot()
    // Not so without a step, nor where something overflows.
    guard rate > 0, found.isFinite else { return }
    memory[1] = finite(Swift.max(d, Swift.min(found, growth * d)))
    memory[2] = sum
  }
}
