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
  var past: [Span] = []
  /// The phase that was looked up last, and from which of the schedule's steps on it is that.
  private var latest: (from: Int64, phase: Phase)?
  /// The gradient norms that the caller logs.
  var norms: GradientNormLog?
  /// Updates that surely need no memory from now on (`reserve`).
  private(set) var reservedCount: Int64 = 0

  private static let maximumJumpCount = 4096

  private struct Jump: Sendable {
    var step: Int64
    var time: Int64
  }

  struct Span: Sendable {
    /// The step after its last one.
    var end: Int64
    /// Empty: none.
    var name: [UInt8]
  }

  init(_ plan: Plan, groupCount: Int, normCapacity: Int) throws(ConfigurationError) {
    norms = normCapacity == 0 ? nil : try GradientNormLog(capacity: normCapacity)
    settlings = try Settlings(plan.settlings)
    records = Array(repeating: Record(), count: groupCount)
    if !settlings.isEmpty { jumps.reserveCapacity(4) }
  }

  // MARK: - Settling

  /// What ends because one of the settlings says that the metric has settled.
  func ending(_ loss: Double, in phase: [UInt8]?) -> Settlings.Ending {
    settlings.observe(loss, in: phase)
  }

  /// The phase of a step of the schedule, looked up when it may be another one.
  mutating func phase(at time: Int64, of schedule: Schedule?) -> Phase {
    if let (from, phase) = latest, from == time || (from < time && time < end(of: phase, schedule)) {
      return phase
    }
    let phase = schedule?.span(at: time) ?? Phase([])
    latest = (time, phase)
    return phase
  }

  /// The first step at which another phase has to be looked up.
  private func end(of phase: Phase, _ schedule: Schedule?) -> Int64 {
    phase.until ?? schedule?.length ?? Int64.max
  }

  mutating func forgetPhase() {
    latest = nil
    reservedCount = 0
  }

  /// From the update after `step` on, the schedule's time goes on from `time`.
  mutating func jump(to time: Int64, at step: Int64) {
    // One that is so long ago is not gone back to.
    if jumps.count == Self.maximumJumpCount { jumps.removeFirst() }
    if step < Int64.max { jumps.append(Jump(step: step + 1, time: time)) }
    reservedCount = 0
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
    // Nothing is known of what was before the record.
    guard step >= start else { return Phase([], to: start, until: start) }
    let span = Phase(past[i].name, from: start, to: past[i].end, until: past[i].end)
    guard i == past.count - 1 else { return span }
    // The phase may go on under the present schedule.
    let next = presentSpan(at: last.end, of: schedule)
    guard next.name == span.name, next.start < last.end else { return span }
    return Phase(span.name, from: start, to: next.end, until: next.until)
  }

  private func presentSpan(at step: Int64, of schedule: Schedule?) -> Phase {
    schedule?.span(at: time(at: step)).moved { self.step(atTime: $0) } ?? Phase([])
  }

  /// In which phases the recorded updates were, to be kept when another schedule comes.
  func spans(of schedule: Schedule?) -> [Span] {
    let (first, count) = recorded
    let end = first > Int64.max - count ? Int64.max : first + count
    var spans: [Span] = []
    var start = first
    while start < end {
      let span = span(at: start, of: schedule)
      start = Swift.min(span.until ?? end, end)
      spans.append(Span(end: start, name: span.name))
    }
    return spans
  }

  /// The step from which on the present schedule counts, as far as the record tells.
  var extendedAt: Int64 { past.last?.end ?? 0 }

  // MARK: - The record

  var isRecording: Bool { !records.isEmpty }

  var recorded: (first: Int64, count: Int64) { (firstRecorded, records.first?.count ?? 0) }

  func record(ofGroup group: Int) -> Record? { records.indices.contains(group) ? records[group] : nil }

  mutating func append(_ rate: Double, ofGroup group: Int) {
    // The first group decides for all whether there is room.
    if !records[0].isFull || records[group].count < records[0].count { records[group].append(rate) }
  }

  // MARK: - Memory

  /// A record, or the settlings.
  var reserveCount: Int { records.count + 1 }

  /// Provides one of them with memory for some updates from `time` on.
  mutating func reserve(_ part: Int, from time: Int64, of schedule: Schedule?) {
    if part < records.count { return records[part].reserve() }
    guard !settlings.isEmpty else { return }
    if jumps.count == jumps.capacity {
      jumps.reserveCapacity(Swift.min(jumps.count * 2 + 4, Self.maximumJumpCount))
    }
    _ = phase(at: time, of: schedule)
  }

  /// Counts the updates that are provided for, all of the above having been reserved.
  mutating func countReserve(from time: Int64, of schedule: Schedule?) {
    var count = Int64.max
    for record in records { count = Swift.min(count, record.reservedCount) }
    if !settlings.isEmpty, let (_, phase) = latest {
      count = Swift.min(count, Swift.max(end(of: phase, schedule) - time, 1))
    }
    reservedCount = count
  }

  mutating func useReserve() { if reservedCount > 0 { reservedCount -= 1 } }

  /// What is after `step` was not.
  mutating func rewind(to step: Int64) {
    hasSettled = false
    reservedCount = 0
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
