/// The schedule of T5 (arXiv 1910.10683): 1/√C for C updates, then 1/√t.
///
///     t5(constant) = 1/√constant * (constant(constant) >> inverse_sqrt(constant))
///
/// Absolute values, meant for a base rate of 1.
enum T5 {
  static var name: StaticString { "t5" }

  static var entry: Entry {
    Entry(
      name, "1/sqrt(t) after a constant start, for a base rate of 1",
      formula: "1/sqrt(constant) * (constant(constant) >> inverse_sqrt(constant))",
      source: "arXiv 1910.10683",
      [.steps("constant", "updates at the first rate")]
    ) { a throws(ConfigurationError) in
      let count = a.count("constant")
      let curve: Schedule = try .sequence([try .constant(count), try .inverseSqrt(Double(count))])
      return Body(try curve.scaled(by: 1 / Double(count).squareRoot()))
    }
  }
}
