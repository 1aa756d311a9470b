/// The schedule of the Transformer (Vaswani et al., arXiv 1706.03762): a linear rise, then the inverse square
/// root of time, with s = t + 1 so that the first update is not spent at 0.
///
///     value(t) = factor min(√(warmup/s), s/warmup)
///     value(t) = factor model_size^-½ min(s^-½, s warmup^-1.5)      where `model_size` is given
///
/// Without `model_size` the peak is `factor`, at update warmup - 1; with it the values are the paper's own,
/// meant for a base rate of 1.
///
/// Examples, to step 1000:
///
///     noam(200)
struct Noam: Sendable {
  let warmup: Double
  /// 0 for none.
  let modelSize: Double
  let factor: Double

  static var declaration: StaticString {
    """
    noam: linear rise, then the inverse square root of time
    formula: factor min(sqrt(warmup/s), s/warmup), s = t + 1; with model_size factor model_size^-0.5 \
    min(s^-0.5, s warmup^-1.5)
    source: arXiv 1706.03762
    warmup: count of updates from 1; updates until the peak
    model_size: count from 1 = none; width of the model for the paper's scale, or none
    factor: real >= 0 = 1; multiplier of the whole curve
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let noam = Noam(
      warmup: Double(a.count("warmup")), modelSize: Double(a.optionalCount("model_size") ?? 0),
      factor: a.real("factor"))
    return Body(.noam(noam), length: nil)
  }

  /// Updates until after the peak.
  var rise: Int64 { Pair(warmup).roundedUp ?? Int64.max }

  func value(at t: Int64) -> Double {
    let s = Double(t) + 1
    if modelSize == 0 { return factor * Swift.min((warmup / s).squareRoot(), s / warmup) }
    let late = 1 / (s * modelSize).squareRoot()
    return factor * Swift.min(late, s / warmup / (warmup * modelSize).squareRoot())
  }
}
