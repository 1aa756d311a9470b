extension Array {
  /// How many come first for which `isBefore` holds of the index: it must not hold of any after them. O(log n).
  package func countFirst(_ isBefore: (Int) -> Bool) -> Int {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = lower + (upper - lower) / 2
      if isBefore(middle) { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}
