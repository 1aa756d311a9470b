extension Schedule {
  /// Knots with straight lines between them that follow a list of values within a tolerance.
  ///
  /// Each line reaches as far as any can: O(n). The first and the last value are met exactly, and no value is outside
  /// the range of those given. Returns the schedule and its largest error.
  /// - Parameters:
  ///   - values: 1 to 16777216 multipliers, finite, >= 0.
  ///   - tolerance: The largest error allowed, in [1e-9, 1].
  public static func knots(
    following values: Span<Double>, within tolerance: Double
  ) throws(ConfigurationError) -> (schedule: Schedule, error: Double) {
    let check = Check("fit")
    try check("tolerance", tolerance, in: Interval(1e-9, 1))
    guard values.count > 0 else {
      throw ConfigurationError(.argument, "fit: values is empty, expected 1 to 16777216 numbers")
    }
    try check("count", Int64(values.count), from: 1, to: Int64(Table.maximumCount))
    var top = 0.0
    for i in values.indices {
      try check("values", values[i], in: .nonNegative)
      top = Swift.max(top, values[i])
    }

    var steps = [0.0]
    var heights = [values[0]]
    // Less what rounding adds to the error of a line; where that is all of it, every value is a knot.
    let allowed = Swift.max(tolerance * (1 - 0x1p-20) - top * 0x1p-48, 0)
    // The slopes of the lines from the last knot that pass within the tolerance of all values since.
    var lowest = -Double.infinity
    var highest = Double.infinity
    var start = 0
    var height = values[0]
    var i = 1
    while i < values.count {
      let margin = i == values.count &- 1 ? 0 : allowed
      let distance = real(Int64(i &- start))
      let low = (Swift.max(values[i] - margin, 0) - height) / distance
      let high = (Swift.min(values[i] + margin, top) - height) / distance
      let isReached = Swift.max(lowest, low) <= Swift.min(highest, high)
      if isReached && (allowed > 0 || i &- 1 == start) {
        lowest = Swift.max(lowest, low)
        highest = Swift.min(highest, high)
        i &+= 1
      } else {
        // Not from the last knot: the one before i becomes a knot, and from there i can be reached.
        let length = real(Int64(i &- 1 &- start))
        let slope = bounded((values[i &- 1] - height) / length, lowest, highest)
        start = i &- 1
        let value = values[start]
        height = bounded(
          height + slope * length, Swift.max(value - allowed, 0), Swift.min(value + allowed, top))
        steps.append(real(Int64(start)))
        heights.append(height)
        lowest = -Double.infinity
        highest = Double.infinity
      }
    }
    if start < values.count &- 1 {
      steps.append(real(Int64(values.count &- 1)))
      heights.append(values[values.count &- 1])
    }
    let schedule = try Schedule.knots(steps, heights)
    return (schedule, schedule.largestDifference(from: values))
  }

  private func largestDifference(from values: Span<Double>) -> Double {
    var largest = 0.0
    for i in values.indices {
      largest = Swift.max(largest, (value(at: Int64(i)) - values[i]).magnitude)
    }
    return largest
  }
}
