/// A linear warm-up, then linear decay.
///
///     warmup_linear(total, warmup, floor) = warmup(warmup, phase="warmup") >> linear(total - warmup, floor, phase="main")
enum WarmupLinear {
  static var name: StaticString { "warmup_linear" }

  static var entry: Entry {
    Entry(
      name, "warm-up, then linear decay", formula: "warmup(warmup) >> linear(total-warmup, floor)",
      WarmupDecay.parameters
    ) { a throws(ConfigurationError) in try WarmupDecay.body(a, .linear) }
  }
}

/// A linear warm-up, then cosine decay.
///
///     warmup_cosine(total, warmup, floor) = warmup(warmup, phase="warmup") >> cosine(total - warmup, floor, phase="main")
enum WarmupCosine {
  static var name: StaticString { "warmup_cosine" }

  static var entry: Entry {
    Entry(
      name, "warm-up, then cosine decay", formula: "warmup(warmup) >> cosine(total-warmup, floor)",
      WarmupDecay.parameters
    ) { a throws(ConfigurationError) in try WarmupDecay.body(a, .cosine) }
  }
}

private enum WarmupDecay {
  static var parameters: [Parameter] {
    [
      .steps("total", "updates of the whole"), .steps("warmup", from: 0, "updates of the rise, below total"),
      .floor(),
    ]
  }

  static func body(_ a: Arguments, _ decay: Kind) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let warmup = a.count("warmup")
    guard warmup < total else { throw a.error("warmup", expected: "an integer < total") }
    return Body(
      try .sequence([
        try Schedule.warmup(warmup).named("warmup"),
        try Schedule(decay, [.integer(total - warmup), a["floor"]]).named("main"),
      ]))
  }
}
