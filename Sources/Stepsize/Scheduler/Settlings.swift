/// The settlings of a scheduler at work.
struct Settlings: Sendable {
  private let boxes: [Box]

  /// An array holds only what can be copied; each box belongs to one scheduler alone, which cannot be.
  private final class Box: @unchecked Sendable {
    var settle: Settle

    init(_ settle: consuming Settle) { self.settle = settle }
  }

  init(_ configurations: [Settle.Configuration]) throws(ConfigurationError) {
    var boxes: [Box] = []
    for configuration in configurations { boxes.append(Box(try Settle(configuration))) }
    self.boxes = boxes
  }

  /// Shows the loss to all; whether one of them says that the metric has settled.
  func observe(_ loss: Double, in phase: [UInt8]?) -> Bool {
    var hasSettled = false
    for box in boxes where box.settle.observe(loss, in: phase) { hasSettled = true }
    return hasSettled
  }

  func transfer(_ state: inout StateCoder) {
    for box in boxes { box.settle.transfer(&state) }
  }
}
