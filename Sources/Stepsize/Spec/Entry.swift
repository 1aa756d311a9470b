/// What the library knows of one schedule: enough to parse, print, check, document and make it.
public struct Entry: Sendable {
  public let name: StaticString
  /// One line.
  public let summary: StaticString
  /// The value as a function of the step t.
  public let formula: StaticString
  /// Paper or origin; empty where the form is common property.
  public let source: StaticString
  public let parameters: [Parameter]
  let make: @Sendable (Arguments) throws(ConfigurationError) -> Body

  init(
    _ name: StaticString, _ summary: StaticString, formula: StaticString, source: StaticString = "",
    _ parameters: [Parameter],
    make: @escaping @Sendable (Arguments) throws(ConfigurationError) -> Body
  ) {
    self.name = name
    self.summary = summary
    self.formula = formula
    self.source = source
    self.parameters = parameters
    self.make = make
  }

  /// Checks each value against its parameter and fills in the defaults.
  func bind(_ given: [Value?]) throws(ConfigurationError) -> Arguments {
    var values: [Value] = []
    values.reserveCapacity(parameters.count)
    for i in parameters.indices {
      let parameter = parameters[i]
      if i < given.count, let value = given[i] {
        guard let accepted = parameter.accept(value) else {
          throw ConfigurationError(name, parameter.name, value, expected: parameter.expected)
        }
        values.append(accepted)
      } else if let fallback = parameter.fallback {
        values.append(fallback)
      } else {
        var text: [UInt8] = []
        text.write(name)
        text.write(": ")
        text.write(parameter.name)
        text.write(" is missing, expected ")
        text += parameter.expected
        throw ConfigurationError(.argument, text)
      }
    }
    return Arguments(entry: self, values: values)
  }
}

/// Checked values, by parameter name.
struct Arguments {
  let entry: Entry
  let values: [Value]

  subscript(name: StaticString) -> Value {
    for i in entry.parameters.indices where name.equals(entry.parameters[i].name) {
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
    ConfigurationError(entry.name, name, self[name], expected: expected)
  }
}
