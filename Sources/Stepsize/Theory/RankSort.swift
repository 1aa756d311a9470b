/// Finds the ranks of many doubles by a radix sort of their bits, least significant digits first.
///
/// Takes 24 bytes for each number. Equal numbers are ranked in their order.
struct RankSort {
  /// The numbers as integers in the same order, less `base`; sorted after `sort`.
  private(set) var keys: [UInt64]
  /// After `sort` the rank of each position.
  private(set) var ranks: [UInt32]
  private(set) var base: UInt64 = 0
  private var otherKeys: [UInt64]
  /// Position of each key.
  private var order: [UInt32]
  /// How often each digit occurs, then where its keys go.
  private var places: [Int]

  private static let digitBits = 11

  init(capacity: Int) {
    keys = Array(repeating: 0, count: capacity)
    otherKeys = Array(repeating: 0, count: capacity)
    ranks = Array(repeating: 0, count: capacity)
    order = Array(repeating: 0, count: capacity)
    places = Array(repeating: 0, count: 1 << Self.digitBits)
  }

  /// Ranks `number(0)` … `number(count - 1)`; count is at most the capacity.
  @inline(__always)
  mutating func sort(_ count: Int, _ number: (Int) -> Double) {
    let range = Self.read(count, &keys, number)
    base = range.lowest
    Self.start(count, &keys, &order, base)
    let significantBits = 64 &- (range.highest &- base).leadingZeroBitCount
    var shift = 0
    while shift < significantBits {
      let isSorted = Self.pass(count, &keys, &order, &otherKeys, &ranks, &places, UInt64(shift))
      if !isSorted {
        swap(&keys, &otherKeys)
        swap(&order, &ranks)
      }
      shift &+= Self.digitBits
    }
    Self.invert(count, &order, &ranks)
  }

  @inline(__always)
  private static func read(
    _ count: Int, _ keys: inout [UInt64], _ number: (Int) -> Double
  ) -> (lowest: UInt64, highest: UInt64) {
    var keys = keys.mutableSpan
    var lowest = UInt64.max
    var highest = UInt64.min
    for i in 0..<count {
      let key = key(number(i))
      keys[i] = key
      lowest = Swift.min(lowest, key)
      highest = Swift.max(highest, key)
    }
    return (lowest, highest)
  }

  @_optimize(speed)
  private static func start(_ count: Int, _ keys: inout [UInt64], _ order: inout [UInt32], _ base: UInt64) {
    var keys = keys.mutableSpan
    var order = order.mutableSpan
    for i in 0..<count {
      keys[i] &-= base
      order[i] = UInt32(truncatingIfNeeded: i)
    }
  }

  /// Sorts by one digit, stably. Returns true, and does nothing, where all are equal.
  @_optimize(speed)
  private static func pass(
    _ count: Int, _ keys: inout [UInt64], _ order: inout [UInt32], _ sorted: inout [UInt64],
    _ sortedOrder: inout [UInt32], _ digitPlaces: inout [Int], _ shift: UInt64
  ) -> Bool {
    let keys = keys.span
    let order = order.span
    var sorted = sorted.mutableSpan
    var sortedOrder = sortedOrder.mutableSpan
    var places = digitPlaces.mutableSpan
    let mask = UInt64(truncatingIfNeeded: places.count &- 1)
    for digit in places.indices { places[digit] = 0 }
    for i in 0..<count { places[Int(truncatingIfNeeded: keys[i] &>> shift & mask)] &+= 1 }
    var sum = 0
    for digit in places.indices {
      let size = places[digit]
      if size == count { return true }
      places[digit] = sum
      sum &+= size
    }
    for i in 0..<count {
      let key = keys[i]
      let digit = Int(truncatingIfNeeded: key &>> shift & mask)
      let place = places[digit]
      places[digit] = place &+ 1
      sorted[place] = key
      sortedOrder[place] = order[i]
    }
    return false
  }

  @_optimize(speed)
  private static func invert(_ count: Int, _ order: inout [UInt32], _ ranks: inout [UInt32]) {
    let order = order.span
    var ranks = ranks.mutableSpan
    for i in 0..<count { ranks[Int(truncatingIfNeeded: order[i])] = UInt32(truncatingIfNeeded: i) }
  }

  private static let sign: UInt64 = 1 << 63

  /// An integer in the order of the doubles.
  @inline(__always)
  private static func key(_ x: Double) -> UInt64 {
    let bits = x.bitPattern
    return bits & sign == 0 ? bits | sign : ~bits
  }

  /// The number of a sorted key.
  @inline(__always)
  static func number(_ key: UInt64, _ base: UInt64) -> Double {
    let bits = key &+ base
    return Double(bitPattern: bits & sign == 0 ? ~bits : bits & ~sign)
  }
}
