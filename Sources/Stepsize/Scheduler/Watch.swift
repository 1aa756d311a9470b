/// What a scheduler does besides computing rates: it records them, and ends phases early.
struct Watch: ~Copyable, Sendable {
  private let earlyStops: EarlyStops
  /// Whether each update's phase is looked up.
  private let needsPhase: Bool
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
    earlyStops = try EarlyStops(plan.earlyStops)
    needsPhase = earlyStops.count > 0 || plan.controller?.arguments.optionalWord("phase") != nil
    records = Array(repeating: Record(), count: groupCount)
    if needsPhase { jumps.reserveCapacity(4) }
  }

  // MARK: - Early stop rules

  /// What the early stop rules end after this loss.
  func ending(_ loss: Double, at step: Int64, in phase: [UInt8]?) -> EarlyStops.Ending {
    earlyStops.observe(loss, at: step, in: phase)
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

  /// From the update after `step` on, the schedule's time continues from `time`.
  mutating func jump(to time: Int64, at step: Int64) {
    // The oldest one is dropped: no run rewinds past thousands of early ends.
    if jumps.count == Self.maximumJumpCount { jumps.removeFirst() }
    if step < Int64.max { jumps.append(Jump(step: step + 1, time: time)) }
    reservedCount = 0
  }

  /// The first step after the last phase that ended early; 0 if none has.
  var lastJump: Int64 { jumps.last?.step ?? 0 }

  /// The schedule's time at any step.
  func time(at step: Int64) -> Int64 {
    let count = jumps.countFirst { jumps[$0].step <= step }
    guard count > 0 else { return step }
    let jump = jumps[count - 1]
    return jump.time.adding(step - jump.step) ?? Int64.max
  }

  /// The first step at which the schedule's time is that or later; nil if there is none.
  private func step(atTime time: Int64) -> Int64? {
    // The jumps at or before which that time was not yet reached.
    let count = jumps.countFirst { i in
      let lead = i == 0 ? 0 : jumps[i - 1].time - jumps[i - 1].step
      return time - lead >= jumps[i].step
    }
    let start = count == 0 ? Jump(step: 0, time: 0) : jumps[count - 1]
    return start.step.adding(Swift.max(time - start.time, 0))
  }

  /// The phase that a step was in, is in, or will be in as things stand; its name is empty where there is none.
  func span(at step: Int64, of schedule: Schedule?) -> Phase {
    guard let last = past.last, step < last.end else { return presentSpan(at: step, of: schedule) }
    let i = past.countFirst { past[$0].end <= step }
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

  /// What `past` becomes when another schedule comes: its last `droppedCount` are replaced.
  struct KeptSpans {
    fileprivate var droppedCount = 0
    fileprivate var spans: [Span] = []
  }

  /// In which phases the recorded updates were, to be kept when another schedule comes. Of more phases than a schedule can
  /// have pieces none is kept.
  func spansToKeep(of schedule: Schedule?) -> KeptSpans {
    let (first, count) = recorded
    let end = first.adding(count) ?? Int64.max
    var kept = KeptSpans()
    var start = past.last?.end ?? first
    while start < end {
      let span = presentSpan(at: start, of: schedule)
      let until = Swift.min(span.until ?? end, end)
      if let last = kept.spans.last ?? past.last, span.name == last.name, span.start < start {
        // What began under an earlier schedule has gone on.
        if kept.spans.isEmpty { kept.droppedCount = 1 } else { kept.spans.removeLast() }
      } else if past.count - kept.droppedCount + kept.spans.count >= Schedule.maximumNodeCount {
        return KeptSpans(droppedCount: past.count, spans: [Span(end: end, name: [])])
      }
      kept.spans.append(Span(end: until, name: span.name))
      start = until
    }
    return kept
  }

  /// Provides memory for `keep`.
  mutating func reserve(for kept: KeptSpans) {
    let count = past.count - kept.droppedCount + kept.spans.count
    if count > past.capacity { past.reserveCapacity(Swift.max(count, past.count * 2)) }
  }

  mutating func keep(_ kept: KeptSpans) {
    past.removeLast(kept.droppedCount)
    for span in kept.spans { past.append(span) }
    latest = nil
    reservedCount = 0
  }

  /// The step from which on the current schedule applies, as far as the record shows.
  var extendedAt: Int64 { past.last?.end ?? 0 }

  // MARK: - The record

  var isRecording: Bool { !records.isEmpty }

  var recorded: (first: Int64, count: Int64) { (firstRecorded, records.first?.count ?? 0) }

  func record(ofGroup group: Int) -> Record? { records.indices.contains(group) ? records[group] : nil }

  /// Whether the records take another update: one that is full ends them all. `mutating`, so that nothing is copied.
  mutating func hasRoom() -> Bool {
    for record in records where record.isFull { return false }
    return !records.isEmpty
  }

  mutating func append(_ rate: Double, ofGroup group: Int) { records[group].append(rate) }

  /// So many further updates have the rates of the last one.
  mutating func lengthen(by count: Int64) {
    for i in records.indices { records[i].lengthen(by: count) }
  }

  /// Discards all but the first updates.
  mutating func cut(to count: Int64) {
    for i in records.indices { records[i].cut(to: count) }
  }

  // MARK: - Other groups

  /// The records of other groups: those of groups that were there, and of new ones, whose parameters were not updated,
  /// the rate 0 for what is recorded. The array is empty where nothing is.
  func records(of origins: [Int]) -> [Record] {
    guard isRecording else { return [] }
    return origins.map { $0 < 0 ? Record(zeros: recorded.count) : records[$0] }
  }

  mutating func replaceRecords(by records: [Record]) {
    self.records = records
    reservedCount = 0
  }

  // MARK: - Memory

  /// Each record has two parts, each early stop rule has one, and they share two.
  var reserveCount: Int { records.count * 2 + (needsPhase ? earlyStops.count + 2 : 0) }

  /// Provides a part with memory for some updates from `time` on. It is changed after its last allocation.
  mutating func reserve(_ part: Int, from time: Int64, of schedule: Schedule?) {
    if part < records.count * 2 {
      return part % 2 == 0 ? records[part / 2].reserveWords() : records[part / 2].reserveMarks()
    }
    switch part - records.count * 2 {
    case 0: _ = phase(at: time, of: schedule)
    case 1 where jumps.count == jumps.capacity:
      jumps.reserveCapacity(Swift.min(jumps.count * 2 + 4, Self.maximumJumpCount))
    case 1: break
    case let rule: earlyStops.reserve(rule - 2)
    }
  }

  /// Counts the updates that are provided for, all parts having been reserved: at most `count`.
  mutating func countReserve(_ count: Int64, from time: Int64, of schedule: Schedule?) {
    var count = Swift.min(count, earlyStops.reservedCount)
    for record in records { count = Swift.min(count, record.reservedCount) }
    if needsPhase, let (_, phase) = latest {
      count = Swift.min(count, Swift.max(end(of: phase, schedule) - time, 1))
    }
    reservedCount = count
  }

  mutating func endReserve() { reservedCount = 0 }

  mutating func useReserve() { if reservedCount > 0 { reservedCount -= 1 } }

  /// Discards everything recorded after `step`.
  mutating func rewind(to step: Int64) {
    hasStopped = false
    reservedCount = 0
    while let last = jumps.last, last.step > step { jumps.removeLast() }
    let (first, count) = recorded
    if step >= first && step - first <= count {
      cut(to: step - first)
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
    var before = Jump(step: 0, time: 0)
    for i in jumps.indices {
      state.transfer(&jumps[i].step, in: before.step...Int64.max)
      state.transfer(&jumps[i].time, in: before.time...Int64.max)
      // One after the other, each to a later time.
      let (step, time) = (jumps[i].step, jumps[i].time)
      if step == before.step || time - before.time < step - before.step { state.reject() }
      before = jumps[i]
    }
    state.transfer(&firstRecorded, in: 0...Int64.max)
    for i in records.indices {
      records[i].transfer(&state)
      if records[i].count != records[0].count { state.reject() }
    }
    norms?.transfer(&state)
    if state.has(format: 2, ifWritten: !past.isEmpty) { transferPast(&state) }
  }

  private mutating func transferPast(_ state: inout StateCoder) {
    var count = past.count
    // Format 2 is that of a state that has some.
    let least = state.has(format: 3, ifWritten: false) ? 0 : 1
    state.transfer(&count, in: least...Swift.max(least, state.room / 2))
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
