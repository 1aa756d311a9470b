/// x clamped to [low, high], in the two instructions that the processor has for it. NaN gives `low`.
@inline(__always)
package func bounded(_ x: Double, _ low: Double, _ high: Double) -> Double {
  let raised = x > low ? x : low
  return raised < high ? raised : high
}

/// Growth saturates at the largest finite number; values are never negative.
@inline(__always)
package func finite(_ x: Double) -> Double {
  Swift.min(x, Double.greatestFiniteMagnitude)
}
