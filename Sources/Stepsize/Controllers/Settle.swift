/// Ends a phase when the metric has settled: when, within the phase, it has not improved on its best by the threshold
/// for `patience` observations in a row.
///
/// The schedule goes on with the next phase; where there is none, or where no phase is named, the scheduler says that it
/// is time to stop. Every phase begins anew. An observation that is not finite is a bad one and enters neither the average nor the best.
public struct Settle: ~Copyable, Sendable {
  public struct Configuration: Sendable {
    /// The phase to end; nil: the whole training.
    public var phase: [UInt8]?
    public var mode = MetricMode.min
    public var patience: Int64 = 100
    public var threshold = 1e-3
    public var thresholdMode = ThresholdMode.relative
    /// Observations in the running mean that is looked at.
    public var window: Int64 = 1

    public init(phase: [UInt8]? = nil) { self.phase = phase }
  }

  let configuration: Configuration
  private var average: MovingAverage
  private var best: BestMetric
  private var badCount: Int64 = 0

  init(_ configuration: Configuration) throws(ConfigurationError) {
    try Controller.settle(configuration).validate()
    self.configuration = configuration
    average = MovingAverage(window: Int(configuration.window))
    best = BestMetric(
      mode: configuration.mode, threshold: configuration.threshold,
      thresholdMode: configuration.thresholdMode,
      signedMargin: false)
  }

  /// Whether the metric has settled with this observation, of the phase of that name.
  mutating func observe(_ loss: Double, in phase: [UInt8]?) -> Bool {
    if let name = configuration.phase, name != phase {
      if badCount != 0 || !best.isNew { reset() }
      return false
    }
    let metric = loss.isFinite ? average.add(loss) : Double.nan
    badCount = best.improves(metric) ? 0 : badCount + 1
    return badCount >= configuration.patience
  }

  private mutating func reset() {
    average.reset()
    best.reset()
    badCount = 0
  }

  mutating func transfer(_ state: inout StateCoder) {
    average.transfer(&state)
    best.transfer(&state)
    state.transfer(&badCount, in: StateCoder.counts)
  }
}

extension Settle.Configuration {
  static var signature: Signature {
    let defaults = Self()
    return Signature(
      name: "settle", summary: "ends a phase, or the training, when the metric has settled",
      formula: "patience observations in a row that do not improve on the phase's best by the threshold",
      source: "",
      parameters: [
        Parameter("phase", .name, default: Value.none, "the phase to end; none: the training"),
        .mode(defaults.mode),
        .observations("patience", from: 1, default: defaults.patience, "observations without an improvement"),
        .threshold(defaults.threshold), .thresholdMode(defaults.thresholdMode),
        .observations(
          "window", from: 1, to: 16_777_216, default: defaults.window,
          "observations in the mean that is looked at"),
      ])
  }

  init(_ a: Arguments) throws(ConfigurationError) {
    if case .word(let name) = a["phase"] { phase = name } else { phase = nil }
    mode = try a.word("mode", as: MetricMode.self)
    patience = a.count("patience")
    threshold = a.real("threshold")
    thresholdMode = try a.word("threshold_mode", as: ThresholdMode.self)
    window = a.count("window")
  }

  /// In the order of the signature.
  var values: [Value] {
    [
      phase.map { .word($0) } ?? Value.none, .word(mode.name), .integer(patience), .real(threshold),
      .word(thresholdMode.name), .integer(window),
    ]
  }
}
