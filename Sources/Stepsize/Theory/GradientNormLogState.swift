// A log as bytes, little-endian:
//
//     "SSNL"  magic            UInt32  format, 1       UInt32  CRC-32 of all bytes from 12 on
//     Int64   capacity, stride, count of norms added, count of norms kept
//     Double  the norms kept

extension GradientNormLog {
  private static let magic: UInt32 = 0x4C4E_5353
  private static let format: UInt32 = 1
  private static let headerCount = 12
  private static let fieldCount = 4

  /// Bytes of `state()`, and the most that any log has.
  public var stateLength: Int { Self.stateLength(values.count) }
  public static var maximumStateLength: Int { stateLength(Table.maximumCount) }

  private static func stateLength(_ kept: Int) -> Int { headerCount &+ (fieldCount &+ kept) &* 8 }

  /// The log as bytes that `init(state:)` reads.
  public func state() -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(stateLength)
    for field in [Int64(capacity), stride, count, Int64(values.count)] {
      body.write(UInt64(bitPattern: field))
    }
    for value in values { body.write(value.bitPattern) }
    var state: [UInt8] = []
    state.write(UInt64(Self.magic) | UInt64(Self.format) << 32)
    state.write(UInt64(Self.crc32(body[...])), byteCount: 4)
    return state + body
  }

  /// The log that `state()` has written. Damaged bytes are refused.
  public init(state: [UInt8]) throws(ConfigurationError) {
    let head = Self.headerCount
    guard state.count >= head &+ Self.fieldCount &* 8, state.word(at: 0) & 0xFFFF_FFFF == UInt64(Self.magic)
    else { throw ConfigurationError(.argument, "norm_log: the state is not that of a log") }
    guard state.word(at: 0) >> 32 == UInt64(Self.format) else {
      throw ConfigurationError(.argument, "norm_log: the state has a format that this version does not know")
    }
    let fields = (0..<Self.fieldCount).map { Int64(bitPattern: state.word(at: head &+ $0 &* 8)) }
    let (capacity, stride, count, kept) = (fields[0], fields[1], fields[2], fields[3])
    guard UInt64(Self.crc32(state[head...])) == state.word(at: 8) & 0xFFFF_FFFF,
      // Room for a count that is wrong but passed the check.
      kept >= 0, kept <= capacity, kept <= Int64(Table.maximumCount),
      state.count == Self.stateLength(Int(kept)),
      stride > 0, stride & (stride &- 1) == 0, count >= 0,
      kept == count / stride &+ (count % stride == 0 ? 0 : 1), let size = Int(exactly: capacity)
    else { throw ConfigurationError(.argument, "norm_log: the state is damaged") }
    try self.init(capacity: size)
    self.stride = stride
    self.count = count
    let first = head &+ Self.fieldCount &* 8
    values.reserveCapacity(Int(kept))
    for i in 0..<Int(kept) {
      let value = Double(bitPattern: state.word(at: first &+ i &* 8))
      guard !(value < 0) else { throw ConfigurationError(.argument, "norm_log: the state is damaged") }
      values.append(value)
    }
  }

  /// CRC-32 with the polynomial of zip and PNG, four bits at a time.
  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let table = (UInt32(0)..<16).map { n in
      (0..<4).reduce(n) { c, _ in c >> 1 ^ (c & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      crc = crc >> 4 ^ table[Int(crc & 15)]
      crc = crc >> 4 ^ table[Int(crc & 15)]
    }
    return ~crc
  }
}

extension [UInt8] {
  fileprivate mutating func write(_ word: UInt64, byteCount: Int = 8) {
    for i in 0..<byteCount { append(UInt8(truncatingIfNeeded: word >> UInt64(8 &* i))) }
  }

  /// Eight bytes from `place` on.
  fileprivate func word(at place: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in 0..<8 where place &+ i < count { word |= UInt64(self[place &+ i]) << UInt64(8 &* i) }
    return word
  }
}
