/// One parameter of a schedule or a controller: name, kind, range, default and meaning.
public struct Parameter: Sendable {
  public enum Kind: Sendable {
    case count(ClosedRange<Int64>)
    case real(Interval)
    case flag
    case word([[UInt8]])
    /// Ascending integers >= 0, each greater than the one before it, or equal where `repeating`.
    case counts(repeating: Bool)
    case reals(Interval)
    /// A number for all parameter groups, or a list with one for each.
    case perGroup(Interval)
    /// Free text that can be a phase's name.
    case name
    case schedule
  }

  /// What its numbers count.
  public enum Unit: Sendable {
    case none
    case updates

    /// Its name; empty for none.
    public var text: [UInt8] { self == .updates ? ("updates" as StaticString).bytes : [] }
  }

  public let name: [UInt8]
  public let kind: Kind
  /// nil: required.
  public private(set) var defaultValue: Value?
  public let unit: Unit
  /// Whether `none` is a value.
  public private(set) var isOptional: Bool
  /// One phrase with the unit.
  public let note: [UInt8]

  /// As declared: name, kind and range, default, meaning.
  ///
  ///     floor: real in [0, 1] = 0; lowest value
  ///     patience: count from 0 = 10 (paper: 0); observations to wait        a variant's own default
  ///     reset_start: count from 1 or none = 500; cuts before a reset
  ///     beta: real > 0 (multiplicative: in (0, 1)) = 1e-6; a rate           a variant's own range
  ///     total: count of updates from 1; updates                             required, and its unit
  ///     floor = 0.1                                                         a shared parameter
  ///     shape: word @shape|log = linear; curve of the rise                  words of a shared one, and more
  ///
  /// nil where the line is none of these.
  init?(declared line: [UInt8], variant: [UInt8]?) {
    var lexer = Lexer(line)
    guard let name = lexer.takeName() else { return nil }
    if lexer.take(":") {
      do { try self.init(Array(name), &lexer, variant) } catch { return nil }
    } else {
      guard let shared = SharedParameters.line(name),
        var parameter = Parameter(declared: shared, variant: variant)
      else { return nil }
      do { try parameter.readDefault(&lexer, variant) } catch { return nil }
      self = parameter
    }
  }

  private init(_ name: [UInt8], _ lexer: inout Lexer, _ variant: [UInt8]?) throws(ConfigurationError) {
    self.name = name
    (kind, unit) = try Self.kind(&lexer, variant)
    isOptional = lexer.take("or none")
    note = lexer.note
    try readDefault(&lexer, variant)
  }

  private static func kind(_ lexer: inout Lexer, _ variant: [UInt8]?) throws(ConfigurationError) -> (
    Kind, Unit
  ) {
    if lexer.take("counts") {
      let unit = try unit(&lexer)
      return (.counts(repeating: lexer.take("repeating")), unit)
    }
    if lexer.take("count") {
      let unit = try unit(&lexer)
      let range = try ofVariant(variant, &lexer) { (lexer) throws(ConfigurationError) in
        let lower = lexer.take("from") ? try lexer.expectInteger() : Int64.min
        let upper = lexer.take("to") ? try lexer.expectInteger() : Int64.max
        return lower...max(lower, upper)
      }
      return (.count(range), unit)
    }
    if lexer.take("reals") {
      let unit = try unit(&lexer)
      return (.reals(try Interval(declared: &lexer)), unit)
    }
    if lexer.take("real") {
      let unit = try unit(&lexer)
      let range = try ofVariant(variant, &lexer) { (lexer) throws(ConfigurationError) in
        try Interval(declared: &lexer)
      }
      return (.real(range), unit)
    }
    return (try kindWithoutUnit(&lexer), .none)
  }

  private static func unit(_ lexer: inout Lexer) throws(ConfigurationError) -> Unit {
    guard lexer.take("of") else { return .none }
    try lexer.expect("updates")
    return .updates
  }

  private static func kindWithoutUnit(_ lexer: inout Lexer) throws(ConfigurationError) -> Kind {
    if lexer.take("per_group") { return .perGroup(try Interval(declared: &lexer)) }
    if lexer.take("flag") { return .flag }
    if lexer.take("name") { return .name }
    if lexer.take("schedule") { return .schedule }
    try lexer.expect("word")
    var words: [[UInt8]] = []
    repeat {
      // "@shape": the words of that shared parameter.
      if lexer.take("@"), let name = lexer.takeName(), let line = SharedParameters.line(name),
        let shared = Parameter(declared: line, variant: nil), case .word(let more) = shared.kind
      {
        words += more
      } else {
        words.append(lexer.takeWord())
      }
    } while lexer.take("|")
    return .word(words)
  }

  private mutating func readDefault(_ lexer: inout Lexer, _ variant: [UInt8]?) throws(ConfigurationError) {
    guard lexer.take("=") else { return }
    try setDefault(try Self.ofVariant(variant, &lexer) { (lexer) in lexer.takeWord() })
  }

