import XCTest

@testable import Stepsize

final class SchedulerExtensionTests: XCTestCase {
  /// Any schedules one after the other, with going back, saving and restoring between them: the rates are those of the
  /// current schedule, and the replay has the rates that were used and the phases that there were.
  func testAnySchedules() throws {
    var random = SplitMix(state: 5)
    var schedules = RandomSchedules(seed: 8)
    var named = 0
    for _ in 0..<200 {
      let first = schedules.schedule()
      var scheduler = try Scheduler(baseLRs: [1], plan: Plan([], first), records: true)
      var present = first
      var used: [Double] = []
      var names: [[UInt8]] = []
      for t in 0..<60 {
        switch Int.random(in: 0..<40, using: &random) {
        case 0, 1:
          present = schedules.schedule()
          try scheduler.extend(to: present)
        case 2:
          let step = Int.random(in: 0...used.count, using: &random)
          try scheduler.setStep(Int64(step))
          used.removeLast(used.count - step)
          names.removeLast(names.count - step)
        case 3: scheduler = try Scheduler.restored(from: scheduler.saved())
        default: break
        }
        XCTAssertEqual(scheduler.step, Int64(used.count))
        XCTAssertEqual(scheduler.plan.text, try Plan([], present).text)
        let rate = try scheduler.rates()[0]
        let product = present.value(at: Int64(used.count))
        XCTAssertEqual(rate, min(max(product, 0), .greatestFiniteMagnitude), "update \(t)")
        used.append(rate)
        names.append(scheduler.phase?.name ?? [])
        try scheduler.advance()
      }
      let replay = try scheduler.replay(ofGroup: 0)
      for t in used.indices {
        XCTAssertEqual(replay.value(at: Int64(t)), used[t])
        let name = replay.phase(at: Int64(t))?.name ?? []
        XCTAssertEqual(text(name), text(names[t]))
        if !name.isEmpty { named += 1 }
      }
    }
    XCTAssertGreaterThan(named, 500)
  }

  func testAnEarlyStopRuleNeedsItsPhase() throws {
    let plan = "early_stop(\"main\", patience=3) * (constant(5, phase=\"main\") >> linear(5))"
    var scheduler = try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(plan.utf8)))
    let error = failure { try scheduler.extend(to: .linear(20)) }
    XCTAssertEqual(
      error.map { text($0.message) }, "early_stop: the schedule has no phase of that name: \"main\"")
    XCTAssertEqual(text(scheduler.plan.text), plan)
    try scheduler.extend(to: parse("constant(9, phase=\"main\") >> linear(5)"))
    XCTAssertEqual(scheduler.plan.earlyStops.count, 1)
  }

  /// The format that a state has grows only where an older one does not hold it.
  func testFormats() throws {
    var scheduler = try Scheduler(baseLRs: [1], plan: Plan([], .linear(20)), records: true)
    try scheduler.advance()
    XCTAssertEqual(scheduler.saved()[8], 1)
    try scheduler.extend(to: .linear(30))
    XCTAssertEqual(scheduler.saved()[8], 2)
    var other = try Scheduler(baseLRs: [1], plan: Plan([], .linear(20)))
    try other.advance()
    try other.extend(to: .linear(30))
    XCTAssertEqual(other.saved()[8], 1)
  }
}
