extension Schedule {
  /// Reads the text form:
  ///
  ///     schedule = product { ">>" product }
  ///     product  = factor { "*" factor }               at least one factor is not a number
  ///     factor   = number | name "(" [ argument { "," argument } ] ")" | "(" schedule [ "," phase ] ")"
  ///     argument = [ name "=" ] ( number | updates | word | "[" numbers "]" | true | false | none | schedule )
  ///     updates  = number "%" | rest                    of the total, where updates are counted (`Shares`)
  ///     phase    = "phase" "=" word
  ///
  /// Positional arguments come before named ones. An error has its position and, for an unknown name, the
  /// nearest known one.
  ///
  /// - Parameter total: Updates, >= 1, of which percentages and `rest` are shares; nil where it is unknown, and they
  ///   are errors. The schedule has absolute numbers.
  public init(parsing text: [UInt8], total: Int64? = nil) throws(ConfigurationError) {
    var parser = try Parser(checking: text, total: total)
    while true {
      let schedule = try parser.wholeText()
      if try parser.isAgain(schedule.length) { continue }
      self = schedule
      return
    }
  }
}

struct Parser {
  static let maximumLength = 268_435_456

  private var lexer: Lexer
  private var depth = 0
  private var shares: Shares
  /// The schedules that the text has named so far: a declaration is read once.
  private var known: [(kind: Kind, signature: Signature)] = []

  init(checking text: [UInt8], total: Int64? = nil) throws(ConfigurationError) {
    if let total, total < 1 {
      var message = ("total = " as StaticString).bytes
      message.write(total)
      message.write(", expected an integer >= 1")
      throw ConfigurationError(.argument, message)
    }
    shares = Shares(of: total)
    guard text.count <= Self.maximumLength else {
      throw ConfigurationError(.limit, "the text has more than 268435456 bytes")
    }
    lexer = Lexer(text)
  }

  /// After all has been read, with a schedule of that length: whether to read it again, since what is left for `rest` is
  /// known only now.
  @inline(never)
  mutating func isAgain(_ length: Int64?) throws(ConfigurationError) -> Bool {
    guard let again = try shares.again(length) else { return false }
    lexer = Lexer(lexer.bytes)
    shares = again
    return true
  }

  @inline(never)
  mutating func wholeText() throws(ConfigurationError) -> Schedule {
    let schedule = try sequence()
    if lexer.peek() != nil { throw lexer.unexpected("\">>\", \"*\" or the end") }
    return schedule
  }

  /// The controllers that come first, and the schedule, or those of the groups, that may follow.
  @inline(never)
  mutating func wholePlan() throws(ConfigurationError) -> Plan {
    var controllers: [Controller] = []
    var schedules: [Schedule] = []
    _ = lexer.peek()
    let start = lexer.offset
    repeat {
      let before = lexer
      guard let name = lexer.takeName(), let kind = ControllerKind(named: name) else {
        lexer = before
        if lexer.take("[") {
          repeat { schedules.append(try sequence()) } while lexer.take(",")
          if !lexer.take("]") { throw lexer.unexpected("\",\" or \"]\"") }
        } else {
          // Only a schedule by itself may be a sequence without brackets.
          schedules = [try controllers.isEmpty ? sequence() : product()]
        }
        break
      }
      controllers.append(try controller(kind, at: name.startIndex))
    } while lexer.take("*")
    if lexer.take(">>") {
      throw ConfigurationError(
        .syntax, "a controller applies to the whole schedule: put the schedule after it in brackets",
        at: lexer.offset - 2)
    }
    if lexer.peek() != nil { throw lexer.unexpected("\"*\" or the end") }
    do { return try Plan(controllers, schedules) } catch { throw located(error, start) }
  }

  mutating func wholeController() throws(ConfigurationError) -> Controller {
    guard let name = lexer.takeName() else { throw lexer.unexpected("a controller") }
    guard let kind = ControllerKind(named: name) else {
      throw unknown("controller", name, among: ControllerKind.names)
    }
    let controller = try controller(kind, at: name.startIndex)
    if lexer.peek() != nil { throw lexer.unexpected("the end") }
    return controller
  }

  private mutating func controller(
    _ kind: ControllerKind, at start: Int
  ) throws(ConfigurationError) -> Controller {
    var phase: [UInt8]?
    let signature = kind.signature
    let values = try arguments(of: signature, &phase)
    guard phase == nil else {
      throw ConfigurationError(
        .name, "a controller cannot have a phase: ", Lexer.quoted(kind.name[...]), at: start)
    }
    do { return try Controller(kind, signature, values) } catch { throw located(error, start) }
  }

