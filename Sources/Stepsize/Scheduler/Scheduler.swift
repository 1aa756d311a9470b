/// What a training loop holds: a step, a base rate for each parameter group, at most one schedule and at
/// most one controller.
///
///     rate of group g = clamp(base[g] as moved by the controller × schedule(step), min[g], max[g])
///
/// A scheduler just made answers the rates for update 0; `step` is called after an update and answers the
/// rates for the next one. Rates are always finite.
///
/// It cannot be copied: a training run has one, and a hidden copy would cost more than a step.
public struct Scheduler: ~Copyable, Sendable {
  /// The number of the update that the present rates are for.
  public private(set) var step: Int64 = 0
  private var groups: [Group]
  private let schedule: Node
  private let length: Int64?
  private var controller: ActiveController
  /// Whether there is a controller, which wants to see the loss of each update.
  public let needsLoss: Bool

  public static let maximumGroupCount = 1_048_576

  /// - Parameters:
  ///   - baseLRs: One rate for each group: finite, >= 0.
  ///   - schedule: nil for a constant 1.
  ///   - controller: What moves the base rates; nil for nothing.
  ///   - minLRs: Lowest rates answered: empty (0), one for all groups, or one for each.
  ///   - maxLRs: Highest rates answered, alike (empty: none).
  public init(
    baseLRs: [Double], schedule: Schedule? = nil, controller: Controller? = nil, minLRs: [Double] = [],
    maxLRs: [Double] = []
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
      guard Interval.nonNegative.contains(base) else {
        throw ConfigurationError("scheduler", "base_lr", .real(base), expected: "a finite number >= 0")
      }
      guard mins[i] <= maxs[i] else {
        throw ConfigurationError("scheduler", "max_lr", .real(maxs[i]), expected: "a number >= min_lr")
      }
      groups.append(Group(initial: base, base: base, min: mins[i], max: maxs[i]))
    }
    let active = try ActiveController(controller, bases: baseLRs)
    self.groups = groups
    self.schedule = schedule?.node ?? .constant(Constant(value: 1))
    self.length = schedule?.length
    needsLoss = !active.isNone
    self.controller = active
  }

  private static func bounds(
    _ field: StaticString, _ given: [Double], _ defaults: [Double]
  ) throws(ConfigurationError) -> [Double] {
    let check = Check("scheduler")
    for bound in given { try check(field, bound, in: .nonNegative) }
    return try Bounds.each("scheduler", field, given, defaults)
  }

  public var groupCount: Int { groups.count }

  /// Whether the schedule has an end and it is reached.
  public var isFinished: Bool {
    guard let length else { return false }
    return step >= length
  }

  /// The schedule's value now.
  public var multiplier: Double { schedule.value(at: step) }

  /// The same for the schedules whose value takes no call; nil for the others.
  @inline(__always)
  public var immediateMultiplier: Double? { schedule.immediateValue(at: step) }

  /// The rate of a group, given the schedule's value.
  @inline(__always)
  public func rate(ofGroup index: Int, _ multiplier: Double) -> Double {
    // `max` is finite, so the rate is, even where the product overflows.
    let group = groups[index]
    return bounded(group.base * multiplier, group.min, group.max)
  }

  /// After an update, where there is a controller: shows it the loss of that update.
  @inline(__always)
  public mutating func observe(_ loss: Double) {
    controller.observe(loss, &groups)
  }

  /// What the controller did with the last loss, and why.
  public var decision: Decision { controller.decision }

  /// After an update. The count saturates at 2^63 - 1.
  @inline(__always)
  public mutating func advance() {
    if step < Int64.max { step += 1 }
  }

  /// Goes to any update; before 0 is an error. The controller's state stays as it is.
  public mutating func setStep(_ step: Int64) throws(ConfigurationError) {
    guard step >= 0 else {
      throw ConfigurationError("scheduler", "step", .integer(step), expected: "an integer >= 0")
    }
    self.step = step
  }
}
