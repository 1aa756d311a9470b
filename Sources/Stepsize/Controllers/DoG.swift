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
    max_lr: per_group >= 0 = none; highest base rates
    """
  }

  /// r and G, which is 0 before the first observation.
  static var width: Int { 2 }

  static func scalars(_ p: Automatic.Parameters) -> Needs {
    var scalars: Needs = [.gradientNorm, .distance]
    if p[1].isNaN { scalars.formUnion(.startNorm) }
    if p[3] > 0 { scalars.formUnion(.eachGroup) }
    return scalars
  }

  static func find(
    _ seen: Observation, _ p: Automatic.Parameters, _ memory: inout FixedBuffer, at place: Int
  ) -> Finding {
    let (first, firstRate, eps) = (p[0], p[1], p[2])
    let (r, sum) = (memory[place], memory[place + 1])
    let distance = Swift.max(sum == 0 && firstRate.isNaN ? first * (1 + seen.startNorm) : r, seen.distance)
    let squares = (sum == 0 ? eps : sum) + seen.gradientNorm * seen.gradientNorm
    guard squares.isFinite, distance.isFinite else { return .ignored }
    memory[place] = distance
    memory[place + 1] = squares
    return .rate(distance == 0 ? firstRate : distance / squares.squareRoot())
  }
}
