extension Double {
  /// tanh x: error below 0.9 ulp.
  @inline(never)
  @_optimize(speed)
  package static func tanh(_ x: Double) -> Double {
    let size = x.magnitude
    if size < 0.55 { return smallTanh(x) }
    // From here on 1 is nearest.
    guard size < 19.5 else { return x == x ? signed(1, as: x) : .nan }
    // 1 - 2/(e^2|x| + 1)
    let parts = ExpParts(2 * size)
    let scale = parts.scale
    let sum = scale + 1
    let lost = ((scale - sum) + 1) + scale * parts.rest
    let divisor = sum + lost
    let quotient = 2 / divisor
    let tail = quotient * quotient * (0.5 * ((sum - divisor) + lost))
    let difference = 1 - quotient
    return signed(difference + (((1 - difference) - quotient) + tail), as: x)
  }
}

@inline(__always)
private func signed(_ y: Double, as x: Double) -> Double { x < 0 ? -y : y }

@inline(__always)
private func smallTanh(_ x: Double) -> Double {
  // Among other things, a zero keeps its sign.
  if x.magnitude < 0x1p-28 { return x }
  typealias P = TanhPolynomial
  let z = x * x
  let z2 = z * z
  let z4 = z2 * z2
  let low = (P.c0 + z * P.c1) + z2 * (P.c2 + z * P.c3)
  let middle = (P.c4 + z * P.c5) + z2 * (P.c6 + z * P.c7)
  let high = (P.c8 + z * P.c9) + z2 * P.c10
  return x + x * z * (low + z4 * (middle + z4 * high))
}
