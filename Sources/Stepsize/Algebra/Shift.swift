/// A schedule moved in time.
///
///     value(t) = schedule(t - by)
///
/// by > 0 delays: the value at 0 is held for that long. by < 0 skips the first steps.
///
/// Examples, to step 1000:
///
///     shift(linear(600), 200)
///     shift(linear(600), -200)
enum Shift {
  static var declaration: StaticString {
    """
    shift: a schedule moved in time
    formula: schedule(t - by)
    schedule: schedule; the schedule to move
    by: count of updates; updates of delay; below 0: the first updates that are skipped
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inner = try a.schedule("schedule")
    let by = a.count("by")
    var length: Int64?
    if let end = inner.length {
      guard let sum = end.adding(by) else {
        throw ConfigurationError(.limit, "shift: longer than 2^63 - 1 updates")
      }
      length = max(0, sum)
    }
    return Body(.shift(inner.node, by: by), length: length, around: [inner])
  }
}

extension Node {
  /// t - by, kept between 0 and the largest step.
  @inline(__always)
  static func shifted(_ t: Int64, by: Int64) -> Int64 {
    let (step, overflow) = t.subtractingReportingOverflow(by)
    return overflow ? Int64.max : Swift.max(step, 0)
  }
}

extension Schedule {
  /// The schedule `by` updates later; for by < 0, from its step -by on.
  public func shifted(by: Int64) throws(ConfigurationError) -> Schedule {
    try Schedule(.shift, [.schedule(self), .integer(by)])
  }
}
