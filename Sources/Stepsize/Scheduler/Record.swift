/// The rates that were actually used, update by update, losslessly: 8 bytes for a rate that was used once, 16 for one
/// that was used any number of times in a row.
struct Record: Sendable {
  /// Bits of rates, which have no sign: where the sign bit is set, the next word says how often the rate was used.
  private var words: [UInt64] = []
  private var last: UInt64 = 0
  private var repeats: UInt64 = 0
  private(set) var count: Int64 = 0

  static let maximumWordCount = 134_217_728
  private static let runMark: UInt64 = 1 << 63

  /// Whether the capacity for changes is used up.
  var isFull: Bool { words.count >= Self.maximumWordCount }

  mutating func append(_ rate: Double) {
    guard count < Int64.max else { return }
    let bits = rate.bitPattern
    if bits == last && count > 0 {
      repeats += 1
    } else {
      endRun()
      last = bits
      repeats = 1
    }
    count += 1
  }

  private mutating func endRun() {
    if repeats == 1 {
      words.append(last)
    } else if repeats > 1 {
      words.append(last | Self.runMark)
      words.append(repeats)
    }
  }

  mutating func removeAll() { self = Record() }

  /// Keeps the first `count` updates.
  mutating func cut(to count: Int64) {
    guard count < self.count else { return }
    var kept = Record()
    for run in runs where kept.count < count {
      let length = Swift.min(run.length, count - kept.count)
      kept.endRun()
      kept.last = run.rate.bitPattern
      kept.repeats = UInt64(length)
      kept.count += length
    }
    self = kept
  }

  /// The rates and how long each was used.
  var runs: [(rate: Double, length: Int64)] {
    var runs: [(rate: Double, length: Int64)] = []
    var i = 0
    while i < words.count {
      let isRun = words[i] & Self.runMark != 0
      let length = isRun && i + 1 < words.count ? Int64(clamping: words[i + 1]) : 1
      runs.append((Double(bitPattern: words[i] & ~Self.runMark), length))
      i += isRun ? 2 : 1
    }
    if repeats > 0 { runs.append((Double(bitPattern: last), Int64(clamping: repeats))) }
    return runs
  }

  /// Writes the rates from `first` on, as many as there are and fit, and returns how many.
  func copy(from first: Int64, to out: inout MutableSpan<Double>) -> Int {
    var position: Int64 = 0
    var written = 0
    for run in runs {
      let end = position + run.length
      var t = Swift.max(position, first)
      while t < end && written < out.count {
        out[written] = run.rate
        written += 1
        t += 1
      }
      position = end
    }
    return written
  }

  /// The entries `range` as a schedule for a base rate of 1: a table, or, where most rates were used many times, the
  /// updates at which they change.
  func schedule(_ range: Range<Int64>) throws(ConfigurationError) -> Schedule {
    var values: [Double] = []
    var boundaries: [Int64] = []
    var position: Int64 = 0
    for run in runs {
      let end = Swift.min(position + run.length, range.upperBound)
      if end > Swift.max(position, range.lowerBound) {
        values.append(run.rate)
        boundaries.append(end - range.lowerBound)
      }
      position += run.length
    }
    let count = range.upperBound - range.lowerBound
    if values.count == 1 { return try .constant(count, value: values[0]) }
    if count > Int64(Table.maximumCount) || Int64(values.count) * 2 < count {
      boundaries.removeLast()
      return try Schedule(.piecewise, [.integers(boundaries), .reals(values)]).taking(count)
    }
    var table = Array(repeating: 0.0, count: Int(count))
    var span = table.mutableSpan
    _ = copy(from: range.lowerBound, to: &span)
    return try .table(table)
  }

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&words)
    state.transfer(&last)
    state.transfer(&repeats)
    state.transfer(&count, in: 0...Int64.max)
    if !isConsistent { state.reject() }
  }

  /// Whether these can be the rates of so many updates.
  private var isConsistent: Bool {
    // A run's mark says that a word follows.
    var i = 0
    while i < words.count { i += words[i] & Self.runMark != 0 ? 2 : 1 }
    guard i == words.count, last & Self.runMark == 0 else { return false }
    var sum: Int64 = 0
    for run in runs {
      let (next, overflow) = sum.addingReportingOverflow(run.length)
      if overflow || run.length < 1 || !Interval.nonNegative.contains(run.rate) { return false }
      sum = next
    }
    return sum == count && words.count <= Self.maximumWordCount + 2
  }
}
