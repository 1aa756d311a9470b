extension Finder {
  /// The place at which half of the fall is done.
  ///
  /// Where the losses fall is a distribution over the rates. The steepest slope is its mode, which noise moves by decades;
  /// this is its median, which it does not. Three steps, none of which lags behind the losses as an exponential average
  /// does:
  ///
  /// 1. a running median over a tenth of the losses, which single outliers do not move;
  /// 2. of these, up to their minimum, the falling sequence with the least squares (pool adjacent violators): where along
  ///    a flat floor the minimum lies does not matter;
  /// 3. the first place at or below the middle between its first and its last level.
  ///
  /// Nothing is suggested unless the fall is five times the mean difference between neighbours: of 100 losses without a
  /// fall, normally distributed, fewer than one set in a thousand has such a one by chance.
  func halfway() throws(ConfigurationError) -> Int {
    let filter = try MedianFilter(
      tau: Swift.max(0.1, 5 / Double(points.count)), count: points.count, owner: Self.owner)
    // The running medians, then the levels of the falling sequence, each for so many places.
    var levels = Array(repeating: 0.0, count: points.count)
    for i in points.indices { levels[i] = points[i].loss }
    var span = levels.mutableSpan
    filter.smooth(&span)
    var lowest = 0
    for i in span.indices where span[i] < span[lowest] { lowest = i }
    var widths = Array(repeating: 1, count: points.count)
    let last = Self.fit(&span, &widths, through: lowest)

    let top = span[0]
    let floor = span[last]
    guard top > floor else { throw .notFalling }
    // At the end of the range a tenth of it has to be level, nearly.
    if lowest &+ filter.half >= points.count &- 1 {
      var block = last
      var back = widths[last]
      while block > 0, back <= filter.width {
        block &-= 1
        back &+= widths[block]
      }
      if span[block] - floor > (top - floor) / 10 { throw .stillFalling }
    }
    var noise = 0.0
    for i in 0..<lowest {
      noise += Swift.min((points[i &+ 1].loss - points[i].loss).magnitude, top - floor)
    }
    guard (top - floor) * Double(lowest) > 5 * noise else { throw .noisy }

    var place = 0
    var block = 0
    while span[block] - floor > (top - floor) / 2 {
      place &+= widths[block]
      block &+= 1
    }
    return place
  }

  /// Replaces the values by the levels of the falling sequence with the least squares, and returns the index of the last
  /// one. `widths` are all 1 before, and then say how many places each level covers.
  private static func fit(
    _ values: inout MutableSpan<Double>, _ widths: inout [Int], through end: Int
  ) -> Int {
    var last = 0
    for i in 1..<Swift.max(end &+ 1, 1) {
      var level = values[i]
      var width = 1
      while last >= 0, values[last] <= level {
        width &+= widths[last]
        level += (values[last] - level) * (Double(widths[last]) / Double(width))
        last &-= 1
      }
      last &+= 1
      values[last] = level
      widths[last] = width
    }
    return last
  }
}
