/// The annealings of NeMo: a power of the part left, not below a floor.
///
///     sqrt_annealing(total, floor) = clamp(polynomial(total, power=0.5), min=floor)
enum SqrtAnnealing {
  static var name: StaticString { "sqrt_annealing" }

  static var entry: Entry {
    Entry(
      name, "square root of the part left, not below a floor",
      formula: "clamp(polynomial(total, power=0.5), min=floor)", source: "NeMo", parameters
    ) { a throws(ConfigurationError) in try body(a, power: 0.5) }
  }

  static var parameters: [Parameter] { [.steps("total", "updates until 0 or the floor"), .floor()] }

  static func body(_ a: Arguments, power: Double) throws(ConfigurationError) -> Body {
    Body(try Schedule.polynomial(a.count("total"), power: power).clamped(min: a.real("floor")))
  }
}

///     square_annealing(total, floor) = clamp(polynomial(total, power=2), min=floor)
enum SquareAnnealing {
  static var name: StaticString { "square_annealing" }

  static var entry: Entry {
    Entry(
      name, "square of the part left, not below a floor",
      formula: "clamp(polynomial(total, power=2), min=floor)", source: "NeMo", SqrtAnnealing.parameters
    ) { a throws(ConfigurationError) in try SqrtAnnealing.body(a, power: 2) }
  }
}

/// The approach to the constant rate of stochastic weight averaging, as PyTorch's SWALR.
///
///     swa(total, end, shape) = ramp(total, start=1, end=end, shape)
enum WeightAveraging {
  static var name: StaticString { "swa" }

  static var entry: Entry {
    Entry(
      name, "approach to the rate of weight averaging", formula: "ramp(total, start=1, end=end, shape)",
      source: "arXiv 1803.05407",
      [
        .steps("total", "updates until the end value"),
        Parameter("end", .real(.nonNegative), "multiplier at the end and after"),
        Parameter(
          "shape", .word(OneCycle.Anneal.names), default: .word("cosine"), "curve between 1 and the end"),
      ]
    ) { a throws(ConfigurationError) in
      Body(try Schedule(.ramp, [a["total"], .real(1), a["end"], a["shape"]]))
    }
  }
}
