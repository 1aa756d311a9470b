/// The common closed forms without a schedule: the rate itself, or NaN if an argument is outside its range.
public enum ClosedForms {
  /// base (floor + (1 - floor) (1 - step/total))
  public static func linear(step: Int64, total: Int64, base: Double, floor: Double) -> Double {
    guard isLegal(total, base, floor) else { return Double.nan }
    return Schedule.rate(base: base, Linear(total: total, floor: floor).value(at: max(step, 0)))
  }

  /// base (floor + (1 - floor) (1 + cos(π step/total)) / 2)
  public static func cosine(step: Int64, total: Int64, base: Double, floor: Double) -> Double {
    guard isLegal(total, base, floor) else { return Double.nan }
    let cosine = Cosine(total: total, floor: floor, cycles: 0.5, power: 1, kDecay: 1, isPlain: true)
    return Schedule.rate(base: base, cosine.value(at: max(step, 0)))
  }

  /// base (floor + (1 - floor) (1 - step/total)^power)
  public static func polynomial(
    step: Int64, total: Int64, power: Double, base: Double, floor: Double
  ) -> Double {
    guard isLegal(total, base, floor), Interval.positive.contains(power) else { return Double.nan }
    let polynomial = Polynomial(total: total, power: power, floor: floor, kDecay: 1, cycle: false)
    return Schedule.rate(base: base, polynomial.value(at: max(step, 0)))
  }

  /// base min(1, (step + 1)/steps)
  public static func warmup(step: Int64, steps: Int64, base: Double) -> Double {
    guard steps >= 0, Interval.nonNegative.contains(base) else { return Double.nan }
    let warmup = Warmup(
      steps: steps, start: nil, ramp: .fall(.linear), fall: Fall(shape: .linear, power: 1, q: 0.1))
    return Schedule.rate(base: base, warmup.value(at: max(step, 0)))
  }

  private static func isLegal(_ total: Int64, _ base: Double, _ floor: Double) -> Bool {
    total >= 1 && Interval.nonNegative.contains(base) && Interval.fraction.contains(floor)
  }
}
