/// What a scheduler is made from besides its base rates: a controller, early stop rules, and a schedule.
///
/// Its text form is their product, with the controllers first:
///
///     greedy(patience=10) * early_stop("main", patience=200) * (constant(9000, phase="main") >> linear(1000))
///
/// In place of the schedule there may be one for each parameter group:
///
///     plateau() * [linear(1000), constant(500) >> linear(500)]
public struct Plan: Sendable {
  /// The controller that moves the base rates; nil for none.
  public let controller: Controller?
  /// The early stop rules.
  public let earlyStops: [Controller]
  /// nil for a constant 1. Where each group has its own it is that of the first one, whose phases are the scheduler's.
  public let schedule: Schedule?
  /// The schedules of the groups where each has its own, two at least; otherwise empty.
  public let groupSchedules: [Schedule]

  public static let maximumEarlyStopCount = 16

  /// At most one of the controllers moves the base rates; the others are early stop rules, each for an existing phase.
  public init(_ controllers: [Controller], _ schedule: Schedule?) throws(ConfigurationError) {
    try self.init(controllers, schedule.map { [$0] } ?? [])
  }

  /// The same with no schedule, one for all groups, or one for each.
  public init(_ controllers: [Controller], _ schedules: [Schedule]) throws(ConfigurationError) {
    let schedule = schedules.first
    var mover: Controller?
    var earlyStops: [Controller] = []
    for controller in controllers {
      if controller.kind == .earlyStop {
        earlyStops.append(controller)
      } else if mover == nil {
        mover = controller
      } else {
        throw ConfigurationError(
          .argument, "scheduler: more than one controller that moves the rates, expected at most one")
      }
    }
    guard earlyStops.count <= Self.maximumEarlyStopCount else {
      throw ConfigurationError(.limit, "scheduler: more than 16 early stop rules")
    }
    for rule in earlyStops {
      guard let name = rule.arguments.optionalWord("phase"), schedule?.hasPhase(name) != true else {
        continue
      }
      throw ConfigurationError(
        .argument, "early_stop: the schedule has no phase of that name: ",
        Lexer.quoted(name[...]))
    }
    controller = mover
    if mover?.kind == .lineSearch, schedules.count > 1 {
      throw ConfigurationError(.argument, "line_search: its groups must have one schedule for all")
    }
    self.earlyStops = earlyStops
    self.schedule = schedule
    groupSchedules = schedules.count > 1 ? schedules : []
  }

  /// The schedules: none, one for all groups, or one for each.
  public var schedules: [Schedule] {
    groupSchedules.isEmpty ? schedule.map { [$0] } ?? [] : groupSchedules
  }

  /// The schedule of a group that exists; nil for none.
  public func schedule(ofGroup index: Int) -> Schedule? {
    groupSchedules.isEmpty ? schedule : groupSchedules[index]
  }

  /// The length of the longest schedule; nil where one has no end, and for none.
  var length: Int64? {
    var longest: Int64?
    for schedule in schedules {
      guard let length = schedule.length else { return nil }
      longest = Swift.max(longest ?? 0, length)
    }
    return longest
  }

  /// All controllers: the one that moves the rates first.
  public var controllers: [Controller] {
    (controller.map { [$0] } ?? []) + earlyStops
  }

  /// Reads the text form.
  public init(parsing text: [UInt8]) throws(ConfigurationError) {
    var parser = try Parser(checking: text)
    self = try parser.wholePlan()
  }

  /// The canonical text form; empty for a constant 1 without controllers.
  public var text: [UInt8] {
    var text: [UInt8] = []
    for controller in controllers {
      if !text.isEmpty { text.write(" * ") }
      controller.write(to: &text)
    }
    guard groupSchedules.isEmpty else {
      text.write(text.isEmpty ? "[" : " * [")
      for (i, each) in groupSchedules.enumerated() {
        if i > 0 { text.write(", ") }
        each.write(to: &text)
      }
      text.write("]")
      return text
    }
    guard let schedule else { return text }
    let inBrackets = !text.isEmpty && schedule.isSequence
    if !text.isEmpty { text.write(inBrackets ? " * (" : " * ") }
    schedule.write(to: &text)
    if inBrackets { text.write(")") }
    return text
  }
}
