// Which phase a step is in. The name of the innermost part counts; neighbours of the same name are one phase.
//
// Inlined into each other these functions would be four times as large.

extension Schedule {
  /// The named phase that a step is in, the same from each of its steps; nil where no part carries a name.
  /// Before 0 it is the first, after the end the last.
  public func phase(at step: Int64) -> Phase? {
    let span = span(at: step)
    return span.name.isEmpty ? nil : span
  }

  /// The same; where no part carries a name, the unnamed span, whose name is empty.
  ///
  /// Of a schedule that `stretch` squeezes to fewer steps, `until` may come early.
  public func span(at step: Int64) -> Phase {
    let t = max(step, 0)
    var span = endlessSpan(at: t)
    if span.name.isEmpty {
      span.until = nextName(from: t).step
    } else {
      for _ in 0..<NextName.attempts {
        guard span.mayGoOn, let until = span.until, until < length ?? Int64.max else { break }
        let next = endlessSpan(at: until)
        guard next.isSame(as: span) else { break }
        span = next
      }
    }
    guard let length else { return span }
    span.end = min(span.end ?? length, length)
    if let until = span.until, until >= length || t >= length { span.until = nil }
    return span
  }

  /// For a schedule that holds its last value, and so its last phase, forever. `until` is that of a named phase.
  @inline(never)
  func endlessSpan(at t: Int64) -> Phase {
    let span = innerSpan(at: t)
    guard span.name.isEmpty, let phase else { return span }
    var whole = Phase(phase)
    whole.end(at: innerName(from: t))
    return whole
  }

  private func innerSpan(at t: Int64) -> Phase {
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.endlessSpan(at: t) }
      if case .some(.schedule(let part)) = arguments.values.first { return span(ofPart: part, at: t) }
      return Phase([])
    case .sequence(let parts): return Self.span(in: parts, at: t)
    case .product(let factors): return span(inFactors: factors, at: t)
    case .scale(_, let part), .group(let part): return part.endlessSpan(at: t)
    }
  }

  /// That of the first factor that has a name there, up to the end of the factor: what it holds afterwards is no phase,
  /// unless the product ends with it.
  private func span(inFactors factors: [Schedule], at t: Int64) -> Phase {
    var unnamed = Phase([])
    for i in factors.indices {
      let end = end(ofFactor: factors[i])
      if t >= end ?? Int64.max { continue }
      var span = factors[i].endlessSpan(at: t).cut(to: end)
      if span.name.isEmpty {
        unnamed.start = max(unnamed.start, span.start)
        unnamed.end = earlier(unnamed.end, span.end)
        continue
      }
      for before in factors[..<i] { span.end(at: name(inFactor: before, from: t)) }
      return span
    }
    return unnamed
  }

  /// That of the part that the step is in, joined with the parts of the same name beside it.
  @inline(never)
  private static func span(in parts: Parts, at t: Int64) -> Phase {
    let index = parts.index(at: t)
    let (part, start) = parts.part(index)
    let found = part.endlessSpan(at: t - start)
    var span = found.cut(to: index == parts.count - 1 ? nil : part.length).moved(by: start)
    if part.isWhole(found) {
      span.start = start - parts.run(of: found.name, before: index).length
      _ = parts.extend(&span, from: index + 1)
    }
    return span
  }

  /// Whether a phase is that of the whole schedule, which its neighbours in a sequence join.
  fileprivate func isWhole(_ span: Phase) -> Bool {
    span.start == 0 && span.end == nil && span.name == phase
  }

  /// Of the schedules that hold another one: its phases, in their time.
  private func span(ofPart part: Schedule, at t: Int64) -> Phase {
    switch node {
    case .clamp: return part.endlessSpan(at: t)
    case .take(_, let length):
      let last = max(length - 1, 0)
      return part.endlessSpan(at: min(t, last)).held(from: last)
    case .repeat(_, let length, let end):
      let last = max(end, 1) - 1
      let step = min(t, last)
      let round = step / max(length, 1) * length
      return part.endlessSpan(at: step - round).cut(to: length).moved(by: round).held(from: last)
    case .shift(_, let by):
      let span = part.endlessSpan(at: Node.shifted(t, by: by))
      var moved = span.moved(by: by)
      // The phase of its first step extends to the steps before it.
      if span.start == 0 { moved.start = 0 }
      return moved
    case .stretch(_, let factor, _):
      var span = part.endlessSpan(at: wholeUnits(t, of: factor)).moved { firstStep(ofUnit: $0, factor) }
      // Steps are left out, and with them perhaps what would come between.
      if factor < 1 { span.mayGoOn = true }
      return span
    default: return Phase([])
    }
  }
}

/// nil is later than everything.
private func earlier(_ a: Int64?, _ b: Int64?) -> Int64? {
  guard let a, let b else { return a ?? b }
  return min(a, b)
}

extension Phase {
  /// Over a part that follows in a sequence and carries its name.
  @inline(never)
  mutating func extend(over part: Schedule, length: Int64?) {
    guard let end else { return }
    self.end = length.map { end + $0 }
    // Where it continues being seen.
    if until == end, length != 0 {
      let next = part.endlessSpan(at: 0)
      if part.isWhole(next) {
        until = next.cut(to: length).moved(by: end).until
        mayGoOn = mayGoOn || next.mayGoOn
      }
    }
  }

  /// In a part that ends there; nil: nowhere.
  @inline(never)
  fileprivate func cut(to length: Int64?) -> Phase {
    var cut = self
    cut.end = earlier(end, length)
    cut.until = earlier(until, length)
    return cut
  }

  /// Before the next name.
  fileprivate mutating func end(at next: NextName) {
    until = earlier(until, next.step)
    if case .notBefore = next { mayGoOn = true }
  }

  /// Where nothing changes from that step on.
  fileprivate func held(from last: Int64) -> Phase {
    var held = self
    if let end, end > last { held.end = nil }
    if let until, until > last { held.until = nil }
    return held
  }

  /// On another time axis, by a monotone function; nil is never.
  func moved(_ time: (Int64) -> Int64?) -> Phase {
    var moved = self
    moved.start = time(start) ?? Int64.max
    moved.end = end.flatMap(time)
    moved.until = until.flatMap(time)
    return moved
  }

  /// Later by a number of steps; nothing is before 0.
  @inline(never)
  fileprivate func moved(by steps: Int64) -> Phase {
    moved { $0.adding(steps).map { max($0, 0) } }
  }
}
