/// A composition in the text form, into which the values of parameters are substituted.
///
///     var text = Template(a)
///     text.add("ramp({warmup}, {start}, phase=\"warmup\")")
///     text.add("constant({hold}, phase=\"main\")", if: a.count("hold") > 0)
///     return try text.body()
///
/// Added parts form a sequence (`>>`). A text costs its bytes, and code that builds the same parts ten times as many;
/// numbers survive exactly.
struct Template {
  private let arguments: Arguments
  private var values: [(name: StaticString, value: Value)] = []
  private var text: [UInt8] = []

  init(_ arguments: Arguments) { self.arguments = arguments }

  /// A value that is computed from the parameters.
  @inline(never)
  mutating func set(_ name: StaticString, _ value: Value) { values.append((name, value)) }

  /// Adds a part, in which "{name}" is replaced by a value.
  @inline(never)
  mutating func add(_ part: StaticString, if isThere: Bool = true) {
    guard isThere else { return }
    if !text.isEmpty { text.write(" >> ") }
    var lexer = part.bytes[...]
    while let byte = lexer.popFirst() {
      guard byte == UInt8(ascii: "{") else {
        text.append(byte)
        continue
      }
      let name = lexer.prefix { $0 != UInt8(ascii: "}") }
      lexer = lexer.dropFirst(name.count + 1)
      value(of: name).write(to: &text, limit: Int.max)
    }
  }

  private func value(of name: ArraySlice<UInt8>) -> Value {
    for (known, value) in values where known.equals(name) { return value }
    return arguments[name]
  }

  /// The composition.
  @inline(never)
  func body() throws(ConfigurationError) -> Body {
    do { return Body(try Schedule(parsing: text)) } catch {
      // The user has not seen the text.
      var error = error
      error.offset = nil
      throw error
    }
  }

  /// Of a single part.
  static func body(_ part: StaticString, _ arguments: Arguments) throws(ConfigurationError) -> Body {
    var template = Template(arguments)
    template.add(part)
    return try template.body()
  }
}
