extension Scheduler {
  /// The number of the newest state format; `saved` writes the oldest one that can hold the state.
  public static var stateFormat: Int32 { Int32(StateCoder.format) }

  /// Everything that is needed to continue later, also in another process (`StateCoder`).
  public mutating func saved() -> [UInt8] {
    let text = plan.text
    return StateCoder.bytes { transferAll(text, &$0) }
  }

  /// The same into bytes that may be more. Returns how many it has; nothing is written where there are fewer.
  package mutating func save(to bytes: StateBytes) -> Int {
    let text = plan.text
    return StateCoder.write(to: bytes) { transferAll(text, &$0) }
  }

  /// The bytes that `saved` has.
  public mutating func savedSize() -> Int {
    let text = plan.text
    return StateCoder.size { transferAll(text, &$0) }
  }

  private mutating func transferAll(_ text: [UInt8], _ state: inout StateCoder) {
    var text = text
    var records = isRecording
    var normCapacity = watch.norms?.capacity ?? 0
    var count = groups.count
    // Older libraries do not know such a text.
    _ = state.has(format: 3, ifWritten: plan.isEach)
    state.transfer(&text)
    state.transfer(&records)
    state.transfer(&normCapacity, in: 0...Schedule.maximumTableCount)
    state.transfer(&count, in: 0...Self.maximumGroupCount)
    for group in groups {
      var values = (group.initial, group.min, group.max)
      state.transferRate(&values.0)
      state.transferRate(&values.1)
      state.transferRate(&values.2)
    }
    transfer(&state)
  }

  /// A scheduler that continues where the saved one was.
  ///
  /// Throws `.state` for bytes that are damaged or not the state of a scheduler, `.version` for a newer format.
  public static func restored(from bytes: [UInt8]) throws(ConfigurationError) -> Scheduler {
    try bytes.span.withUnsafeBytes { (bytes) throws(ConfigurationError) in
      try restored(from: StateBytes(bytes))
    }
  }

  package static func restored(from bytes: StateBytes) throws(ConfigurationError) -> Scheduler {
    try restored(from: bytes, for: nil)
  }

  /// A plan that was written differently before format 3 takes a state from then.
  @inline(never)
  private static func restored(from bytes: StateBytes, for own: Plan?) throws(ConfigurationError) -> Scheduler
  {
    var state = try StateCoder(reading: bytes, of: "a scheduler")
    var text: [UInt8] = []
    var records = false
    var normCapacity = 0
    var count = 0
    state.transfer(&text)
    state.transfer(&records)
    state.transfer(&normCapacity, in: 0...Schedule.maximumTableCount)
    // Four numbers for each: what is left bounds what can be asked for.
    state.transfer(&count, in: 1...Swift.max(1, Swift.min(Self.maximumGroupCount, state.room / 4)))
    try state.check()
    var bases: [Double] = []
    var mins: [Double] = []
    var maxs: [Double] = []
    for _ in 0..<count {
      var values = (base: 0.0, min: 0.0, max: 0.0)
      state.transferRate(&values.base)
      state.transferRate(&values.min)
      state.transferRate(&values.max)
      bases.append(values.base)
      mins.append(values.min)
      maxs.append(values.max)
    }
    try state.check()
    var scheduler: Scheduler
    do {
      var plan = text.isEmpty ? try Plan([], nil) : try Plan(parsing: text)
      if let own, !state.has(format: 3, ifWritten: false), own.formerText == plan.text { plan = own }
      scheduler = try Scheduler(
        baseLRs: bases, plan: plan, minLRs: mins, maxLRs: maxs, records: records, normCapacity: normCapacity)
    } catch {
      throw state.refusal(error.message)
    }
    scheduler.transfer(&state)
    try state.finish()
    return scheduler
  }

  /// Continues where the saved scheduler was, which must be configured identically; otherwise nothing changes.
  ///
  /// Throws as `restored(from:)`, and `.mismatch` for the state of a differently configured scheduler.
  public mutating func restore(_ bytes: [UInt8]) throws(ConfigurationError) {
    try bytes.span.withUnsafeBytes { (bytes) throws(ConfigurationError) in try restore(StateBytes(bytes)) }
  }

  package mutating func restore(_ bytes: StateBytes) throws(ConfigurationError) {
    let other = try Self.restored(from: bytes, for: plan)
    if other.groupCount != groupCount {
      throw ConfigurationError(
        .mismatch, "the saved scheduler has a different number of groups: ",
        Decimal.write(Int64(other.groupCount)))
    }
    if other.plan.text != plan.text {
      throw ConfigurationError(
        .mismatch, "the saved scheduler has a different configuration: ", other.plan.text)
    }
    for i in groups.indices {
      let (a, b) = (groups[i], other.groups[i])
      if a.initial != b.initial || a.min != b.min || a.max != b.max {
        throw ConfigurationError(
          .mismatch, "the saved scheduler has different base rates or bounds in group ",
          Decimal.write(Int64(i)))
      }
    }
    self = other
  }

  private mutating func transfer(_ state: inout StateCoder) {
    var step = step
    state.transfer(&step, in: 0...Int64.max)
    state.transfer(&time, in: step...Int64.max)
    if state.isReading { lead = time - step }
    for i in groups.indices { state.transferRate(&groups[i].base) }
    controller.transfer(&state)
    if controller.isFormer { scope = Scope() }
    if !scope.isEverything, state.has(format: 3, ifWritten: true) { state.transfer(&isIgnored) }
    var isObserved = observed == step
    if observesMore, state.has(format: 3, ifWritten: isObserved) {
      state.transfer(&isObserved)
      observed = isObserved ? step : -1
    }
    watch.transfer(&state)
    if state.isReading, !isConsistent { state.reject() }
  }

  /// For what was read: whether its parts can have come together.
  private var isConsistent: Bool {
    let (first, count) = recorded
    // Nothing but a controller moves a base rate.
    if plan.controller == nil, groups.contains(where: { $0.base != $0.initial }) { return false }
    // Nothing but an early stop rule moves time, or says that the metric has stopped improving.
    if plan.earlyStops.isEmpty && (lead > 0 || watch.hasStopped) { return false }
    // No phase has ended early in the future.
    if watch.lastJump > step { return false }
    // What is used at the end of time is written down, too.
    return watch.time(at: step) == time && first <= step && (count <= step - first || time == Int64.max)
  }
}
