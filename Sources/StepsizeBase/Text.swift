// Text is UTF-8 bytes throughout the core, and the library's own texts are StaticString: `String` would
// link its storage, comparison and Unicode tables into the library.

extension StaticString {
  /// The text as UTF-8.
  public var bytes: [UInt8] { withUTF8Buffer { Array($0) } }

  package func equals(_ other: some Sequence<UInt8>) -> Bool {
    withUTF8Buffer { $0.elementsEqual(other) }
  }

  /// Whether `other` begins with this text.
  package func begins(_ other: some Sequence<UInt8>) -> Bool {
    withUTF8Buffer { other.starts(with: $0) }
  }
}

extension [UInt8] {
  package mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  package mutating func write(_ x: Double) {
    Decimal.write(x, to: &self)
  }

  package mutating func write(_ n: Int64) {
    Decimal.write(n, to: &self)
  }

  /// "[1, 2, 3]"; elements beyond the first `limit` become "…".
  package mutating func write<T>(
    _ list: [T], limit: Int = 8, element: (T, inout [UInt8]) -> Void
  ) {
    write("[")
    for i in list.indices {
      if i > 0 { write(", ") }
      if i == limit {
        write("…")
        break
      }
      element(list[i], &self)
    }
    write("]")
  }

  /// The range of a count, for an error message.
  package mutating func write(expected range: ClosedRange<Int64>) {
    write("an integer from ")
    write(range.lowerBound)
    write(" to ")
    write(range.upperBound)
  }
}
