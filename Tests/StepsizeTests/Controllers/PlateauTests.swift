import XCTest

@testable import Stepsize

/// What a trace of Tests/golden/controllers.txt does not show: several groups, refusals.
final class PlateauTests: XCTestCase {
  func testBoundsOfGroups() throws {
    let plan = try Plan(parsing: Array("plateau(patience=0, factor=0.5, min_lr=[0.6, 0.1])".utf8))
    var scheduler = try Scheduler(baseLRs: [1, 1], plan: plan)
    var rates = [0.0, 0.0]
    for _ in 0..<3 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    XCTAssertEqual(rates, [0.6, 0.25])
    for _ in 0..<5 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    XCTAssertEqual(rates, [0.6, 0.1])
    XCTAssertEqual(scheduler.decision, .heldAtBound)
  }

  func testBadParametersAreRefused() {
    func message(_ parameter: String) -> String? {
      failure { _ = try Plan(parsing: Array("plateau(\(parameter))".utf8)) }.map { text($0.message) }
    }
    XCTAssertEqual(message("factor=0"), "plateau: factor = 0, expected a number in (0, 1)")
    XCTAssertEqual(
      message("accumulation=0"),
      "plateau: accumulation = 0, expected an integer from 1 to 9223372036854775807")
    XCTAssertEqual(
      message("min_lr=[-1]"),
      "plateau: min_lr = [-1], expected a finite number >= 0, or a list with one for each group, or none")
  }

  private func cuts(_ text: String, _ losses: [Double]) throws -> [Int] {
    var scheduler = try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(text.utf8)))
    var rates = [0.0]
    var before = 1.0
    var updates: [Int] = []
    for (update, loss) in losses.enumerated() {
      try scheduler.step(loss: loss, into: rates.mutableSpan)
      if rates[0] < before { updates.append(update) }
      before = rates[0]
    }
    return updates
  }

  func testNegativeMetricThatStandsStill() throws {
    let flat = Array(repeating: -1.0, count: 10)
    for mode in ["min", "max"] {
      XCTAssertEqual(try cuts("plateau(patience=2, mode=\"\(mode)\")", flat), [3, 6, 9])
      XCTAssertEqual(try cuts("plateau(\"pytorch\", patience=2, mode=\"\(mode)\")", flat), [])
      XCTAssertEqual(try cuts("plateau(\"optax\", patience=2, mode=\"\(mode)\")", flat), [])
      let relative = "plateau(\"keras\", patience=2, mode=\"\(mode)\", threshold_mode=\"rel\")"
      XCTAssertEqual(try cuts(relative, flat), [2, 4, 6, 8])
    }
  }

  /// For a positive metric nothing is different.
  func testPositiveMetricIsPyTorchs() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let mode = Bool.random(using: &random) ? "min" : "max"
      let parameters = "patience=1, factor=0.9, mode=\"\(mode)\", threshold=0.03)"
      let losses = (0..<50).map { _ in Double.random(in: 1...1.2, using: &random) }
      XCTAssertEqual(
        try cuts("plateau(\(parameters)", losses), try cuts("plateau(\"pytorch\", \(parameters)", losses))
    }
  }

  /// States that were saved when `plateau()` was PyTorch's continue as they would have, after a positive loss or a
  /// negative one.
  func testStateBeforeTheMarginWasMended() throws {
    let states: [(sum: String, best: String)] = [
      ("fd20f44c", "000000000000f03f1ea7e8482effef3f01"), ("48b1e63e", "000000000000f0bf1ea7e8482effefbf00"),
    ]
    for (sum, best) in states {
      let middle =
        "d7000000000000001f00000000000000706c617465617528666163746f723d302e352c2070617469656e63653d32"
        + "290000000000000000000000000000000001000000000000009a9999999999b93f0000000000000000ffffffffff"
        + "ffef7f020000000000000002000000000000009a9999999999b93f"
      let end =
        "00000000000000000000000000000000000000000000000000000000000000030000000000000000000000000000"
        + "0000000000000000000000000000000000"
      let state = bytes("5354455053495a4501000000\(sum)" + middle + best + end)
      for name in ["", "\"pytorch\", "] {
        let plan = try Plan(parsing: Array("plateau(\(name)patience=2, factor=0.5)".utf8))
        var scheduler = try Scheduler(baseLRs: [0.1], plan: plan)
        try scheduler.restore(state)
        XCTAssertEqual(scheduler.plan.text, plan.text)
        if name.isEmpty { XCTAssertEqual(scheduler.saved(), state) }
        var again = try Scheduler.restored(from: scheduler.saved())
        var rates = [0.0]
        for _ in 0..<6 {
          try again.step(loss: -1, into: rates.mutableSpan)
          XCTAssertEqual(rates, [0.1])
        }
      }
    }
  }

  func testStateWithAMendedMargin() throws {
    let plan = try Plan(parsing: Array("plateau(patience=0, factor=0.5)".utf8))
    var scheduler = try Scheduler(baseLRs: [1], plan: plan)
    var rates = [0.0]
    try scheduler.step(loss: -1, into: rates.mutableSpan)
    let state = scheduler.saved()
    XCTAssertEqual(state[8], 3)
    scheduler = try Scheduler.restored(from: state)
    XCTAssertEqual(scheduler.saved(), state)
    try scheduler.step(loss: -1, into: rates.mutableSpan)
    XCTAssertEqual(rates, [0.5])
    let pytorch = try Plan(parsing: Array("plateau(\"pytorch\", patience=0, factor=0.5)".utf8))
    var peer = try Scheduler(baseLRs: [1], plan: pytorch)
    XCTAssertNotNil(failure { try peer.restore(state) })
    XCTAssertEqual(peer.saved()[8], 1)
  }

  private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
  }
}
