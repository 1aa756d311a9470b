/// Polyak's step: the excess of the loss over its lower bound, over the squared norm of the gradient.
///
///     rate = base·(f - lower_bound)/(c·n),  n = ‖g‖² for SGD, n = √(π/2)·‖g‖₁ for Adam
///
/// where f and n are moving averages, from the first number on. The base rate is a factor, 1 as published. SGD with momentum
/// m needs c = 1/(1 - m) unless its momentum is an average (dampening).
/// - `sps` (SPS_max, Loizou et al., arXiv 2002.10542): no averages; `max_lr` is its γ_b, and its smoothing is `growth` =
///   τ^(1/batches of an epoch).
/// - `momo` (MoMo, Schaipp et al., arXiv 2305.07583), for SGD that steps along the average d of the gradients: f - the average
///   of g·x + d·x in place of f, n = ‖d‖², and the base rate is an upper bound. `adapt` estimates the lower bound as there
///   (MoMo*), never below the given one.
/// - `aligned`: the rate times exp(b), where b follows from whether successive updates agree. With h the cosine of g and the
///   last update, over its root mean square, b ← b + a·(target - h), by at most 0.7, where a falls from `align` to a tenth of it
///   over 900 updates; from update `until` on b is kept. An excess of the loss of more than 1.3 times the first one
///   lowers b by 1.2, once in ten updates.
///
/// Known to fail: where the lower bound is far below what can be reached (noisy labels, the cross-entropy of text, an added
/// constant), rates are too long; where batches differ much, too short.
///
/// A loss below the lower bound makes the rate 0 for this update, but is an error where no lower bound is given. A gradient of 0
/// keeps the rate. What is not finite changes nothing.
enum Polyak: Estimating {
  static var declaration: StaticString {
    """
    polyak: excess of the loss over the squared norm of the gradient (Polyak's step, SPS, MoMo)
    formula: base exp(b) (f - lower_bound)/(c n), n = |g|^2 or sqrt(pi/2) |g|_1, averaged
    source: arXiv 2002.10542, 2305.07583
    variant: word aligned|sps|momo = aligned; with b, or as published; it chooses the defaults
    norm: word l2|l1 = l2; l2 for SGD, l1 for Adam; not for momo
    lower_bound: real or none = none; lower bound of the loss; none: 0, and no loss may be below
    adapt: flag = false; whether the lower bound is estimated, from the given one on
    c: real > 0 = 1 (sps: 0.5); divisor of the rate
    average: real in [0, 1) = 0.9 (sps: 0); weight of the past in the averages
    align: real >= 0 = 0.1 (sps: 0, momo: 0); size of the steps of b
    target: real in [-1, 1] = 0.05; alignment that it aims at
    until: count of updates from 0 or none = none; step from which on b is kept
    growth: real >= 1 or none = none; largest growth in an update
    max_lr: real >= 0 or none = none; highest base rate
    """
  }

  private static var variant: Int { 0 }
  private static var norm: Int { 1 }
  private static var lowerBound: Int { 2 }
  private static var adapt: Int { 3 }
  private static var c: Int { 4 }
  private static var average: Int { 5 }
  private static var size: Int { 6 }
  private static var target: Int { 7 }
  private static var until: Int { 8 }
  private static var growth: Int { 9 }

  private static var memory: Int { RuleNumbers.memory }

  static func isMomo(_ p: borrowing RuleNumbers) -> Bool { p[variant] == 2 }

  private static func lowest(_ p: borrowing RuleNumbers) -> Double { p[lowerBound].isNaN ? 0 : p[lowerBound] }

  static func scalars(_ p: borrowing RuleNumbers) -> Needs {
    var scalars: Needs = .observedLoss
    if isMomo(p) {
      scalars.formUnion([.dotX, .meanNorm, .meanDotX])
    } else {
      scalars.formUnion(p[norm] > 0 ? .gradientL1 : .gradientNorm)
    }
    if p[size] > 0 { scalars.formUnion([.gradientNorm, .dotUpdate, .updateNorm]) }
    if p[lowerBound].isNaN { scalars.formUnion(.lossFromZero) }
    return scalars
  }

