/// A named span of a schedule, such as "main" or "anneal".
public struct Phase: Sendable {
  /// Empty where no part carries a name.
  public let name: [UInt8]
  /// The step at which it begins.
  public internal(set) var start: Int64
  /// The step after its last one; nil if it has no end.
  public internal(set) var end: Int64?
  /// The first later step in another phase, or in none; nil if there is none. It is before `end` where a
  /// phase inside this one comes first.
  public internal(set) var until: Int64?
  /// Whether `until` may come early, with the same phase there.
  var mayGoOn = false

  init(_ name: [UInt8], from start: Int64 = 0, to end: Int64? = nil, until: Int64? = nil) {
    self.name = name
    self.start = start
    self.end = end
    self.until = until
  }

  /// Whether they are one phase, perhaps seen from different steps.
  func isSame(as other: Phase) -> Bool { start == other.start && end == other.end && name == other.name }
}

enum PhaseName {
  static var expected: StaticString { "1 to 64 printable ASCII characters without quotes and backslashes" }

  static func isValid(_ name: [UInt8]) -> Bool {
    !name.isEmpty && name.count <= 64
      && name.allSatisfy {
        $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
      }
  }
}

extension Schedule {
  /// The same schedule under a phase name: 1 to 64 printable ASCII characters without quotes and backslashes.
  public func named(_ phase: [UInt8]) throws(ConfigurationError) -> Schedule {
    guard PhaseName.isValid(phase) else {
      throw ConfigurationError(.argument, "phase: expected ", PhaseName.expected.bytes)
    }
    var body = Body(self)
    if case .call = form, self.phase == nil { return try Schedule(body, form: form, phase: phase) }
    // Brackets are a level: printing goes down into them.
    body.depth += 1
    return try Schedule(body, form: .group(self), phase: phase)
  }

  /// Whether a part of that name is in it.
  func hasPhase(_ name: [UInt8]) -> Bool {
    if phase == name { return true }
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.hasPhase(name) }
      if case .some(.schedule(let part)) = arguments.values.first { return part.hasPhase(name) }
      return false
    case .sequence(let parts): return parts.all.contains { $0.hasPhase(name) }
    case .product(let parts): return parts.contains { $0.hasPhase(name) }
    case .scale(_, let part), .group(let part): return part.hasPhase(name)
    }
  }
}
