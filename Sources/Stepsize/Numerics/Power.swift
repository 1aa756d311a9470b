import CMathShims

/// base^exponent for base >= 0, with the exponents that have a cheaper, better rounded form.
func raise(_ base: Double, to exponent: Double) -> Double {
  if exponent == 1 { return base }
  if exponent == 2 { return base * base }
  if exponent == 0.5 { return base.squareRoot() }
  return finite(stepsize_math_pow(base, exponent))
}

/// base^(numerator/denominator) for base > 0. The rounding error of the quotient is put back: left in, it
/// would be multiplied by the logarithm of the result.
func raise(_ base: Double, to numerator: Double, over denominator: Double) -> Double {
  let quotient = numerator / denominator
  let value = finite(stepsize_math_pow(base, quotient))
  let error = numerator.addingProduct(-quotient, denominator) / denominator
  let correction = error * stepsize_math_log(base)
  return abs(correction) < 1e-3 ? finite(value + value * correction) : value
}

/// exp(a·b), with the rounding error of the product put back.
func exp(ofProduct a: Double, _ b: Double) -> Double {
  let product = a * b
  let value = finite(stepsize_math_exp(product))
  let error = (-product).addingProduct(a, b)
  return abs(error) < 1e-3 ? finite(value + value * error) : value
}

/// 1 - x^p where `progress.done` is x.
func oneMinusPower(_ progress: Progress, _ p: Double) -> Double {
  if p == 1 { return progress.left }
  if p == 2 { return progress.left * (1 + progress.done) }
  if p == 0.5 { return progress.left / (1 + progress.done.squareRoot()) }
  if progress.done == 0 { return 1 }
  let log = progress.done < 0.5 ? stepsize_math_log(progress.done) : stepsize_math_log1p(-progress.left)
  return -stepsize_math_expm1(p * log)
}

extension Progress {
  /// x^k and 1 - x^k.
  func raised(to k: Double) -> Progress {
    k == 1 ? self : Progress(done: raise(done, to: k), left: oneMinusPower(self, k))
  }
}
