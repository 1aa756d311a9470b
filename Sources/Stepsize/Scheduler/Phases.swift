extension Scheduler {
  /// Whether the schedule has an end and it is reached; where each group has its own, that of the last one to end.
  public var isFinished: Bool {
    guard let length else { return false }
    return time >= length
  }

  /// The named phase of the current update, in the scheduler's steps; nil where there is none. Where each group has its
  /// own schedule, the phases are those of the first group.
  public var phase: Phase? {
    let span = span(at: step)
    return span.name.isEmpty ? nil : span
  }

  /// The phase of any update, in the scheduler's steps: for past updates as it was, including phases that ended early
  /// or belonged to an earlier schedule in the record; for future ones as it is planned. Its name is empty where there
  /// is none.
  public func span(at step: Int64) -> Phase { watch.span(at: max(step, 0), of: plan.schedule) }

  /// Why the training can stop; nil if there is no reason to.
  public var stopReason: StopReason? {
    if watch.hasStopped { return .earlyStop }
    if isFinished { return .end }
    return isAtMinimum ? .minimum : nil
  }

  /// Whether every rate is at its lower bound and stays there for the rest of the schedule: checked now and 1, 2, 4, 8,
  /// … updates ahead.
  private var isAtMinimum: Bool {
    let (groups, time) = (groups, time)
    var isAtBound = true
    for i in groups.indices where !(groups[i].min > 0 && rate(i, at: time) <= groups[i].min) {
      isAtBound = false
    }
    guard isAtBound || controller.isAtBottom(groups) else { return false }
    let end = length ?? Int64.max
    var ahead: Int64 = 1
    while ahead > 0, time <= Int64.max - ahead {
      let then = Swift.min(time + ahead, end)
      for i in groups.indices where rate(i, at: then) != rate(i, at: time) { return false }
      if time + ahead >= end { break }
      ahead = ahead &* 2
    }
    return true
  }
}

/// Why a training can stop.
public enum StopReason: Int32, Sendable {
  /// The schedule's end is reached.
  case end = 1
  /// Every rate is at its lower bound and stays there.
  case minimum = 2
  /// An early stop rule has ended the last phase, or the training.
  case earlyStop = 3
}
