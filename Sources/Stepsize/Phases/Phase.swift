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

  /// What holds its first value before its start, or its last one after its end, is in that phase.
  fileprivate func held(at t: Int64, until length: Int64?) -> Phase {
    let isOver = t >= end ?? Int64.max && t < length ?? Int64.max
    return Phase(name, from: start > t ? 0 : start, to: isOver ? length : end)
  }

  fileprivate func intersected(_ other: Phase) -> Phase {
    let ends = [end, other.end].compactMap { $0 }
    return Phase(name, from: Swift.max(start, other.start), to: ends.min())
  }

  /// Neighbours of one name are one phase.
  fileprivate mutating func extend(from start: Int64, to end: Int64?) {
    self.start = Swift.min(self.start, start)
    if let last = self.end { self.end = end.map { Swift.max($0, last) } }
  }
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

  /// The named phase that a step is in: of the innermost part that carries a name; nil where none does.
  /// Before 0 it is the first, after the end the last.
  public func phase(at step: Int64) -> Phase? {
    let span = span(at: step)
    return span.name.isEmpty ? nil : span
  }

  /// The same, where no part carries a name the stretch without one, whose name is empty.
  func span(at step: Int64) -> Phase {
    let t = max(step, 0)
    let span = innerSpan(at: t)
    if span.name.isEmpty, let phase { return Phase(phase, from: 0, to: length) }
    return span.held(at: t, until: length)
  }

  /// Whether a part of that name is in it.
  func hasPhase(_ name: [UInt8]) -> Bool {
    if phase == name { return true }
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.hasPhase(name) }
      if case .some(.schedule(let part)) = arguments.values.first { return part.hasPhase(name) }
      return false
    case .sequence(let parts), .product(let parts): return parts.contains { $0.hasPhase(name) }
    case .scale(_, let part), .group(let part): return part.hasPhase(name)
    }
  }

  private func innerSpan(at t: Int64) -> Phase {
    let whole = Phase([], from: 0, to: length)
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.span(at: t) }
      guard case .some(.schedule(let part)) = arguments.values.first else { return whole }
      return span(ofPart: part, at: t) ?? whole
    case .sequence(let parts): return Self.span(in: parts, at: t) ?? whole
    case .product(let factors):
      var unnamed = whole
      for factor in factors {
        let span = factor.span(at: t)
        if !span.name.isEmpty { return span }
        unnamed = unnamed.intersected(span)
      }
      return unnamed
    case .scale(_, let part), .group(let part): return part.span(at: t)
    }
  }

  /// That of the part that the step is in, joined with its neighbours of the same name.
  private static func span(in parts: [Schedule], at t: Int64) -> Phase? {
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
        let inner = parts[i].span(at: t - start).moved(by: start)
        found = inner
        guard inner.name == runName else { return found }
        found?.extend(from: runStart, to: end)
      }
      start = end ?? start
    }
    return found
  }

  /// Of the schedules that hold another one: its phases, in their time.
  private func span(ofPart part: Schedule, at t: Int64) -> Phase? {
    switch node {
    case .clamp: part.span(at: t)
    case .take(_, let length): part.span(at: min(t, max(length - 1, 0))).cut(to: length)
    case .shift(_, let by): part.span(at: Node.shifted(t, by: by)).moved(by: by)
    case .repeat(_, let length, let end): Self.span(inRound: part, length, at: min(t, max(end, 1) - 1))
    case .stretch(_, let factor, _):
      part.span(at: wholeUnits(t, of: factor)).moved { (Pair($0) * factor).roundedUp ?? Int64.max }
    default: nil
    }
  }

  private static func span(inRound part: Schedule, _ length: Int64, at t: Int64) -> Phase {
    let round = t / max(length, 1) * length
    return part.span(at: t - round).cut(to: length).moved(by: round)
  }
}
