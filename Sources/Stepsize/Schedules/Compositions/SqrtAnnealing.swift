/// The annealing schedules of NeMo: a power of the remaining fraction, not below a floor.
///
///     sqrt_annealing(total, floor) = clamp(polynomial(total, power=0.5), min=floor)
///
/// Examples, to step 1000:
///
///     sqrt_annealing(1000, floor=0.2)
enum SqrtAnnealing {
  static var declaration: StaticString {
    """
    sqrt_annealing: square root of the remaining fraction, not below a floor
    formula: clamp(polynomial(total, power=0.5), min=floor)
    source: NeMo
    total: count of updates from 1; updates until 0 or the floor
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try Template.body("clamp(polynomial({total}, 0.5), {floor})", a)
  }
}
