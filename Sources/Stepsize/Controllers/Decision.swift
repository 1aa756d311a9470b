/// What a controller did with the last observation, and why.
public enum Decision: Int32, CaseIterable, Sendable {
  /// Nothing has been observed yet, or there is no controller.
  case none = 0
  case raised = 1
  case cut = 2
  /// No change yet: the counts are within patience.
  case heldByPatience = 3
  case heldByCooldown = 4
  case heldByWarmup = 5
  /// A change was due, but every rate is at its bound, or the change would have been too small.
  case heldAtBound = 6
  /// Back to the base rates given at the start.
  case reset = 7
  /// The observation gave no reason for a change.
  case kept = 8
  /// The observation was not a finite number, or the update is none that the controller observes: nothing changed.
  case ignored = 9
}
