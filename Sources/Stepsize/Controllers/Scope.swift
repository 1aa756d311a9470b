/// The updates whose losses a controller observes: the parameters after, phase and skip_warmup.
///
/// The losses of all others are ignored: they are not counted, not averaged, never the best, and the controller remembers
/// what it knew. It follows from the step alone, so that going back, saving and resuming need nothing more.
struct Scope: Sendable {
  /// The first update.
  private var after: Int64 = 0
  /// The first step of the schedule: after its warm-up, and that of each group's.
  private var afterWarmup: Int64 = 0
  /// nil: all phases.
  private(set) var phase: [UInt8]?

  /// Everything.
  init() {}

  /// Of a scheduler without a controller, or with one that has none of these parameters, everything.
  init(_ plan: Plan) {
    guard let a = plan.controller?.arguments else { return }
    after = a.count("after")
    phase = a.optionalWord("phase")
    guard a.flag("skip_warmup") else { return }
    for schedule in plan.schedules { afterWarmup = Swift.max(afterWarmup, schedule.node.warmupLength) }
  }

  var isEverything: Bool { after | afterWarmup == 0 && phase == nil }

  /// Whether an update has come far enough, in whatever phase.
  func begins(by step: Int64, time: Int64) -> Bool { step >= after && time >= afterWarmup }
}

extension Node {
  /// The updates of the warm-up that it begins with: `warmup`, a `ramp` that rises, the rise of `noam`, or the knots that
  /// rise at the beginning; 0 where it begins with something else, such as a cycle, or a table.
  var warmupLength: Int64 {
    switch self {
    case .warmup(let leaf): return leaf.steps
    case .ramp(let leaf): return leaf.start < leaf.end ? leaf.total : 0
    case .noam(let leaf): return leaf.rise
    case .knots(let leaf): return leaf.rise
    case .product(let a, let b): return Swift.max(a.warmupLength, b.warmupLength)
    case .sequence(let part, let length, _), .take(let part, let length):
      return Swift.min(part.warmupLength, length)
    case .scale(_, let part), .clamp(let part, _, _), .repeat(let part, _, _): return part.warmupLength
    case .shift(let part, let by):
      let length = part.warmupLength
      return length > 0 ? Swift.max(length.adding(by) ?? Int64.max, 0) : 0
    case .stretch(let part, let factor, _): return (Pair(part.warmupLength) * factor).roundedUp ?? Int64.max
    default: return 0
    }
  }
}
