/// x kept in [low, high], in the two instructions that the processor has for it. NaN gives `low`.
@inline(__always)
func bounded(_ x: Double, _ low: Double, _ high: Double) -> Double {
  let raised = x > low ? x : low
  return raised < high ? raised : high
}
