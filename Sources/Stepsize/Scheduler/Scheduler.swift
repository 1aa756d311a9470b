/// What a training loop holds: a step, a base rate for each parameter group, a schedule for all groups or one for each,
/// and at most one controller.
///
///     rate of group g = clamp(base[g] as moved by the controller × schedule(time), min[g], max[g])
///
/// The schedule's time is the step until a phase ends early: then it continues from the next phase.
///
/// A new scheduler has the rates for update 0; call `step` after each update: it writes the rates for the next one.
/// Rates are always finite.
///
/// It cannot be copied: a training run has one, and a hidden copy would cost more than a step.
public struct Scheduler: ~Copyable, Sendable {
  /// The schedule's time.
  var time: Int64 = 0
  /// How far it is ahead of the step, >= 0: the updates that were left of phases that ended early.
  var lead: Int64 = 0
  var groups: [Group]
  var schedule: Node
  /// The schedules of the groups where each has its own; then `schedule` is no immediate one, so that a step with the
  /// commonest schedules need not look here.
  var groupSchedules: [Node]
  /// That of the longest schedule.
  var length: Int64?
  var controller: ActiveController
  /// Whether the controller or an early stop rule observes the loss of each update.
  public let needsLoss: Bool
  /// Whether the controller observes something else than the loss.
  let observesMore: Bool
  /// The last update for which it has.
  var observed: Int64 = -1
  /// Whether an update has to be recorded or shown to an early stop rule.
  private(set) var isWatched: Bool
  /// Whether a step without a loss has nothing to do but to count.
  let onlyCounts: Bool
  var watch: Watch
  /// The updates that the controller observes, and whether the last loss was of another one.
  var scope: Scope
  var isIgnored = false
  /// What it was made from, or extended to.
  public internal(set) var plan: Plan

  // Without one, each place that may end a scheduler has the code that ends its parts, a kilobyte each time.
  deinit {}

  public static let maximumGroupCount = 1_048_576

