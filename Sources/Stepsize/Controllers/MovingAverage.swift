/// The mean of the last `window` values, in constant time and without drift.
///
/// Nothing is ever subtracted. The window is covered by two sums: of the values of the present block of
/// `window` values, added up as they come, and of the end of the block before, whose suffix sums took the
/// place of its values when it was full. A huge value is forgotten without a trace when it leaves.
struct MovingAverage: Sendable {
  /// Values of this block up to `cursor`, suffix sums of the block before it from there on.
  private var slots: [Double]
  private var cursor = 0
  private var blockSum = 0.0
  private var isFull = false

  /// `window` >= 1.
  init(window: Int) {
    slots = Array(repeating: 0, count: Swift.max(window, 1))
  }

  /// Adds a value and answers the mean of the last `window` values, or of all where there were fewer.
  mutating func add(_ value: Double) -> Double {
    slots[cursor] = value
    blockSum += value
    cursor += 1
    if cursor < slots.count {
      return isFull ? (blockSum + slots[cursor]) / Double(slots.count) : blockSum / Double(cursor)
    }
    let mean = blockSum / Double(slots.count)
    var suffix = 0.0
    for i in slots.indices.reversed() {
      suffix += slots[i]
      slots[i] = suffix
    }
    cursor = 0
    blockSum = 0
    isFull = true
    return mean
  }

  mutating func reset() {
    cursor = 0
    blockSum = 0
    isFull = false
  }
}

/// The running mean of transformers' `StreamingAverage`, bit for bit: add the new value, then subtract the
/// evicted one. A NaN or an infinity stays in the sum until a reset.
struct StreamingAverage: Sendable {
  private var values: [Double]
  private var cursor = 0
  private var count = 0
  private var sum = 0.0

  init(window: Int) {
    values = Array(repeating: 0, count: Swift.max(window, 1))
  }

  mutating func add(_ value: Double) -> Double {
    sum += value
    if count == values.count { sum -= values[cursor] } else { count += 1 }
    values[cursor] = value
    cursor = cursor + 1 == values.count ? 0 : cursor + 1
    return sum / Double(count)
  }

  mutating func reset() {
    cursor = 0
    count = 0
    sum = 0
  }
}
