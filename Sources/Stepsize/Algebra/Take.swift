/// A schedule cut, or held, to a length.
///
///     value(t) = schedule(min(t, length))
///
/// Examples, to step 1000:
///
///     take(inverse_sqrt(100), 500) >> 0.408 * linear(500)
enum Take {
  static var declaration: StaticString {
    """
    take: a schedule cut or held to a length
    formula: schedule(min(t, length))
    schedule: schedule; the schedule to cut or to hold
    length: count of updates from 0; updates
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inner = try a.schedule("schedule")
    let length = a.count("length")
    return Body(.take(inner.node, length), length: length, around: [inner])
  }
}

extension Schedule {
  /// The schedule cut, or held, to exactly `length` updates.
  public func taking(_ length: Int64) throws(ConfigurationError) -> Schedule {
    try Schedule(.take, [.schedule(self), .integer(length)])
  }
}
