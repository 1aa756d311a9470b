/// A schedule repeated.
///
///     value(t) = schedule(t mod L),   L its length
///
/// With a count, the value at the end of the last round is held.
///
/// Examples, to step 1000:
///
///     repeat(linear(250), count=3)
enum Repeat {
  static var declaration: StaticString {
    """
    repeat: a schedule repeated
    formula: schedule(t mod length)
    schedule: schedule; the schedule to repeat, which must have an end
    count: count from 1 = none; rounds, or none for no end
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let inner = try a.schedule("schedule")
    guard let length = inner.length, length >= 1 else {
      throw a.error("schedule", expected: "a schedule of 1 update or more that has an end")
    }
    var end: Int64?
    if let count = a.optionalCount("count") {
      guard let product = length.multiplied(by: count) else {
        throw ConfigurationError(.limit, "repeat: longer than 2^63 - 1 updates")
      }
      end = product
    }
    return Body(.repeat(inner.node, length, end: end ?? Int64.max), length: end, around: [inner])
  }
}

extension Schedule {
  /// The schedule `count` times (nil: forever), each time from its step 0.
  public func repeated(_ count: Int64? = nil) throws(ConfigurationError) -> Schedule {
    try Schedule(.repeat, [.schedule(self), count.map { .integer($0) } ?? Value.none])
  }
}
