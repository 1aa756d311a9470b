import CMathShims

// Powers and exponentials whose results carry no more than the error of libm, whatever their arguments went
// through: the low part of an argument is put back with the slope of the function. Nothing is put back where
// the result has overflowed, or where the correction is not small (or not a number), as beside 0.

@inline(__always)
private func corrected(_ value: Double, _ correction: Double) -> Double {
  guard value < Double.greatestFiniteMagnitude else { return Double.greatestFiniteMagnitude }
  return correction.magnitude < 1e-3 ? finite(value + value * correction) : value
}

/// base^exponent for base > 0.
package func raise(_ base: Double, to exponent: Pair) -> Double {
  corrected(stepsize_math_pow(base, exponent.high), exponent.low * stepsize_math_log(base))
}

/// base^exponent for base >= 0 and exponent > 0.
package func raise(_ base: Pair, to exponent: Double) -> Double {
  if exponent == 1 { return base.high }
  return corrected(raise(base.high, to: exponent), exponent * base.low / base.high)
}

/// base^exponent for base >= 0, with the exponents that have a cheaper, better rounded form.
package func raise(_ base: Double, to exponent: Double) -> Double {
  if exponent == 1 { return base }
  if exponent == 2 { return finite(base * base) }
  if exponent == 0.5 { return base.squareRoot() }
  return finite(stepsize_math_pow(base, exponent))
}

package func exp(_ x: Pair) -> Double {
  corrected(stepsize_math_exp(x.high), x.low)
}

/// 1/(1 + e^z), with full relative precision at both ends.
package func logistic(_ z: Pair) -> Double {
  if z.high > 0 {
    let e = exp(Pair(high: -z.high, low: -z.low))
    return e / (1 + e)
  }
  return 1 / (1 + exp(z))
}
