/// Reads a text byte by byte: names, numbers, quoted words and punctuation, with white space between them.
struct Lexer {
  let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte that is not white space; nil at the end.
  mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  /// Takes the punctuation if it comes next.
  mutating func take(_ punctuation: StaticString) -> Bool {
    guard peek() != nil, bytes.count - offset >= punctuation.utf8CodeUnitCount else { return false }
    // Byte by byte: most of what is asked for does not come next.
    let isNext = punctuation.withUTF8Buffer { wanted in
      for i in wanted.indices where bytes[offset + i] != wanted[i] { return false }
      return true
    }
    if isNext { offset += punctuation.utf8CodeUnitCount }
    return isNext
  }

  mutating func expect(_ punctuation: StaticString) throws(ConfigurationError) {
    if take(punctuation) { return }
    throw unexpected(Self.quoted(punctuation.bytes[...]))
  }

  /// A letter or underscore, then letters, digits and underscores; nil if none comes next.
  mutating func takeName() -> ArraySlice<UInt8>? {
    guard let first = peek(), Self.isLetter(first) else { return nil }
    return takeWhile { Self.isLetter($0) || Self.isDigit($0) }
  }

  /// A number, as an integer if it is written as one and fits in 64 bits; nil if none comes next.
  mutating func takeNumber() throws(ConfigurationError) -> Value? {
    guard let first = peek(), Self.isNumeric(first) else { return nil }
    let start = offset
    let literal = takeWhile { Self.isNumeric($0) || Self.isLetter($0) }
    if let integer = Self.integer(literal) { return .integer(integer) }
    guard let number = Decimal.parse(literal), number.isFinite else {
      throw ConfigurationError(.syntax, "not a finite number: ", Self.quoted(literal), at: start)
    }
    return .real(number)
  }

  /// The inside of "…" or '…', without escapes; nil if no quote comes next.
  mutating func takeQuoted() throws(ConfigurationError) -> [UInt8]? {
    guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    let start = offset
    offset += 1
    let word = takeWhile { $0 != quote && $0 != UInt8(ascii: "\n") }
    guard offset < bytes.count, bytes[offset] == quote else {
      throw ConfigurationError(.syntax, "unterminated quote", at: start)
    }
    offset += 1
    return Array(word)
  }

  // MARK: - Declarations

  /// A number of a declaration.
  mutating func expectReal() throws(ConfigurationError) -> Double {
    switch try takeNumber() {
    case .some(.real(let x)): return x
    case .some(.integer(let n)): return Double(n)
    default: throw unexpected("a number")
    }
  }

  mutating func expectInteger() throws(ConfigurationError) -> Int64 {
    guard case .some(.integer(let n)) = try takeNumber() else { throw unexpected("an integer") }
    return n
  }

  /// A word or a number of a declaration: up to white space or punctuation.
  mutating func takeWord() -> [UInt8] {
    _ = peek()
    return Array(takeWhile { Self.isLetter($0) || Self.isNumeric($0) })
  }

  /// The rest of a declaration's line after its first semicolon and a space; the position does not change.
  var note: [UInt8] {
    guard let mark = bytes[offset...].firstIndex(of: UInt8(ascii: ";")) else { return [] }
    return Array(bytes[mark...].dropFirst(2))
  }

  /// "expected …, found …"
  mutating func unexpected(_ expected: [UInt8]) -> ConfigurationError {
    var text: [UInt8] = []
    text.write("expected ")
    text += expected
    text.write(", found ")
    if peek() == nil {
      text.write("the end")
    } else {
      text += Self.quoted(bytes[offset..<(offset + max(1, Self.printableLength(bytes[offset...])))])
    }
    return ConfigurationError(.syntax, text, at: offset)
  }

  mutating func unexpected(_ expected: StaticString) -> ConfigurationError { unexpected(expected.bytes) }

  private mutating func takeWhile(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = offset
    while offset < bytes.count, condition(bytes[offset]) { offset += 1 }
    return bytes[start..<offset]
  }

  static func inQuotes(_ word: [UInt8]) -> [UInt8] {
    [UInt8(ascii: "\"")] + word + [UInt8(ascii: "\"")]
  }

  /// Bytes of the printable character of one to three bytes of UTF-8 that comes first, such as × or −; 0 if none does.
  private static func printableLength(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let lead = bytes.first else { return 0 }
    let length =
      switch lead {
      case 0x20..<0x7f: 1
      case 0xc2...0xdf: 2
      case 0xe1...0xec: 3
      default: 0
      }
    let rest = bytes.dropFirst().prefix(max(0, length - 1))
    guard let second = rest.first else { return length == 1 ? 1 : 0 }
    // Neither the control characters U+0080 to U+009F nor U+2028 to U+202E, which turn the direction of text.
    let isControl =
      lead == 0xc2 && second < 0xa0 || lead == 0xe2 && second == 0x80 && bytes.dropFirst(2).first ?? 0 >= 0xa8
    return rest.count == length - 1 && rest.allSatisfy { $0 >> 6 == 0b10 } && !isControl ? length : 0
  }

  /// Quoted for a message: short, printable, other bytes as \xNN.
  static func quoted(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let digits = ("0123456789abcdef" as StaticString).bytes
    var text: [UInt8] = [UInt8(ascii: "\"")]
    var rest = bytes.prefix(40)
    while let byte = rest.first {
      let length = printableLength(rest)
      if length > 0 {
        text += rest.prefix(length)
      } else {
        text.write("\\x")
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
      }
      rest = rest.dropFirst(max(1, length))
    }
    if bytes.count > 40 { text.write("…") }
    text.append(UInt8(ascii: "\""))
    return text
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
      || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")) || byte == UInt8(ascii: "_")
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  /// nil if it is not written as an integer or does not fit.
  private static func integer(_ literal: ArraySlice<UInt8>) -> Int64? {
    var digits = literal
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    guard !digits.isEmpty else { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard isDigit(byte) else { return nil }
      // Downwards, since the negative range is larger by one.
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, underflow) = tens.subtractingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
      if overflow || underflow { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == Int64.min ? nil : -value
  }
}
