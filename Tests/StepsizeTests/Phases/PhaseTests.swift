import XCTest

@testable import Stepsize

final class PhaseTests: XCTestCase {
  /// In any schedule, at any step: a phase holds its step (or is the last one, at the end).
  func testPhasesHoldTheirSteps() throws {
    var random = RandomSchedules(seed: 21)
    var named = 0
    for _ in 0..<3000 {
      let schedule = random.schedule()
      for step in hardSteps {
        let span = schedule.span(at: step)
        let t = max(step, 0)
        XCTAssertGreaterThanOrEqual(span.start, 0)
        guard let phase = schedule.phase(at: step) else { continue }
        named += 1
        XCTAssertEqual(phase.name, span.name)
        if t < schedule.length ?? Int64.max {
          XCTAssertLessThanOrEqual(phase.start, t, text(schedule.text))
          XCTAssertGreaterThan(phase.end ?? Int64.max, min(t, Int64.max - 1), text(schedule.text))
        }
      }
    }
    XCTAssertGreaterThan(named, 1000)
  }

  func testNoOverflow() throws {
    let huge = try parse("shift(constant(5, phase=\"a\") >> constant(phase=\"b\"), 9223372036854775802)")
    for step in hardSteps { _ = huge.span(at: step) }
    let early = try parse("shift(constant(5, phase=\"a\") >> constant(phase=\"b\"), -9223372036854775808)")
    for step in hardSteps { XCTAssertEqual(early.phase(at: step).map { text($0.name) }, "b") }
  }
}
