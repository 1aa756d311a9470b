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
  /// The gradient norms that the caller logs.
  var norms: GradientNormLog?

  private static let maximumJumpCount = 4096

  private struct Jump: Sendable {
    var step: Int64
    var time: Int64
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
    var left = Int64.max
    // After its end the last phase goes on.
    if let end = span?.end, end > time { left = end - time }
    for jump in jumps where jump.step > step { left = Swift.min(left, jump.step - step) }
    return (span?.name ?? [], left)
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
    } else {
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
  }
}
