/// The description of a named schedule or controller, and the check of values that are given to it.
public struct Signature: Sendable {
  let entry: Entry
  public let name: [UInt8]
  public let parameters: [Parameter]

  /// One line.
  public var summary: [UInt8] { entry.field(name) }

  /// The value as a function of the step t, or what a controller does with an observation.
  public var formula: [UInt8] { entry.field(("formula" as StaticString).bytes) }

  /// Paper or origin; empty for a form in common use.
  public var source: [UInt8] { entry.field(("source" as StaticString).bytes) }

  /// Checks each value against its parameter and fills in the defaults.
  func bind(_ given: [Value?]) throws(ConfigurationError) -> Arguments {
    guard given.count <= parameters.count else {
      throw ConfigurationError(
        name, ("value count" as StaticString).bytes, .integer(Int64(given.count)),
        expected: ("at most as many as there are parameters" as StaticString).bytes)
    }
    var values: [Value] = []
    values.reserveCapacity(parameters.count)
    for i in parameters.indices {
      let parameter = parameters[i]
      if i < given.count, let value = given[i] {
        guard let accepted = parameter.accept(value) else {
          throw ConfigurationError(name, parameter.name, value, expected: parameter.expected)
        }
        values.append(accepted)
      } else if let value = parameter.defaultValue {
        values.append(value)
      } else {
        var text: [UInt8] = []
        text += name
        text.write(": ")
        text += parameter.name
        text.write(" is missing, expected ")
        text += parameter.expected
        throw ConfigurationError(.argument, text)
      }
    }
    return Arguments(signature: self, values: values)
  }
}
