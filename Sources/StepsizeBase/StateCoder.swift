/// Writes or reads a state: each stateful type names its fields once, in `transfer`, for both.
///
/// Little-endian: the magic "STEPSIZE", the format's number, the CRC-32 (IEEE 802.3) of everything else, the length
/// in bytes, then the fields. An error while reading is remembered and thrown by `finish`, with the name of the type
/// that the state should be of.
package struct StateCoder {
  /// Rises with every change of the format; older ones stay readable.
  ///
  /// 2: the phases of what was recorded before another schedule came (`Watch.keep`).
  /// 3: of a long window the part that is filled (`MovingAverage`); whether the current update was observed
  /// (`Scheduler.observed`) or is outside of the controller's `Scope`; whether a `plateau()` is mended;
  /// a schedule for each group (`Plan.isEach`).
  package static let format: UInt32 = 3
  package static let headerLength = 24

  /// The range of a count of observations: never so large that counting further overflows.
  package static let counts = 0...Int64(1) << 62

  private enum Purpose {
    /// Nothing is written: only the bytes are counted.
    case measuring
    case writing
    case reading
  }

  private let bytes: StateBytes
  /// That of the state that is read, or the lowest that holds what is written, for older libraries.
  private var format: UInt32
  private let purpose: Purpose
  /// "a scheduler", for the errors.
  private let owner: StaticString
  private var offset = headerLength
  private var isDamaged = false

  // MARK: - Writing

  /// The state of what `transfer` names, in the lowest format that holds it.
  package static func bytes(_ transfer: (inout StateCoder) -> Void) -> [UInt8] {
    let (size, format) = measure(transfer)
    return Array(unsafeUninitializedCapacity: size) { bytes, initialized in
      write(StateBytes(bytes).first(size), format, transfer)
      initialized = size
    }
  }

  /// The same into bytes that may be more. Returns how many it has; nothing is written where there are fewer.
  package static func write(to bytes: StateBytes, _ transfer: (inout StateCoder) -> Void) -> Int {
    let (size, format) = measure(transfer)
    if size <= bytes.count { write(bytes.first(size), format, transfer) }
    return size
  }

  /// In the bytes that `measure` has found.
  private static func write(_ bytes: StateBytes, _ format: UInt32, _ transfer: (inout StateCoder) -> Void) {
    var coder = StateCoder(writing: bytes, format)
    transfer(&coder)
    coder.finishWriting()
  }

  /// How many bytes that are. Lists are not looked at.
  package static func size(_ transfer: (inout StateCoder) -> Void) -> Int { measure(transfer).size }

  /// What needs a newer format may come after what is written differently in it.
  private static func measure(_ transfer: (inout StateCoder) -> Void) -> (size: Int, format: UInt32) {
    var format: UInt32 = 1
    while true {
      var coder = StateCoder(measuring: format)
      transfer(&coder)
      if coder.format == format { return (coder.offset, format) }
      format = coder.format
    }
  }

  private init(measuring format: UInt32) {
    purpose = .measuring
    owner = ""
    bytes = StateBytes()
    self.format = format
  }

  private init(writing bytes: StateBytes, _ format: UInt32) {
    purpose = .writing
    owner = ""
    self.bytes = bytes
    self.format = format
  }

  private func finishWriting() {
    bytes.store(Self.magic, at: 0)
    bytes.store(UInt64(bytes.count), at: 16)
    bytes.store(UInt64(format), at: 8)
    bytes.store(UInt64(format) | UInt64(Self.checksum(bytes)) << 32, at: 8)
  }

  // MARK: - Reading

  package init(reading bytes: StateBytes, of owner: StaticString) throws(ConfigurationError) {
    self.bytes = bytes
    self.owner = owner
    purpose = .reading
    guard bytes.count >= Self.headerLength, bytes.word(at: 0) == Self.magic else {
      throw ConfigurationError(.state, "not a saved state: it does not begin with STEPSIZE")
    }
    // Before the checksum, whose bytes may not be there.
    guard bytes.word(at: 16) == UInt64(bytes.count) else {
      var text = ("the state is truncated or too long: it has " as StaticString).bytes
      text.write(Int64(bytes.count))
      text.write(" bytes")
      throw ConfigurationError(.state, text)
    }
    guard Self.checksum(bytes) == UInt32(truncatingIfNeeded: bytes.word(at: 8) >> 32) else {
      throw ConfigurationError(.state, "the state is damaged: its checksum does not match")
    }
    format = UInt32(truncatingIfNeeded: bytes.word(at: 8))
    guard format >= 1 else { throw ConfigurationError(.state, "the state has the unknown format 0") }
    guard format <= Self.format else {
      throw ConfigurationError(
        .version, "the state has a newer format than this library reads: ", Decimal.write(Int64(format)))
    }
  }

  /// "STEPSIZE"
  private static var magic: UInt64 { 0x455A_4953_5045_5453 }

  /// Throws if something that was read cannot be.
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

  package var isReading: Bool { purpose == .reading }

  /// For what reads a value that cannot be. Nothing happens while writing.
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
    switch purpose {
    case .measuring: break
    case .writing: bytes.store(x, at: offset)
    case .reading:
      guard offset <= bytes.count - 8 else {
        isDamaged = true
        return
      }
      x = bytes.word(at: offset)
    }
    offset += 8
  }

  package mutating func transfer(_ x: inout Double) {
    var bits = x.bitPattern
    transfer(&bits)
    x = Double(bitPattern: bits)
  }

  /// What has counted beyond the range is written as its end.
  package mutating func transfer(_ x: inout Int64, in range: ClosedRange<Int64>) {
    var bits = UInt64(bitPattern: min(max(x, range.lowerBound), range.upperBound))
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

  /// As many numbers as there are.
  package mutating func transfer(_ buffer: inout FixedBuffer) { transfer(&buffer, count: buffer.count) }

  /// The first `count` of them; where there are fewer, the others are 0.
  package mutating func transfer(_ buffer: inout FixedBuffer, count: Int) {
    if purpose == .measuring {
      offset += 8 * count
      return
    }
    for i in 0..<count {
      var x = i < buffer.count ? buffer[i] : 0
      transfer(&x)
      if i < buffer.count { buffer[i] = x }
    }
  }

  /// A finite number >= 0.
  package mutating func transferRate(_ x: inout Double) {
    var value = x
    transfer(&value)
    if Interval.nonNegative.contains(value) { x = value } else { isDamaged = true }
  }

  package mutating func transfer(_ list: inout [UInt64]) { transferWords(&list) }

  package mutating func transfer(_ list: inout [Double]) { transferWords(&list) }

  private mutating func transferWords<Word: StateElement>(_ list: inout [Word]) {
    guard let count = transferCount(list.count) else { return }
    switch purpose {
    case .measuring: break
    case .writing: bytes.store(list, at: offset)
    case .reading: list = bytes.list(count, at: offset)
    }
    offset += 8 * count
  }

  /// nil where nothing more can be read. What is left bounds what can be asked for.
  private mutating func transferCount(_ count: Int) -> Int? {
    var count = count
    transfer(&count, in: 0...room)
    return isDamaged || isReading && count > room ? nil : count
  }

  package mutating func transfer(_ text: inout [UInt8]) {
    var count = text.count
    transfer(&count, in: 0...(isReading ? bytes.count - offset : count))
    switch purpose {
    case .measuring: break
    case .writing: bytes.store(text, at: offset)
    case .reading:
      guard !isDamaged, count <= bytes.count - offset else {
        isDamaged = true
        return
      }
      text = bytes.list(count, at: offset)
    }
    offset += count
  }

  /// The checksum of all bytes except its own.
  private static func checksum(_ bytes: StateBytes) -> UInt32 {
    var sum = Checksum()
    bytes.add(to: &sum, from: 0, to: 12)
    bytes.add(to: &sum, from: 16, to: bytes.count)
    return sum.value
  }
}
