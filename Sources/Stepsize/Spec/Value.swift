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

  /// The text form; lists longer than `limit` are shortened (for error messages).
  func write(to text: inout [UInt8], limit: Int = 8) {
    switch self {
    case .none: text.write("none")
    case .integer(let n): text.write(n)
    case .real(let x): text.write(x)
    case .flag(let on): text.write(on ? "true" : "false")
    case .word(let word): text += limit == Int.max ? Lexer.inQuotes(word) : Lexer.quoted(word[...])
    case .integers(let list): text.write(list, limit: limit) { $1.write($0) }
    case .reals(let list): text.write(list, limit: limit) { $1.write($0) }
    case .schedule(let schedule): text += schedule.text
    }
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

extension ConfigurationError {
  /// "linear: total = -5, expected an integer from 1 to 9223372036854775807"
  init(_ owner: [UInt8], _ field: [UInt8], _ value: Value, expected: [UInt8]) {
    var text: [UInt8] = []
    value.write(to: &text)
    self.init(owner, field, text, expected: expected)
  }

  init(_ owner: StaticString, _ field: StaticString, _ value: Value, expected: [UInt8]) {
    self.init(owner.bytes, field.bytes, value, expected: expected)
  }

  init(_ owner: StaticString, _ field: StaticString, _ value: Value, expected: StaticString) {
    self.init(owner, field, value, expected: expected.bytes)
  }
}
