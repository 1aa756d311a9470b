/// Warm-up, a constant rate, then a power law (Squeezeformer, arXiv 2206.00888).
///
///     noam_hold(warmup, hold, power, floor)
///       = clamp(warmup(warmup, start=0) >> constant(hold) >> power_law(warmup, power), min=floor)
enum NoamHold {
  static var name: StaticString { "noam_hold" }

  static var entry: Entry {
    Entry(
      name, "warm-up, a constant rate, then a power law",
      formula: "clamp(warmup(warmup, start=0) >> constant(hold) >> power_law(warmup, power), min=floor)",
      source: "arXiv 2206.00888",
      [
        .steps("warmup", "updates of the rise, and scale of the power law"),
        .steps("hold", from: 0, "updates at the full rate"),
        Parameter("power", .real(.positive), default: .real(0.5), "exponent of the power law"), .floor(),
      ]
    ) { a throws(ConfigurationError) in
      let warmup = a["warmup"]
      let curve: Schedule = try .sequence([
        try Schedule(.warmup, [warmup, .real(0)]), try .constant(a.count("hold")),
        try Schedule(.powerLaw, [warmup, a["power"]]),
      ])
      return Body(try curve.clamped(min: a.real("floor")))
    }
  }
}
