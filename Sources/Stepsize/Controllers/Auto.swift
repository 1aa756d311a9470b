/// A base rate and its course that need no number but the length: the step of `polyak`, corrected by two measures of how the
/// updates fare, with a warm-up and a linear decay.
///
///     rate = base·exp(b + 0.7·m)·(f - lower_bound)/(c·n)·min(1, (t + 1)/(total/50 + 1))·(1 - t/total)
///
/// f, n and b are those of `polyak(align=0.05, until=total/3)`, without its cut where the loss is high. For `adam` n is that of
/// `norm="l1"` and c is 1, for `sgd` c is 1/(1 - momentum). m follows from the efficiency e of the updates so far: how far the
/// loss fell, over the sum of ‖g‖·‖x - x₋‖, by how much it could have fallen to first order. At well-tuned rates e was found
/// near 0.02/√(t/total) on most problems that this was made with, and it is about inversely proportional to the rate. So
/// m ← m + 0.05·(ln(e·√(t/total)/0.02) - m), with a logarithm between -2 and 2, in the first half of the run.
///
/// Without a total there is no decay: b and m are learned all the time, as at a tenth of a run, and the warm-up has 20 updates.
///
/// Known to fail: networks with normalization; fine-tuning, most of all of convolutional networks; deep networks of tanh; where
/// the training loss is no guide (overfitting); and, less than `polyak`, where the loss cannot come near its lower bound.
enum Auto: Estimating {
  static var declaration: StaticString {
    """
    auto: Polyak's step, corrected by what the updates achieve, with warm-up and linear decay
    formula: base exp(b + 0.7 m) (f - lower_bound)/(c n) min(1, (t+1)/(total/50+1)) (1-t/total)
    total: count of updates from 1 or none = none; updates of the run; none: no decay
    optimizer: word adam|sgd = adam; what moves the weights
    momentum: real in [0, 1) = 0.9; momentum of sgd
    lower_bound: real or none = none; lower bound of the loss; none: 0, and no loss may be below
    max_lr: real >= 0 or none = none; highest base rate
    """
  }

  /// Where the total is among the numbers of `Polyak`, which are not 0 there for this kind alone.
  private static var total: Int { 11 }

  private static var memory: Int { RuleNumbers.memory }

  /// What `Polyak` remembers; the sum, the average of the excess, m.
  static var width: Int { 15 }

  static func isUsed(_ p: borrowing RuleNumbers) -> Bool { p[total] != 0 }

  /// Arranges the values of the parameters as those of `Polyak`.
  @inline(never)
  static func arrange(_ p: inout RuleNumbers) {
    let isAdam = p[1] == 0
    p[total] = p[0]
    p[10] = p[4]
    p[9] = Double.nan
    p[8] = p[0] / 3
    p[7] = 0.05
    p[6] = 0.05
    p[5] = 0.9
    p[4] = isAdam ? 1 : 1 / (1 - p[2])
    p[2] = p[3]
    p[3] = 0
    p[1] = isAdam ? 1 : 0
    p[0] = 0
  }

  /// - Parameter most: By how much the loss could have fallen in the last update.
  @inline(never)
  static func learn(
    _ excess: Double, _ most: Double, _ step: Int64, _ p: inout RuleNumbers
  ) {
    let excess = Swift.max(excess, 0)
    let sum = finite(p[memory + 12] + most)
    let average = 0.95 * (p[memory] == 0 ? excess : p[memory + 13]) + 0.05 * excess
    p[memory + 12] = sum
    p[memory + 13] = average
    let part = p[total].isNaN ? 0.1 : Double(step) / p[total]
    guard sum > 0, part < 0.5 else { return }
    let efficiency = (p[memory + 10] - average) / sum
    // No logarithm of what is not above 0: the least.
    let found = bounded(
      Double.log(Swift.max(50 * efficiency, 0.1) * Swift.max(part, 0.01).squareRoot()), -2, 2)
    p[memory + 14] += 0.05 * (found - p[memory + 14])
  }

  /// What it adds to b.
  static func exponent(_ p: borrowing RuleNumbers) -> Double { 0.7 * p[memory + 14] }

  /// The warm-up and the decay.
  @inline(never)
  static func course(_ step: Int64, _ p: borrowing RuleNumbers) -> Double {
    let t = Double(step)
    // Without a total, NaN.
    if t + 1 < 20, p[total].isNaN { return (t + 1) / 20 }
    return p[total].isNaN ? 1 : Swift.min((t + 1) / (p[total] / 50 + 1), 1) * Swift.max(1 - t / p[total], 0)
  }
}
