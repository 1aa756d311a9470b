/// Other base rates and other groups, while a scheduler runs. The step, the controller's knowledge, the record and the norms
/// are kept; on an error nothing changes.
extension Scheduler {
  /// New base rates, one for all groups or one for each, from the current update on. What the controller has made of the
  /// old ones keeps its proportion: after a cut to a tenth the rates are a tenth of the new ones. Bounds of a controller
  /// that are relative to the base rates follow them.
  ///
  /// Throws `.argument` for a wrong number of rates, for one that is negative or not finite, and for one outside the
  /// bounds of the controller.
  public mutating func setBaseLRs(_ baseLRs: [Double]) throws(ConfigurationError) {
    apply(try rebasing(baseLRs))
  }

  /// Adds a group, with its base rate as the controller moves it from now on.
  ///
  /// - Parameters:
  ///   - baseLR: Its base rate: finite, >= 0.
  ///   - minLR: The lowest rate returned.
  ///   - maxLR: The highest rate returned; nil: none.
  ///   - schedule: Its own schedule, evaluated at the step that the others are at; nil: that of all groups, or where each
  ///     has its own that of the first one.
  ///
  /// A record has the rate 0 for the updates before it came. Throws `.argument` for a number outside its range, and where
  /// the controller has bounds for each group, `.limit` for too many groups.
  public mutating func addGroup(
    baseLR: Double, minLR: Double = 0, maxLR: Double? = nil, schedule: Schedule? = nil
  ) throws(ConfigurationError) {
    apply(try adding(baseLR: baseLR, minLR: minLR, maxLR: maxLR, schedule: schedule))
  }

  /// Removes a group, its record and its schedule; the groups after it move up.
  ///
  /// Throws `.argument` for the only group, for one that does not exist, and where the controller has bounds for each.
  public mutating func removeGroup(_ index: Int) throws(ConfigurationError) {
    apply(try removing(index))
  }

  // The same in two calls, of which the first may run out of memory and the second needs none.

  /// The groups to come, with what belongs to them. A class, as it is large and passed around.
  package final class Regrouping {
    fileprivate let groups: [Group]
    /// Which group each was; -1 for a new one.
    fileprivate let origins: [Int]
    fileprivate var controller: ActiveController
    fileprivate let plan: ResolvedPlan
    fileprivate let records: [Record]

    /// Cannot fail: where the initializer of a class throws, Swift does not free an object with a part that cannot be
    /// copied.
    private init(
      _ groups: [Group], _ origins: [Int], _ controller: consuming ActiveController, _ plan: Plan,
      _ records: [Record]
    ) {
      self.groups = groups
      self.origins = origins
      self.controller = controller
      self.plan = ResolvedPlan(plan)
      self.records = records
    }

    fileprivate static func of(
      _ scheduler: borrowing Scheduler, _ next: [Group], _ origins: [Int], _ schedules: [Schedule]
    ) throws(ConfigurationError) -> Regrouping {
      var groups = next
      let plan = try Plan(scheduler.plan.controllers, schedules)
      let controller = try ActiveController(plan.controller, bases: groups.map { $0.initial })
      if let (lower, upper) = controller.bounds {
        for i in groups.indices { groups[i].bound(lower[i], upper.isEmpty ? Double.infinity : upper[i]) }
      }
      return Regrouping(groups, origins, controller, plan, scheduler.watch.records(of: origins))
    }
  }

  package func rebasing(_ baseLRs: [Double]) throws(ConfigurationError) -> Regrouping {
    guard baseLRs.count == 1 || baseLRs.count == groups.count else {
      throw ConfigurationError(
        "scheduler", "base_lr count", .integer(Int64(baseLRs.count)), expected: "1, or one for each group")
    }
    var next = groups
    for i in next.indices { try next[i].rebase(baseLRs[baseLRs.count == 1 ? 0 : i]) }
    return try Regrouping.of(self, next, Array(groups.indices), plan.schedules)
  }

  package func adding(
    baseLR: Double, minLR: Double, maxLR: Double?, schedule: Schedule?
  ) throws(ConfigurationError) -> Regrouping {
    guard groups.count < Self.maximumGroupCount else {
      throw ConfigurationError(.limit, "scheduler: more than 1048576 groups")
    }
    let highest = maxLR ?? Double.greatestFiniteMagnitude
    try Check("scheduler")("min_lr", minLR, in: .nonNegative)
    try Check("scheduler")("max_lr", highest, in: .nonNegative)
    var (next, origins, schedules) = (groups, Array(groups.indices), plan.schedules)
    if schedule != nil || plan.isEach {
      if schedules.isEmpty { schedules.append(try .constant()) }
      while schedules.count < groups.count { schedules.append(schedules[0]) }
      schedules.append(schedule ?? schedules[0])
    }
    next.append(try Group(baseLR, min: minLR, max: highest))
    origins.append(-1)
    return try Regrouping.of(self, next, origins, schedules)
  }

  package func removing(_ index: Int) throws(ConfigurationError) -> Regrouping {
    guard groups.indices.contains(index), groups.count > 1 else {
      throw ConfigurationError(
        "scheduler", "group", .integer(Int64(index)), expected: "one of several groups, counted from 0")
    }
    var (next, origins, schedules) = (groups, Array(groups.indices), plan.schedules)
    next.remove(at: index)
    origins.remove(at: index)
    if plan.isEach { schedules.remove(at: index) }
    return try Regrouping.of(self, next, origins, schedules)
  }

  package mutating func apply(_ prepared: Regrouping) {
    controller.adopt(&prepared.controller, prepared.origins, groups)
    groups = prepared.groups
    take(prepared.plan)
    watch.replaceRecords(by: prepared.records)
  }
}
