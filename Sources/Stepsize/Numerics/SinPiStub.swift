// Trigonometric kernels in units of half-turns, built from + - * alone: the same bits on every platform.

/// `sin(pi * y / 2)` for `y` in [0, 1]: error below 1 ulp (1.11 where `y < 0x1p-1020`), exact at 0 and at 1.
///
/// The cubic `y + (y / 2) * (1 - y^2)` agrees with the sine at 0, at 1 and in its slope at 1, so
///
///     sin(pi * y / 2) = y + (y / 2) * d * (1 + k),   d = 1 - y^2,
///
/// where `k` is a smooth function of `y^2` below 0.142: a minimax polynomial of degree 7, relative error 4e-18.
/// There is no branch and no table, so a loop over it vectorises.
@inline(__always)
func sinHalfPi(_ y: Double) -> Double {
  y + sinHalfPiExcess(y)
}

/// `sinHalfPi` in every lane, with the bits of the scalar function.
@inline(__always)
func sinHalfPi<V: SIMD>(_ y: V) -> V where V.Scalar == Double {
  var result = y
  for lane in y.indices { result[lane] = sinHalfPi(y[lane]) }
  return result
}

/// `sin(pi * y / 2) - y` for `y` in [0, 1].
@inline(__always)
private func sinHalfPiExcess(_ y: Double) -> Double {
  let z = y * y
  // Split z = q + (z - q) with q a multiple of 1/2: (y / 2) * (1 - q) and z - q are then exact, and what is
  // left to round is small.
  let q = (z + 0x1.8p51) - 0x1.8p51
  let half = 0.5 * y
  return half * (1 - q) + half * ((1 - z) * k(z) - (z - q))
}

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
func cosPi(_ x: Double) -> Double { 1 - 2 * sinHalfPi(x) * sinHalfPi(x) }
