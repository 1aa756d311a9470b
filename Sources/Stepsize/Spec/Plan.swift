/// What a scheduler is made from besides its base rates: a controller, early stop rules, and a schedule.
///
/// Its text form is their product, with the controllers first:
///
///     greedy(patience=10) * early_stop("main", patience=200) * (constant(9000, phase="main") >> linear(1000))
public struct Plan: Sendable {
  /// The controller that moves the base rates; nil for none.
  public let controller: Controller?
  /// The early stop rules.
  public let earlyStops: [Controller]
  /// nil for a constant 1.
  public let schedule: Schedule?

  public static let maximumEarlyStopCount = 16

  /// At most one of the controllers moves the base rates; the others are early stop rules, each for an existing phase.
  public init(_ controllers: [Controller], _ schedule: Schedule?) throws(ConfigurationError) {
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
      guard let name = one.arguments.optionalWord("phase"), schedule?.hasPhase(name) != true else {
        continue
      }
      var text = one.kind.name
      text.write(": the schedule has no phase of that name: ")
      throw ConfigurationError(.argument, text + Lexer.quoted(name[...]))
    }
    controller = mover
    self.earlyStops = earlyStops
    self.schedule = schedule
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
      if try parser.isAgain(plan.schedule?.length) { continue }
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
    guard let schedule else { return text }
    let inBrackets = !text.isEmpty && schedule.isSequence
    if !text.isEmpty { text.write(inBrackets ? " * (" : " * ") }
    schedule.write(to: &text)
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
