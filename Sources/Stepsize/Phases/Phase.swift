/// A named stretch of a schedule, such as "main" or "anneal".
public struct Phase: Sendable {
  public let name: [UInt8]
  /// The step at which it begins.
  public private(set) var start: Int64
  /// The step after its last one; nil if it has no end.
  public private(set) var end: Int64?

  init(_ name: [UInt8], from start: Int64, to end: Int64?) {
    self.name = name
    self.start = start
    self.end = end
  }

  /// The same, later by a number of steps; nothing is before 0 or after the largest step.
  func moved(by steps: Int64) -> Phase {
    moved {
      let (sum, overflow) = $0.addingReportingOverflow(steps)
      return overflow ? Int64.max : Swift.max(sum, 0)
    }
  }

  /// The same in another time; both ends are moved by a function that never falls.
  fileprivate func moved(_ time: (Int64) -> Int64) -> Phase {
    Phase(name, from: time(start), to: end.map { time($0) })
  }

  fileprivate func cut(to length: Int64) -> Phase {
    Phase(name, from: start, to: Swift.min(end ?? length, length))
  }

  /// Neighbours of one name are one phase.
  fileprivate mutating func extend(from start: Int64, to end: Int64?) {
    self.start = Swift.min(self.start, start)
    if let last = self.end { self.end = end.map { Swift.max($0, last) } }
  }
}

enum PhaseName {
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
      throw ConfigurationError(
        .argument, "phase: expected 1 to 64 printable ASCII characters without quotes and backslashes")
    }
    let form: Form
    if case .call = self.form, self.phase == nil { form = self.form } else { form = .group(self) }
    return try Schedule(Body(self), form: form, phase: phase)
  }

  func named(_ phase: StaticString) throws(ConfigurationError) -> Schedule { try named(phase.bytes) }

  /// The named phase that a step is in: of the innermost part that carries a name; nil where none does.
  /// Before 0 it is the first, after the end the last.
  public func phase(at step: Int64) -> Phase? {
    let t = max(step, 0)
    return innerPhase(at: t) ?? phase.map { Phase($0, from: 0, to: length) }
  }

  /// Whether a part of that name is in it.
  func hasPhase(_ name: [UInt8]) -> Bool {
    if phase == name { return true }
    switch form {
    case .call(_, let values, let expansion):
      if let expansion { return expansion.hasPhase(name) }
      if case .some(.schedule(let part)) = values.first { return part.hasPhase(name) }
      return false
    case .sequence(let parts), .product(let parts): return parts.contains { $0.hasPhase(name) }
    case .scale(_, let part), .group(let part): return part.hasPhase(name)
    }
  }

  private func innerPhase(at t: Int64) -> Phase? {
    switch form {
    case .call(_, let values, let expansion):
      if let expansion { return expansion.phase(at: t) }
      guard case .some(.schedule(let part)) = values.first else { return nil }
      return phase(ofPart: part, at: t)
    case .sequence(let parts): return Self.phase(in: parts, at: t)
    case .product(let factors):
      for factor in factors {
        if let phase = factor.phase(at: t) { return phase }
      }
      return nil
    case .scale(_, let part), .group(let part): return part.phase(at: t)
    }
  }

  /// The part that the step is in, joined with its neighbours of the same name.
  private static func phase(in parts: [Schedule], at t: Int64) -> Phase? {
    var start: Int64 = 0
    var found: Phase?
    // Where the run of parts began whose own name is that of the last one.
    var runStart: Int64 = 0
    var runName: [UInt8]?
    for i in parts.indices {
      let end = parts[i].length.map { start + $0 }
      if parts[i].phase == nil || parts[i].phase != runName {
        if found != nil { return found }
        runStart = start
        runName = parts[i].phase
      }
      if found != nil {
        found?.extend(from: runStart, to: end)
      } else if i == parts.count - 1 || t < end ?? Int64.max {
        found = parts[i].phase(at: t - start)?.moved(by: start)
        guard let inner = found, inner.name == runName else { return found }
        found?.extend(from: runStart, to: end)
      }
      start = end ?? start
    }
    return found
  }

  /// Of the schedules that hold another one: its phases, in their time.
  private func phase(ofPart part: Schedule, at t: Int64) -> Phase? {
    switch node {
    case .clamp: return part.phase(at: t)
    case .take(_, let length): return part.phase(at: min(t, max(length - 1, 0)))?.cut(to: length)
    case .shift(_, let by): return part.phase(at: Node.shifted(t, by: by))?.moved(by: by)
    case .repeat(_, let length, let end):
      let last = min(t, max(end, 1) - 1)
      let round = last / max(length, 1) * length
      return part.phase(at: last - round)?.cut(to: length).moved(by: round)
    case .stretch(_, let factor, _):
      return part.phase(at: wholeUnits(t, of: factor))?.moved { (Pair($0) * factor).roundedUp ?? Int64.max }
    default: return nil
    }
  }
}
