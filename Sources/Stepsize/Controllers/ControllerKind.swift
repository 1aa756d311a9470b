/// The catalogue of controllers: everything that listens to the training and has a name.
public enum ControllerKind: CaseIterable, Sendable {
  case greedy, plateau, hypergradient, lineSearch, settle, learned

  /// Name, parameters and the defaults of the first variant.
  public var signature: Signature { signature(variant: nil) }

  /// The same with the defaults of the variant that is given first.
  func signature(variant: Value?) -> Signature {
    switch self {
    case .greedy: GreedyLR.Configuration.signature(Self.word(variant) ?? .standard)
    case .plateau: Plateau.Configuration.signature(Self.word(variant) ?? .pytorch)
    case .hypergradient: Hypergradient.Configuration.signature(Self.word(variant) ?? .sgd)
    case .lineSearch: LineSearch.Configuration.signature
    case .settle: Settle.Configuration.signature
    case .learned: Learned.Configuration.signature
    }
  }

  private static func word<W: Word>(_ value: Value?) -> W? {
    if case .some(.word(let word)) = value { W(word) } else { nil }
  }
}

extension ControllerKind: Word {
  public var name: StaticString {
    switch self {
    case .greedy: "greedy"
    case .plateau: "plateau"
    case .hypergradient: "hypergradient"
    case .lineSearch: "line_search"
    case .settle: "settle"
    case .learned: "learned"
    }
  }
}