  // What is remembered: the number of observations; averages of the loss and of n or, for momo, g·x; the last rate before
  // the correction; the lower bound; what the model came to, and n; then what the alignment remembers.
  static var width: Int { 12 }

  /// With those of `Auto`.
  static var signed: Int { 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 13 | 1 << 14 }

  @inline(never)
  @_optimize(speed)
  static func rate(_ seen: Span<Double>, _ step: Int64, _ p: inout RuleNumbers) -> Double {
    let isNew = p[memory] == 0
    let keep = isNew ? 0 : p[average]
    // √(π/2), as the mean absolute value of a normal number is √(2/π) of its deviation.
    var new = p[norm] > 0 ? 1.2533141373155003 * seen.gradientL1 : seen.gradientNorm * seen.gradientNorm
    if isMomo(p) { new = seen.dotX }
    let loss = keep * p[memory + 1] + (1 - keep) * seen.loss
    let other = keep * p[memory + 2] + (1 - keep) * new
    let reached = isMomo(p) ? loss + seen.meanDotX - other : loss
    let n = isMomo(p) ? seen.meanNorm * seen.meanNorm : other
    guard (reached + n).isFinite, (other + loss).isFinite else { return Double.nan }
    let lowest = lowest(p)
    if isNew { p[memory + 4] = lowest }
    if p[adapt] > 0, reached < p[memory + 4] { p[memory + 4] = Swift.max(reached / 2, lowest) }
    if p[size] > 0 { align(seen, finite(seen.loss - lowest), step, &p) }
    p[memory] = 1
    p[memory + 1] = loss
    p[memory + 2] = other
    // As for no gradient where it is 0 by underflow.
    let divisor = p[c] * n
    guard divisor > 0 else { return -1 }
    p[memory + 5] = reached
    p[memory + 6] = n
    var rate = finite(Swift.max(reached - p[memory + 4], 0) / divisor)
    // Without a limit, NaN.
    if p[memory + 3] > 0, rate > p[growth] * p[memory + 3] { rate = p[growth] * p[memory + 3] }
    p[memory + 3] = rate
    var b = p[memory + 7]
    if Auto.isUsed(p) {
      b += Auto.exponent(p)
      rate *= Auto.course(step, p)
    }
    return b == 0 ? rate : rate * exp(Pair(b))
  }

  /// The lower bound where MoMo* estimates it: the value of its model after the step.
  static func learn(_ rate: Double, _ p: inout RuleNumbers) {
    if p[adapt] > 0 { p[memory + 4] = Swift.max(p[memory + 5] - 0.5 * rate * p[memory + 6], lowest(p)) }
  }

  /// b, the mean square of the cosine and the number of cosines; the first excess, and updates until b may be lowered again.
  private static func align(
    _ seen: Span<Double>, _ excess: Double, _ step: Int64, _ p: inout RuleNumbers
  ) {
    var b = p[memory + 7]
    if p[memory] == 0 { p[memory + 10] = Swift.max(excess, 0) }
    p[memory + 11] = Swift.max(p[memory + 11] - 1, 0)
    let norms = seen.gradientNorm * seen.updateNorm
    if Auto.isUsed(p) {
      Auto.learn(excess, norms, step, &p)
    } else if excess > 1.3 * p[memory + 10], p[memory + 10] > 0, p[memory + 11] == 0 {
      b -= 1.2
      p[memory + 11] = 10
    }
    // Not in the first update, nor where nothing moves.
    if !(Double(step) >= p[until]), norms > 0 {
      let cosine = bounded(seen.dotUpdate / norms, -1, 1)
      let age = p[memory + 9]
      // Divisions take the most time: none where the result is known.
      p[memory + 8] += (age < 99 ? 1 / (age + 1) : 0.01) * (cosine * cosine - p[memory + 8])
      let relative = p[memory + 8] > 0 ? cosine / p[memory + 8].squareRoot() : 0
      let fading = age < 900 ? 1 / (1 + age / 100) : 0.1
      b += bounded(p[size] * fading * (p[target] - relative), -0.7, 0.7)
      p[memory + 9] = Swift.min(age + 1, 0x1p53)
    }
    p[memory + 7] = bounded(b, -50, 50)
  }
}
