/// The controller of a scheduler at work.
///
/// Every kind has its place here, though one at most is used: a value inside an enum or an optional could not be
/// changed in place, and a class would count references at every step.
struct ActiveController: ~Copyable, Sendable {
  private enum Role { case none, greedy, plateau, hypergradient, lineSearch, learned }

  private let role: Role
  private var greedy: GreedyLR
  private var plateau: Plateau
  private var hypergradient: Hypergradient
  private var lineSearch: LineSearch
  private var learned: Learned

  init(_ controller: Controller?, bases: [Double]) throws(ConfigurationError) {
    var role = Role.none
    // What is not used stands there without groups.
    var greedyPart: (GreedyLR.Configuration, [Double]) = (.init(.huggingface), [])
    var plateauPart: (Plateau.Configuration, [Double]) = (.init(), [])
    var hypergradientPart: (Hypergradient.Configuration, [Double]) = (.init(), [])
    var lineSearchPart: (LineSearch.Configuration, [Double]) = (.init(), [])
    var learnedPart: Learned.Configuration?
    switch controller {
    case .none, .some(.settle): break
    case .some(.greedy(let configuration)): (role, greedyPart) = (.greedy, (configuration, bases))
    case .some(.plateau(let configuration)): (role, plateauPart) = (.plateau, (configuration, bases))
    case .some(.hypergradient(let configuration)):
      (role, hypergradientPart) = (.hypergradient, (configuration, bases))
    case .some(.lineSearch(let configuration)): (role, lineSearchPart) = (.lineSearch, (configuration, bases))
    case .some(.learned(let configuration)): (role, learnedPart) = (.learned, configuration)
    }
    let greedy = try GreedyLR(greedyPart.0, bases: greedyPart.1)
    let plateau = try Plateau(plateauPart.0, bases: plateauPart.1)
    let hypergradient = try Hypergradient(hypergradientPart.0, bases: hypergradientPart.1)
    let lineSearch = try LineSearch(lineSearchPart.0, bases: lineSearchPart.1)
    let learned = try Learned(learnedPart)
    self.role = role
    self.greedy = greedy
    self.plateau = plateau
    self.hypergradient = hypergradient
    self.lineSearch = lineSearch
    self.learned = learned
  }

  /// Whether it wants to see the loss of each update.
  var needsLoss: Bool { role == .greedy || role == .plateau || role == .learned }

  @inline(__always)
  mutating func observe(_ loss: Double, _ groups: inout [Group]) {
    if _fastPath(role == .greedy) {
      greedy.observe(loss, &groups)
    } else if role == .plateau {
      plateau.observe(loss, &groups)
    } else if role == .learned {
      learned.observe(loss, &groups)
    }
  }

  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    guard role == .hypergradient else {
      throw ConfigurationError(.order, "the scheduler has no hypergradient controller")
    }
    try hypergradient.observe(dots: dots, norms: norms, &groups)
  }

  mutating func propose(
    loss: Double, squaredNorms: Span<Double>, step: Int64, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    guard role == .lineSearch else {
      throw ConfigurationError(.order, "the scheduler has no line search")
    }
    try lineSearch.propose(loss: loss, squaredNorms: squaredNorms, step: step, &groups)
  }

  mutating func report(
    loss: Double, squaredDistances: Span<Double>, step: Int64, multiplier: Double, _ groups: inout [Group]
  ) throws(ConfigurationError) -> Trial {
    guard role == .lineSearch else {
      throw ConfigurationError(.order, "the scheduler has no line search")
    }
    return try lineSearch.report(
      loss: loss, squaredDistances: squaredDistances, step: step, multiplier: multiplier, &groups)
  }

  /// Losses that the line search has asked for.
  var trialCount: Int64 { lineSearch.trialCount }

  var decision: Decision {
    switch role {
    case .none: .none
    case .greedy: greedy.decision
    case .plateau: plateau.decision
    case .hypergradient: hypergradient.decision
    case .lineSearch: lineSearch.decision
    case .learned: learned.decision
    }
  }

  /// Whether a base rate is as low as the controller lets it be.
  func isAtBottom(_ groups: [Group]) -> Bool {
    switch role {
    case .none: false
    case .greedy: greedy.isAtBottom(groups)
    case .plateau: plateau.isAtBottom(groups)
    case .hypergradient: hypergradient.isAtBottom(groups)
    case .lineSearch: lineSearch.isAtBottom(groups)
    // Its limits are never reached.
    case .learned: false
    }
  }

  mutating func transfer(_ state: inout StateCoder) {
    switch role {
    case .none: break
    case .greedy: greedy.transfer(&state)
    case .plateau: plateau.transfer(&state)
    case .hypergradient: hypergradient.transfer(&state)
    case .lineSearch: lineSearch.transfer(&state)
    case .learned: learned.transfer(&state)
    }
  }
}
