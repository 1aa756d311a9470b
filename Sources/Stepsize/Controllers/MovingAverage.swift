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
  private let largestCount: Double

  private var window: Int { Int(largestCount) }

  /// `window` >= 1.
  init(window: Int) {
    slots = FixedBuffer(count: Window.capacity(for: 0, of: window))
    largestCount = Double(Swift.max(window, 1))
  }

  /// Adds a value and returns the mean of the last `window` values, or of all where there were fewer.
  mutating func add(_ value: Double) -> Double { isAtEndOfSlots ? endSlots(value) : addWithinSlots(value) }

  /// Whether the next value fills the slots: at the end of its block, or where there must be more of them.
  private var isAtEndOfSlots: Bool {
    @inline(__always) get { cursor &+ 1 >= slots.count }
  }

  /// `add` for a value that does not fill the slots (`isAtEndOfSlots`).
  @inline(__always)
  private mutating func addWithinSlots(_ value: Double) -> Double {
    blockSum += value
    slots[unchecked: cursor] = value
    cursor &+= 1
    count = Swift.min(count + 1, largestCount)
    // Before the first block is full the slots ahead are 0.
    return (blockSum + slots[unchecked: cursor]) / count
  }

  /// `add` where it takes no call, else nil, with nothing changed.
  @inline(__always)
  mutating func addAtOnce(_ value: Double) -> Double? {
    if !isAtEndOfSlots { return addWithinSlots(value) }
    guard largestCount == 1 else { return nil }
    slots[0] = value
    count = 1
    return value
  }

  /// Values that need no more slots from now on.
  var reservedCount: Int64 { slots.count < window ? Int64(slots.count &- 1 &- cursor) : Int64.max }

  /// Provides slots for the next value.
  mutating func reserve() {
    if reservedCount == 0 { slots.grow(to: Window.capacity(for: cursor + 1, of: window)) }
  }

  @inline(never)
  @_optimize(speed)
  private mutating func endSlots(_ value: Double) -> Double {
    guard cursor &+ 1 == window else {
      reserve()
      return addWithinSlots(value)
    }
    let mean = (blockSum + value) / largestCount
    slots[cursor] = value
    count = largestCount
    var suffix = 0.0
    for i in (0..<slots.count).reversed() {
      suffix += slots[i]
      slots[i] = suffix
    }
    cursor = 0
    blockSum = 0
    return mean
  }

  /// The slots that are not 0: all of them from the end of the first block on.
  private var used: Int { count < largestCount ? cursor : window }

  mutating func reset() {
    // Resetting costs no more than the additions before it.
    for i in 0..<used { slots[i] = 0 }
    cursor = 0
    blockSum = 0
    count = 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    let isShort = state.has(format: 3, ifWritten: Window.isWorthCutting(used, of: window))
    if !isShort { Window.transfer(&slots, window, of: window, &state) }
    state.transfer(&cursor, in: 0...(window - 1))
    state.transfer(&blockSum)
    state.transfer(&count)
    // In the first block each value has moved the cursor.
    if !(count >= 0 && count <= largestCount && count == count.roundedDown)
      || count < largestCount && count != Double(cursor)
    {
      return state.reject()
    }
    if isShort { Window.transfer(&slots, used, of: window, &state) }
  }
}

/// The running mean of transformers' `StreamingAverage`, bit for bit: add the new value, then subtract the
/// evicted one. A NaN or an infinity stays in the sum until a reset.
struct StreamingAverage: ~Copyable, Sendable {
  private var values: FixedBuffer
  private var cursor = 0
  private var count = 0
  private var sum = 0.0
  private let window: Int

  init(window: Int) {
    values = FixedBuffer(count: Window.capacity(for: 0, of: window))
    self.window = Swift.max(window, 1)
  }

  mutating func add(_ value: Double) -> Double {
    reserve()
    let mean = addWithinSlots(value)
    if cursor == window { cursor = 0 }
    return mean
  }

  /// Values that need no more slots from now on.
  var reservedCount: Int64 { values.count < window ? Int64(values.count &- cursor) : Int64.max }

  /// Provides a slot for the next value.
  mutating func reserve() {
    if reservedCount == 0 { values.grow(to: Window.capacity(for: cursor, of: window)) }
  }

  /// Whether the next value fills the slots: at the end of the window, or where there must be more of them.
  private var isAtEndOfSlots: Bool {
    @inline(__always) get { cursor &+ 1 >= values.count }
  }

  /// `add` for a value that does not fill the slots.
  @inline(__always)
  private mutating func addWithinSlots(_ value: Double) -> Double {
    sum += value
    if count == window { sum -= values[unchecked: cursor] } else { count &+= 1 }
    values[unchecked: cursor] = value
    cursor &+= 1
    return sum / Double(count)
  }

  /// `add` where it takes no call, else nil, with nothing changed.
  @inline(__always)
  mutating func addAtOnce(_ value: Double) -> Double? { isAtEndOfSlots ? nil : addWithinSlots(value) }

  mutating func reset() {
    cursor = 0
    count = 0
    sum = 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    let isShort = state.has(format: 3, ifWritten: Window.isWorthCutting(count, of: window))
    if !isShort { Window.transfer(&values, window, of: window, &state) }
    state.transfer(&cursor, in: 0...(window - 1))
    state.transfer(&count, in: 0...window)
    state.transfer(&sum)
    if count < window && count != cursor { return state.reject() }
    if isShort { Window.transfer(&values, count, of: window, &state) }
  }
}

/// The memory of a window: what a text asks for is not taken before so many losses have come.
private enum Window {
  /// Up to here a window is there from the start, so that no step allocates.
  private static var least: Int { 8192 }

  /// Room for one more than `used` values, if the window has any: twice as much each time.
  static func capacity(for used: Int, of window: Int) -> Int {
    var capacity = least
    while capacity <= used { capacity &*= 2 }
    return Swift.min(capacity, window)
  }

  /// Whether a state is much shorter where what is not used stays out.
  static func isWorthCutting(_ used: Int, of window: Int) -> Bool { window - used > 1024 }

  /// The first `count` values.
  static func transfer(_ values: inout FixedBuffer, _ count: Int, of window: Int, _ state: inout StateCoder) {
    guard count <= state.room else { return state.reject() }
    if state.isReading { values.grow(to: capacity(for: Swift.min(count, window - 1), of: window)) }
    state.transfer(&values, count: count)
  }
}
