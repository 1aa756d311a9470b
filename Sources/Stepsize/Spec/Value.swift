/// The value of one parameter.
public enum Value: Sendable {
  case none
  case integer(Int64)
  case real(Double)
  case flag(Bool)
  /// One of the parameter's words.
  case word([UInt8])
  case integers([Int64])
  case reals([Double])
  indirect case schedule(Schedule)

  public static func word(_ text: StaticString) -> Value { .word(text.bytes) }

  /// The text form; long lists are shortened where `limit` says so (error messages).
  func write(to text: inout [UInt8], limit: Int = 8) {
    switch self {
    case .none: text.write("none")
    case .integer(let n): text.write(n)
    case .real(let x): text.write(x)
    case .flag(let on): text.write(on ? "true" : "false")
    case .word(let word): text += limit == Int.max ? Lexer.inQuotes(word) : Lexer.quoted(word[...])
    case .integers(let list): Self.write(list, to: &text, limit: limit) { $1.write($0) }
    case .reals(let list): Self.write(list, to: &text, limit: limit) { $1.write($0) }
    case .schedule(let schedule): text += schedule.text
    }
  }

  private static func write<T>(
    _ list: [T], to text: inout [UInt8], limit: Int, element: (T, inout [UInt8]) -> Void
  ) {
    text.write("[")
    for i in list.indices {
      if i > 0 { text.write(", ") }
      if i == limit {
        text.write("…")
        break
      }
      element(list[i], &text)
    }
    text.write("]")
  }

  /// Whether a printed text may leave the value out because it is the default.
  func isSame(as other: Value) -> Bool {
    switch (self, other) {
    case (.none, .none): true
    case (.integer(let a), .integer(let b)): a == b
    case (.real(let a), .real(let b)): a == b
    case (.flag(let a), .flag(let b)): a == b
    case (.word(let a), .word(let b)): a == b
    case (.integers(let a), .integers(let b)): a == b
    case (.reals(let a), .reals(let b)): a == b
    default: false
    }
  }
}
