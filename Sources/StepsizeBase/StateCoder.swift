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

  private var bytes: [UInt8]
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
    var coder = StateCoder(writing: size, format)
    transfer(&coder)
    coder.finishWriting()
    return coder.bytes
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
    bytes = []
    self.format = format
  }

  private init(writing size: Int, _ format: UInt32) {
    purpose = .writing
    owner = ""
    bytes = Array(repeating: 0, count: size)
    self.format = format
  }

  private mutating func finishWriting() {
    let magic = Self.magic.bytes
    for i in 0..<8 { bytes[i] = magic[i] }
    store(UInt64(bytes.count), at: 16)
    store(UInt64(format), at: 8)
    store(UInt64(format) | UInt64(Self.checksum(bytes)) << 32, at: 8)
  }

  // MARK: - Reading

  package init(reading bytes: [UInt8], of owner: StaticString) throws(ConfigurationError) {
    self.bytes = bytes
    self.owner = owner
    purpose = .reading
    format = 1
    guard bytes.count >= Self.headerLength, Self.magic.equals(bytes[0..<8]) else { throw Self.isNone }
    let format = UInt32(truncatingIfNeeded: word(at: 8))
    let length = word(at: 16)
    let isRight = Self.checksum(bytes) == UInt32(truncatingIfNeeded: word(at: 8) >> 32)
    guard format <= Self.format || !isRight else {
      throw ConfigurationError(
        .version, "the state has a newer format than this library reads: ", Decimal.write(Int64(format)))
    }
    guard length == UInt64(bytes.count) else { throw Self.hasOtherLength(bytes.count) }
    guard isRight else {
      throw ConfigurationError(.state, "the state is damaged: its checksum does not match")
    }
    guard format >= 1 else { throw ConfigurationError(.state, "the state has the unknown format 0") }
    self.format = format
  }

  /// Refuses by the first bytes what is no state of `count` bytes, before the others are copied.
  package static func checkHeader(_ bytes: [UInt8], count: Int) throws(ConfigurationError) {
    guard bytes.count >= headerLength, magic.equals(bytes[0..<8]) else { throw isNone }
    var length: UInt64 = 0
    for i in 0..<8 { length |= UInt64(bytes[16 + i]) << UInt64(8 * i) }
    guard length == UInt64(count) else { throw hasOtherLength(count) }
  }

  private static var isNone: ConfigurationError {
    ConfigurationError(.state, "not a saved state: it does not begin with STEPSIZE")
  }

  private static func hasOtherLength(_ count: Int) -> ConfigurationError {
    var text = ("the state is truncated or too long: it has " as StaticString).bytes
    text.write(Int64(count))
    text.write(" bytes")
    return ConfigurationError(.state, text)
  }

  private static var magic: StaticString { "STEPSIZE" }

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
    case .writing: store(x, at: offset)
    case .reading:
      guard offset <= bytes.count - 8 else {
        isDamaged = true
        return
      }
      x = word(at: offset)
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

  private mutating func transferWords<Word: StateWord>(_ list: inout [Word]) {
    guard let count = transferCount(list.count) else { return }
    switch purpose {
    case .measuring: break
    case .writing: store(list, at: offset)
    case .reading: list = words(count, at: offset)
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
    case .writing: bytes.replaceSubrange(offset..<(offset + count), with: text)
    case .reading:
      guard !isDamaged, count <= bytes.count - offset else {
        isDamaged = true
        return
      }
      text = Array(bytes[offset..<(offset + count)])
    }
    offset += count
  }

  // MARK: - Bytes

  private func word(at offset: Int) -> UInt64 {
    guard offset <= bytes.count - 8 else { return 0 }
    return bytes.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  private mutating func store(_ word: UInt64, at offset: Int) {
    guard offset <= bytes.count - 8 else { return }
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
  }

  @_optimize(speed)
  private func words<Word: StateWord>(_ count: Int, at offset: Int) -> [Word] {
    bytes.withUnsafeBytes { bytes in
      Array(unsafeUninitializedCapacity: count) { list, initialized in
        for i in 0..<count {
          let word = bytes.loadUnaligned(fromByteOffset: offset &+ 8 &* i, as: UInt64.self)
          list.initializeElement(at: i, to: Word(bitPattern: UInt64(littleEndian: word)))
        }
        initialized = count
      }
    }
  }

  @_optimize(speed)
  private mutating func store<Word: StateWord>(_ list: [Word], at offset: Int) {
    guard offset <= bytes.count - 8 * list.count else { return }
    bytes.withUnsafeMutableBytes { bytes in
      for i in list.indices {
        bytes.storeBytes(of: list[i].bitPattern.littleEndian, toByteOffset: offset &+ 8 &* i, as: UInt64.self)
      }
    }
  }

  /// The checksum of all bytes except its own.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = Checksum()
    sum.add(bytes, 0..<12)
    sum.add(bytes, 16..<bytes.count)
    return sum.value
  }
}

/// What is eight bytes of a state.
private protocol StateWord {
  var bitPattern: UInt64 { get }
  init(bitPattern: UInt64)
}

extension Double: StateWord {}

extension UInt64: StateWord {
  fileprivate var bitPattern: UInt64 { self }
  fileprivate init(bitPattern: UInt64) { self = bitPattern }
}
