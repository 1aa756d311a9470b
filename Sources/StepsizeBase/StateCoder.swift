/// Writes or reads a state: each stateful type names its fields once, in `transfer`, for both.
///
/// Little-endian: the magic "STEPSIZE", the format's number, the CRC-32 (IEEE 802.3) of everything else, the length
/// in bytes, then the fields. An error while reading is remembered and thrown by `finish`, with the name of the type
/// that the state should be of.
package struct StateCoder {
  /// Rises with every change of the format; older ones stay readable.
  ///
  /// 2: the phases of the updates recorded before a change of schedule (`Watch.keepSpans`).
  package static let format: UInt32 = 2
  package static let headerLength = 24

  /// The range of a count of observations: never so large that counting further overflows.
  package static let counts = 0...Int64(1) << 62

  package private(set) var bytes: [UInt8]
  /// The format of the state that is read, or the lowest that can hold what is written, for older libraries.
  private var format: UInt32 = 1
  private let isReading: Bool
  /// "a scheduler", for the errors.
  private let owner: StaticString
  private var offset = headerLength
  private var isDamaged = false

  /// To write with.
  package init() {
    isReading = false
    owner = ""
    bytes = Array(repeating: 0, count: Self.headerLength)
  }

  /// To read with.
  package init(reading bytes: [UInt8], of owner: StaticString) throws(ConfigurationError) {
    self.bytes = bytes
    self.owner = owner
    isReading = true
    guard bytes.count >= Self.headerLength, Self.magic.equals(bytes[0..<8]) else {
      throw ConfigurationError(.state, "not a saved state: it does not begin with STEPSIZE")
    }
    let format = UInt32(truncatingIfNeeded: word(at: 8))
    let length = word(at: 16)
    guard format <= Self.format || Self.checksum(bytes) != storedChecksum else {
      throw ConfigurationError(
        .version, "the state has a newer format than this library reads: ", Decimal.write(Int64(format)))
    }
    guard length == UInt64(bytes.count) else {
      var text = ("the state is truncated or too long: it has " as StaticString).bytes
      text.write(Int64(bytes.count))
      text.write(" bytes")
      throw ConfigurationError(.state, text)
    }
    guard Self.checksum(bytes) == storedChecksum else {
      throw ConfigurationError(.state, "the state is damaged: its checksum does not match")
    }
    guard format >= 1 else { throw ConfigurationError(.state, "the state has the unknown format 0") }
    self.format = format
  }

  private static var magic: StaticString { "STEPSIZE" }

  /// What was written, with its header.
  package consuming func finished() -> [UInt8] {
    let magic = Self.magic.bytes
    for i in 0..<8 { bytes[i] = magic[i] }
    store(UInt64(format), count: 4, at: 8)
    store(UInt64(bytes.count), count: 8, at: 16)
    store(UInt64(Self.checksum(bytes)), count: 4, at: 12)
    return bytes
  }

  /// Throws if something that was read is invalid.
  package func check() throws(ConfigurationError) {
    if isDamaged { throw refusal("it contains an invalid value") }
  }

  /// The same, and throws if bytes are left.
  package func finish() throws(ConfigurationError) {
    try check()
    guard offset == bytes.count else { throw refusal("it is too long") }
  }

  /// "the state is not that of a scheduler: …"
  package func refusal(_ reason: [UInt8]) -> ConfigurationError {
    var text = ("the state is not that of " as StaticString).bytes
    text.write(owner)
    text.write(": ")
    return ConfigurationError(.state, text + reason)
  }

  package func refusal(_ reason: StaticString) -> ConfigurationError { refusal(reason.bytes) }

  /// For readers that find an invalid value. Does nothing while writing.
  package mutating func reject() { if isReading { isDamaged = true } }

  /// Whether the fields that a format introduced are present; written only where they hold information.
  package mutating func has(format: UInt32, ifWritten: Bool) -> Bool {
    if !isReading && ifWritten { self.format = max(self.format, format) }
    return self.format >= format
  }

  /// The largest possible number of words.
  package var room: Int { isReading ? (bytes.count - offset) / 8 : Int.max }

  // MARK: - Fields

  package mutating func transfer(_ x: inout UInt64) {
    guard isReading else {
      for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: x >> UInt64(8 * i))) }
      return
    }
    guard offset <= bytes.count - 8 else {
      isDamaged = true
      return
    }
    x = word(at: offset)
    offset += 8
  }

  package mutating func transfer(_ x: inout Double) {
    var bits = x.bitPattern
    transfer(&bits)
    x = Double(bitPattern: bits)
  }

  package mutating func transfer(_ x: inout Int64, in range: ClosedRange<Int64>) {
    var bits = UInt64(bitPattern: x)
    transfer(&bits)
    let value = Int64(bitPattern: bits)
    if range.contains(value) { x = value } else { isDamaged = true }
  }

  package mutating func transfer(_ x: inout Int, in range: ClosedRange<Int>) {
    var value = Int64(x)
    transfer(&value, in: Int64(range.lowerBound)...Int64(range.upperBound))
    x = Int(value)
  }

  package mutating func transfer(_ x: inout Bool) {
    var value: Int64 = x ? 1 : 0
    transfer(&value, in: 0...1)
    x = value == 1
  }

  /// Exactly as many numbers as the array has.
  package mutating func transfer(_ buffer: inout FixedBuffer) {
    for i in 0..<buffer.count { transfer(&buffer[i]) }
  }

  /// A finite number >= 0.
  package mutating func transferRate(_ x: inout Double) {
    var value = x
    transfer(&value)
    if Interval.nonNegative.contains(value) { x = value } else { isDamaged = true }
  }

  package mutating func transfer(_ list: inout [UInt64]) {
    var count = list.count
    // The remaining bytes bound the count that is allocated.
    transfer(&count, in: 0...room)
    if isReading { list = Array(repeating: 0, count: isDamaged ? 0 : count) }
    for i in list.indices { transfer(&list[i]) }
  }

  package mutating func transfer(_ text: inout [UInt8]) {
    var count = text.count
    transfer(&count, in: 0...(isReading ? bytes.count - offset : count))
    if !isReading {
      bytes += text
    } else if !isDamaged, count <= bytes.count - offset {
      text = Array(bytes[offset..<(offset + count)])
      offset += count
    } else {
      isDamaged = true
    }
  }

  // MARK: - Bytes

  private var storedChecksum: UInt32 { UInt32(truncatingIfNeeded: word(at: 8) >> 32) }

  private func word(at offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in 0..<8 { word |= UInt64(bytes[offset + i]) << UInt64(8 * i) }
    return word
  }

  private mutating func store(_ word: UInt64, count: Int, at offset: Int) {
    for i in 0..<count { bytes[offset + i] = UInt8(truncatingIfNeeded: word >> UInt64(8 * i)) }
  }

  /// The checksum of all bytes except its own.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for i in bytes.indices where i < 12 || i >= 16 {
      crc ^= UInt32(bytes[i])
      for _ in 0..<8 { crc = (crc >> 1) ^ (0xEDB8_8320 & (0 &- (crc & 1))) }
    }
    return ~crc
  }
}
