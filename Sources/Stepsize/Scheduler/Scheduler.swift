/// What a training loop holds: a step, a base rate for each parameter group, at most one schedule and at
/// most one controller.
///
///     rate of group g = clamp(base[g] as moved by the controller × schedule(time), min[g], max[g])
///
/// The schedule's time is the step, until a phase is ended early: then it goes on from the next one.
///
/// A scheduler just made answers the rates for update 0; `advance` is called after an update and answers the
/// rates for the next one. Rates are always finite.
///
/// It cannot be copied: a training run has one, and a hidden copy would cost more than a step.
public struct Scheduler: ~Copyable, Sendable {
  /// The schedule's time.
  private var time: Int64 = 0
  /// How far it is ahead of the step, >= 0: what the phases that were ended early had left.
  private var lead: Int64 = 0
  private var groups: [Group]
  private var schedule: Node
  private var length: Int64?
  private var controller: ActiveController
  /// Whether something wants to see the loss of each update.
  public let needsLoss: Bool
  /// Whether an update has to be written down or looked at by a settling.
  private let isWatched: Bool
  /// Neither of the two: an update only counts.
  public let isPlain: Bool
  private var watch: Watch
  /// What it was made from, or extended to.
  public private(set) var plan: Plan

  public static let maximumGroupCount = 1_048_576

  /// - Parameters:
  ///   - baseLRs: One rate for each group: finite, >= 0.
  ///   - plan: Controller and schedule.
  ///   - minLRs: Lowest rates answered: empty (0), one for all groups, or one for each.
  ///   - maxLRs: Highest rates answered, alike (empty: none).
  ///   - records: Whether the rates that are used are written down.
  ///   - normCapacity: Gradient norms that are kept of those that are logged, from 2 on; 0: none can be logged.
  public init(
    baseLRs: [Double], plan: Plan, minLRs: [Double] = [], maxLRs: [Double] = [], records: Bool = false,
    normCapacity: Int = 0
  ) throws(ConfigurationError) {
    guard !baseLRs.isEmpty, baseLRs.count <= Self.maximumGroupCount else {
      throw ConfigurationError(
        "scheduler", "group count", .integer(Int64(baseLRs.count)), expected: "an integer from 1 to 1048576")
    }
    let mins = try Self.bounds("min_lr", minLRs, baseLRs.map { _ in 0 })
    let maxs = try Self.bounds("max_lr", maxLRs, baseLRs.map { _ in Double.greatestFiniteMagnitude })
    var groups: [Group] = []
    groups.reserveCapacity(baseLRs.count)
    for i in baseLRs.indices {
      let base = baseLRs[i]
      try Check("scheduler")("base_lr", base, in: .nonNegative)
      guard mins[i] <= maxs[i] else {
        throw ConfigurationError("scheduler", "max_lr", .real(maxs[i]), expected: "a number >= min_lr")
      }
      // -0 becomes 0: no rate has a sign.
      groups.append(Group(initial: base + 0, base: base + 0, min: mins[i] + 0, max: maxs[i] + 0))
    }
    let active = try ActiveController(plan.controller, bases: baseLRs)
    let watch = try Watch(plan, groupCount: records ? baseLRs.count : 0, normCapacity: normCapacity)
    self.groups = groups
    self.schedule = plan.schedule?.node ?? .constant(Constant(value: 1))
    self.length = plan.schedule?.length
    let needsLoss = active.needsLoss || !plan.settlings.isEmpty
    let isWatched = records || !plan.settlings.isEmpty
    self.needsLoss = needsLoss
    self.isWatched = isWatched
    // Read from self while it is not complete they crash (Swift 6.3.1).
    isPlain = !needsLoss && !isWatched
    self.controller = active
    self.watch = watch
    self.plan = plan
  }

