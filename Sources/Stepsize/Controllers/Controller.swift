/// The configuration of a controller: a kind and the values of its parameters.
public struct Controller: Sendable {
  public let kind: ControllerKind
  let arguments: Arguments

  /// Values are in the order of the parameters; nil takes the default of the chosen variant.
  ///
  /// Checks everything that does not depend on the base rates.
  public init(_ kind: ControllerKind, _ given: [Value?]) throws(ConfigurationError) {
    try self.init(kind, kind.signature, given)
  }

  /// The same for a caller that has parsed the declaration.
  init(_ kind: ControllerKind, _ signature: Signature, _ given: [Value?]) throws(ConfigurationError) {
    var signature = signature
    // Each variant has its own defaults.
    if case .some(.some(.word(let variant))) = given.first {
      signature = kind.entry.signature(variant: variant)
    }
    let arguments = try signature.bind(given)
    try kind.check(arguments)
    self.kind = kind
    self.arguments = arguments
  }

  /// Reads the text form, such as `greedy(patience=5, factor=0.9)`.
  public init(parsing text: [UInt8]) throws(ConfigurationError) {
    var parser = try Parser(checking: text)
    self = try parser.wholeController()
  }

  /// The canonical text form.
  public var text: [UInt8] {
    var text: [UInt8] = []
    write(to: &text)
    return text
  }

  func write(to text: inout [UInt8]) { text.writeCall(signature, arguments.values) }

  /// Name and parameters, with the defaults of its variant.
  public var signature: Signature { arguments.signature }

  /// The value of a parameter in the text form.
  public func valueText(_ index: Int) -> [UInt8] {
    var text: [UInt8] = []
    let values = arguments.values
    if values.indices.contains(index) { values[index].write(to: &text, limit: Int.max) }
    return text
  }
}
