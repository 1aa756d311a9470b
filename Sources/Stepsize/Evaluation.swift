/// Evaluation. The cases are listed in Catalogue/Node.swift, which is generated.
extension Node {
  /// The value at `t >= 0`.
  ///
  /// The commonest forms are inlined here, the others are one more call away, so that this function needs no stack.
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
    case .sequence: value(at: t)
    case .product(let a, let b): finite(a.value(at: t) * b.value(at: t))
    case .scale(let factor, let part): finite(factor * part.value(at: t))
    case .clamp(let part, let low, let high): Swift.min(Swift.max(part.value(at: t), low), high)
    case .repeat(let part, let length, let end):
      part.value(at: t < end || end == Int64.max ? t % Swift.max(length, 1) : length)
    case .shift(let part, let by): part.value(at: Self.shifted(t, by: by))
    case .stretch(let part, let factor, let isLinear): Self.stretched(part, t, by: factor, isLinear)
    case .take(let part, let length): part.value(at: Swift.min(t, length))
    default: leafValue(at: t)
    }
  }
}

/// Growth saturates at the largest finite number; values are never negative.
@inline(__always)
func finite(_ x: Double) -> Double {
  Swift.min(x, Double.greatestFiniteMagnitude)
}