  private mutating func sequence() throws(ConfigurationError) -> Schedule {
    depth += 1
    // The whole text is not a level of its own.
    guard depth - 1 <= Schedule.maximumDepth else {
      throw ConfigurationError(.limit, "brackets nested more than 64 levels deep", at: lexer.offset)
    }
    let start = lexer.offset
    let outer = shares
    shares.endPart(nil)
    var parts: [Schedule] = []
    repeat {
      let part = try product()
      shares.endPart(part.length)
      parts.append(part)
    } while lexer.take(">>")
    depth -= 1
    do {
      let schedule = try Schedule.sequence(parts)
      shares.endSequence(schedule.length, in: outer)
      return schedule
    } catch { throw located(error, start) }
  }

  private mutating func product() throws(ConfigurationError) -> Schedule {
    var scales: [Double] = []
    var factors: [Schedule] = []
    _ = lexer.peek()
    let start = lexer.offset
    repeat {
      switch try lexer.takeNumber() {
      case .some(.integer(let n)): scales.append(Double(n))
      case .some(.real(let x)): scales.append(x)
      default: factors.append(try factor())
      }
    } while lexer.take("*")
    guard !factors.isEmpty else {
      throw ConfigurationError(
        .syntax, "a number is not a schedule; write constant(value=…)", at: start)
    }
    do {
      var schedule = try Schedule.product(factors)
      for scale in scales.reversed() { schedule = try schedule.scaled(by: scale) }
      return schedule
    } catch { throw located(error, start) }
  }

  private mutating func factor() throws(ConfigurationError) -> Schedule {
    if lexer.take("(") {
      var schedule = try sequence()
      if lexer.take(",") {
        let start = lexer.offset
        guard let key = lexer.takeName(), ("phase" as StaticString).equals(key) else {
          throw lexer.unexpected("phase=\"…\"")
        }
        try lexer.expect("=")
        schedule = try named(schedule, try word(), start)
      }
      try lexer.expect(")")
      return schedule
    }
    guard let name = lexer.takeName() else { throw lexer.unexpected("a schedule") }
    return try call(name)
  }

  private mutating func call(_ name: ArraySlice<UInt8>) throws(ConfigurationError) -> Schedule {
    let start = name.startIndex
    guard let (kind, signature) = known(name) else {
      if ControllerKind(named: name) != nil {
        throw ConfigurationError(
          .syntax,
          "a controller must come first, in a scheduler's text, as in greedy() * (a >> b): ",
          Lexer.quoted(name), at: start)
      }
      throw unknown("schedule", name, among: Kind.names)
    }
    var phase: [UInt8]?
    let before = shares.count
    let values = try arguments(of: signature, &phase)
    if kind == .stretch, shares.count > before {
      throw ConfigurationError(
        .argument, "stretch: a share of the total, which has another unit: stretch the whole schedule",
        at: start)
    }
    do {
      let schedule = try Schedule(kind, signature, values)
      return try phase.map { name throws(ConfigurationError) in try schedule.named(name) } ?? schedule
    } catch { throw located(error, start) }
  }

  private mutating func known(_ name: ArraySlice<UInt8>) -> (kind: Kind, signature: Signature)? {
    for one in known where one.signature.name.elementsEqual(name) { return one }
    guard let kind = Kind(named: name) else { return nil }
    let one = (kind, kind.signature)
    known.append(one)
    return one
  }

  /// What stands in the brackets of a call; nil where nothing was given.
  private mutating func arguments(
    of signature: Signature, _ phase: inout [UInt8]?
  ) throws(ConfigurationError) -> [Value?] {
    try lexer.expect("(")
    let parameters = signature.parameters
    var values: [Value?] = Array(repeating: nil, count: parameters.count)
    var position: Int? = 0
    var isFirst = true
    while !lexer.take(")") {
      if !isFirst, !lexer.take(",") { throw lexer.unexpected("\",\" or \")\"") }
      isFirst = false
      _ = lexer.peek()
      let offset = lexer.offset
      if let key = takeKey() {
        position = nil
        if let index = parameters.firstIndex(where: { $0.name.elementsEqual(key) }) {
          guard values[index] == nil else { throw twice(key) }
          values[index] = try value(of: parameters[index])
        } else if ("phase" as StaticString).equals(key) {
          guard phase == nil else { throw twice(key) }
          phase = try word()
        } else {
          throw unknown(
            "parameter", key, among: parameters.map { $0.name } + [("phase" as StaticString).bytes])
        }
      } else if let index = position {
        guard index < parameters.count else {
          throw ConfigurationError(.syntax, "too many arguments", at: offset)
        }
        values[index] = try value(of: parameters[index])
        position = index + 1
      } else {
        throw ConfigurationError(.syntax, "positional argument after a named one", at: offset)
      }
    }
    return values
  }

