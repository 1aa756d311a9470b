extension Scheduler {
  /// Whether the rates that are used are recorded.
  public var isRecording: Bool { watch.isRecording }

  /// The first update of the record, and how many there are.
  public var recorded: (first: Int64, count: Int64) { watch.recorded }

  /// The update from which on the current schedule applies where the record began under another one (`extend`); else 0.
  public var extendedAt: Int64 { watch.extendedAt }

  /// Writes the recorded rates of a group from record entry `first` on and returns how many were written.
  public func copyRecord(ofGroup group: Int, from first: Int64, to out: inout MutableSpan<Double>) -> Int {
    watch.record(ofGroup: group)?.copy(from: first, to: &out) ?? 0
  }

  /// The recorded rates of a group as a schedule for a base rate of 1, with the phases as they actually were.
  ///
  /// Throws `.limit` for more phases than a schedule can have pieces.
  public func replay(ofGroup group: Int) throws(ConfigurationError) -> Schedule {
    guard let record = watch.record(ofGroup: group) else {
      throw ConfigurationError(.argument, "replay: the scheduler keeps no record, or has no such group")
    }
    let (first, count) = watch.recorded
    var parts: [Schedule] = []
    var start: Int64 = 0
    while start < count {
      // A few bytes may say that a rate was used for years, and a schedule that they had a phase in each second.
      guard parts.count < Schedule.maximumNodeCount else {
        throw ConfigurationError(.limit, "replay: the record has more than 65536 phases")
      }
      let span = watch.span(at: first.adding(start) ?? Int64.max, of: plan.schedule)
      let end = span.until.map { Swift.min($0 &- first, count) } ?? count
      let part = try record.schedule(start..<end)
      parts.append(span.name.isEmpty ? part : try part.named(span.name))
      start = end
    }
    guard !parts.isEmpty else { throw ConfigurationError(.argument, "replay: nothing is recorded yet") }
    return try .sequence(parts)
  }

  /// The gradient norms logged so far; nil for a scheduler without a log.
  public var norms: GradientNormLog? { watch.norms }

  /// Logs the gradient norm of the current update, for a refinement: >= 0; NaN and +inf are kept.
  public mutating func log(norm: Double) throws(ConfigurationError) {
    guard watch.norms != nil else {
      throw ConfigurationError(.order, "log_norm: the scheduler was made without a log of gradient norms")
    }
    try watch.norms?.add(norm)
  }
}
