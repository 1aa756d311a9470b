/// What the warm-ups before a decay have in common.
enum WarmupDecay {
  static func body(_ a: Arguments, _ decay: StaticString) throws(ConfigurationError) -> Body {
    guard a.count("warmup") < a.count("total") else {
      throw a.error("warmup", expected: "an integer < total")
    }
    var text = Template(a)
    text.set("rest", .integer(a.count("total") - a.count("warmup")))
    text.add("warmup({warmup}, phase=\"warmup\")")
    text.add(decay)
    return try text.body()
  }
}
