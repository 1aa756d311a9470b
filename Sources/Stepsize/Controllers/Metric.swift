/// Whether a smaller or a larger metric is better.
public enum MetricMode: Int32, Sendable {
  case min = 0
  case max = 1
}

/// Whether a threshold is a difference or a fraction of the best metric.
public enum ThresholdMode: Int32, Sendable {
  case absolute = 0
  case relative = 1
}

/// The margin by which a metric must beat the best one to count as better.
struct Improvement: Sendable {
  let mode: MetricMode
  let threshold: Double
  let thresholdMode: ThresholdMode
  /// best·(1 ± threshold), as PyTorch and transformers have it, which for a negative metric moves the wrong
  /// way; otherwise best ± threshold·|best|.
  let signedMargin: Bool

  /// Worse than every metric.
  var worst: Double { mode == .min ? Double.infinity : -Double.infinity }

  /// False if the metric is NaN.
  func isBetter(_ metric: Double, than best: Double) -> Bool {
    switch (thresholdMode, mode) {
    case (.absolute, .min): return metric < best - threshold
    case (.absolute, .max): return metric > best + threshold
    case (.relative, .min):
      if signedMargin { return metric < best * (1 - threshold) }
      return best == worst ? metric < best : metric < best - threshold * abs(best)
    case (.relative, .max):
      if signedMargin { return metric > best * (1 + threshold) }
      return best == worst ? metric > best : metric > best + threshold * abs(best)
    }
  }
}
