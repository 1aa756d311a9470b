import XCTest

@testable import Stepsize

/// Which updates a controller observes.
final class ScopeTests: XCTestCase {
  private func scheduler(_ text: String, records: Bool = false) throws -> Scheduler {
    try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(text.utf8)), records: records)
  }

  /// The updates after which the base rate is lower, with a loss that stands still.
  private func cuts(_ text: String, updates: Int = 30) throws -> [Int] {
    var scheduler = try scheduler(text)
    var rates = [0.0]
    var cuts: [Int] = []
    for update in 0..<updates {
      try scheduler.step(loss: 1, into: rates.mutableSpan)
      if scheduler.decision == .cut { cuts.append(update) }
    }
    return cuts
  }

  func testThePlateauBeginsAfterTheWarmup() throws {
    let schedules = [
      "(warmup(10) >> constant())", "tri_stage(10, 20, 30)",
      "(2 * warmup(10) >> constant())", "(ramp(10, start=0.1) >> linear(90))", "wsd(100, warmup=10)",
      "warmup(10) * inverse_sqrt(10)", "(stretch(warmup(5), 2) >> constant())", "take(warmup(20), 10)",
      "clamp(warmup(10) >> constant(), min=0.1)", "shift(warmup(7) >> constant(), 3)",
    ]
    for schedule in schedules {
      XCTAssertEqual(try cuts("plateau(patience=4) * \(schedule)"), [15, 20, 25], schedule)
      // Its peers know of no warm-up.
      XCTAssertEqual(
        try cuts("plateau(\"pytorch\", patience=4) * \(schedule)"), [5, 10, 15, 20, 25], schedule)
      XCTAssertEqual(
        try cuts("plateau(patience=4, skip_warmup=false) * \(schedule)"), [5, 10, 15, 20, 25], schedule)
    }
    for schedule in [
      "linear(100)", "constant()", "(constant(5) >> warmup(10))", "ramp(10, start=1, end=0.1)",
    ] {
      XCTAssertEqual(try cuts("plateau(patience=4) * \(schedule)"), [5, 10, 15, 20, 25], schedule)
    }
  }

  func testAfter() throws {
    XCTAssertEqual(try cuts("plateau(patience=4, after=12)"), [17, 22, 27])
    // Whichever ends later.
    XCTAssertEqual(try cuts("plateau(patience=4, after=12) * (warmup(3) >> constant())"), [17, 22, 27])
    XCTAssertEqual(try cuts("plateau(patience=4, after=3) * (warmup(12) >> constant())"), [17, 22, 27])
    XCTAssertEqual(try cuts("greedy(patience=4, after=12, smooth=false)", updates: 20), [17])
    XCTAssertEqual(
      try cuts("greedy(patience=4, skip_warmup=true, smooth=false) * warmup(12)", updates: 20), [17])
    XCTAssertEqual(try cuts("greedy(\"huggingface\", patience=4) * warmup(12)", updates: 8), [5])
  }

  func testPhase() throws {
    // Two spans of "main", between which nothing is counted and nothing forgotten.
    let schedule =
      "(constant(5) >> repeat(constant(3, phase=\"main\") >> constant(2, phase=\"rest\"), count=4))"
    XCTAssertEqual(try cuts("plateau(patience=4, phase=\"main\") * \(schedule)"), [12, 21])
    XCTAssertEqual(
      try cuts("greedy(patience=4, phase=\"main\", smooth=false) * \(schedule)", updates: 20), [12])
    var other = try scheduler("plateau(phase=\"main\") * \(schedule)")
    let without = try Schedule(parsing: Array("linear(10)".utf8))
    XCTAssertEqual(
      failure { try other.extend(to: without) }.map { text($0.message) },
      "plateau: the schedule has no phase of that name: \"main\"")
    XCTAssertNotNil(failure { _ = try scheduler("plateau(phase=\"main\")") })
  }

  func testEarlyStop() throws {
    var scheduler = try scheduler("early_stop(patience=3, after=10) * constant(40)")
    var rates = [0.0]
    for update in 0..<14 {
      XCTAssertNil(scheduler.stopReason, "\(update)")
      try scheduler.step(loss: 1, into: rates.mutableSpan)
    }
    XCTAssertEqual(scheduler.stopReason, .earlyStop)
  }

  /// What is outside is ignored wholly: losses there, of whatever size, change nothing afterwards.
  func testIgnoredLosses() throws {
    for controller in [
      "plateau(patience=2, factor=0.5, ", "greedy(patience=2, window=3, ", "learned(\"mlp\", ",
    ] {
      var first = try scheduler("\(controller)after=8) * linear(100)")
      var second = try scheduler("\(controller)after=8) * linear(100)")
      var (a, b) = ([0.0], [0.0])
      XCTAssertEqual(first.decision, .none)
      for update in 0..<60 {
        let loss = 2 + Double(update * 7 % 11)
        try first.step(loss: update < 8 ? -1e300 : loss, into: a.mutableSpan)
        if update % 2 == 0 || update >= 8 {
          try second.step(loss: update < 8 ? Double.nan : loss, into: b.mutableSpan)
        } else {
          try second.advance(into: b.mutableSpan)
        }
        XCTAssertEqual(a, b)
        XCTAssertEqual(first.decision == .ignored, update < 8)
        if update == 6 || update == 30 {
          let state = first.saved()
          XCTAssertEqual(first.savedSize(), state.count)
          first = try Scheduler.restored(from: state)
          XCTAssertEqual(first.saved(), state)
          XCTAssertEqual(first.decision == .ignored, update < 8)
        }
      }
    }
  }

  /// Going back comes to the same updates again.
  func testGoingBack() throws {
    var scheduler = try scheduler("plateau(patience=0, factor=0.5, after=4)", records: true)
    var rates = [0.0]
    for _ in 0..<4 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    try scheduler.setStep(0)
    for _ in 0..<6 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    XCTAssertEqual(rates, [0.5])
    var record = Array(repeating: 0.0, count: 6)
    var span = record.mutableSpan
    XCTAssertEqual(scheduler.copyRecord(ofGroup: 0, from: 0, to: &span), 6)
    XCTAssertEqual(record, [1, 1, 1, 1, 1, 1])
  }

  /// The warm-up of another schedule is another one.
  func testExtending() throws {
    var scheduler = try scheduler("plateau(patience=0, factor=0.5) * (warmup(8) >> constant())")
    var rates = [0.0]
    for _ in 0..<2 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    XCTAssertEqual(scheduler.decision, .ignored)
    try scheduler.extend(to: Schedule(parsing: Array("constant()".utf8)))
    for _ in 0..<2 { try scheduler.step(loss: 1, into: rates.mutableSpan) }
    XCTAssertEqual(scheduler.decision, .cut)
    try scheduler.extend(to: Schedule(parsing: Array("warmup(10) >> constant()".utf8)))
    try scheduler.step(loss: 1, into: rates.mutableSpan)
    XCTAssertEqual(scheduler.decision, .ignored)
  }

  func testTexts() throws {
    for text in [
      "plateau(after=10, phase=\"main\") * constant(5, phase=\"main\")",
      "plateau(\"pytorch\", skip_warmup=true)",
      "greedy(after=3, skip_warmup=true)", "learned(\"mlp\", after=5)", "early_stop(after=7)",
    ] {
      XCTAssertEqual(self.text(try Plan(parsing: Array(text.utf8)).text), text)
    }
    XCTAssertEqual(
      failure { _ = try Plan(parsing: Array("greedy(after=-1)".utf8)) }.map { self.text($0.message) },
      "greedy: after = -1, expected an integer from 0 to 9223372036854775807")
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
