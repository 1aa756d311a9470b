/// The schedule of T5 (arXiv 1910.10683): 1/√C for C updates, then 1/√t.
///
///     t5(constant) = 1/√constant * (constant(constant) >> inverse_sqrt(constant))
///
/// Absolute values, meant for a base rate of 1.
///
/// Examples, to step 1000:
///
///     t5(200)
enum T5 {
  static var declaration: StaticString {
    """
    t5: 1/sqrt(t) after a constant start, for a base rate of 1
    formula: 1/sqrt(constant) * (constant(constant) >> inverse_sqrt(constant))
    source: arXiv 1910.10683
    constant: count of updates from 1; updates at the first rate
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    var text = Template(a)
    text.set("scale", .real(1 / Double(a.count("constant")).squareRoot()))
    text.add("{scale} * (constant({constant}) >> inverse_sqrt({constant}))")
    return try text.body()
  }
}
