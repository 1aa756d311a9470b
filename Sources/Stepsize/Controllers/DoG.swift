/// Distance over gradients (DoG and L-DoG, Ivgi, Hinder and Carmon, arXiv 2302.12022), for SGD without momentum:
///
///     rate = base·r/√(G + eps),  r ← max(r, ‖x - x₀‖),  G ← G + ‖g‖²
///
/// where r is at first `r`·(1 + ‖x₀‖), and the gradient of the update itself is in G. No rate has to be known: the base
/// rate is a factor, 1 as published. The authors call averaging of the iterates crucial; a decay by a schedule can take its
/// place. With `per_group` each group has an r and a G of its own, as in the authors' classes (for L-DoG each tensor is a
/// group); else all groups have one in common.
///
/// Known to fail: the first distance is a rate in disguise, from which short trainings do not recover; momentum makes the
/// steps too long.
///
/// The distance contains what weight decay does. A gradient of 0 adds nothing to G. With `init_lr`, that is the rate as
/// long as nothing has moved, as in a warm-up from 0. What is not finite changes nothing.
enum DoG: Estimating {
  static var declaration: StaticString {
    """
    dog: distance from the start over the root of the summed squared gradients (DoG, L-DoG)
    formula: base r/sqrt(G + eps), r <- max(r, |x - x0|), G <- G + |g|^2
    source: arXiv 2302.12022
    r: real > 0 = 1e-6; first distance over 1 + |x0|; 1e-4 with batch normalization
    init_lr: real > 0 or none = none; rate of the first update, in place of r
    eps: real > 0 = 1e-8; added to the sum of squares
    per_group: flag = false; whether each group has its own distance and sum
    max_lr: real >= 0 or none = none; highest base rate
    """
  }

  private static var first: Int { 0 }
  private static var firstRate: Int { 1 }
  private static var eps: Int { 2 }
  private static var perGroup: Int { 3 }

  /// r and G, which is 0 before the first observation.
  static var width: Int { 2 }

  static func scalars(_ p: borrowing RuleNumbers) -> Needs {
    var scalars: Needs = [.gradientNorm, .distance]
    if p[firstRate].isNaN { scalars.formUnion(.startNorm) }
    if p[perGroup] > 0 { scalars.formUnion(.eachGroup) }
    return scalars
  }

  @inline(never)
  @_optimize(speed)
  static func rate(_ seen: Span<Double>, _ p: inout RuleNumbers, _ own: Int) -> Double {
    let isNew = p[remembered: own + 1] == 0
    let start = isNew && p[firstRate].isNaN ? p[first] * (1 + seen.startNorm) : p[remembered: own]
    let distance = Swift.max(start, seen.distance)
    let sum = (isNew ? p[eps] : p[remembered: own + 1]) + seen.gradientNorm * seen.gradientNorm
    let rate = distance == 0 ? p[firstRate] : distance / sum.squareRoot()
    guard sum.isFinite, distance.isFinite else { return Double.nan }
    p[remembered: own] = distance
    p[remembered: own + 1] = sum
    return rate
  }
}
