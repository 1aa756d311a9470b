import XCTest

@testable import Stepsize

final class HorizonTests: XCTestCase {
  func testHorizons() throws {
    let expected: [(String, Int64)] = [
      ("linear(30)", 30), ("constant(0)", 1), ("constant()", 1000), ("linear(7) >> constant()", 1000),
      ("linear(7000) >> constant()", 7000),
      // Four times what the parameters speak of.
      ("noam(4000)", 16_000), ("halflife(500.5)", 2000), ("knots([0, 3000, 9000], [0, 1, 0.1])", 9000),
      ("multistep([1000, 60000])", 240_000), ("restarts(600)", 2400), ("noise(seed=1000000000)", 1000),
      ("noam(400, model_size=16384)", 1600),
      // In the time of the whole.
      ("warmup(500) >> inverse_sqrt(1000)", 4500), ("repeat(linear(600))", 2400),
      ("stretch(noam(100), 60)", 24_000),
      ("shift(noam(400), 5000)", 6600), ("linear(9000) * constant()", 9000), ("0.5 * noam(400)", 1600),
      ("(noam(400), phase=\"x\")", 1600), ("shift(constant(), -9223372036854775808)", 1000),
      ("stretch(noam(9223372036854775806), 1000)", Int64.max),
    ]
    for (text, horizon) in expected {
      XCTAssertEqual(try parse(text).horizon, horizon, text)
    }
  }

  /// In any schedule: at least 1, and the length where there is one.
  func testAnySchedule() {
    var random = RandomSchedules(seed: 31)
    for _ in 0..<3000 {
      let schedule = random.schedule()
      XCTAssertEqual(schedule.horizon, schedule.length.map { max($0, 1) } ?? max(schedule.horizon, 1000))
    }
  }
}
