/// Decay with a power of time; timm's and the power scheduler's stable phase (arXiv 2408.13359).
///
///     value(t) = (1 + t/scale)^-power
///
/// 1 at t = 0, 2^-power at t = scale.
struct PowerLaw: Sendable {
  let scale: Double
  let power: Double

  static var name: StaticString { "power_law" }

  static var entry: Entry {
    Entry(
      name, "decay with a power of time", formula: "(1 + t/scale)^-power", source: "arXiv 2408.13359",
      [
        Parameter("scale", .real(.positive), "updates until the rate is at 2^-power"),
        Parameter("power", .real(.positive), default: .real(0.5), "exponent"),
      ]
    ) { a throws(ConfigurationError) in
      Body(.powerLaw(PowerLaw(scale: a.real("scale"), power: a.real("power"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    raise(Pair(scale) / (Pair(scale) + Pair(t)), to: power)
  }
}

/// Decay with the inverse square root of time, 1 at t = 0.
///
///     value(t) = √(timescale / (timescale + t))
struct InverseSqrt: Sendable {
  let timescale: Double

  static var name: StaticString { "inverse_sqrt" }

  static var entry: Entry {
    Entry(
      name, "decay with the inverse square root of time", formula: "sqrt(timescale/(timescale + t))",
      source: "arXiv 2106.04560",
      [Parameter("timescale", .real(.positive), "updates until the rate is at 1/sqrt(2)")]
    ) { a throws(ConfigurationError) in
      Body(.inverseSqrt(InverseSqrt(timescale: a.real("timescale"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    (timescale / (timescale + Double(t))).squareRoot()
  }
}

extension Schedule {
  /// Decay with the inverse square root of time.
  public static func inverseSqrt(_ timescale: Double) throws(ConfigurationError) -> Schedule {
    try Schedule(.inverseSqrt, [.real(timescale)])
  }
}
