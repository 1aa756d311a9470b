/// Warm-up, a constant rate, and a cooldown (MiniCPM, arXiv 2404.06395; Hägele et al., arXiv 2405.18392).
///
///     wsd(total, warmup, decay, …) = warmup(warmup, start, phase="warmup")
///                                    >> constant(total - warmup - decay, phase="main")
///                                    >> cooldown(decay, shape, floor, power, q, phase="anneal")
///
/// Parts of length 0 are left out: without a decay the rate stays at 1.
///
/// Examples, to step 1000:
///
///     wsd(1000, warmup=100, decay=200)
///     wsd(1000, warmup=100, decay=400, shape="linear", floor=0.1)
enum WSD {
  static var declaration: StaticString {
    """
    wsd: warm-up, a constant rate, then a cooldown
    formula: warmup(warmup, start) >> constant(total-warmup-decay) >> cooldown(decay, shape, floor, power, q)
    source: arXiv 2404.06395, arXiv 2405.18392
    total: count of updates from 1; updates in total
    warmup: count of updates from 0 = 0; updates of the rise
    decay: count of updates from 0 = none; updates of the cooldown; none: a tenth of total
    shape
    floor
    start: real in [0, 1] = none; fraction at the first update, or none
    power
    q
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let warmup = a.count("warmup")
    let decay = a.optionalCount("decay") ?? total / 10
    guard warmup <= total else { throw a.error("warmup", expected: "an integer <= total") }
    guard decay <= total - warmup else {
      throw a.error("decay", expected: "an integer <= total - warmup, or none")
    }
    var text = Template(a)
    text.set("rest", .integer(total - warmup - decay))
    text.set("decay", .integer(decay))
    text.add("warmup({warmup}, {start}, phase=\"warmup\")", if: warmup > 0)
    text.add("constant({rest}, phase=\"main\")", if: total > warmup + decay)
    text.add("cooldown({decay}, {shape}, {floor}, {power}, {q}, phase=\"anneal\")", if: decay > 0)
    return try text.body()
  }
}
