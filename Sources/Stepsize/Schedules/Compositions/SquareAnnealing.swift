///     square_annealing(total, floor) = clamp(polynomial(total, power=2), min=floor)
///
/// Examples, to step 1000:
///
///     square_annealing(1000, floor=0.2)
enum SquareAnnealing {
  static var declaration: StaticString {
    """
    square_annealing: square of the remaining fraction, not below a floor
    formula: clamp(polynomial(total, power=2), min=floor)
    source: NeMo
    total: count of updates from 1; updates until 0 or the floor
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try Template.body("clamp(polynomial({total}, 2), {floor})", a)
  }
}
