/// Polyak's step: the excess of the loss over its lower bound, over the squared norm of the gradient.
///
///     rate = base·(f - lower_bound)/(c·n),  n = ‖g‖² for SGD, n = √(π/2)·‖g‖₁ for Adam
///
/// where f and n are moving averages, from the first number on. The base rate is a factor, 1 as published. SGD with momentum
/// m needs c = 1/(1 - m) unless its momentum is an average (dampening).
/// - `sps` (SPS_max, Loizou et al., arXiv 2002.10542): no averages; `max_lr` is its γ_b, and its smoothing is `growth` =
///   τ^(1/batches of an epoch).
/// - `momo` (MoMo, Schaipp et al., arXiv 2305.07583), for SGD that steps along the average d of the gradients: f - the average
///   of g·x + d·x in place of f, n = ‖d‖², and the base rate is an upper bound. `adapt` estimates the lower bound, from the
///   given one on, as there (MoMo*).
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
    variant: word aligned|sps|momo = aligned; with b by the alignment of updates, or as published; it chooses the defaults
    norm: word l2|l1 = l2; l2 for SGD, l1 for Adam
    lower_bound: real or none = none; lower bound of the loss; none: 0, and no loss may be below
    adapt: flag = false; whether the lower bound is estimated (momo)
    c: real > 0 = 1 (sps: 0.5); divisor of the rate
    average: real in [0, 1) = 0.9 (sps: 0); weight of the past in the averages
    align: real >= 0 = 0.1 (sps: 0, momo: 0); size of the correction; 0: none
    target: real in [-1, 1] = 0.05; alignment that it aims at
    until: count of updates from 0 or none = none; update from which on it is kept
    growth: real >= 1 or none = none; largest growth of the rate in an update
    max_lr: per_group >= 0 = none; highest base rates; none for momo: those given
    """
  }

  static func check(_ a: Arguments) throws(ConfigurationError) {
    let isMomo = a.wordIndex("variant") == 2
    if !isMomo, a.flag("adapt") { throw a.error("adapt", expected: "false unless the variant is momo") }
    if isMomo, a.wordIndex("norm") > 0 { throw a.error("norm", expected: "\"l2\" for the variant momo") }
  }

  static func isMomo(_ p: Automatic.Parameters) -> Bool { p[0] == 2 }

  private static func isAligned(_ p: Automatic.Parameters) -> Bool { p[6] > 0 }

  private static func lowerBound(_ p: Automatic.Parameters) -> Double { p[2].isNaN ? 0 : p[2] }

  static func scalars(_ p: Automatic.Parameters) -> Needs {
    var scalars: Needs = .observedLoss
    if isMomo(p) {
      scalars.formUnion([.dotX, .meanNorm, .meanDotX])
    } else {
      scalars.formUnion(p[1] > 0 ? .gradientL1 : .gradientNorm)
    }
    if isAligned(p) { scalars.formUnion([.gradientNorm, .dotUpdate, .updateNorm]) }
    return scalars
  }

  static func check(_ seen: Observation, _ p: Automatic.Parameters) throws(ConfigurationError) {
    if seen.loss < 0, p[2].isNaN {
      throw ConfigurationError(.argument, "polyak: the loss is below 0: a lower_bound is required")
    }
  }

  // What is remembered: the observations, averages of the loss and of n or, for momo, g·x; the last rate before the
  // correction; the lower bound; what the model came to, and n; then what the alignment remembers.
  static var width: Int { 12 }

  static func find(
    _ seen: Observation, _ moment: Moment, _ p: Automatic.Parameters, _ memory: inout FixedBuffer
  ) -> Finding {
    let keep = memory[0] == 0 ? 0 : p[5]
    // √(π/2), as the mean absolute value of a normal number is √(2/π) of its deviation.
    let size = p[1] > 0 ? 1.2533141373155003 * seen.gradientL1 : seen.gradientNorm * seen.gradientNorm
    let loss = keep * memory[1] + (1 - keep) * seen.loss
    let other = keep * memory[2] + (1 - keep) * (isMomo(p) ? seen.dotX : size)
    let reached = isMomo(p) ? loss + seen.meanDotX - other : loss
    let n = isMomo(p) ? seen.meanNorm * seen.meanNorm : other
    guard reached.isFinite, other.isFinite, n.isFinite else { return .ignored }
    let lowest = lowerBound(p)
    var bound = memory[0] == 0 ? lowest : memory[4]
    if p[3] > 0, reached < bound { bound = Swift.max(reached / 2, lowest) }
    if isAligned(p) { align(seen, seen.loss - lowest, moment.step, p, &memory) }
    memory[0] = Swift.min(memory[0] + 1, 0x1p53)
    memory[1] = loss
    memory[2] = other
    memory[4] = bound
    guard n > 0 else { return .kept }
    var rate = finite(Swift.max(reached - bound, 0) / (p[4] * n))
    // Without a limit of growth, NaN.
    if memory[3] > 0, rate > p[9] * memory[3] { rate = p[9] * memory[3] }
    memory[3] = rate
    memory[5] = reached
    memory[6] = n
    return .rate(isAligned(p) ? rate * exp(Pair(memory[7])) : rate)
  }

  /// The lower bound where MoMo* estimates it: the value of its model after the step.
  static func learn(_ rate: Double, _ p: Automatic.Parameters, _ memory: inout FixedBuffer) {
    if p[3] > 0 { memory[4] = Swift.max(memory[5] - 0.5 * rate * memory[6], lowerBound(p)) }
  }

  /// b, the mean square of the cosine and the number of cosines; the first excess, and updates until b may be lowered again.
  private static func align(
    _ seen: Observation, _ excess: Double, _ step: Int64, _ p: Automatic.Parameters,
    _ memory: inout FixedBuffer
  ) {
    var b = memory[7]
    if memory[0] == 0 { memory[10] = Swift.max(excess, 0) }
    memory[11] = Swift.max(memory[11] - 1, 0)
    if excess > 1.3 * memory[10], memory[10] > 0, memory[11] == 0 {
      b -= 1.2
      memory[11] = 10
    }
    let cosine = seen.dotUpdate / (seen.gradientNorm * seen.updateNorm)
    // Not in the first update, nor where nothing moves.
    if !(Double(step) >= p[8]), cosine.isFinite {
      let age = memory[9]
      memory[8] += Swift.max(0.01, 1 / (age + 1)) * (cosine * cosine - memory[8])
      let relative = memory[8] > 0 ? cosine / memory[8].squareRoot() : 0
      b += bounded(p[6] * Swift.max(0.1, 1 / (1 + age / 100)) * (p[7] - relative), -0.7, 0.7)
      memory[9] = Swift.min(age + 1, 0x1p53)
    }
    memory[7] = bounded(b, -50, 50)
  }
}
