/// The rates that were actually used, update by update, losslessly: 8 bytes for a rate that was used once, 16 for one
/// that was used any number of times in a row.
struct Record: Sendable {
  /// Bits of rates, which have no sign: where the sign bit is set, the next word says how often the rate was used.
  private var words: [UInt64] = []
  private var last: UInt64 = 0
  private var repeats: UInt64 = 0
  private(set) var count: Int64 = 0
  /// For each block of words but the first, the updates before the first run that begins in it: by these any update is
  /// found.
  private var marks: [Int64] = []

  init() {}

  /// So many updates with the rate 0. It needs no memory.
  init(zeros count: Int64) {
    self.count = count
    repeats = UInt64(count)
  }

  static let maximumWordCount = 134_217_728
  private static let runMark: UInt64 = 1 << 63
  private static let blockLength = 1024

  /// Whether the capacity for changes is used up.
  var isFull: Bool { words.count >= Self.maximumWordCount }

  /// The words for which there is memory, with their marks.
  private var room: Int { Swift.min(words.capacity, (marks.capacity + 1) * Self.blockLength - 1) }

  /// Updates that need no memory from now on: each appends two words at most.
  var reservedCount: Int64 { isFull ? Int64.max : Int64((room - words.count) / 2) }

  mutating func reserveWords() {
    let wanted = Swift.min(Swift.max(16, words.count * 2), Self.maximumWordCount + 2)
    if !isFull, words.capacity - words.count < 2 { return words.reserveCapacity(wanted) }
    // After a rewind; what is small stays.
    guard words.capacity > 1024, words.capacity / 2 > wanted else { return }
    var smaller: [UInt64] = []
    smaller.reserveCapacity(wanted)
    smaller.append(contentsOf: words)
    words = smaller
  }

  /// For all words for which there is memory.
  mutating func reserveMarks() {
    let count = words.capacity / Self.blockLength
    if marks.capacity < count { marks.reserveCapacity(count) }
  }

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

  /// The last rate is used for so many further updates.
  mutating func lengthen(by times: Int64) {
    repeats += UInt64(times)
    count += times
  }

  private mutating func endRun() {
    if repeats == 1 {
      words.append(last)
    } else if repeats > 1 {
      words.append(last | Self.runMark)
      words.append(repeats)
    }
    if words.count >= (marks.count + 1) * Self.blockLength { marks.append(count) }
  }

  mutating func removeAll() { self = Record() }

  /// Keeps the first `count` updates. In place: this asks for no memory.
  mutating func cut(to count: Int64) {
    guard count < self.count else { return }
    // The run of the last update that is kept becomes the open one.
    let (place, start) = find(count - 1)
    last = count > 0 ? run(at: place)?.bits ?? 0 : 0
    repeats = UInt64(count - start)
    self.count = count
    if place < words.count { words.removeLast(words.count - place) }
    let markCount = words.count / Self.blockLength
    if markCount < marks.count { marks.removeLast(marks.count - markCount) }
  }

  /// The run that begins at a word, or the open one after them: bits of its rate, its length, and where the next begins.
  @inline(__always)
  private func run(at place: Int) -> (bits: UInt64, length: Int64, next: Int)? {
    guard place < words.count else {
      return place == words.count && repeats > 0 ? (last, Int64(clamping: repeats), place + 1) : nil
    }
    let bits = words[place] & ~Self.runMark
    guard words[place] != bits else { return (bits, 1, place + 1) }
    return (bits, place + 1 < words.count ? Int64(clamping: words[place + 1]) : 1, place + 2)
  }

  /// Where the run that holds an update begins, and with which update.
  private func find(_ update: Int64) -> (place: Int, start: Int64) {
    let block = marks.count(upTo: update)
    var place = block * Self.blockLength
    // The length of a run that began in the block before.
    if block > 0, words[place - 1] & Self.runMark != 0 { place += 1 }
    var start = block > 0 ? marks[block - 1] : 0
    while let run = run(at: place), start + run.length <= update {
      start += run.length
      place = run.next
    }
    return (place, start)
  }

  /// The rates and how long each was used, one after the other.
  struct Runs: Sequence, IteratorProtocol {
    fileprivate let record: Record
    fileprivate var place: Int
    /// The update at which the next one begins.
    fileprivate var start: Int64

    mutating func next() -> (rate: Double, start: Int64, length: Int64)? {
      guard let (bits, length, next) = record.run(at: place) else { return nil }
      place = next
      defer { start = start &+ length }
      return (Double(bitPattern: bits), start, length)
    }
  }

  /// The runs from the one on that holds the update `first`.
  func runs(from first: Int64) -> Runs {
    let (place, start) = find(first)
    return Runs(record: self, place: place, start: start)
  }

  /// Writes the rates from `first` on, as many as there are and fit, and returns how many.
  func copy(from first: Int64, to out: inout MutableSpan<Double>) -> Int {
    var written = 0
    for run in runs(from: first) {
      guard written < out.count else { break }
      let left = run.start + run.length - Swift.max(run.start, first)
      let end = written + Int(Swift.min(Int64(out.count - written), Swift.max(left, 0)))
      for i in written..<end { out[i] = run.rate }
      written = end
    }
    return written
  }

  /// The entries `range` as a schedule for a base rate of 1: a table, or, where most rates were used many times, the
  /// updates at which they change.
  func schedule(_ range: Range<Int64>) throws(ConfigurationError) -> Schedule {
    var values: [Double] = []
    var boundaries: [Int64] = []
    for run in runs(from: range.lowerBound) {
      guard run.start < range.upperBound else { break }
      values.append(run.rate)
      boundaries.append(Swift.min(run.start + run.length, range.upperBound) - range.lowerBound)
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
    if state.isReading, !findMarks() { state.reject() }
  }

  /// For what was read: whether these can be rates, as many as are counted, as `append` writes them.
  @_optimize(speed)
  private mutating func findMarks() -> Bool {
    marks = []
    let words = words
    guard words.count <= Self.maximumWordCount + 2 else { return false }
    var sum: Int64 = 0
    // No rate has these bits.
    var before = UInt64.max
    var i = 0
    var end = Self.blockLength
    while i < words.count {
      let rate = words[i] & ~Self.runMark
      var length: Int64 = 1
      if words[i] != rate {
        // A run's mark says that a word follows.
        guard i + 1 < words.count, words[i + 1] > 1 else { return false }
        length = Int64(clamping: words[i + 1])
        i += 1
      }
      i += 1
      let (next, isHuge) = sum.addingReportingOverflow(length)
      guard Self.isRate(rate), rate != before, !isHuge else { return false }
      sum = next
      before = rate
      if i >= end {
        marks.append(sum)
        end += Self.blockLength
      }
    }
    guard sum.adding(Int64(clamping: repeats)) == count else { return false }
    return count == 0 ? last == 0 : repeats > 0 && last != before && Self.isRate(last)
  }

  /// Bits of a finite number without a sign.
  private static func isRate(_ bits: UInt64) -> Bool { bits <= Double.greatestFiniteMagnitude.bitPattern }
}
