/// What a training loop holds: a step, a base rate for each parameter group, at most one schedule and at
/// most one controller.
///
///     rate of group g = clamp(base[g] as moved by the controller × schedule(time), min[g], max[g])
///
/// The schedule's time is the step, until a phase is ended early: then it goes on from the next one.
///
/// A scheduler just made has the rates for update 0; `step` is called after an update and writes the rates for the next
/// one. Rates are always finite.
///
/// It cannot be copied: a training run has one, and a hidden copy would cost more than a step.
public struct Scheduler: ~Copyable, Sendable {
  /// The schedule's time.
  var time: Int64 = 0
  /// How far it is ahead of the step, >= 0: what the phases that were ended early had left.
  var lead: Int64 = 0
  var groups: [Group]
  var schedule: Node
  var length: Int64?
  var controller: ActiveController
  /// Whether something wants to see the loss of each update.
  public let needsLoss: Bool
  /// Whether an update has to be written down or looked at by a settling.
  let isWatched: Bool
  var watch: Watch
  /// What it was made from, or extended to.
  public internal(set) var plan: Plan

  public static let maximumGroupCount = 1_048_576

  /// - Parameters:
  ///   - baseLRs: One rate for each group: finite, >= 0.
  ///   - plan: Controller and schedule.
  ///   - minLRs: Lowest rates answered: empty (0), one for all groups, or one for each.
  ///   - maxLRs: Highest rates answered, alike (empty: none).
  ///   - records: Whether the rates that are used are written down.
  ///   - normCapacity: Gradient norms that are kept of those that are logged, from 2 on; 0: none can be logged.
  ///
  /// Throws `.argument` for a number outside its range, and for base rates outside the bounds of the controller.
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
    let needsLoss = active.needs.contains(.loss) || !plan.settlings.isEmpty
    let isWatched = records || !plan.settlings.isEmpty
    self.needsLoss = needsLoss
    self.isWatched = isWatched
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
    _ field: StaticString, _ given: [Double], _ baseLRs: [Double], plus: Double
  ) throws(ConfigurationError) -> [Double] {
    for bound in given { try Check("scheduler")(field, bound, in: .nonNegative) }
    return try Bounds.each("scheduler", field, given, baseLRs, plus: plus)
  }

  public var groupCount: Int { groups.count }

  /// The base rate of a group as it was given, which no controller has moved; nil where there is no such group.
  public func baseLR(ofGroup index: Int) -> Double? {
    groups.indices.contains(index) ? groups[index].initial : nil
  }

  /// The number of the update that the present rates are for.
  public var step: Int64 { time &- lead }

  /// The step of the schedule now: ahead of `step` by what the phases that were ended early had left.
  public var scheduleStep: Int64 { time }

  /// What it must be told at each update.
  public var needs: Needs { needsLoss ? controller.needs.union(.loss) : controller.needs }

  /// Goes to any update; before 0 is an error (`.argument`). The controller's state stays as it is. A record keeps what is before
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
    apply(try extending(to: schedule))
  }

  /// What `extend` changes, made beforehand: applying it asks for no memory.
  public struct Extension {
    fileprivate let plan: Plan
    fileprivate let schedule: Node
    fileprivate let past: [Watch.Span]
  }

  public func extending(to schedule: Schedule?) throws(ConfigurationError) -> Extension {
    Extension(
      plan: try Plan(plan.controllers, schedule), schedule: schedule?.node ?? .constant(Constant(value: 1)),
      past: watch.spans(of: plan.schedule))
  }

  public mutating func apply(_ prepared: Extension) {
    watch.past = prepared.past
    watch.forgetPhase()
    // Its last phase may not be the last one any more.
    watch.hasSettled = false
    schedule = prepared.schedule
    length = prepared.plan.schedule?.length
    plan = prepared.plan
  }
}
