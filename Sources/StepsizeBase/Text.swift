// Text is bytes of UTF-8 throughout the core, and what the library says itself is StaticString: `String` would
// bring its storage, comparison and Unicode tables into a library of a few ten kilobytes.

extension StaticString {
  /// The text as UTF-8.
  public var bytes: [UInt8] { withUTF8Buffer { Array($0) } }

  func equals(_ other: some Sequence<UInt8>) -> Bool {
    withUTF8Buffer { $0.elementsEqual(other) }
  }

  func equals(_ other: StaticString) -> Bool {
    other.withUTF8Buffer { equals($0) }
  }
}

extension [UInt8] {
  mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  mutating func write(_ x: Double) {
    append(contentsOf: Decimal.write(x))
  }

  mutating func write(_ n: Int64) {
    append(contentsOf: Decimal.write(n))
  }
}
