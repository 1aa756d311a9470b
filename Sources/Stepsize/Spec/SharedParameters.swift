/// Parameters that several declarations share: a declaration names them, with its own default where it has one.
enum SharedParameters {
  static var declaration: StaticString {
    """
    floor: real in [0, 1] = 0; lowest value, as a fraction of the base rate
    shape: word linear|cosine|1-sqrt|1-square|1-power|sqrt|square|power|exponential|mirror-cosine = 1-sqrt; \
    curve of the fall
    power: real > 0 = 1; exponent of the shapes power and 1-power
    q: real in (0, 1) = 0.1; base of the shape exponential
    gamma: real in (0, 1] = 1; factor per update of the exp mode
    mode: word min|max = min; whether a smaller metric is better (a loss) or a larger one
    threshold: real >= 0 = 0; margin of an improvement
    threshold_mode: word abs|rel = abs; whether the margin is a difference or a fraction of the best metric
    after: count of updates from 0 = 0; updates at the beginning that it ignores
    phase: name = none; the phase whose updates it observes; none: all
    skip_warmup: flag = false; whether it ignores the warm-up that the schedule begins with
    """
  }

  /// The line of a name.
  static func line(_ name: some Collection<UInt8>) -> [UInt8]? {
    var lines = Lines(declaration)
    return lines.next(named: name)
  }
}
