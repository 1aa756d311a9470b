/// The power scheduler (Shen et al., arXiv 2408.13359): warm-up, min(peak, a·t^-power), and an exponential
/// decay at the end.
///
///     power_scheduler(total, warmup, hold, power, decay, q)
///       = warmup(warmup) >> constant(hold) >> take(power_law(warmup + hold, power), total - warmup - hold - decay)
///         >> v * cooldown(decay, "exponential", q=q)
///
/// In the paper the peak is reached where a·t^-power falls below it; here that step is warmup + hold, so that
/// from there on the value is (t/(warmup + hold))^-power, whatever the batch size and the total. The decay
/// begins at the value v of the power law at that step. Parts of length 0 are left out.
/// Its phases are "warmup", "main" (constant and power law) and "anneal".
///
/// Examples, to step 1000:
///
///     power_scheduler(1000, 100, 100)
///     power_scheduler(1000, 100, 100, decay=200)
enum PowerScheduler {
  static var declaration: StaticString {
    """
    power_scheduler: warm-up, hold, a power law, then an exponential decay
    formula: warmup(warmup) >> constant(hold) >> take(power_law(warmup+hold, power), total-warmup-hold-decay) \
    >> v * cooldown(decay, "exponential", q=q), v = ((total-decay)/(warmup+hold))^-power
    source: arXiv 2408.13359
    total: count of updates from 1; updates in total
    warmup: count of updates from 0; updates of the rise
    hold: count of updates from 0; updates at the full rate
    power: real > 0 = 0.51; exponent of the power law
    decay: count of updates from 0 = 0; updates of the final decay
    q
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let warmup = a.count("warmup")
    let hold = a.count("hold")
    let decay = a.count("decay")
    guard warmup <= total else { throw a.error("warmup", expected: "an integer <= total") }
    guard hold <= total - warmup else { throw a.error("hold", expected: "an integer <= total - warmup") }
    let scale = warmup + hold
    guard scale >= 1 else { throw a.error("hold", expected: "an integer >= 1 without a warm-up") }
    let rest = total - scale
    guard decay <= rest else { throw a.error("decay", expected: "an integer <= total - warmup - hold") }
    let law = try Schedule.powerLaw(Double(scale), power: a.real("power"))
    var text = Template(a)
    text.set("scale", .integer(scale))
    text.set("rest", .integer(rest - decay))
    text.set("top", .real(law.value(at: rest - decay)))
    text.add("warmup({warmup}, phase=\"warmup\")", if: warmup > 0)
    text.add("constant({hold}, phase=\"main\")", if: hold > 0)
    text.add("take(power_law({scale}, {power}), {rest}, phase=\"main\")", if: rest > decay || decay == 0)
    text.add("({top} * cooldown({decay}, \"exponential\", q={q}), phase=\"anneal\")", if: decay > 0)
    return try text.body()
  }
}
