/// Numbers of updates that a text gives as shares of the total: `warmup(10%) >> cosine(90%)`, `warmup(500) >> cosine(rest)`.
///
/// A share is rounded where it ends, not for itself: how much later or earlier than its first update a part of a sequence
/// begins exactly is carried along. So parts of 100% make up the total, whatever the percentages:
///
///     a number in a part that begins at e exactly, and with update b:   ⌊e + total·share + ½⌋ - b
struct Shares {
  /// A number, and how much later it ends exactly: in [-half, half).
  typealias End = (count: Int64, lag: Int64)

  /// Updates in the whole; nil: unknown.
  let total: Int64?
  /// What `rest` stands for; nil: to be found out.
  private let rest: Int64?
  /// Where `rest` stands in the text.
  private var restOffset: Int?
  /// Numbers that were given as shares so far.
  private(set) var count = 0
  private var lag: Int64 = 0
  /// Of the present part the last number and the largest one: one of them is its length.
  private var last: End = (-1, 0)
  private var largest: End = (-1, 0)

  /// 100% in the smallest share, a millionth of a percent.
  private static var whole: Int64 { 100_000_000 }
  private static var half: Int64 { 50_000_000 }

  init(of total: Int64?, rest: Int64? = nil) {
    self.total = total
    self.rest = rest
  }

  /// A percentage as a number of updates; nil where it is none from 0 to 100.
  mutating func updates(_ percentage: Double, of total: Int64) -> Int64? {
    guard percentage >= 0, percentage <= 100 else { return nil }
    let share = Int64(percentage * 1e6 + 0.5)
    // Neither product is larger than the total or 10^16, and no sum is below 0.
    let sum = total % Self.whole &* share &+ lag &+ Self.half
    let updates = total / Self.whole &* share &+ sum / Self.whole
    count &+= 1
    note((updates, sum % Self.whole &- Self.half))
    return updates
  }

  private mutating func note(_ end: End) {
    last = end
    if end.count > largest.count { largest = end }
  }

  /// The updates of `rest`, which stands at that place; nil where it stands elsewhere, too.
  mutating func updatesOfRest(at offset: Int, of total: Int64) -> Int64? {
    guard restOffset == nil else { return nil }
    restOffset = offset
    count &+= 1
    return rest ?? total
  }

  // MARK: - Sequences

  /// The next part begins where one of that length has ended.
  mutating func endPart(_ length: Int64?) {
    if last.count == length { lag = last.lag } else if largest.count == length { lag = largest.lag }
    last.count = -1
    largest.count = -1
  }

  /// After a sequence in another one: what comes beside it begins where it began.
  mutating func endSequence(_ length: Int64?, in outer: Shares) {
    let end = (length ?? -1, lag)
    (lag, last, largest) = (outer.lag, outer.last, outer.largest)
    if count > outer.count { note(end) }
  }

  // MARK: - The rest

  /// The shares for another pass, where the whole has that length with the total in the place of `rest`; nil where none is
  /// needed.
  func again(_ length: Int64?) throws(ConfigurationError) -> Shares? {
    guard count > 0, let total else { return nil }
    let length = length ?? 0
    guard let restOffset else {
      if length <= total { return nil }
      throw ConfigurationError(.argument, "the schedule is longer than the total", at: 0)
    }
    if rest != nil, length == total { return nil }
    guard rest == nil, length >= total, length - total <= total else {
      throw ConfigurationError(.argument, "rest: the total leaves nothing for it", at: restOffset)
    }
    return Shares(of: total, rest: total - (length - total))
  }
}
