/// Hypergradient descent (Baydin et al., arXiv 1703.04783): moves the base rates along the derivative of the loss
/// with respect to them, which is minus the dot product of the gradient g with the update direction u before.
///
/// The caller gives h = g(t)·u(t-1), where x(t) = x(t-1) - rate·u(t-1), before update t is made; h is 0 for the first
/// update.
/// - `sgd` (SGD-HD, SGDN-HD) and `adam` (Adam-HD; u is Adam's step without the rate): base += beta·h. beta has the
///   unit of the rate over that of the squared gradient: it does not survive a change of scale.
/// - `multiplicative`: base *= 1 + beta·h/(‖g‖‖u‖), beta < 1: free of scale, and never 0 or negative.
///
/// What is published has no bounds: rates become negative or infinite there. Here they stay in [base/1000, 1000 base]
/// unless bounds are given. An h that is not finite changes nothing.
public struct Hypergradient: ~Copyable, Sendable {
  public enum Variant: Int32, Word, Sendable {
    case sgd = 0
    case adam = 1
    case multiplicative = 2

    public var name: StaticString {
      switch self {
      case .sgd: "sgd"
      case .adam: "adam"
      case .multiplicative: "multiplicative"
      }
    }
  }

  public struct Configuration: Sendable {
    public var variant: Variant
    /// > 0; below 1 in the multiplicative form.
    public var beta: Double
    /// Bounds of the base rates: empty (base/1000 and 1000 base), one for all groups, or one each.
    public var minLR: [Double] = []
    public var maxLR: [Double] = []

    /// The published defaults; 0.02 for the multiplicative form.
    public init(_ variant: Variant = .sgd) {
      self.variant = variant
      beta =
        switch variant {
        case .sgd: 1e-6
        case .adam: 1e-8
        case .multiplicative: 0.02
        }
    }
  }

  private let configuration: Configuration
  private let lower: [Double]
  private let upper: [Double]
  /// What came of the last observation.
  private(set) var decision = Decision.none

  init(_ configuration: Configuration, bases: [Double]) throws(ConfigurationError) {
    try Controller.hypergradient(configuration).validate()
    let (lower, upper) = try Bounds.around(
      bases, "hypergradient", min: configuration.minLR, bases.map { $0 / 1000 }, max: configuration.maxLR,
      bases.map { finite(1000 * $0) })
    self.configuration = configuration
    self.lower = lower
    self.upper = upper
  }

  /// - Parameters:
  ///   - dots: h summed over all groups, or one for each.
  ///   - norms: ‖g‖‖u‖, as many as dots; not needed for the additive forms.
  mutating func observe(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    guard dots.count == 1 || dots.count == groups.count else {
      throw ConfigurationError(
        "hypergradient", "dot count", .integer(Int64(dots.count)), expected: "1, or one for each group")
    }
    let isMultiplicative = configuration.variant == .multiplicative
    guard norms.count == dots.count || (norms.isEmpty && !isMultiplicative) else {
      throw ConfigurationError(
        "hypergradient", "norm count", .integer(Int64(norms.count)), expected: "as many as dots")
    }
    decision = .kept
    for i in groups.indices {
      let j = dots.count == 1 ? 0 : i
      let old = groups[i].base
      guard let wanted = isMultiplicative ? scaled(old, dots[j], norms[j]) : moved(old, dots[j]) else {
        if decision == .kept { decision = .ignored }
        continue
      }
      groups[i].base = bounded(wanted, lower[i], upper[i])
      // The first group that moves says what was done.
      if decision == .raised || decision == .cut { continue }
      if groups[i].base != old {
        decision = groups[i].base > old ? .raised : .cut
      } else if wanted != old, decision == .kept {
        decision = .heldAtBound
      }
    }
  }

  private func moved(_ base: Double, _ dot: Double) -> Double? {
    dot.isFinite ? base + configuration.beta * dot : nil
  }

  private func scaled(_ base: Double, _ dot: Double, _ norm: Double) -> Double? {
    guard dot.isFinite, norm.isFinite, norm >= 0 else { return nil }
    if norm == 0 { return base }
    return base * (1 + configuration.beta * Swift.min(Swift.max(dot / norm, -1), 1))
  }

  func isAtBottom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return false }
    return true
  }

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&decision)
  }
}

extension Hypergradient.Configuration {
  static func signature(_ variant: Hypergradient.Variant) -> Signature {
    let defaults = Self(variant)
    let range =
      variant == .multiplicative ? Interval(0, 1, lowerIsOpen: true, upperIsOpen: true) : Interval.positive
    return Signature(
      name: "hypergradient",
      summary: "moves the base rates along the derivative of the loss with respect to them",
      formula: "base + beta g.u; multiplicative: base (1 + beta g.u/(|g||u|))", source: "arXiv 1703.04783",
      parameters: [
        Parameter(
          "variant", .word(Hypergradient.Variant.names), default: .word(Hypergradient.Variant.sgd.name),
          "as published for SGD or for Adam, or free of scale; it chooses the default of beta"),
        Parameter("beta", .real(range), default: .real(defaults.beta), "rate of the rate"),
        .bound("min_lr", "lowest base rates; none: base/1000"),
        .bound("max_lr", "highest base rates; none: 1000 base"),
      ])
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    self.init(try a.word("variant", as: Hypergradient.Variant.self))
    beta = a.real("beta")
    minLR = a.perGroup("min_lr")
    maxLR = a.perGroup("max_lr")
  }

  /// In the order of the signature.
  var values: [Value] { [.word(variant.name), .real(beta), .perGroup(minLR), .perGroup(maxLR)] }
}
