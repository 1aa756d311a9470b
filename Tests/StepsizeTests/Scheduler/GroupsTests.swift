import XCTest

@testable import Stepsize

final class GroupsTests: XCTestCase {
  /// New base rates for a fresh scheduler are those that one is made with, whatever the controller.
  func testNewBaseRatesAreThoseOfANewScheduler() throws {
    for text in [
      "cosine(9)", "greedy()", "plateau() * linear(9)", "hypergradient()", "line_search()", "learned()",
    ] {
      let plan = try Plan(parsing: Array(text.utf8))
      var changed = try Scheduler(baseLRs: [0.1, 0.2], plan: plan)
      var made = try Scheduler(baseLRs: [3, 4], plan: plan)
      try changed.setBaseLRs([3, 4])
      XCTAssertEqual(changed.saved(), made.saved(), text)
      try changed.setBaseLRs([5])
      XCTAssertEqual(changed.baseLR(ofGroup: 1), 5)
    }
  }

  /// What a controller has made of the base rates keeps its proportion.
  func testTheCutOfAControllerStays() throws {
    var scheduler = try Scheduler(
      baseLRs: [1, 2], plan: Plan(parsing: Array("plateau(patience=0, factor=0.5) * constant()".utf8)))
    for _ in 0..<3 { try scheduler.step(loss: 1) }
    XCTAssertEqual(try scheduler.rates(), [0.25, 0.5])
    try scheduler.setBaseLRs([8, 16])
    XCTAssertEqual(try scheduler.rates(), [2, 4])
    try scheduler.addGroup(baseLR: 32)
    XCTAssertEqual(try scheduler.rates(), [2, 4, 32])
    try scheduler.step(loss: 1)
    XCTAssertEqual(try scheduler.rates(), [1, 2, 16])
    try scheduler.removeGroup(0)
    XCTAssertEqual(try scheduler.rates(), [2, 16])
    XCTAssertThrowsError(try scheduler.setBaseLRs([.nan]))
    XCTAssertThrowsError(try scheduler.setBaseLRs([1, 2, 3]))
    XCTAssertThrowsError(try scheduler.removeGroup(2))
    XCTAssertThrowsError(try scheduler.addGroup(baseLR: 1, minLR: 2, maxLR: 1))
    XCTAssertEqual(try scheduler.rates(), [2, 16])
  }

  /// Each group goes along its own schedule; the text is the plan.
  func testASchedulePerGroup() throws {
    let schedules = [try Schedule.linear(10), try Schedule.cosine(20)]
    var scheduler = try Scheduler(baseLRs: [1, 2], plan: Plan([], schedules), records: true)
    XCTAssertEqual(scheduler.plan.text, Array("[linear(10), cosine(20)]".utf8))
    for t in 0..<25 {
      let expected = [schedules[0].value(at: Int64(t)), 2 * schedules[1].value(at: Int64(t))]
      XCTAssertEqual(try scheduler.rates(), expected)
      XCTAssertEqual(scheduler.isFinished, t >= 20)
      try scheduler.advance()
      scheduler = try Scheduler.restored(from: scheduler.saved())
    }
    XCTAssertEqual(try scheduler.replay(ofGroup: 1).value(at: 7), 2 * schedules[1].value(at: 7))
    try scheduler.extend(to: [schedules[1], schedules[0]])
    XCTAssertEqual(scheduler.plan.text, Array("[cosine(20), linear(10)]".utf8))
    XCTAssertThrowsError(try scheduler.extend(to: schedules + schedules))
    XCTAssertNotNil(failure { _ = try Scheduler(baseLRs: [1], plan: Plan([], schedules)) })
  }

  /// A group whose schedule begins with a warm-up: the controller skips it at once, as after a restart.
  func testTheWarmupOfALaterGroupIsSkipped() throws {
    let plan = try Plan(parsing: Array("plateau(patience=0) * linear(100)".utf8))
    var scheduler = try Scheduler(baseLRs: [1], plan: plan)
    try scheduler.step(loss: 1)
    try scheduler.addGroup(baseLR: 1, schedule: .sequence([.warmup(10), .constant()]))
    var restored = try Scheduler.restored(from: scheduler.saved())
    for t in 1..<30 {
      try scheduler.step(loss: 1)
      try restored.step(loss: 1)
      XCTAssertEqual(scheduler.decision, restored.decision)
      XCTAssertEqual(scheduler.decision == .ignored, t < 10, "\(t)")
      XCTAssertEqual(scheduler.saved(), restored.saved())
    }
  }

  /// As many single updates; a negative number, and one beyond the last update, are refused.
  func testManyUpdatesAtOnce() throws {
    for records in [false, true] {
      let plan = try Plan(parsing: Array("greedy() * (warmup(5) >> linear(20))".utf8))
      var many = try Scheduler(baseLRs: [1], plan: plan, records: records)
      var single = try Scheduler(baseLRs: [1], plan: plan, records: records)
      for count in [0, 1, 7, 30] {
        var rates = [0.0]
        try many.advance(by: Int64(count), into: rates.mutableSpan)
        for _ in 0..<count { try single.advance() }
        XCTAssertEqual(rates, try single.rates())
        XCTAssertEqual(many.saved(), single.saved())
      }
      var none: [Double] = []
      XCTAssertThrowsError(try many.advance(by: -1, into: none.mutableSpan))
      XCTAssertThrowsError(try many.advance(by: Int64.max, into: none.mutableSpan))
      XCTAssertEqual(many.saved(), single.saved())
    }
  }
}
