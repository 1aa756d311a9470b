/// The mean of the last `window` values, in constant time and without drift.
///
/// Nothing is ever subtracted. The window is covered by two sums: of the values of the current block of
/// `window` values, added up as they come, and of the end of the previous block, whose suffix sums replaced
/// its values when it was full. A huge value leaves no trace once it is out of the window.
struct MovingAverage: ~Copyable, Sendable {
  /// Values of this block up to `cursor`, suffix sums of the previous block from there on.
  private var slots: FixedBuffer
  private var cursor = 0
  private var blockSum = 0.0
  /// The number of values in a mean: as many as there were, at most the window.
  private var count = 0.0
  private let window: Double

  /// `window` >= 1.
  init(window: Int) {
    slots = FixedBuffer(count: window)
    self.window = Double(slots.count)
  }

  /// Adds a value and returns the mean of the last `window` values, or of all where there were fewer.
  mutating func add(_ value: Double) -> Double { isAtEndOfBlock ? endBlock(value) : addWithinBlock(value) }

  /// Whether the next value is the last one of its block.
  var isAtEndOfBlock: Bool {
    @inline(__always) get { cursor &+ 1 >= slots.count }
  }

  /// `add` for a value that is not the last one of its block.
  @inline(__always)
  mutating func addWithinBlock(_ value: Double) -> Double {
    blockSum += value
    slots[cursor] = value
    cursor &+= 1
    count = Swift.min(count + 1, window)
    // Before the first block is full the slots ahead are 0.
    return (blockSum + slots[cursor]) / count
  }

  @inline(never)
  @_optimize(speed)
  private mutating func endBlock(_ value: Double) -> Double {
    let mean = (blockSum + value) / window
    slots[cursor] = value
    count = window
    var suffix = 0.0
    for i in (0..<slots.count).reversed() {
      suffix += slots[i]
      slots[i] = suffix
    }
    cursor = 0
    blockSum = 0
    return mean
  }

  mutating func reset() {
    // Before the first block is full only the added values are not 0: no reset costs more than the additions before it.
    for i in 0..<(count < window ? cursor : slots.count) { slots[i] = 0 }
    cursor = 0
    blockSum = 0
    count = 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&slots)
    state.transfer(&cursor, in: 0...(slots.count - 1))
    state.transfer(&blockSum)
    state.transfer(&count)
    if !(count >= 0 && count <= window && count == count.roundedDown) { state.reject() }
  }
}

/// The running mean of transformers' `StreamingAverage`, bit for bit: add the new value, then subtract the
/// evicted one. A NaN or an infinity stays in the sum until a reset.
struct StreamingAverage: ~Copyable, Sendable {
  private var values: FixedBuffer
  private var cursor = 0
  private var count = 0
  private var sum = 0.0

  init(window: Int) {
    values = FixedBuffer(count: window)
  }

  @inline(__always)
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

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&values)
    state.transfer(&cursor, in: 0...(values.count - 1))
    state.transfer(&count, in: 0...values.count)
    state.transfer(&sum)
  }
}
