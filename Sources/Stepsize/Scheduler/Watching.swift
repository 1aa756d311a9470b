// What a step has to do where a record, an early stop rule or the phase of a controller looks on.

extension Scheduler {
  @inline(never)
  static func writeDown(_ scheduler: inout Scheduler) {
    scheduler.watch.useReserve()
    guard scheduler.watch.hasRoom() else { return }
    var multiplier = scheduler.schedule.value(at: scheduler.time)
    for i in scheduler.groups.indices {
      if !scheduler.groupSchedules.isEmpty {
        multiplier = scheduler.groupSchedules[i].value(at: scheduler.time)
      }
      scheduler.watch.append(scheduler.groups[i].rate(multiplier), ofGroup: i)
    }
  }

  /// Whether the controller observes the current update.
  mutating func isInScope() -> Bool {
    isIgnored = !scope.begins(by: step, time: time)
    if !isIgnored, let name = scope.phase {
      isIgnored = watch.phase(at: time, of: plan.schedule).name != name
    }
    return !isIgnored
  }

  @inline(never)
  mutating func endPhase(_ loss: Double) {
    // A record alone needs no phase, and looking one up allocates.
    if plan.earlyStops.isEmpty { return }
    let phase = watch.phase(at: time, of: plan.schedule)
    let ending = watch.ending(loss, at: step, in: phase.name.isEmpty ? nil : phase.name)
    guard ending != .none else { return }
    if ending == .phase, !phase.name.isEmpty, let end = phase.end, end < length ?? Int64.max {
      // The next update is the first of the next phase.
      if end > time {
        watch.jump(to: end, at: step)
        lead += end - 1 - time
        time = end - 1
      }
    } else {
      watch.hasStopped = true
    }
  }
}
