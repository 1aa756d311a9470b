extension Schedule {
  /// Writes base × value(at: first + i·stride) for each i: the same bits as one by one. Steps saturate at the
  /// ends of Int64.
  public func fill(
    _ out: inout MutableSpan<Double>, from first: Int64 = 0, stride: Int64 = 1, base: Double = 1
  ) {
    if stride == 1 && first >= 0 && !first.addingReportingOverflow(Int64(out.count)).overflow {
      node.fill(&out, 0..<out.count, from: first)
    } else {
      for i in out.indices { out[i] = node.value(at: Self.step(first, stride, Int64(i))) }
    }
    if base != 1 { for i in out.indices { out[i] = finite(base * out[i]) } }
  }

  /// In single precision: each value is computed in double precision and rounded once. Where that would
  /// round a rate above 0 to 0, the smallest positive number stands instead.
  public func fill(
    _ out: inout MutableSpan<Float>, from first: Int64 = 0, stride: Int64 = 1, base: Double = 1
  ) {
    for i in out.indices {
      let value = finite(base * node.value(at: Self.step(first, stride, Int64(i))))
      let rounded = Float(Swift.min(value, Double(Float.greatestFiniteMagnitude)))
      out[i] = value > 0 ? Swift.max(rounded, Float.leastNonzeroMagnitude) : rounded
    }
  }

  /// first + i·stride, saturating, not below 0.
  private static func step(_ first: Int64, _ stride: Int64, _ i: Int64) -> Int64 {
    let (offset, productOverflow) = stride.multipliedReportingOverflow(by: i)
    let (step, sumOverflow) = first.addingReportingOverflow(offset)
    if productOverflow || (sumOverflow && (first < 0) == (offset < 0)) { return stride > 0 ? Int64.max : 0 }
    return Swift.max(step, 0)
  }
}

extension Node {
  /// Consecutive steps from `t >= 0`; t plus the count does not overflow.
  func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64) {
    switch self {
    case .sequence(let first, let length, let then):
      let count = Int(Swift.min(Int64(range.count), Swift.max(0, length &- t)))
      let middle = range.lowerBound + count
      if count > 0 { first.fill(&out, range.lowerBound..<middle, from: t) }
      if middle < range.upperBound {
        then.fill(&out, middle..<range.upperBound, from: t &+ Int64(count) &- length)
      }
    case .scale(let factor, let part):
      part.fill(&out, range, from: t)
      for i in range { out[i] = finite(factor * out[i]) }
    case .clamp(let part, let low, let high):
      part.fill(&out, range, from: t)
      for i in range { out[i] = Swift.min(Swift.max(out[i], low), high) }
    case .linear(let leaf): leaf.fill(&out, range, from: t)
    case .cosine(let leaf): leaf.fill(&out, range, from: t)
    default:
      for i in range { out[i] = value(at: t &+ Int64(i &- range.lowerBound)) }
    }
  }
}

extension Linear {
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64) {
    for i in range { out[i] = value(at: t &+ Int64(i &- range.lowerBound)) }
  }
}

extension Cosine {
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64) {
    for i in range { out[i] = value(at: t &+ Int64(i &- range.lowerBound)) }
  }
}
