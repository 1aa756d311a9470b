/// Rise, hold, exponential fall: the schedule of SpecAugment (arXiv 1904.08779) and of fairseq's speech
/// models.
///
///     tri_stage(warmup, hold, decay, start, end) = ramp(warmup, start, 1) >> constant(hold) >> geometric(decay, end)
///
/// Its phases are "warmup", "main" and "anneal".
///
/// Examples, to step 1000:
///
///     tri_stage(100, 400, 500)
enum TriStage {
  static var declaration: StaticString {
    """
    tri_stage: rise, hold, exponential fall
    formula: ramp(warmup, start, 1) >> constant(hold) >> geometric(decay, end)
    source: arXiv 1904.08779
    warmup: count of updates from 0; updates of the rise
    hold: count of updates from 0; updates at the full rate
    decay: count of updates from 1; updates of the fall
    start: real in [0, 1] = 0.01; fraction at the first update
    end: real > 0 = 0.01; multiplier at the end and after
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    var text = Template(a)
    text.add("ramp({warmup}, {start}, phase=\"warmup\")")
    text.add("constant({hold}, phase=\"main\")")
    text.add("geometric({decay}, {end}, phase=\"anneal\")")
    return try text.body()
  }
}
