/// Rise, hold, exponential fall: the schedule of SpecAugment (arXiv 1904.08779) and of fairseq's speech
/// models.
///
///     tri_stage(warmup, hold, decay, start, end) = ramp(warmup, start, 1) >> constant(hold) >> geometric(decay, end)
///
/// Its phases are "warmup", "main" and "anneal".
enum TriStage {
  static var name: StaticString { "tri_stage" }

  static var entry: Entry {
    Entry(
      name, "rise, hold, exponential fall",
      formula: "ramp(warmup, start, 1) >> constant(hold) >> geometric(decay, end)",
      source: "arXiv 1904.08779",
      [
        .steps("warmup", from: 0, "updates of the rise"), .steps("hold", from: 0, "updates at the full rate"),
        .steps("decay", "updates of the fall"),
        Parameter("start", .real(.fraction), default: .real(0.01), "fraction at the first update"),
        Parameter("end", .real(.positive), default: .real(0.01), "multiplier at the end and after"),
      ]
    ) { a throws(ConfigurationError) in
      Body(
        try .sequence([
          try Schedule(.ramp, [a["warmup"], a["start"]]).named("warmup"),
          try Schedule.constant(a.count("hold")).named("main"),
          try Schedule(.geometric, [a["decay"], a["end"]]).named("anneal"),
        ]))
    }
  }
}
