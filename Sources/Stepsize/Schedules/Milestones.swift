extension [Int64] {
  /// How many of the ascending numbers are <= t.
  @_optimize(speed)
  func count(upTo t: Int64) -> Int {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = lower &+ (upper &- lower) / 2
      if self[middle] <= t { lower = middle &+ 1 } else { upper = middle }
    }
    return lower
  }
}
