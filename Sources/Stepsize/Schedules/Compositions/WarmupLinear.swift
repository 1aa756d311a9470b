/// A linear warm-up, then linear decay.
///
///     warmup_linear(total, warmup, floor) = warmup(warmup, phase="warmup") >> linear(total - warmup, floor, phase="main")
///
/// Examples, to step 1000:
///
///     warmup_linear(1000, 100)
enum WarmupLinear {
  static var declaration: StaticString {
    """
    warmup_linear: warm-up, then linear decay
    formula: warmup(warmup) >> linear(total-warmup, floor)
    total: count of updates from 1; updates in total
    warmup: count of updates from 0; updates of the rise, < total
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try WarmupDecay.body(a, "linear({rest}, {floor}, phase=\"main\")")
  }
}
