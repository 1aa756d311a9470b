/// What the library tells of a named schedule or controller, and how values are given to it.
public struct Signature: Sendable {
  public let name: StaticString
  /// One line.
  public let summary: StaticString
  /// The value as a function of the step t, or what a controller does with an observation.
  public let formula: StaticString
  /// Paper or origin; empty where the form is common property.
  public let source: StaticString
  public let parameters: [Parameter]

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
    return Arguments(signature: self, values: values)
  }
}
