/// A schedule of the catalogue: what is told of it, and how it is made.
struct Entry: Sendable {
  let signature: Signature
  let make: @Sendable (Arguments) throws(ConfigurationError) -> Body

  init(
    _ name: StaticString, _ summary: StaticString, formula: StaticString, source: StaticString = "",
    _ parameters: [Parameter],
    make: @escaping @Sendable (Arguments) throws(ConfigurationError) -> Body
  ) {
    signature = Signature(
      name: name, summary: summary, formula: formula, source: source, parameters: parameters)
    self.make = make
  }
}

/// Checked values, by parameter name.
struct Arguments {
  let signature: Signature
  let values: [Value]

  subscript(name: StaticString) -> Value {
    for i in signature.parameters.indices where name.equals(signature.parameters[i].name) {
      return values[i]
    }
    return .none
  }

  // The fallbacks below are never reached: `bind` has checked the kinds.

  func count(_ name: StaticString) -> Int64 { optionalCount(name) ?? 0 }
  func real(_ name: StaticString) -> Double { optionalReal(name) ?? Double.nan }

  func optionalCount(_ name: StaticString) -> Int64? {
    if case .integer(let n) = self[name] { n } else { nil }
  }

  func optionalReal(_ name: StaticString) -> Double? {
    if case .real(let x) = self[name] { x } else { nil }
  }

  func flag(_ name: StaticString) -> Bool {
    if case .flag(let on) = self[name] { on } else { false }
  }

  func word(_ name: StaticString) -> [UInt8] {
    if case .word(let word) = self[name] { word } else { [] }
  }

  func counts(_ name: StaticString) -> [Int64] {
    if case .integers(let list) = self[name] { list } else { [] }
  }

  func reals(_ name: StaticString) -> [Double] {
    if case .reals(let list) = self[name] { list } else { [] }
  }

  func schedule(_ name: StaticString) throws(ConfigurationError) -> Schedule {
    guard case .schedule(let schedule) = self[name] else { throw error(name, expected: "a schedule") }
    return schedule
  }

  func error(_ name: StaticString, expected: StaticString) -> ConfigurationError {
    ConfigurationError(signature.name, name, self[name], expected: expected)
  }
}
