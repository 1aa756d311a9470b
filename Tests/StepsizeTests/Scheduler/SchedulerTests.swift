import XCTest

@testable import Stepsize

final class SchedulerTests: XCTestCase {
  func testAnswersTheRateOfUpdateZeroAtOnce() throws {
    var scheduler = try Scheduler(baseLRs: [0.1, 0.2], schedule: .warmup(4))
    XCTAssertEqual(scheduler.step, 0)
    XCTAssertEqual(try scheduler.rates(), [0.1 * 0.25, 0.2 * 0.25])
    try scheduler.advance()
    XCTAssertEqual(try scheduler.rates(), [0.1 * 0.5, 0.2 * 0.5])
    XCTAssertFalse(scheduler.isFinished)
    try scheduler.setStep(4)
    XCTAssertEqual(try scheduler.rates(), [0.1, 0.2])
    XCTAssertTrue(scheduler.isFinished)
  }

  func testBounds() throws {
    var scheduler = try Scheduler(baseLRs: [1, 2], schedule: .linear(10), minLRs: [0.5], maxLRs: [0.9, 1.5])
    XCTAssertEqual(try scheduler.rates(), [0.9, 1.5])
    try scheduler.setStep(10)
    XCTAssertEqual(try scheduler.rates(), [0.5, 0.5])
  }

  func testControllerTimesSchedule() throws {
    var scheduler = try Scheduler(
      baseLRs: [0.1], schedule: .linear(10),
      controller: .greedy(factor: 0.5, patience: 0, smooth: false))
    XCTAssertTrue(scheduler.needsLoss)
    try scheduler.step(loss: 1)
    XCTAssertEqual(try scheduler.rates(), [0.2 * 0.9])
  }

  func testTheStepSaturates() throws {
    var scheduler = try Scheduler(baseLRs: [1], schedule: .linear(10, floor: 0.25))
    try scheduler.setStep(Int64.max)
    try scheduler.advance()
    XCTAssertEqual(scheduler.step, Int64.max)
    XCTAssertEqual(try scheduler.rates(), [0.25])
  }

  func testRatesStayFinite() throws {
    let big = Double.greatestFiniteMagnitude
    let scheduler = try Scheduler(baseLRs: [big], schedule: .constant(value: 10))
    XCTAssertEqual(try scheduler.rates(), [big])
  }

  func testBadInput() {
    func message(_ body: () throws -> Scheduler) -> String? {
      failure { _ = try body() }.map { text($0.message) }
    }
    XCTAssertEqual(
      message { try Scheduler(baseLRs: []) },
      "scheduler: group count = 0, expected an integer from 1 to 1048576")
    XCTAssertEqual(
      message { try Scheduler(baseLRs: [1, .nan]) }, "scheduler: base_lr = nan, expected a finite number >= 0"
    )
    XCTAssertEqual(
      message { try Scheduler(baseLRs: [-1]) }, "scheduler: base_lr = -1, expected a finite number >= 0")
    XCTAssertEqual(
      message { try Scheduler(baseLRs: [1], minLRs: [2], maxLRs: [1]) },
      "scheduler: max_lr = 1, expected a number >= min_lr")
    XCTAssertEqual(
      message { try Scheduler(baseLRs: [1], minLRs: [1, 2, 3]) },
      "scheduler: min_lr = [1, 2, 3], expected none, one, or one for each group")
    XCTAssertEqual(
      failure {
        var scheduler = try Scheduler(baseLRs: [1])
        try scheduler.setStep(-1)
      }.map { text($0.message) }, "scheduler: step = -1, expected an integer >= 0")
  }

  /// Any losses, any base rates: never outside the bounds, never NaN.
  func testAbuse() throws {
    var random = SplitMix(state: 3)
    let odd: [Double] = [.nan, .infinity, -.infinity, 0, -0.0, 5e-324, 1e308, -1e308, 1]
    for variant: StaticString in ["default", "huggingface"] {
      for _ in 0..<200 {
        let controller = try Controller.greedy(
          variant: variant, factor: Double.random(in: 0.01...0.99, using: &random),
          patience: Int64.random(in: 0...3, using: &random),
          cooldown: Int64.random(in: 0...3, using: &random),
          smooth: Bool.random(using: &random), window: Int64.random(in: 1...5, using: &random),
          resetStart: Int64.random(in: 1...5, using: &random))
        var scheduler = try Scheduler(
          baseLRs: [0.1, 1e-300, 0], controller: controller, minLRs: [1e-310], maxLRs: [0.5])
        for _ in 0..<200 {
          try scheduler.step(
            loss:
              odd[Int.random(in: odd.indices, using: &random)] * Double.random(in: 0...1, using: &random))
          for rate in try scheduler.rates() { XCTAssertTrue(rate >= 1e-310 && rate <= 0.5) }
        }
      }
    }
  }

