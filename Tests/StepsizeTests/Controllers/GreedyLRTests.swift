import XCTest

@testable import Stepsize

/// What a trace of Tests/golden/controllers.txt does not show: bounds, rules over many losses, refusals.
final class GreedyLRTests: XCTestCase {
  /// The rates of one group after each loss.
  private func rates(_ controller: String, base: Double = 0.1, _ losses: [Double]) throws -> [Double] {
    var scheduler = try Scheduler(baseLRs: [base], plan: Plan(parsing: Array(controller.utf8)))
    var rates = [0.0]
    return try losses.map {
      try scheduler.step(loss: $0, into: rates.mutableSpan)
      return rates[0]
    }
  }

  func testBoundsAreRelativeToTheBaseRate() throws {
    let controller = "greedy(factor=0.5, patience=0, smooth=false, reset_start=none)"
    XCTAssertEqual(try rates(controller, base: 1e-5, (0..<20).map { 1 / Double($0 + 1) }).last, 1e-4)
    XCTAssertEqual(try rates(controller, base: 1e-5, (0..<20).map { Double($0) }).last, 1e-5 / 10)
  }

  func testBaseRateOutsideItsBoundsIsRefused() throws {
    let error = failure { _ = try rates("greedy(min_lr=0.2)", []) }
    XCTAssertEqual(
      error.map { text($0.message) },
      "greedy: the base rate 0.1 of group 0 is outside [min_lr, max_lr] = [0.2, 1]")
    XCTAssertNoThrow(try rates("greedy(\"huggingface\", min_lr=0.2)", []))
  }

  func testRelativeThresholdOfNegativeMetrics() throws {
    // -0.95 is worse than -1; nothing here is an improvement after the first loss.
    let losses = [-1, -0.95, -0.9, -0.86, -0.82]
    let relative = "threshold=0.1, threshold_mode=\"rel\", patience=1, smooth=false"
    XCTAssertLessThan(try rates("greedy(\(relative))", losses)[4], 0.1)
    XCTAssertGreaterThan(try rates("greedy(\"huggingface\", \(relative), min_lr=1e-6)", losses)[4], 0.1)
  }

  func testSmallRatesStillReachTheirBound() throws {
    let losses = Array(repeating: 1.0, count: 500)
    let tiny = "patience=1, smooth=false, min_lr=1e-9, reset_start=none"
    XCTAssertEqual(try rates("greedy(\(tiny))", base: 1e-7, losses).last, 1e-9)
    XCTAssertEqual(try rates("greedy(\"huggingface\", \(tiny))", base: 1e-7, losses).last, 1e-7)
  }

  func testResetCanBeTurnedOff() throws {
    let controller = "greedy(factor=0.5, patience=0, smooth=false, reset_start=none)"
    XCTAssertEqual(try rates(controller, Array(repeating: 1, count: 5000)).last, 0.01)
  }

  func testBadParametersAreRefused() {
    func message(_ parameter: String) -> String? {
      failure { _ = try Plan(parsing: Array("greedy(\(parameter))".utf8)) }.map { text($0.message) }
    }
    XCTAssertEqual(message("factor=1"), "greedy: factor = 1, expected a number in (0, 1)")
    XCTAssertEqual(
      message("patience=-1"), "greedy: patience = -1, expected an integer from 0 to 9223372036854775807")
    XCTAssertEqual(message("window=0"), "greedy: window = 0, expected an integer from 1 to 16777216")
    XCTAssertEqual(message("eps=-1"), "greedy: eps = -1, expected a finite number >= 0")
    XCTAssertEqual(
      message("reset_start=0"),
      "greedy: reset_start = 0, expected an integer from 1 to 9223372036854775807, or none")
    XCTAssertNoThrow(try Controller(parsing: Array("greedy(\"huggingface\", reset_start=0)".utf8)))
  }
}
