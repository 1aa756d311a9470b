/// The catalogue: every schedule that has a name.
public enum Kind: CaseIterable, Sendable {
  case constant, linear, cosine, polynomial, warmup, table
  case clamp

  /// Name, parameters, formula and constructor.
  public var entry: Entry {
    switch self {
    case .constant: Constant.entry
    case .linear: Linear.entry
    case .cosine: Cosine.entry
    case .polynomial: Polynomial.entry
    case .warmup: Warmup.entry
    case .table: Table.entry
    case .clamp: Clamp.entry
    }
  }
}

extension Kind: Word {
  public var name: StaticString { entry.name }
}
