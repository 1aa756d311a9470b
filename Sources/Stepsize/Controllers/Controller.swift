/// The configuration of what listens to the training.
public enum Controller: Sendable {
  case greedy(GreedyLR.Configuration)
  case plateau(Plateau.Configuration)
}

/// The controller of a scheduler at work.
///
/// Every kind has its place here, though one at most is used: a value inside an enum or an optional could not be
/// changed in place, and a class would count references at every step.
struct ActiveController: ~Copyable, Sendable {
  private enum Kind { case none, greedy, plateau }

  private let kind: Kind
  private var greedy: GreedyLR
  private var plateau: Plateau

  init(_ controller: Controller?, bases: [Double]) throws(ConfigurationError) {
    var greedyConfiguration: GreedyLR.Configuration?
    var plateauConfiguration: Plateau.Configuration?
    let kind: Kind
    switch controller {
    case .none: kind = .none
    case .some(.greedy(let configuration)):
      kind = .greedy
      greedyConfiguration = configuration
    case .some(.plateau(let configuration)):
      kind = .plateau
      plateauConfiguration = configuration
    }
    // What is not used stands there without groups.
    let greedy = try GreedyLR(
      greedyConfiguration ?? .init(.huggingface), bases: greedyConfiguration == nil ? [] : bases)
    let plateau = try Plateau(
      plateauConfiguration ?? .init(), bases: plateauConfiguration == nil ? [] : bases)
    self.kind = kind
    self.greedy = greedy
    self.plateau = plateau
  }

  var isNone: Bool { kind == .none }

  @inline(__always)
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    if _fastPath(kind == .greedy) {
      greedy.observe(loss, &groups)
    } else if kind == .plateau {
      plateau.observe(loss, &groups)
    }
  }

  var decision: Decision {
    switch kind {
    case .none: .none
    case .greedy: greedy.decision
    case .plateau: plateau.decision
    }
  }
}
