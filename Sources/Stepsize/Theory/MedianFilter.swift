/// The running median that a refinement smooths gradient norms with.
///
///     out[i] = median of x[k(j)] for j = i - h … i + h,   2h + 1 = 2 (⌊τ n⌋ div 2) + 1
///     k(j) = 0 for j < 0;   2 (n - 1) - j for j >= n;   j otherwise
///
/// The first value is repeated on the left; on the right the values are mirrored without repeating the last one.
/// O(n log h) in time: the values are ranked in blocks, a set of bits holds the ranks in the window, and the
/// median moves to the next bit up or down or stays, when one rank enters and one leaves.
public struct MedianFilter: Sendable {
  /// Values on either side of the middle of the window.
  let half: Int
  let count: Int

  /// - Parameters:
  ///   - tau: The width of the window as a fraction of `count`, in [0, 1].
  ///   - count: The number of values, 0 to 16777216.
  public init(tau: Double, count: Int) throws(ConfigurationError) {
    try self.init(tau: tau, count: count, owner: "median_filter")
  }

  init(tau: Double, count: Int, owner: StaticString) throws(ConfigurationError) {
    let check = Check(owner)
    try check("tau", tau, in: .fraction)
    try check("count", Int64(count), from: 0, to: Int64(Table.maximumCount))
    self.count = count
    half = Int(tau * Double(count)) / 2
  }

  /// Values in the window: odd, 1 where nothing is smoothed.
  public var width: Int { 2 &* half &+ 1 }

  /// Replaces the values. None may be NaN.
  public func smooth(_ values: inout MutableSpan<Double>) {
    guard half > 0, values.count == count else { return }
    // Each block is ranked together with a margin of `half` on both sides. Large blocks rank little twice;
    // small ones stay in the cache and need less memory.
    let blockCount = Swift.min(count, Swift.max(32768, Swift.min(2 &* width, count / 4)))
    let capacity = blockCount &+ 2 &* half
    var sort = RankSort(capacity: capacity)
    let (starts, wordCount) = RankSet.layout(count: capacity)
    var words = Array(repeating: UInt64(0), count: wordCount)
    // What stood in the `half` places before the block.
    var before = Array(repeating: 0.0, count: half)

    var start = 0
    while start < count {
      let size = Swift.min(blockCount, count &- start)
      sort.sort(size &+ 2 &* half) { original(start &- half &+ $0, start, values, before.span) }
      do {
        var saved = before.mutableSpan
        for k in saved.indices {
          let p = k &+ size
          saved[k] = p < half ? saved[p] : values[start &+ p &- half]
        }
      }
      var ranks = words.mutableSpan
      for i in ranks.indices { ranks[i] = 0 }
      slide(sort, &ranks, starts.span, &values, start..<(start &+ size))
      start &+= size
    }
  }

  /// The value at a place before anything was smoothed; the place may be up to `half` outside.
  @inline(__always)
  private func original(
    _ place: Int, _ start: Int, _ values: borrowing MutableSpan<Double>, _ before: Span<Double>
  ) -> Double {
    let p = place < 0 ? 0 : place < count ? place : 2 &* (count &- 1) &- place
    return p < start ? before[p &- start &+ half] : values[p]
  }

  private func slide(
    _ sorted: borrowing RankSort, _ window: inout MutableSpan<UInt64>, _ starts: Span<Int>,
    _ out: inout MutableSpan<Double>, _ block: Range<Int>
  ) {
    let keys = sorted.keys.span
    let ranks = sorted.ranks.span
    let base = sorted.base
    for i in 0..<width { window.insert(ranks[i], starts) }
    var median = window.member(after: half, starts)
    out[block.lowerBound] = RankSort.number(keys[Int(truncatingIfNeeded: median)], base)
    for i in 1..<Swift.max(block.count, 1) {
      let old = ranks[i &- 1]
      let new = ranks[i &- 1 &+ width]
      window.insert(new, starts)
      window.remove(old, starts)
      if new < median {
        if old >= median { median = window.previous(median, starts) }
      } else {
        if old <= median { median = window.next(median, starts) }
      }
      out[block.lowerBound &+ i] = RankSort.number(keys[Int(truncatingIfNeeded: median)], base)
    }
  }
}
