/// A linear warm-up, then cosine decay.
///
///     warmup_cosine(total, warmup, floor) = warmup(warmup, phase="warmup") >> cosine(total - warmup, floor, phase="main")
///
/// Examples, to step 1000:
///
///     warmup_cosine(1000, 100, floor=0.1)
enum WarmupCosine {
  static var declaration: StaticString {
    """
    warmup_cosine: warm-up, then cosine decay
    formula: warmup(warmup) >> cosine(total-warmup, floor)
    total: count of updates from 1; updates in total
    warmup: count of updates from 0; updates of the rise, < total
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try WarmupDecay.body(a, "cosine({rest}, {floor}, phase=\"main\")")
  }
}
