/// The computation of a schedule: a tree whose leaves are closed forms.
///
/// Composites hold their parts directly in the cases, not in arrays or structs, so that evaluation needs no
/// reference counting.
indirect enum Node: Sendable {
  case constant(Constant)
  case linear(Linear)
  case cosine(Cosine)
  case polynomial(Polynomial)
  case cooldown(Cooldown)
  case rex(Rex)
  case tanh(Tanh)
  case geometric(Geometric)
  case ramp(Ramp)
  case warmup(Warmup)
  case step(Step)
  case multistep(Multistep)
  case piecewise(Piecewise)
  case exponential(Exponential)
  case inverseTime(InverseTime)
  case powerLaw(PowerLaw)
  case inverseSqrt(InverseSqrt)
  case noam(Noam)
  case sigmoid(Sigmoid)
  case chebyshev(Chebyshev)
  case cyclic(Cyclic)
  case sine(Sine)
  case restarts(Restarts)
  case rangeTest(RangeTest)
  case knots(Knots)
  case table(Table)
  case noise(Noise)
  case random(Random)

  /// The first part, its length, and what follows.
  case sequence(Node, Int64, Node)
  case product(Node, Node)
  case scale(Double, Node)
  case clamp(Node, min: Double, max: Double)
  /// A part of length >= 1 over and over, and where that ends (Int64.max: nowhere).
  case `repeat`(Node, Int64, end: Int64)
  case shift(Node, by: Int64)
  case stretch(Node, factor: Double, isLinear: Bool)
  case take(Node, Int64)

  /// The value at `t >= 0`.
  ///
  /// The commonest forms stand here, the others behind one more call: this function then needs no stack.
  @_optimize(speed)
  func value(at t: Int64) -> Double {
    switch self {
    case .constant(let leaf): leaf.value
    case .linear(let leaf): leaf.value(at: t)
    case .cosine(let leaf) where leaf.isPlain: leaf.plainValue(at: t)
    case .warmup(let leaf) where leaf.isPlain: leaf.plainValue(at: t)
    case .sequence(let first, let length, let then):
      t < length ? first.value(at: t) : then.value(at: t &- length)
    default: generalValue(at: t)
    }
  }

  @inline(never)
  private func generalValue(at t: Int64) -> Double {
    switch self {
    case .constant, .linear, .sequence: value(at: t)
    case .cosine(let leaf): leaf.value(at: t)
    case .polynomial(let leaf): leaf.value(at: t)
    case .cooldown(let leaf): leaf.value(at: t)
    case .rex(let leaf): leaf.value(at: t)
    case .tanh(let leaf): leaf.value(at: t)
    case .geometric(let leaf): leaf.value(at: t)
    case .ramp(let leaf): leaf.value(at: t)
    case .warmup(let leaf): leaf.value(at: t)
    case .step(let leaf): leaf.value(at: t)
    case .multistep(let leaf): leaf.value(at: t)
    case .piecewise(let leaf): leaf.value(at: t)
    case .exponential(let leaf): leaf.value(at: t)
    case .inverseTime(let leaf): leaf.value(at: t)
    case .powerLaw(let leaf): leaf.value(at: t)
    case .inverseSqrt(let leaf): leaf.value(at: t)
    case .noam(let leaf): leaf.value(at: t)
    case .sigmoid(let leaf): leaf.value(at: t)
    case .chebyshev(let leaf): leaf.value(at: t)
    case .cyclic(let leaf): leaf.value(at: t)
    case .sine(let leaf): leaf.value(at: t)
    case .restarts(let leaf): leaf.value(at: t)
    case .rangeTest(let leaf): leaf.value(at: t)
    case .knots(let leaf): leaf.value(at: t)
    case .table(let leaf): leaf.value(at: t)
    case .noise(let leaf): leaf.value(at: t)
    case .random(let leaf): leaf.value(at: t)

    case .product(let a, let b): finite(a.value(at: t) * b.value(at: t))
    case .scale(let factor, let part): finite(factor * part.value(at: t))
    case .clamp(let part, let low, let high): Swift.min(Swift.max(part.value(at: t), low), high)
    case .repeat(let part, let length, let end):
      part.value(at: t < end || end == Int64.max ? t % Swift.max(length, 1) : length)
    case .shift(let part, let by): part.value(at: Self.shifted(t, by: by))
    case .stretch(let part, let factor, let isLinear): Self.stretched(part, t, by: factor, isLinear)
    case .take(let part, let length): part.value(at: Swift.min(t, length))
    }
  }
}
