/// The early stop rules of a scheduler.
struct EarlyStops: Sendable {
  private let boxes: [Box]

  /// An array holds only what can be copied; each box belongs to one scheduler alone, which cannot be.
  private final class Box: @unchecked Sendable {
    var rule: EarlyStop

    init(_ rule: consuming EarlyStop) { self.rule = rule }
  }

  init(_ rules: [Controller]) throws(ConfigurationError) {
    var boxes: [Box] = []
    for rule in rules { boxes.append(Box(try EarlyStop(rule.arguments))) }
    self.boxes = boxes
  }

  /// Shows the loss to all rules and returns what they end.
  func observe(_ loss: Double, at step: Int64, in phase: [UInt8]?) -> Ending {
    var ending = Ending.none
    for box in boxes where box.rule.observe(loss, at: step, in: phase) {
      if box.rule.phase == nil { ending = .training }
      if ending == .none { ending = .phase }
    }
    return ending
  }

  // MARK: - Memory

  var count: Int { boxes.count }

  /// Provides a rule with memory for more losses.
  func reserve(_ index: Int) { boxes[index].rule.reserve() }

  /// Losses that surely need no memory from now on.
  var reservedCount: Int64 {
    var count = Int64.max
    for box in boxes { count = Swift.min(count, box.rule.reservedCount) }
    return count
  }

  enum Ending { case none, phase, training }

  func transfer(_ state: inout StateCoder) {
    for box in boxes { box.rule.transfer(&state) }
  }
}
