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
  /// None (a constant 1), one for all groups, or one for each.
  public let schedules: [Schedule]

  public static let maximumEarlyStopCount = 16

  /// At most one of the controllers moves the base rates; the others are early stop rules, each for an existing phase.
  public init(_ controllers: [Controller], _ schedule: Schedule?) throws(ConfigurationError) {
    try self.init(controllers, schedule.map { [$0] } ?? [])
  }

  /// The same with no schedule, one for all groups, or one for each.
  public init(_ controllers: [Controller], _ schedules: [Schedule]) throws(ConfigurationError) {
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
    for one in controllers {
      guard let name = one.arguments.optionalWord("phase"), schedules.first?.hasPhase(name) != true else {
        continue
      }
      var text = one.kind.name
      text.write(": the schedule has no phase of that name: ")
      throw ConfigurationError(.argument, text + Lexer.quoted(name[...]))
    }
    controller = mover
    if mover?.kind == .lineSearch, schedules.count > 1 {
      throw ConfigurationError(.argument, "line_search: its groups must have one schedule for all")
    }
    self.earlyStops = earlyStops
    self.schedules = schedules
  }

  /// nil for a constant 1. Where each group has its own it is that of the first one, whose phases are the scheduler's.
  public var schedule: Schedule? { schedules.first }

  /// Whether each group has its own schedule.
  public var isEach: Bool { schedules.count > 1 }

  /// The schedule of a group that exists; nil for a constant 1.
  public func schedule(ofGroup index: Int) -> Schedule? {
    isEach ? schedules[index] : schedules.first
  }

  /// The length of the longest schedule; nil where one has no end, and for none.
  var length: Int64? {
    let last = schedules.reduce(-1) { Swift.max($0, $1.length ?? Int64.max) }
    return last == -1 || last == Int64.max ? nil : last
  }

  /// The step from which on all multipliers stay as they are; the largest one where they may not.
  var settled: Int64 {
    schedules.reduce(0) { (last, schedule) in
      if case .constant = schedule.node { return last }
      return Swift.max(last, schedule.length ?? Int64.max)
    }
  }

  /// All controllers: the one that moves the rates first.
  public var controllers: [Controller] {
    (controller.map { [$0] } ?? []) + earlyStops
  }

  /// Reads the text form; with a total as `Schedule.init(parsing:total:)`.
  public init(parsing text: [UInt8], total: Int64? = nil) throws(ConfigurationError) {
    var parser = try Parser(checking: text, total: total)
    while true {
      let plan = try parser.wholePlan()
      if try parser.isAgain(plan.length) { continue }
      self = plan
      return
    }
  }

  /// The canonical text form; empty for a constant 1 without controllers.
  public var text: [UInt8] {
    var text: [UInt8] = []
    for controller in controllers {
      if !text.isEmpty { text.write(" * ") }
      controller.write(to: &text)
    }
    let inBrackets = !text.isEmpty && !isEach && schedules.first?.isSequence == true
    var separator: StaticString = text.isEmpty ? "" : " * "
    for (i, schedule) in schedules.enumerated() {
      text.write(separator)
      if i == 0 && isEach { text.write("[") }
      if inBrackets { text.write("(") }
      schedule.write(to: &text)
      separator = ", "
    }
    if isEach { text.write("]") }
    if inBrackets { text.write(")") }
    return text
  }

  /// The text before format 3, when `plateau()` was PyTorch's.
  var formerText: [UInt8] {
    let start: StaticString = "plateau(\"pytorch\""
    let text = text
    guard start.begins(text) else { return text }
    let rest = text[start.utf8CodeUnitCount...]
    return Array(text[..<8]) + ((", " as StaticString).begins(rest) ? rest.dropFirst(2) : rest)
  }
}