  // MARK: - Spans

  func testASpanThatIsTooShortChangesNothing() throws {
    var scheduler = try Scheduler(
      baseLRs: [1, 2, 3], schedule: .linear(10), controller: .greedy(patience: 0, smooth: false))
    try scheduler.step(loss: 1)
    let state = scheduler.saved()
    var short = [7.0, 7]
    let failures = [
      stepFailure { try scheduler.rates(into: short.mutableSpan) },
      stepFailure { try scheduler.step(loss: 0.5, into: short.mutableSpan) },
      stepFailure { try scheduler.advance(into: short.mutableSpan) },
    ]
    XCTAssertEqual(failures, [.size, .size, .size])
    XCTAssertEqual(short, [7, 7])
    XCTAssertEqual(scheduler.saved(), state)
  }

  func testAStepWithoutTheLossThatIsNeededChangesNothing() throws {
    for plan in ["greedy()", "plateau() * linear(9)", "early_stop() * linear(9)", "learned()"] {
      var scheduler = try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(plan.utf8)), records: true)
      XCTAssertTrue(scheduler.needs.contains(.loss), plan)
      let state = scheduler.saved()
      var rates = [7.0]
      XCTAssertEqual(stepFailure { try scheduler.step(into: rates.mutableSpan) }, .lossRequired, plan)
      XCTAssertEqual(rates, [7])
      XCTAssertEqual(scheduler.saved(), state)
    }
  }

  /// A step without the observation that the controller needs changes nothing; `advance` goes on without.
  func testAStepWithoutTheObservationThatIsNeededChangesNothing() throws {
    for plan in ["line_search() * linear(9)", "hypergradient() * linear(9)"] {
      for records in [false, true] {
        var scheduler = try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(plan.utf8)), records: records)
        try scheduler.advance(into: MutableSpan())
        let state = scheduler.saved()
        var rates = [7.0]
        let failures = [
          stepFailure { try scheduler.step(into: rates.mutableSpan) },
          stepFailure { try scheduler.step(loss: 0.5, into: rates.mutableSpan) },
          stepFailure { try scheduler.next(into: rates.mutableSpan) },
        ]
        XCTAssertEqual(failures, [.observationRequired, .observationRequired, .observationRequired], plan)
        XCTAssertEqual(rates, [7])
        XCTAssertEqual(scheduler.saved(), state)
        let (one, none) = ([1.0], [Double]())
        if scheduler.needs.contains(.search) {
          try scheduler.propose(loss: 1, squaredNorms: one.span, into: MutableSpan())
        } else {
          try scheduler.observeGradient(dots: one.span, norms: none.span, into: MutableSpan())
        }
        try scheduler.step(into: MutableSpan())
        XCTAssertEqual(scheduler.step, 2)
      }
    }
  }

  func testNeeds() throws {
    func needs(_ plan: String) throws -> Needs {
      try Scheduler(baseLRs: [1], plan: Plan(parsing: Array(plan.utf8))).needs
    }
    let search: Needs = [.search, .eachGroup, .observedLoss, .gradientNorm]
    XCTAssertEqual(try needs("linear(9)"), [])
    XCTAssertEqual(try needs("greedy()"), .loss)
    XCTAssertEqual(try needs("hypergradient() * linear(9)"), [.gradient, .dotUpdate])
    XCTAssertEqual(try needs("line_search()"), search)
    XCTAssertEqual(try needs("line_search() * early_stop()"), search.union(.loss))
  }

  /// A longer span keeps what is behind the groups; an empty one is not written.
  func testLongerAndEmptySpans() throws {
    var scheduler = try Scheduler(baseLRs: [1, 2], schedule: .linear(10))
    var rates = [7.0, 7, 7]
    try scheduler.step(into: rates.mutableSpan)
    XCTAssertEqual(rates, [0.9, 1.8, 7])
    try scheduler.step(into: MutableSpan())
    XCTAssertEqual(scheduler.step, 2)
  }

  private func stepFailure(_ body: () throws -> Void) -> StepFailure? {
    do { try body() } catch { return error as? StepFailure }
    return nil
  }
}
