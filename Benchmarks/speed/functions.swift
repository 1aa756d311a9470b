// The core's functions under names that functions.c can call: they are no part of the libraries' interface.

@c(core_exp) public func coreExp(_ x: Double) -> Double { .exp(x) }
@c(core_expm1) public func coreExpMinusOne(_ x: Double) -> Double { .expMinusOne(x) }
@c(core_log) public func coreLog(_ x: Double) -> Double { .log(x) }
@c(core_log1p) public func coreLogOnePlus(_ x: Double) -> Double { .log(onePlus: x) }
@c(core_tanh) public func coreTanh(_ x: Double) -> Double { .tanh(x) }
@c(core_pow) public func corePower(_ x: Double, _ y: Double) -> Double { .pow(x, y) }
@c(core_half_wave) public func coreHalfWave(_ x: Double) -> Double { halfWave(x) }
@c(core_cos_pi) public func coreCosPi(_ x: Double) -> Double { cosPi(x) }
