/// The configuration of what listens to the training.
public enum Controller: Sendable {
  case greedy(GreedyLR.Configuration)
  case plateau(Plateau.Configuration)
  case hypergradient(Hypergradient.Configuration)
  case lineSearch(LineSearch.Configuration)
  /// Moves no rate: ends a phase.
  case settle(Settle.Configuration)
  case learned(Learned.Configuration)

  /// A controller of the catalogue. Values are given in the order of its parameters; nil takes the default.
  public init(_ kind: ControllerKind, _ given: [Value?]) throws(ConfigurationError) {
    let a = try kind.signature(variant: given.first ?? nil).bind(given)
    switch kind {
    case .greedy: self = .greedy(try GreedyLR.Configuration(a))
    case .plateau: self = .plateau(try Plateau.Configuration(a))
    case .hypergradient: self = .hypergradient(try Hypergradient.Configuration(a))
    case .lineSearch: self = .lineSearch(try LineSearch.Configuration(a))
    case .settle: self = .settle(try Settle.Configuration(a))
    case .learned: self = .learned(try Learned.Configuration(a))
    }
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

  func write(to text: inout [UInt8]) {
    text.writeCall(signature, values)
  }

  /// Name and parameters, with the defaults of its variant.
  public var signature: Signature { kind.signature(variant: values.first) }

  /// The value of a parameter in the text form.
  public func valueText(_ index: Int) -> [UInt8] {
    var text: [UInt8] = []
    let values = values
    if values.indices.contains(index) { values[index].write(to: &text, limit: Int.max) }
    return text
  }

  public var kind: ControllerKind {
    switch self {
    case .greedy: .greedy
    case .plateau: .plateau
    case .hypergradient: .hypergradient
    case .lineSearch: .lineSearch
    case .settle: .settle
    case .learned: .learned
    }
  }

  /// The values of its parameters, in their order.
  private var values: [Value] {
    switch self {
    case .greedy(let configuration): configuration.values
    case .plateau(let configuration): configuration.values
    case .hypergradient(let configuration): configuration.values
    case .lineSearch(let configuration): configuration.values
    case .settle(let configuration): configuration.values
    case .learned(let configuration): configuration.values
    }
  }

  /// Checks everything that does not depend on the base rates.
  public func validate() throws(ConfigurationError) {
    _ = try signature.bind(values.map { .some($0) })
  }
}

/// Bounds of the base rates as a value of a parameter: none, one for all groups, or one for each.
extension Value {
  static func perGroup(_ bounds: [Double]) -> Value {
    if let first = bounds.first, bounds.count == 1 { return .real(first) }
    return bounds.isEmpty ? .none : .reals(bounds)
  }
}

extension Arguments {
  func perGroup(_ name: StaticString) -> [Double] {
    if case .real(let bound) = self[name] { [bound] } else { reals(name) }
  }
}