  /// - Parameters:
  ///   - baseLRs: One rate for each group: finite, >= 0.
  ///   - plan: Controller and schedule.
  ///   - minLRs: Lowest rates returned: empty (0), one for all groups, or one for each.
  ///   - maxLRs: Highest rates returned, in the same way (empty: none).
  ///   - records: Whether the rates that are used are recorded.
  ///   - normCapacity: Gradient norms that are kept of those that are logged, >= 2; 0: no log.
  ///
  /// Throws `.argument` for a number outside its range and for base rates outside the bounds of the controller.
  public init(
    baseLRs: [Double], plan: Plan, minLRs: [Double] = [], maxLRs: [Double] = [], records: Bool = false,
    normCapacity: Int = 0
  ) throws(ConfigurationError) {
    guard !baseLRs.isEmpty, baseLRs.count <= Self.maximumGroupCount else {
      throw ConfigurationError(
        "scheduler", "group count", .integer(Int64(baseLRs.count)), expected: "an integer from 1 to 1048576")
    }
    let mins = try Self.bounds("min_lr", minLRs, baseLRs, plus: 0)
    let maxs = try Self.bounds("max_lr", maxLRs, baseLRs, plus: Double.greatestFiniteMagnitude)
    try Self.check(plan, groupCount: baseLRs.count)
    var groups: [Group] = []
    groups.reserveCapacity(baseLRs.count)
    for i in baseLRs.indices { groups.append(try Group(baseLRs[i], min: mins[i], max: maxs[i])) }
    let active = try ActiveController(plan.controller, bases: baseLRs)
    if active.needs.contains(.observation) {
      // Nothing is known of a rate before the first observation.
      for i in groups.indices { groups[i].base = 0 }
    }
    let resolved = ResolvedPlan(plan)
    let watch = try Watch(plan, groupCount: records ? baseLRs.count : 0, normCapacity: normCapacity)
    self.groups = groups
    self.schedule = resolved.schedule
    self.groupSchedules = resolved.groupSchedules
    self.length = resolved.length
    let needsLoss = active.needs.contains(.loss) || !plan.earlyStops.isEmpty
    let isWatched = records || !plan.earlyStops.isEmpty || !resolved.scope.isEverything
    let observesMore = !active.needs.subtracting(.loss).isEmpty
    self.needsLoss = needsLoss
    self.observesMore = observesMore
    self.isWatched = isWatched
    self.onlyCounts = !needsLoss && !observesMore && !isWatched
    self.controller = active
    self.watch = watch
    self.scope = resolved.scope
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

  static func check(_ plan: Plan, groupCount: Int) throws(ConfigurationError) {
    let count = plan.schedules.count
    guard count <= 1 || count == groupCount else {
      throw ConfigurationError(
        "scheduler", "schedule count", .integer(Int64(count)), expected: "none, one, or one for each group")
    }
  }

  /// Puts another plan in place, for the same controller and early stop rules.
  mutating func take(_ resolved: ResolvedPlan) {
    plan = resolved.plan
    schedule = resolved.schedule
    groupSchedules = resolved.groupSchedules
    length = resolved.length
    if !controller.isFormer { scope = resolved.scope }
    isWatched = isWatched || !scope.isEverything
  }

  private static func bounds(
    _ field: StaticString, _ given: [Double], _ baseLRs: [Double], plus: Double
  ) throws(ConfigurationError) -> [Double] {
    for bound in given { try Check("scheduler")(field, bound, in: .nonNegative) }
    return try Bounds.each("scheduler", field, given, baseLRs, plus: plus)
  }

  public var groupCount: Int { groups.count }

  /// The base rate that a group was given last, unaffected by the controller; nil for a group that does not exist.
  public func baseLR(ofGroup index: Int) -> Double? {
    groups.indices.contains(index) ? groups[index].initial : nil
  }

  /// The number of the update that the current rates are for.
  public var step: Int64 { time &- lead }

  /// The current step of the schedule: ahead of `step` by the updates that were left of phases that ended early.
  public var scheduleStep: Int64 { time }

  /// What it needs at each update.
  public var needs: Needs { needsLoss ? controller.needs.union(.loss) : controller.needs }

  /// Goes to any update; a step below 0 is an error (`.argument`). The controller's state does not change. A record
  /// keeps the updates before `step`; where that is past its end, it starts over.
  public mutating func setStep(_ step: Int64) throws(ConfigurationError) {
    guard step >= 0 else {
      throw ConfigurationError("scheduler", "step", .integer(step), expected: "an integer >= 0")
    }
    time = watch.time(at: step)
    lead = time - step
    watch.rewind(to: step)
  }

  /// Switches to another schedule (nil: a constant 1) from the current update on. Controllers, early stop rules and
  /// their states, the record and the norms are kept. An early stop rule whose phase is not in the schedule is an
  /// error, and nothing changes.
  ///
  /// The step count continues: the new schedule's value at `scheduleStep` is the next one.
  public mutating func extend(to schedule: Schedule?) throws(ConfigurationError) {
    try extend(to: schedule.map { [$0] } ?? [])
  }

  /// The same with no schedule, one for all groups, or one for each.
  public mutating func extend(to schedules: [Schedule]) throws(ConfigurationError) {
    let prepared = try extending(to: schedules)
    reserve(for: prepared)
    apply(prepared)
  }

  // The same in three calls, of which the first two may run out of memory, each by itself, and the last one needs none
  // (`stepsize_scheduler_extend`).

  /// What `extend` changes.
  package struct Extension {
    fileprivate let plan: ResolvedPlan
    fileprivate let kept: Watch.KeptSpans
  }

  package func extending(to schedules: [Schedule]) throws(ConfigurationError) -> Extension {
    let longer = try Plan(plan.controllers, schedules)
    try Self.check(longer, groupCount: groupCount)
    return Extension(plan: ResolvedPlan(longer), kept: watch.spansToKeep(of: plan.schedule))
  }

  package mutating func reserve(for prepared: Extension) { watch.reserve(for: prepared.kept) }

  package mutating func apply(_ prepared: Extension) {
    watch.keep(prepared.kept)
    // The last phase of the old schedule may not be the last one of the new one.
    watch.hasStopped = false
    take(prepared.plan)
  }
}

/// A plan with what a scheduler computes from it, so that putting it in place asks for no memory.
struct ResolvedPlan: Sendable {
  let plan: Plan
  /// Of all groups, and of each (`Scheduler.groupSchedules`).
  let schedule: Node
  let groupSchedules: [Node]
  let length: Int64?
  let scope: Scope

  init(_ plan: Plan) {
    let first = plan.schedule?.node ?? .constant(Constant(value: 1))
    self.plan = plan
    schedule = plan.isEach ? .scale(1, first) : first
    groupSchedules = plan.isEach ? plan.schedules.map { $0.node } : []
    length = plan.length
    scope = Scope(plan)
  }
}
