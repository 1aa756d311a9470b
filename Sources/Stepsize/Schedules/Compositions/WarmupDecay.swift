/// What the two have in common.
enum WarmupDecay {
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
