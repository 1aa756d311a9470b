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
}
