// Powers, as e^(y ln x) with 13 more bits in between, and exponentials whose results carry no more than the error of the
// function, whatever their arguments went through: those may be pairs.

extension Double {
  /// x^y for x >= 0: error below 0.55 ulp. pow(x, 0), pow(1, y) are 1, and pow(x, 1) is x, as is every result that is a
  /// double. NaN for x < 0.
  @inline(never)
  @_optimize(speed)
  package static func pow(_ x: Double, _ y: Double) -> Double {
    guard x.isPositiveNormal, y.magnitude < .infinity else { return unusualPower(x, y) }
    return power(x.bitPattern, Pair(y))
  }
}

/// x^y, where x is 1 + lack times the number with the bits, as LogParts takes them.
@inline(never)
@_optimize(speed)
private func power(_ bits: UInt64, _ y: Pair, lack: Double = 0) -> Double {
  exponential(product(LogParts(bits).pair(plus: lack), y))
}

/// x·y to some 2^-70. The upper parts are cut so that their product is exact, however large a factor.
@inline(__always)
private func product(_ x: Pair, _ y: Pair) -> Pair {
  let xTop = top(x.high)
  let yTop = top(y.high)
  return Pair(high: xTop * yTop, low: ((y.high - yTop) + y.low) * xTop + y.high * ((x.high - xTop) + x.low))
}

/// The upper 26 bits.
@inline(__always)
private func top(_ x: Double) -> Double { Double(bitPattern: x.bitPattern & ~0x7ff_ffff) }

/// x^y where x is no positive normal number, or y not finite.
@inline(never)
private func unusualPower(_ x: Double, _ y: Double) -> Double {
  if y == 0 || x == 1 { return 1 }
  guard x >= 0, y == y else { return .nan }
  if x == 0 || x == .infinity || y.magnitude == .infinity { return (x > 1) == (y > 0) ? .infinity : 0 }
  return power(x.scaledBits, Pair(y))
}

/// base^exponent for base > 0.
package func raise(_ base: Double, to exponent: Pair) -> Double { raise(Pair(base), to: exponent, lack: 0) }

/// base^exponent for base >= 0 and exponent > 0.
package func raise(_ base: Pair, to exponent: Double) -> Double {
  exponent == 1 ? base.high : raise(base, to: Pair(exponent), lack: base.low / base.high)
}

@inline(__always)
private func raise(_ base: Pair, to exponent: Pair, lack: Double) -> Double {
  guard base.high > 0, base.high < .infinity, exponent.high.magnitude < .infinity else {
    return finite(unusualPower(base.high, exponent.high))
  }
  let bits = base.high.isPositiveNormal ? base.high.bitPattern : base.high.scaledBits
  return finite(power(bits, exponent, lack: lack))
}

/// base^exponent for base >= 0, with the exponents that have a cheaper, better rounded form.
package func raise(_ base: Double, to exponent: Double) -> Double {
  if exponent == 1 { return base }
  if exponent == 2 { return finite(base * base) }
  if exponent == 0.5 { return base.squareRoot() }
  return finite(.pow(base, exponent))
}

@_optimize(speed)
package func exp(_ x: Pair) -> Double { finite(exponential(x)) }

/// 1/(1 + e^z), with full relative precision at both ends.
package func logistic(_ z: Pair) -> Double {
  if z.high > 0 {
    let e = exp(Pair(high: -z.high, low: -z.low))
    return e / (1 + e)
  }
  return 1 / (1 + exp(z))
}
