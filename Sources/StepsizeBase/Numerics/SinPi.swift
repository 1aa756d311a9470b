// Sine and cosine in units of half-turns. They use + - * and comparisons alone, so that every platform
// gives the same bits, without libm.

/// `sin(pi * y / 2)` for `y` in [0, 1]: exact at 0 and 1, error below 1 ulp (1.11 where `y < 0x1p-1020`).
///
/// There is no branch and no table, so that a loop over it vectorises.
@inline(__always)
package func sinHalfPi(_ y: Double) -> Double {
  y + sinHalfPiExcess(y)
}

/// `sinHalfPi` of every lane: the bits of the scalar function, in packed instructions.
@inline(__always)
package func sinHalfPi<V: SIMD>(_ y: V) -> V where V.Scalar == Double {
  var result = y
  for lane in y.indices { result[lane] = sinHalfPi(y[lane]) }
  return result
}

/// Eight lanes as two times four: LLVM does not pack a loop over all eight.
@inline(__always)
package func sinHalfPi(_ y: SIMD8<Double>) -> SIMD8<Double> {
  SIMD8(lowHalf: sinHalfPi(y.lowHalf), highHalf: sinHalfPi(y.highHalf))
}

/// `(1 - cos(pi * y)) / 2`, which is `sin(pi * y / 2)` squared, for `y` in [0, 1]: exact at 0 and 1, error
/// below 2.5 ulp. The curve of cosine decay, in a fifth fewer operations than by way of the sine.
///
/// The parabola `z + z (1 - z)`, `z = y^2`, equals it at 0 and 1 and has its slope at 1; the polynomial is the
/// quotient of what the two lack of `z`, with an error of 1.2e-18.
@inline(__always)
package func halfWave(_ y: Double) -> Double {
  let z = y * y
  var p = -3.45790448681078e-11
  p = p * z + 1.7577411085160148e-09
  p = p * z - 6.762228074730614e-08
  p = p * z + 2.083898948703815e-06
  p = p * z - 5.0235145423893504e-05
  p = p * z + 0.0009145520061509828
  p = p * z - 0.011988893688094929
  p = p * z + 0.10567642149124237
  p = p * z - 0.5619549629360442
  p = p * z + 1.4674011002723397
  return z + z * (1 - z) * p
}

/// `sin(pi * x)`: error as for `sinHalfPi`; NaN where `x` is not finite. A zero may have either sign.
package func sinPi(_ x: Double) -> Double {
  let r = remainderModulo2(x.magnitude)
  let y = 2 * r.magnitude
  let sine = sinHalfPi(y <= 1 ? y : 2 - y)
  return (x < 0) == (r < 0) ? sine : -sine
}

/// `cos(pi * x)`: error below 1.1 ulp, also beside its zeros; NaN where `x` is not finite.
package func cosPi(_ x: Double) -> Double {
  let y = 2 * remainderModulo2(x.magnitude).magnitude
  return y <= 1 ? cosHalfPi(y) : -cosHalfPi(2 - y)
}

/// `cos(pi * y / 2)` for `y` in [0, 1].
private func cosHalfPi(_ y: Double) -> Double {
  let c = 1 - y
  // What `c` lost to rounding counts with the slope of the sine, for which that of the cubic below will do.
  let lost = (1 - c) - y
  return c + (sinHalfPiExcess(c) + 1.5 * (1 - c * c) * lost)
}

/// `x - 2n` in [-1, 1] for an integer `n`, exactly, for `x >= 0`; NaN where `x` is not finite.
private func remainderModulo2(_ x: Double) -> Double {
  // From 0x1p53 on every number is an even integer: the remainder is 0, but inf - inf is NaN.
  if x >= 0x1p53 { return x - x }
  let n = (0.5 * x + 0x1p52) - 0x1p52
  return x - 2 * n
}

/// `sin(pi * y / 2) - y` for `y` in [0, 1].
///
/// The cubic `y + (y / 2) * (1 - y^2)` equals the sine at 0 and 1 and has its slope at 1, so that
///
///     sin(pi * y / 2) = y + (y / 2) * (1 - z) * (1 + k(z)),   z = y^2,
///
/// where `k` is small and smooth. `z = q + (z - q)` with `q` a multiple of 1/2 makes `(y / 2) * (1 - q)` and
/// `z - q` exact: the terms that are rounded are small ones.
@inline(__always)
private func sinHalfPiExcess(_ y: Double) -> Double {
  let z = y * y
  let q = (z + 0x1.8p51) - 0x1.8p51
  let half = 0.5 * y
  return half * (1 - q) + half * ((1 - z) * k(z) - (z - q))
}

/// Minimax polynomial on [0, 1]; it adds an error of 4e-18, relative to the sine.
@inline(__always)
private func k(_ z: Double) -> Double {
  var p = -1.1738374394413314e-11
  p = p * z + 1.3251150917234917e-09
  p = p * z - 1.1251756552100063e-07
  p = p * z + 7.085168435353875e-06
  p = p * z - 0.00031379720097227435
  p = p * z + 0.009049711069631565
  p = p * z - 0.15033554142269914
  return p * z + 0.14159265358979323
}