  /// The same from its parts.
  public init(
    baseLRs: [Double], schedule: Schedule? = nil, controller: Controller? = nil, minLRs: [Double] = [],
    maxLRs: [Double] = []
  ) throws(ConfigurationError) {
    let plan = try Plan(controller.map { [$0] } ?? [], schedule)
    try self.init(baseLRs: baseLRs, plan: plan, minLRs: minLRs, maxLRs: maxLRs)
  }

  private static func bounds(
    _ field: StaticString, _ given: [Double], _ defaults: [Double]
  ) throws(ConfigurationError) -> [Double] {
    let check = Check("scheduler")
    for bound in given { try check(field, bound, in: .nonNegative) }
    return try Bounds.each("scheduler", field, given, defaults)
  }

  public var groupCount: Int { groups.count }

  /// The base rate of a group as it was given, which no controller has moved.
  public func baseLR(ofGroup index: Int) -> Double { groups[index].initial }

  /// The number of the update that the present rates are for.
  public var step: Int64 { time &- lead }

  /// The step of the schedule now: ahead of `step` by what the phases that were ended early had left.
  public var scheduleStep: Int64 { time }

  // MARK: - Rates

  /// The schedule's value now.
  public var multiplier: Double { schedule.value(at: time) }

  /// The same for the schedules whose value takes no call; nil for the others.
  @inline(__always)
  public var immediateMultiplier: Double? { schedule.immediateValue(at: time) }

  /// The rate of a group, given the schedule's value.
  @inline(__always)
  public func rate(ofGroup index: Int, _ multiplier: Double) -> Double {
    groups[index].rate(multiplier)
  }

  // MARK: - Updates

  /// After an update. The count saturates at 2^63 - 1.
  @inline(__always)
  public mutating func advance() {
    if isWatched { writeDown() }
    count()
  }

  /// After an update, with its loss.
  @inline(__always)
  public mutating func advance(loss: Double) {
    if isWatched {
      advanceWatched(loss)
    } else {
      controller.observe(loss, &groups)
      count()
    }
  }

  @inline(never)
  private mutating func advanceWatched(_ loss: Double) {
    writeDown()
    controller.observe(loss, &groups)
    settle(loss)
    count()
  }

  /// After an update. The count saturates at 2^63 - 1. The same as `advance` where `isPlain`.
  @inline(__always)
  public mutating func count() {
    if time < Int64.max { time += 1 }
  }

  @inline(never)
  private mutating func writeDown() {
    guard watch.isRecording else { return }
    let multiplier = multiplier
    for i in groups.indices { watch.append(groups[i].rate(multiplier), ofGroup: i) }
  }

  @inline(never)
  private mutating func settle(_ loss: Double) {
    // A record alone needs no phase, and looking for one allocates.
    if plan.settlings.isEmpty { return }
    let phase = plan.schedule?.phase(at: time)
    let ending = watch.ending(loss, in: phase?.name)
    guard ending != .none else { return }
    if ending == .phase, let end = phase?.end, end < length ?? Int64.max {
      // The next update, which is one later, is the first of the next phase.
      if end > time {
        watch.jump(to: end, at: step)
        lead += end - 1 - time
        time = end - 1
      }
    } else {
      watch.hasSettled = true
    }
  }

