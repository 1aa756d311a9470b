/// One parameter of a schedule: name, kind, range, default and meaning. Parsing, printing, checking and
/// the bindings' constructors all read it from here.
public struct Parameter: Sendable {
  public enum Kind: Sendable {
    case count(ClosedRange<Int64>)
    case real(Interval)
    case flag
    case word([StaticString])
    /// Ascending integers >= 0, each greater than the one before it, or equal where `repeats`.
    case counts(repeats: Bool)
    case reals(Interval)
    /// A number for all parameter groups, or a list with one for each.
    case perGroup(Interval)
    /// Free text that can be a phase's name.
    case name
    case schedule
  }

  public let name: StaticString
  public let kind: Kind
  /// nil: must be given.
  public let fallback: Value?
  /// Whether `none` is a value.
  public let isOptional: Bool
  /// One phrase with the unit.
  public let note: StaticString

  init(
    _ name: StaticString, _ kind: Kind, default fallback: Value? = nil, isOptional: Bool = false,
    _ note: StaticString
  ) {
    self.name = name
    self.kind = kind
    self.fallback = fallback
    if case .some(.none) = fallback { self.isOptional = true } else { self.isOptional = isOptional }
    self.note = note
  }

  /// A number of updates.
  static func steps(
    _ name: StaticString, from lower: Int64 = 1, default fallback: Value? = nil, _ note: StaticString
  ) -> Parameter {
    Parameter(name, .count(lower...Int64.max), default: fallback, note)
  }

  static func floor(_ fallback: Double = 0) -> Parameter {
    Parameter(
      "floor", .real(.fraction), default: .real(fallback), "lowest value, as a fraction of the base rate")
  }

  /// What is allowed, as an error message says it.
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
        text.write(words[i])
        text.write("\"")
      }
    case .counts(let repeats):
      text.write(repeats ? "a list of ascending integers >= 0" : "a list of strictly ascending integers >= 0")
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

  /// The value as the parameter's kind, or nil if it is not allowed.
  func accept(_ value: Value) -> Value? {
    switch (kind, value) {
    case (_, .none): return isOptional ? value : nil
    case (.count(let range), .integer(let n)): return range.contains(n) ? value : nil
    case (.count(let range), .real(let x)):
      guard let n = Int64(exactly: x), range.contains(n) else { return nil }
      return .integer(n)
    // -0 becomes 0, so that equal values have one text.
    case (.real(let interval), .real(let x)): return interval.contains(x) ? .real(x + 0) : nil
    case (.real(let interval), .integer(let n)):
      return interval.contains(Double(n)) ? .real(Double(n)) : nil
    case (.flag, .flag): return value
    case (.word(let words), .word(let word)):
      for known in words where known.equals(word) { return value }
      return nil
    case (.counts(let repeats), .integers(let list)):
      for i in list.indices {
        let low = i == 0 ? 0 : repeats || list[i - 1] == Int64.max ? list[i - 1] : list[i - 1] + 1
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
        guard let n = Int64(exactly: x) else { return nil }
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

  /// The default in the text form; empty if the parameter must be given.
  public var fallbackText: [UInt8] {
    var text: [UInt8] = []
    fallback?.write(to: &text)
    return text
  }
}
