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
  private var greedy: GreedyLR
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
    let mins = try Self.bounds(minLRs, "min_lr", baseLRs.count, none: 0)
    let maxs = try Self.bounds(maxLRs, "max_lr", baseLRs.count, none: Double.greatestFiniteMagnitude)
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
    let greedy: GreedyLR
    if case .some(.greedy(let configuration)) = controller {
      greedy = try GreedyLR(configuration, bases: baseLRs)
    } else {
      greedy = try GreedyLR(GreedyLR.Configuration(.huggingface), bases: [])
    }
    self.groups = groups
    self.schedule = schedule?.node ?? .constant(Constant(value: 1))
    self.length = schedule?.length
    self.greedy = greedy
    needsLoss = controller != nil
  }

  private static func bounds(
    _ given: [Double], _ field: StaticString, _ count: Int, none: Double
  ) throws(ConfigurationError) -> [Double] {
    for bound in given where !Interval.nonNegative.contains(bound) {
      throw ConfigurationError("scheduler", field, .real(bound), expected: "a finite number >= 0")
    }
    if given.count == count { return given }
    guard given.count <= 1 else {
      throw ConfigurationError(
        "scheduler", field, .reals(given), expected: "none, one, or one for each group")
    }
    return Array(repeating: given.first ?? none, count: count)
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
    if needsLoss { greedy.observe(loss, &groups) }
  }

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

/// The configuration of what listens to the training.
public enum Controller: Sendable {
  case greedy(GreedyLR.Configuration)
}
