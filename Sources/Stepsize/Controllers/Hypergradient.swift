/// Hypergradient descent (Baydin et al., arXiv 1703.04783): moves the base rates along the derivative of the loss
/// with respect to them, which is minus the dot product of the gradient g with the previous update direction u.
///
/// The caller gives h = g(t)·u(t-1), where x(t) = x(t-1) - rate·u(t-1), before it makes update t; h is 0 for the first
/// update. `observe` takes it from g(t)·(x(t) - x(t-1)), which is -rate·h.
/// - `sgd` (SGD-HD, SGDN-HD) and `adam` (Adam-HD; u is Adam's step without the rate): base += beta·h. beta has the
///   unit of the rate over that of the squared gradient, so that it depends on the scale of the loss.
/// - `multiplicative`: base *= 1 + beta·h/(‖g‖‖u‖), beta < 1: scale-free, and never 0 or negative.
///
/// The published methods have no bounds, so that rates can become negative or infinite. Here they stay in [base/1000,
/// 1000 base] unless bounds are given. An h that is not finite changes nothing.
struct Hypergradient: ~Copyable, Sendable, Moving {
  enum Variant: Int32, Sendable { case sgd, adam, multiplicative }

  static var declaration: StaticString {
    """
    hypergradient: moves the base rates along the derivative of the loss with respect to them
    formula: base + beta g.u; multiplicative: base (1 + beta g.u/(|g||u|))
    source: arXiv 1703.04783
    variant: word sgd|adam|multiplicative = sgd; as published for SGD or for Adam, or scale-free; it chooses the \
    default of beta
    beta: real > 0 (multiplicative: in (0, 1)) = 1e-6 (adam: 1e-8, multiplicative: 0.02); size of a step of the base rate
    min_lr: per_group >= 0 = none; lowest base rates; none: base/1000
    max_lr: per_group >= 0 = none; highest base rates; none: 1000 base
    """
  }

  static var needs: Needs { .gradient }

  var scalars: Needs { isMultiplicative ? [.dotUpdate, .gradientNorm, .updateNorm] : .dotUpdate }

  private let isMultiplicative: Bool
  private let beta: Double
  private var lower: [Double]
  private var upper: [Double]
  /// The outcome of the last observation.
  private(set) var decision = Decision.none

  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    let variant = try a.word("variant", as: Variant.self)
    let (lower, upper) = try Bounds.around(bases, "hypergradient", a, below: 1000, above: 1000)
    isMultiplicative = variant == .multiplicative
    beta = a.real("beta")
    self.lower = lower
    self.upper = upper
  }

  /// - Parameters:
  ///   - dots: h, summed over all groups or one for each.
  ///   - norms: ‖g‖‖u‖, as many as dots; not needed for the additive variants.
  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    guard dots.count == 1 || dots.count == groups.count else {
      throw ConfigurationError(
        "hypergradient", "dot count", .integer(Int64(dots.count)), expected: "1, or one for each group")
    }
    guard norms.count == dots.count || (norms.isEmpty && !isMultiplicative) else {
      throw ConfigurationError(
        "hypergradient", "norm count", .integer(Int64(norms.count)), expected: "as many as dots")
    }
    for i in norms.indices where norms[i] < 0 {
      throw ConfigurationError("hypergradient", "norms", .real(norms[i]), expected: "numbers >= 0")
    }
    decision = .kept
    for i in groups.indices {
      let j = dots.count == 1 ? 0 : i
      move(i, dots[j], isMultiplicative ? norms[j] : 0, &groups)
    }
  }

  mutating func observe(_ numbers: Span<Double>, _ moment: Moment, _ groups: inout [Group]) {
    decision = .kept
    for i in groups.indices {
      let one = numbers.extracting(moment.places(ofGroup: i))
      if isMultiplicative {
        move(i, -one.dotUpdate, one.gradientNorm * one.updateNorm, &groups)
      } else {
        // Without a rate there was no update.
        move(i, -one.dotUpdate / groups[i].rate(moment.previousMultiplier), 0, &groups)
      }
    }
  }

  private mutating func move(_ i: Int, _ dot: Double, _ norm: Double, _ groups: inout [Group]) {
    let old = groups[i].base
    guard let wanted = isMultiplicative ? scaled(old, dot, norm) : moved(old, dot) else {
      if decision == .kept { decision = .ignored }
      return
    }
    groups[i].base = bounded(wanted, lower[i], upper[i])
    // The first group that moves determines the decision.
    if decision == .raised || decision == .cut { return }
    if groups[i].base != old {
      decision = groups[i].base > old ? .raised : .cut
    } else if wanted != old, decision == .kept {
      decision = .heldAtBound
    }
  }

  private func moved(_ base: Double, _ dot: Double) -> Double? {
    dot.isFinite ? base + beta * dot : nil
  }

  private func scaled(_ base: Double, _ dot: Double, _ norm: Double) -> Double? {
    guard dot.isFinite, norm.isFinite else { return nil }
    if norm == 0 { return base }
    return base * (1 + beta * Swift.min(Swift.max(dot / norm, -1), 1))
  }

  func isAtBottom(_ groups: [Group]) -> Bool {
    for i in groups.indices where groups[i].base > lower[i] { return false }
    return true
  }

  mutating func adopt(_ other: inout Hypergradient, _ origins: [Int], _ groups: [Group]) {
    lower = other.lower
    upper = other.upper
  }

  var bounds: ([Double], [Double])? { (lower, upper) }

  mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&decision)
  }
}
