/// What a scheduler does besides answering rates: it writes them down, and ends phases whose metric has settled.
struct Watch: ~Copyable, Sendable {
  private let settlings: Settlings
  /// Where phases were ended early: from that step on, the schedule's time.
  private var jumps: [Jump] = []
  /// Whether the metric has settled in the last phase, or for the whole training.
  var hasSettled = false
  /// One for each group, or none.
  private var records: [Record]
  private var firstRecorded: Int64 = 0
  /// The phases of the updates that are recorded under an earlier schedule, one after the other.
  private var past: [Span] = []
  /// The gradient norms that the caller logs.
  var norms: GradientNormLog?

  private static let maximumJumpCount = 4096

  private struct Jump: Sendable {
    var step: Int64
    var time: Int64
  }

  private struct Span: Sendable {
    /// The step after its last one.
    var end: Int64
    /// Empty: none.
    var name: [UInt8]
  }

  init(_ plan: Plan, groupCount: Int, normCapacity: Int) throws(ConfigurationError) {
    norms = normCapacity == 0 ? nil : try GradientNormLog(capacity: normCapacity)
    settlings = try Settlings(plan.settlings)
    records = Array(repeating: Record(), count: groupCount)
  }

  // MARK: - Settling

  /// What ends because one of the settlings says that the metric has settled.
  func ending(_ loss: Double, in phase: [UInt8]?) -> Settlings.Ending {
    settlings.observe(loss, in: phase)
  }

  /// From the update after `step` on, the schedule's time goes on from `time`.
  mutating func jump(to time: Int64, at step: Int64) {
    // One that is so long ago is not gone back to.
    if jumps.count == Self.maximumJumpCount { jumps.removeFirst() }
    if step < Int64.max { jumps.append(Jump(step: step + 1, time: time)) }
  }

  /// The schedule's time at any step.
  func time(at step: Int64) -> Int64 {
    for jump in jumps.reversed() where jump.step <= step {
      let (time, overflow) = jump.time.addingReportingOverflow(step - jump.step)
      return overflow ? Int64.max : time
    }
    return step
  }

  /// The name of the phase that the step was in (empty: none), and how many steps were left of it, >= 1.
  func span(at step: Int64, of schedule: Schedule?) -> (name: [UInt8], left: Int64) {
    let time = time(at: step)
    let span = schedule?.span(at: time)
    for i in past.indices where past[i].end > step {
      let left = past[i].end - step
      // The phase may go on under the present schedule.
      let end = self.time(at: past[i].end)
      guard i == past.count - 1, let next = schedule?.span(at: end), next.name == past[i].name,
        next.start < end
      else { return (past[i].name, left) }
      let (sum, overflow) = left.addingReportingOverflow(self.span(at: past[i].end, of: schedule).left)
      return (past[i].name, overflow ? Int64.max : sum)
    }
    var left = Int64.max
    // After its end the last phase goes on.
    if let end = span?.end, end > time { left = end - time }
    for jump in jumps where jump.step > step { left = Swift.min(left, jump.step - step) }
    return (span?.name ?? [], left)
  }

  /// The step from which on the present schedule counts, as far as the record tells.
  var extendedAt: Int64 { past.last?.end ?? 0 }

  /// Writes down in which phases the recorded updates were, before another schedule comes.
  mutating func keepSpans(of schedule: Schedule?) {
    let (first, count) = recorded
    var spans: [Span] = []
    var start: Int64 = 0
    while start < count {
      let (name, left) = span(at: first + start, of: schedule)
      start += Swift.min(left, count - start)
      let (end, overflow) = first.addingReportingOverflow(start)
      if overflow { break }
      spans.append(Span(end: end, name: name))
    }
    past = spans
  }

  // MARK: - The record

  var isRecording: Bool { !records.isEmpty }

  var recorded: (first: Int64, count: Int64) { (firstRecorded, records.first?.count ?? 0) }

  func record(ofGroup group: Int) -> Record? { records.indices.contains(group) ? records[group] : nil }

  mutating func append(_ rate: Double, ofGroup group: Int) {
    // The first group decides for all whether there is room.
    if !records[0].isFull || records[group].count < records[0].count { records[group].append(rate) }
  }

  /// What is after `step` was not.
  mutating func rewind(to step: Int64) {
    hasSettled = false
    while let last = jumps.last, last.step > step { jumps.removeLast() }
    let (first, count) = recorded
    if step >= first && step - first <= count {
      for i in records.indices { records[i].cut(to: step - first) }
      while let last = past.last, last.end > step {
        past.removeLast()
        if past.last?.end ?? first < step { past.append(Span(end: step, name: last.name)) }
      }
    } else {
      past.removeAll()
      for i in records.indices { records[i].removeAll() }
      firstRecorded = step
    }
  }

  mutating func transfer(_ state: inout StateCoder) {
    settlings.transfer(&state)
    state.transfer(&hasSettled)
    var jumpCount = jumps.count
    state.transfer(&jumpCount, in: 0...Self.maximumJumpCount)
    while jumps.count < jumpCount { jumps.append(Jump(step: 0, time: 0)) }
    for i in jumps.indices {
      state.transfer(&jumps[i].step, in: 0...Int64.max)
      state.transfer(&jumps[i].time, in: 0...Int64.max)
    }
    state.transfer(&firstRecorded, in: 0...Int64.max)
    for i in records.indices { records[i].transfer(&state) }
    norms?.transfer(&state)
    if state.has(format: 2, ifWritten: !past.isEmpty) { transferPast(&state) }
  }

  private mutating func transferPast(_ state: inout StateCoder) {
    var count = past.count
    state.transfer(&count, in: 1...Swift.max(1, state.room / 2))
    while past.count < count { past.append(Span(end: 0, name: [])) }
    var start = firstRecorded
    for i in past.indices {
      state.transfer(&past[i].end, in: 0...Int64.max)
      state.transfer(&past[i].name)
      if past[i].end <= start || !(past[i].name.isEmpty || PhaseName.isValid(past[i].name)) { state.reject() }
      start = past[i].end
    }
    if start - firstRecorded > recorded.count { state.reject() }
  }
}