  /// A name followed by "=", or nothing.
  private mutating func takeKey() -> ArraySlice<UInt8>? {
    let before = lexer
    if let name = lexer.takeName(), lexer.take("=") { return name }
    lexer = before
    return nil
  }

  private mutating func value(of parameter: Parameter) throws(ConfigurationError) -> Value {
    if case .schedule = parameter.kind { return .schedule(try sequence()) }
    if let number = try number(of: parameter) { return number }
    if let word = try lexer.takeQuoted() { return .word(word) }
    if lexer.take("[") { return try list(of: parameter) }
    guard let name = lexer.takeName() else { throw lexer.unexpected("a value") }
    let word = Array(name)
    if ("true" as StaticString).equals(word) { return .flag(true) }
    if ("false" as StaticString).equals(word) { return .flag(false) }
    if ("none" as StaticString).equals(word) { return .none }
    if ("rest" as StaticString).equals(word), case .count = parameter.kind {
      let offset = name.startIndex
      let total = try total(for: parameter, at: offset)
      guard let updates = shares.updatesOfRest(at: offset, of: total) else { throw twice(name) }
      return .integer(updates)
    }
    return .word(word)
  }

  /// A number, or a percentage of the total; nil if none comes next.
  @inline(never)
  private mutating func number(of parameter: Parameter) throws(ConfigurationError) -> Value? {
    _ = lexer.peek()
    let offset = lexer.offset
    guard let number = try lexer.takeNumber() else { return nil }
    guard lexer.take("%") else { return number }
    let percentage: Double
    switch number {
    case .integer(let n): percentage = Double(n)
    case .real(let x): percentage = x
    default: percentage = Double.nan
    }
    let total = try total(for: parameter, at: offset)
    guard let updates = shares.updates(percentage, of: total) else {
      throw ConfigurationError(.argument, "a percentage below 0 or above 100", at: offset)
    }
    return .integer(updates)
  }

  /// That of which a share is given for a parameter.
  @inline(never)
  private func total(for parameter: Parameter, at offset: Int) throws(ConfigurationError) -> Int64 {
    guard parameter.unit == .updates else {
      throw ConfigurationError(
        .argument, "a share of the total, for what is no number of updates: ",
        Lexer.quoted(parameter.name[...]), at: offset)
    }
    guard let total = shares.total else {
      throw ConfigurationError(
        .argument, "a share of the total, which is unknown: give the total", at: offset)
    }
    return total
  }

  /// Integers if all are, reals otherwise.
  private mutating func list(of parameter: Parameter) throws(ConfigurationError) -> Value {
    var integers: [Int64] = []
    var reals: [Double] = []
    var isEmpty = true
    while !lexer.take("]") {
      if !isEmpty, !lexer.take(",") { throw lexer.unexpected("\",\" or \"]\"") }
      isEmpty = false
      switch try number(of: parameter) {
      case .some(.integer(let n)):
        if reals.isEmpty { integers.append(n) } else { reals.append(Double(n)) }
      case .some(.real(let x)):
        if reals.isEmpty { reals = integers.map { Double($0) } }
        reals.append(x)
      default: throw lexer.unexpected("a number")
      }
    }
    return reals.isEmpty ? .integers(integers) : .reals(reals)
  }

  private mutating func word() throws(ConfigurationError) -> [UInt8] {
    guard let word = try lexer.takeQuoted() else { throw lexer.unexpected("a word in quotes") }
    return word
  }

  private func named(
    _ schedule: Schedule, _ phase: [UInt8], _ offset: Int
  ) throws(ConfigurationError) -> Schedule {
    do { return try schedule.named(phase) } catch { throw located(error, offset) }
  }

  private func located(_ error: ConfigurationError, _ offset: Int) -> ConfigurationError {
    var error = error
    error.offset = error.offset ?? offset
    return error
  }

  private func twice(_ key: ArraySlice<UInt8>) -> ConfigurationError {
    ConfigurationError(.syntax, "given twice: ", Lexer.quoted(key), at: key.startIndex)
  }

  private func unknown(
    _ what: StaticString, _ name: ArraySlice<UInt8>, among known: [[UInt8]]
  ) -> ConfigurationError {
    located(ConfigurationError(unknown: what, name, among: known), name.startIndex)
  }
}
