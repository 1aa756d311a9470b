/// Where a schedule that holds its last phase forever has the next step with a name.
enum NextName: Sendable {
  case nowhere
  case at(Int64)
  /// At that step or later.
  case notBefore(Int64)

  /// The number of attempts of a search: phases that `stretch` squeezes to nothing could keep it busy forever.
  static var attempts: Int { 256 }

  /// No name comes before it; nil: none at all.
  var step: Int64? {
    switch self {
    case .nowhere: nil
    case .at(let step), .notBefore(let step): step
    }
  }

  /// On another time axis, by a monotone function; nil is never.
  fileprivate func moved(_ time: (Int64) -> Int64?) -> NextName {
    guard let step, let moved = time(step) else { return .nowhere }
    if case .at = self { return .at(moved) }
    return .notBefore(moved)
  }

  func moved(by steps: Int64) -> NextName { moved { $0.adding(steps) } }

  fileprivate func isBefore(_ end: Int64) -> Bool { step ?? Int64.max < end }

  /// Where it does not come before the end; nil: nowhere.
  func before(_ end: Int64?) -> NextName { end.map { isBefore($0) } ?? true ? self : .nowhere }
}

extension Schedule {
  /// The first step from `t` on that has a name.
  func nextName(from t: Int64) -> NextName {
    var next = name(from: t)
    for _ in 0..<NextName.attempts {
      guard case .notBefore(let step) = next else { break }
      next = name(from: step)
    }
    return next
  }

  /// One attempt: it advances at least past `t`.
  func name(from t: Int64) -> NextName {
    phase != nil ? .at(t) : innerName(from: t)
  }

  /// The same for the names of its parts alone.
  func innerName(from t: Int64) -> NextName {
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.name(from: t) }
      if case .some(.schedule(let part)) = arguments.values.first { return name(ofPart: part, from: t) }
      return .nowhere
    case .sequence(let parts): return parts.name(from: t)
    case .product(let factors):
      var first = NextName.nowhere
      for factor in factors {
        let next = name(inFactor: factor, from: t)
        guard let step = next.step else { continue }
        // Of two at the same step, the certain one.
        let isSure = if case .at = next { true } else { false }
        if first.isBefore(step) || first.step == step && !isSure { continue }
        first = next
      }
      return first
    case .scale(_, let part), .group(let part): return part.name(from: t)
    }
  }

  /// Where a factor ends before the product; nil: nowhere.
  func end(ofFactor factor: Schedule) -> Int64? { factor.length == length ? nil : factor.length }

  func name(inFactor factor: Schedule, from t: Int64) -> NextName {
    let end = end(ofFactor: factor) ?? Int64.max
    if t >= end { return .nowhere }
    let next = factor.name(from: t)
    return next.isBefore(end) || end == Int64.max ? next : .nowhere
  }

  private func name(ofPart part: Schedule, from t: Int64) -> NextName {
    if part.firstName.step == nil { return .nowhere }
    switch node {
    case .clamp: return part.name(from: t)
    case .take(_, let length): return part.name(from: t, holding: max(length - 1, 0)) { part.name(from: $0) }
    case .repeat(_, let length, let end):
      return part.name(from: t, holding: max(end, 1) - 1) { part.name(inRounds: max(length, 1), from: $0) }
    case .shift(_, let by):
      let step = Node.shifted(t, by: by)
      let next = part.name(from: step)
      if case .at(step) = next { return .at(t) }
      return next.moved(by: by)
    case .stretch(_, let factor, _):
      let step = wholeUnits(t, of: factor)
      let next = part.name(from: step)
      if case .at(step) = next { return .at(t) }
      guard let then = next.moved({ firstStep(ofUnit: $0, factor) }).step else { return .nowhere }
      // A factor below 1 leaves steps out.
      if case .at(wholeUnits(then, of: factor)) = next { return .at(then) }
      return .notBefore(then)
    default: return .nowhere
    }
  }

  /// Where nothing changes from the step `last` on.
  private func name(from t: Int64, holding last: Int64, _ search: (Int64) -> NextName) -> NextName {
    let step = min(t, last)
    let next = search(step)
    if case .at(step) = next { return .at(t) }
    return t <= last && (next.step ?? Int64.max) <= last ? next : .nowhere
  }

  /// Of this schedule repeated forever.
  private func name(inRounds length: Int64, from t: Int64) -> NextName {
    let round = t / length * length
    let next = t > round ? name(from: t - round) : firstName
    if next.isBefore(length) { return next.moved(by: round) }
    guard let start = round.adding(length), firstName.isBefore(length) else { return .nowhere }
    return firstName.moved(by: start)
  }
}