  /// Before an update: shows the hypergradient controller the dot products of the gradient with the update before, and
  /// the products of their norms (`Hypergradient`). The rates of this update change.
  public mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>
  ) throws(ConfigurationError) {
    try controller.observeGradient(dots: dots, norms: norms, &groups)
  }

  /// Before an update: begins a line search and sets the rates of its first trial (`LineSearch`).
  public mutating func propose(loss: Double, squaredNorms: Span<Double>) throws(ConfigurationError) {
    try controller.propose(loss: loss, squaredNorms: squaredNorms, step: step, &groups)
  }

  /// Judges a trial of the line search and sets the rates of the next one.
  public mutating func report(
    loss: Double, squaredDistances: Span<Double>
  ) throws(ConfigurationError) -> Trial {
    let multiplier = multiplier
    return try controller.report(
      loss: loss, squaredDistances: squaredDistances, step: step, multiplier: multiplier, &groups)
  }

  /// How often the line search has asked for a loss.
  public var trialCount: Int64 { controller.trialCount }

  /// What the controller did with the last observation, and why.
  public var decision: Decision { controller.decision }

  /// Goes to any update; before 0 is an error. The controller's state stays as it is. A record keeps what is before
  /// that update; it begins anew where that update does not follow.
  public mutating func setStep(_ step: Int64) throws(ConfigurationError) {
    guard step >= 0 else {
      throw ConfigurationError("scheduler", "step", .integer(step), expected: "an integer >= 0")
    }
    time = watch.time(at: step)
    lead = time - step
    watch.rewind(to: step)
  }

  /// Goes on by another schedule (nil: a constant 1) from the present update on. Controllers and settlings, what they
  /// know, the record and the norms stay; if a settling's phase is not in the schedule, nothing changes.
  ///
  /// The schedule is counted as the one before it: its value at `scheduleStep` is the next one.
  public mutating func extend(to schedule: Schedule?) throws(ConfigurationError) {
    let extended = try Plan(plan.controllers, schedule)
    watch.keepSpans(of: plan.schedule)
    // Its last phase may not be the last one any more.
    watch.hasSettled = false
    self.schedule = schedule?.node ?? .constant(Constant(value: 1))
    length = schedule?.length
    plan = extended
  }

  // MARK: - Phases and the end

  /// Whether the schedule has an end and it is reached.
  public var isFinished: Bool {
    guard let length else { return false }
    return time >= length
  }

  /// The named phase of the present update, in the scheduler's steps; nil where there is none.
  public var phase: Phase? { plan.schedule?.phase(at: time)?.moved(by: step - time) }

  /// Why the training can stop; nil where it need not.
  public var stopReason: StopReason? {
    if watch.hasSettled { return .settled }
    if isFinished { return .end }
    return isAtMinimum ? .minimum : nil
  }

  /// Whether every rate is as low as its bound lets it be and stays there for the rest of the schedule: looked up now
  /// and 1, 2, 4, 8, … updates ahead.
  private var isAtMinimum: Bool {
    let now = multiplier
    var isAtBound = true
    for group in groups where !(group.min > 0 && group.rate(now) <= group.min) { isAtBound = false }
    guard isAtBound || controller.isAtBottom(groups) else { return false }
    let end = length ?? Int64.max
    var ahead: Int64 = 1
    while ahead > 0, time <= Int64.max - ahead {
      let then = schedule.value(at: Swift.min(time + ahead, end))
      for group in groups where group.rate(then) != group.rate(now) { return false }
      if time + ahead >= end { break }
      ahead = ahead &* 2
    }
    return true
  }

  // MARK: - Record and state

  /// Whether the rates that are used are written down.
  public var isRecording: Bool { watch.isRecording }

  /// The first update of the record, and how many there are.
  public var recorded: (first: Int64, count: Int64) { watch.recorded }

  /// The update from which on the present schedule counts, where another one is in the record (`extend`); else 0.
  public var extendedAt: Int64 { watch.extendedAt }

  /// The recorded rates of a group from record entry `first` on; answers how many were written.
  public func copyRecord(ofGroup group: Int, from first: Int64, to out: inout MutableSpan<Double>) -> Int {
    watch.record(ofGroup: group)?.copy(from: first, to: &out) ?? 0
  }

  /// The recorded rates of a group as a schedule for a base rate of 1, with the phases as they really were.
  public func replay(ofGroup group: Int) throws(ConfigurationError) -> Schedule {
    guard let record = watch.record(ofGroup: group) else {
      throw ConfigurationError(.argument, "replay: this scheduler keeps no record of such a group")
    }
    let (first, count) = watch.recorded
    var parts: [Schedule] = []
    var start: Int64 = 0
    while start < count {
      let (span, left) = watch.span(at: first + start, of: plan.schedule)
      let end = start + Swift.min(left, count - start)
      let part = try record.schedule(start..<end)
      parts.append(span.isEmpty ? part : try part.named(span))
      start = end
    }
    guard !parts.isEmpty else { throw ConfigurationError(.argument, "replay: nothing is recorded yet") }
    return try .sequence(parts)
  }

  /// The gradient norms logged so far; nil where none can be.
  public var norms: GradientNormLog? { watch.norms }

  /// Logs the gradient norm of the present update, for a refinement: >= 0; NaN and +inf are kept.
  public mutating func log(norm: Double) throws(ConfigurationError) {
    guard watch.norms != nil else {
      throw ConfigurationError(.order, "the scheduler is made without a log of gradient norms")
    }
    try watch.norms?.add(norm)
  }

  /// The number of the newest format of states; `saved` writes the oldest one that holds the state.
  public static var stateFormat: Int32 { Int32(StateCoder.format) }

  /// Everything that is needed to go on later, elsewhere (`StateCoder`).
  public mutating func saved() -> [UInt8] {
    var state = StateCoder()
    var text = plan.text
    var records = isRecording
    var normCapacity = watch.norms?.capacity ?? 0
    var count = groups.count
    state.transfer(&text)
    state.transfer(&records)
    state.transfer(&normCapacity, in: 0...Schedule.maximumTableCount)
    state.transfer(&count, in: 0...Self.maximumGroupCount)
    for group in groups {
      for value in [group.initial, group.min, group.max] {
        var value = value
        state.transferRate(&value)
      }
    }
    transfer(&state)
    return state.finished()
  }

  /// A scheduler that goes on where the saved one was.
  public static func restored(from bytes: [UInt8]) throws(ConfigurationError) -> Scheduler {
    var state = try StateCoder(reading: bytes, of: "a scheduler")
    var text: [UInt8] = []
    var records = false
    var normCapacity = 0
    var count = 0
    state.transfer(&text)
    state.transfer(&records)
    state.transfer(&normCapacity, in: 0...Schedule.maximumTableCount)
    state.transfer(&count, in: 1...Self.maximumGroupCount)
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
      let plan = text.isEmpty ? try Plan([], nil) : try Plan(parsing: text)
      scheduler = try Scheduler(
        baseLRs: bases, plan: plan, minLRs: mins, maxLRs: maxs, records: records, normCapacity: normCapacity)
    } catch {
      throw state.refusal(error.message)
    }
    scheduler.transfer(&state)
    try state.finish()
    return scheduler
  }

  /// Goes on where the saved one was, which must have been made alike; else nothing changes.
  public mutating func restore(_ bytes: [UInt8]) throws(ConfigurationError) {
    let other = try Self.restored(from: bytes)
    if other.groupCount != groupCount {
      throw ConfigurationError(
        .mismatch, "the state is of a scheduler with another number of groups: ",
        Decimal.write(Int64(other.groupCount)))
    }
    if other.plan.text != plan.text {
      throw ConfigurationError(.mismatch, "the state is of another scheduler: ", other.plan.text)
    }
    for i in groups.indices {
      let (a, b) = (groups[i], other.groups[i])
      if a.initial != b.initial || a.min != b.min || a.max != b.max {
        throw ConfigurationError(
          .mismatch, "the state is of a scheduler with other base rates or bounds, in group ",
          Decimal.write(Int64(i)))
      }
    }
    self = other
  }

  private mutating func transfer(_ state: inout StateCoder) {
    var step = step
    state.transfer(&step, in: 0...Int64.max)
    state.transfer(&time, in: step...Int64.max)
    lead = time - step
    for i in groups.indices { state.transferRate(&groups[i].base) }
    controller.transfer(&state)
    watch.transfer(&state)
  }
}

/// Why a training can stop.
public enum StopReason: Int32, Sendable {
  /// The schedule's end is reached.
  case end = 1
  /// Every rate is at its lower bound and stays there.
  case minimum = 2
  /// The metric has settled in the last phase.
  case settled = 3
}
