// A step asks for no memory where there is a reserve. A caller that cannot do without it makes one beforehand, part by part,
// so that each may fail by itself (`stepsize_scheduler_step`).

extension Scheduler {
  /// Whether the next step has the memory that it needs, except for the controller where nothing is recorded and nothing
  /// ends early.
  @inline(__always)
  package var hasReserve: Bool { !isWatched || watch.reservedCount > 0 }

  /// The parts of the watch, and the controller.
  package var reserveCount: Int { watch.reserveCount + 1 }

  package mutating func reserve(_ part: Int) {
    if part == watch.reserveCount { return reserveController() }
    watch.reserve(part, from: time, of: plan.schedule)
  }

  package mutating func reserveController() { controller.reserve() }

  package mutating func countReserve() {
    watch.countReserve(controller.reservedCount(), from: time, of: plan.schedule)
  }
}
