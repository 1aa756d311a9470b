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
    var prepared = try rebasing(baseLRs)
    apply(&prepared)
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
    var prepared = try adding(baseLR: baseLR, minLR: minLR, maxLR: maxLR, schedule: schedule)
    apply(&prepared)
  }

  /// Removes a group, its record and its schedule; the groups after it move up.
  ///
  /// Throws `.argument` for the only group, for one that does not exist, and where the controller has bounds for each.
  public mutating func removeGroup(_ index: Int) throws(ConfigurationError) {
    var prepared = try removing(index)
    apply(&prepared)
  }

  // The same in two calls, of which the first may run out of memory and the second needs none.

  /// The groups to come, with what belongs to them.
  package struct Regrouping: ~Copyable {
    fileprivate var groups: [Group] = []
    fileprivate var origins: [Group.Origin] = []
    fileprivate var controller: ActiveController
    fileprivate var plan: Plan
    fileprivate var schedule: Node
    fileprivate var groupSchedules: [Node]
    fileprivate var records: [Record]
  }

  package func rebasing(_ baseLRs: [Double]) throws(ConfigurationError) -> Regrouping {
    guard baseLRs.count == 1 || baseLRs.count == groups.count else {
      throw ConfigurationError(
        "scheduler", "base_lr count", .integer(Int64(baseLRs.count)), expected: "1, or one for each group")
    }
    var (next, origins) = asTheyAre
    for i in next.indices {
      let ratio = try next[i].rebase(baseLRs[baseLRs.count == 1 ? 0 : i])
      origins[i] = Group.Origin(index: i, ratio: ratio)
    }
    return try regrouping(next, origins, plan.schedules)
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
    var (next, origins) = asTheyAre
    var schedules = plan.schedules
    if schedule != nil || schedules.count > 1 {
      let first: Schedule
      if let common = schedules.first { first = common } else { first = try .constant() }
      while schedules.count < groups.count { schedules.append(first) }
      schedules.append(schedule ?? first)
    }
    next.append(try Group(baseLR, min: minLR, max: highest))
    origins.append(Group.Origin(index: nil, ratio: 1))
    return try regrouping(next, origins, schedules)
  }

  package func removing(_ index: Int) throws(ConfigurationError) -> Regrouping {
    guard groups.indices.contains(index), groups.count > 1 else {
      throw ConfigurationError(
        "scheduler", "group", .integer(Int64(index)), expected: "one of several groups, counted from 0")
    }
    var (next, origins) = asTheyAre
    var schedules = plan.schedules
    next.remove(at: index)
    origins.remove(at: index)
    if schedules.count > 1 { schedules.remove(at: index) }
    return try regrouping(next, origins, schedules)
  }

  private var asTheyAre: ([Group], [Group.Origin]) {
    (groups, groups.indices.map { Group.Origin(index: $0, ratio: 1) })
  }

  private func regrouping(
    _ groups: [Group], _ origins: [Group.Origin], _ schedules: [Schedule]
  ) throws(ConfigurationError) -> Regrouping {
    var groups = groups
    let controller = try ActiveController(plan.controller, bases: groups.map { $0.initial })
    controller.bound(&groups)
    let plan = try Plan(self.plan.controllers, schedules)
    let (schedule, groupSchedules) = Self.nodes(of: plan)
    return Regrouping(
      groups: groups, origins: origins, controller: controller, plan: plan, schedule: schedule,
      groupSchedules: groupSchedules, records: watch.records(of: origins))
  }

  package mutating func apply(_ prepared: inout Regrouping) {
    controller.adopt(&prepared.controller, prepared.origins)
    groups = prepared.groups
    plan = prepared.plan
    schedule = prepared.schedule
    groupSchedules = prepared.groupSchedules
    length = prepared.plan.length
    watch.replaceRecords(by: prepared.records)
  }
}
