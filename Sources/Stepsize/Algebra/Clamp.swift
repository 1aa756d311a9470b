/// The values kept within bounds.
///
///     value(t) = min(max(schedule(t), min), max)
///
/// Examples, to step 1000:
///
///     clamp(cosine(1000), min=0.1, max=0.8)
enum Clamp {
  static var declaration: StaticString {
    """
    clamp: the values of a schedule kept within bounds
    formula: min(max(schedule(t), min), max)
    schedule: schedule; the schedule to bound
    min: real >= 0 = 0; lowest multiplier
    max: real >= 0 = none; highest multiplier, or none
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inner = try a.schedule("schedule")
    let low = a.real("min")
    let high = a.optionalReal("max") ?? Double.greatestFiniteMagnitude
    guard low <= high else { throw a.error("max", expected: "a number >= min") }
    return Body(.clamp(inner.node, min: low, max: high), length: inner.length, around: [inner])
  }
}

extension Schedule {
  /// The values kept in [min, max] (fractions of the base rate).
  public func clamped(min: Double = 0, max: Double? = nil) throws(ConfigurationError) -> Schedule {
    try Schedule(.clamp, [.schedule(self), .real(min), max.map { .real($0) } ?? Value.none])
  }
}