  /// What is read, or what stands in brackets behind it for the variant: "0 (paper: 1, huggingface: 2)".
  private static func ofVariant<Value>(
    _ variant: [UInt8]?, _ lexer: inout Lexer, _ read: (inout Lexer) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value {
    var value = try read(&lexer)
    guard lexer.take("(") else { return value }
    repeat {
      let name = lexer.takeWord()
      try lexer.expect(":")
      let other = try read(&lexer)
      if name == variant { value = other }
    } while lexer.take(",")
    try lexer.expect(")")
    return value
  }

  private mutating func setDefault(_ word: [UInt8]) throws(ConfigurationError) {
    if ("none" as StaticString).equals(word) {
      isOptional = true
      defaultValue = Value.none
      return
    }
    var lexer = Lexer(word)
    let value: Value
    switch kind {
    case .flag: value = .flag(("true" as StaticString).equals(word))
    case .word, .name: value = .word(word)
    default: value = try lexer.takeNumber() ?? .none
    }
    defaultValue = accept(value)
  }

  /// The allowed values, for an error message.
  public var expected: [UInt8] {
    var text: [UInt8] = []
    switch kind {
    case .count(let range): text.write(expected: range)
    case .real(let interval): interval.write(to: &text)
    case .flag: text.write("true or false")
    case .word(let words):
      text.write("one of ")
      for i in words.indices {
        text.write(i == 0 ? "\"" : ", \"")
        text += words[i]
        text.write("\"")
      }
    case .counts(let repeating):
      text.write(
        repeating ? "a list of ascending integers >= 0" : "a list of strictly ascending integers >= 0")
    case .reals(let interval):
      text.write("a list, each ")
      interval.write(to: &text)
    case .perGroup(let interval):
      interval.write(to: &text)
      text.write(", or a list with one for each group")
    case .name: text.write(PhaseName.expected)
    case .schedule: text.write("a schedule")
    }
    if isOptional { text.write(", or none") }
    return text
  }

  /// The value converted to the parameter's kind, or nil if it is not allowed.
  func accept(_ value: Value) -> Value? {
    switch (kind, value) {
    case (_, .none): return isOptional ? value : nil
    case (.count(let range), .integer(let n)): return range.contains(n) ? value : nil
    case (.count(let range), .real(let x)):
      guard let n = Int64(whole: x), range.contains(n) else { return nil }
      return .integer(n)
    // -0 becomes 0, so that equal values have one text.
    case (.real(let interval), .real(let x)): return interval.contains(x) ? .real(x + 0) : nil
    case (.real(let interval), .integer(let n)):
      return interval.contains(Double(n)) ? .real(Double(n)) : nil
    case (.flag, .flag): return value
    case (.word(let words), .word(let word)):
      return words.contains(word) ? value : nil
    case (.counts(let repeating), .integers(let list)):
      for i in list.indices {
        let low = i == 0 ? 0 : repeating || list[i - 1] == Int64.max ? list[i - 1] : list[i - 1] + 1
        if list[i] < low { return nil }
      }
      return value
    case (.reals(let interval), .reals(let list)):
      for x in list where !interval.contains(x) { return nil }
      return .reals(list.map { $0 + 0 })
    case (.reals, .integers(let list)): return accept(.reals(list.map { Double($0) }))
    case (.counts, .reals(let list)):
      var integers: [Int64] = []
      integers.reserveCapacity(list.count)
      for x in list {
        guard let n = Int64(whole: x) else { return nil }
        integers.append(n)
      }
      return accept(.integers(integers))
    case (.perGroup(let interval), .real(let x)): return interval.contains(x) ? .real(x + 0) : nil
    case (.perGroup, .integer(let n)): return accept(.real(Double(n)))
    case (.perGroup, .integers(let list)): return accept(.reals(list.map { Double($0) }))
    case (.perGroup(let interval), .reals(let list)):
      if let first = list.first, list.count == 1 { return accept(.real(first)) }
      for x in list where !interval.contains(x) { return nil }
      return list.isEmpty ? accept(.none) : .reals(list.map { $0 + 0 })
    case (.name, .word(let word)): return PhaseName.isValid(word) ? value : nil
    case (.schedule, .schedule): return value
    default: return nil
    }
  }
}

extension Parameter {
  public var kindName: StaticString {
    switch kind {
    case .count: "count"
    case .real: "real"
    case .flag: "flag"
    case .word: "word"
    case .counts: "counts"
    case .reals: "reals"
    case .perGroup: "per_group"
    case .name: "name"
    case .schedule: "schedule"
    }
  }

  /// The default in the text form; empty for a required parameter.
  public var defaultText: [UInt8] {
    var text: [UInt8] = []
    defaultValue?.write(to: &text)
    return text
  }
}
