/// The computation of a schedule: a tree whose leaves are closed forms.
///
/// Composites hold their parts directly in the cases, not in arrays or structs, so that evaluation needs no
/// reference counting.
indirect enum Node: Sendable {
  case constant(Constant)
  case linear(Linear)
  case cosine(Cosine)
  case polynomial(Polynomial)
  case warmup(Warmup)
  case table(Table)

  /// The first part, its length, and what follows.
  case sequence(Node, Int64, Node)
  case product(Node, Node)
  case scale(Double, Node)
  case clamp(Node, min: Double, max: Double)

  /// The value at `t >= 0`.
  func value(at t: Int64) -> Double {
    switch self {
    case .constant(let leaf): leaf.value
    case .linear(let leaf): leaf.value(at: t)
    case .cosine(let leaf): leaf.value(at: t)
    case .polynomial(let leaf): leaf.value(at: t)
    case .warmup(let leaf): leaf.value(at: t)
    case .table(let leaf): leaf.value(at: t)

    case .sequence(let first, let length, let then):
      t < length ? first.value(at: t) : then.value(at: t &- length)
    case .product(let a, let b): finite(a.value(at: t) * b.value(at: t))
    case .scale(let factor, let part): finite(factor * part.value(at: t))
    case .clamp(let part, let low, let high): Swift.min(Swift.max(part.value(at: t), low), high)
    }
  }
}

/// Growth saturates at the largest finite number; values are never negative.
@inline(__always)
func finite(_ x: Double) -> Double {
  Swift.min(x, Double.greatestFiniteMagnitude)
}
