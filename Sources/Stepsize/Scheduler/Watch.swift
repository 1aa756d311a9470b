/// What a scheduler does besides computing rates: it records them, and ends phases early.
struct Watch: ~Copyable, Sendable {
  private let earlyStops: EarlyStops
  /// Where phases ended early: the schedule's time from that step on.
  private var jumps: [Jump] = []
  /// Whether an early stop rule has ended the last phase, or the whole training.
  var hasStopped = false
  /// One for each group, or none.
  private var records: [Record]
  private var firstRecorded: Int64 = 0
  /// The phases of the updates that are recorded under an earlier schedule, one after the other.
  private var past: [Span] = []
  /// The phase that was looked up last, and the step of the schedule from which on it holds.
  private var latest: (from: Int64, phase: Phase)?
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
    earlyStops = try EarlyStops(plan.earlyStops)
    records = Array(repeating: Record(), count: groupCount)
  }

  // MARK: - Early stop rules

  /// What the early stop rules end after this loss.
  func ending(_ loss: Double, in phase: [UInt8]?) -> EarlyStops.Ending {
    earlyStops.observe(loss, in: phase)
  }

  /// The phase of a step of the schedule, looked up when it may be another one.
  mutating func phase(at time: Int64, of schedule: Schedule?) -> Phase {
    if let (from, phase) = latest, from <= time, time < phase.until ?? schedule?.length ?? Int64.max {
      return phase
    }
    let phase = schedule?.span(at: time) ?? Phase([])
    latest = (time, phase)
    return phase
  }

  /// From the update after `step` on, the schedule's time continues from `time`.
  mutating func jump(to time: Int64, at step: Int64) {
    // The oldest one is dropped: no run rewinds past thousands of early ends.
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

  /// The first step at which the schedule's time is that or later; nil if there is none.
  private func step(atTime time: Int64) -> Int64? {
    var start = Jump(step: 0, time: 0)
    for jump in jumps {
      if time - start.time < jump.step - start.step { break }
      start = jump
    }
    let (step, overflow) = start.step.addingReportingOverflow(Swift.max(time - start.time, 0))
    return overflow ? nil : step
  }

  /// The phase that a step was in, is in, or will be in as things stand; its name is empty where there is none.
  func span(at step: Int64, of schedule: Schedule?) -> Phase {
    guard let last = past.last, step < last.end, let i = past.firstIndex(where: { $0.end > step }) else {
      return presentSpan(at: step, of: schedule)
    }
    let start = i == 0 ? firstRecorded : past[i - 1].end
    // Nothing is known of the updates before the record.
    guard step >= start else { return Phase([], to: start, until: start) }
    let span = Phase(past[i].name, from: start, to: past[i].end, until: past[i].end)
    guard i == past.count - 1 else { return span }
    // The phase may continue under the current schedule.
    let next = presentSpan(at: last.end, of: schedule)
    guard next.name == span.name, next.start < last.end else { return span }
    return Phase(span.name, from: start, to: next.end, until: next.until)
  }

  private func presentSpan(at step: Int64, of schedule: Schedule?) -> Phase {
    schedule?.span(at: time(at: step)).moved { self.step(atTime: $0) } ?? Phase([])
  }

  /// Records which phases the recorded updates were in, before the schedule changes.
  mutating func keepSpans(of schedule: Schedule?) {
    let (first, count) = recorded
    let end = first > Int64.max - count ? Int64.max : first + count
    var spans: [Span] = []
    var start = first
    while start < end {
      let span = span(at: start, of: schedule)
      start = Swift.min(span.until ?? end, end)
      spans.append(Span(end: start, name: span.name))
    }
    past = spans
    latest = nil
  }

  /// The step from which on the current schedule applies, as far as the record shows.
  var extendedAt: Int64 { past.last?.end ?? 0 }

  // MARK: - The record

  var isRecording: Bool { !records.isEmpty }

  var recorded: (first: Int64, count: Int64) { (firstRecorded, records.first?.count ?? 0) }

  func record(ofGroup group: Int) -> Record? { records.indices.contains(group) ? records[group] : nil }

  mutating func append(_ rate: Double, ofGroup group: Int) {
    // The first group decides for all groups whether there is room.
    if !records[0].isFull || records[group].count < records[0].count { records[group].append(rate) }
  }

  /// Discards everything recorded after `step`.
  mutating func rewind(to step: Int64) {
    hasStopped = false
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
    earlyStops.transfer(&state)
    state.transfer(&hasStopped)
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
