/// The named phases of a schedule in order, each from the step at which it is first seen.
///
/// A phase that another one inside it interrupts comes again after that. Only the position is kept, and the next phase
/// is found in time bounded by the size of the schedule's text.
public struct PhaseWalk: Sequence, IteratorProtocol {
  private let schedule: Schedule
  private var step: Int64?

  init(_ schedule: Schedule, from step: Int64) {
    self.schedule = schedule
    self.step = Swift.max(step, 0)
  }

  /// The next phase, and the step from which it is in force: until `phase.until`.
  public mutating func next() -> (step: Int64, phase: Phase)? {
    while let step, step < schedule.length ?? Int64.max {
      var phase = schedule.span(at: step)
      self.step = phase.until
      if phase.name.isEmpty { continue }
      // Where `until` came early.
      while let until = phase.until {
        let next = schedule.span(at: until)
        if !next.isSame(as: phase) { break }
        phase.until = next.until
        self.step = next.until
      }
      return (step, phase)
    }
    return nil
  }
}

extension Schedule {
  /// The named phases in order, from a step on.
  public func phases(from step: Int64 = 0) -> PhaseWalk { PhaseWalk(self, from: step) }
}
