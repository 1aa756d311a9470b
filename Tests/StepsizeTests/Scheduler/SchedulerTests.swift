import XCTest

@testable import Stepsize

extension Scheduler {
  func rates() -> [Double] {
    let multiplier = multiplier
    XCTAssertTrue(immediateMultiplier == nil || immediateMultiplier == multiplier)
    return (0..<groupCount).map { rate(ofGroup: $0, multiplier) }
  }
}

final class SchedulerTests: XCTestCase {
  func testAnswersTheRateOfUpdateZeroAtOnce() throws {
    var scheduler = try Scheduler(baseLRs: [0.1, 0.2], schedule: .warmup(4))
    XCTAssertEqual(scheduler.step, 0)
    XCTAssertEqual(scheduler.rates(), [0.1 * 0.25, 0.2 * 0.25])
    scheduler.advance()
    XCTAssertEqual(scheduler.rates(), [0.1 * 0.5, 0.2 * 0.5])
    XCTAssertFalse(scheduler.isFinished)
    try scheduler.setStep(4)
    XCTAssertEqual(scheduler.rates(), [0.1, 0.2])
    XCTAssertTrue(scheduler.isFinished)
  }

  func testBounds() throws {
    var scheduler = try Scheduler(baseLRs: [1, 2], schedule: .linear(10), minLRs: [0.5], maxLRs: [0.9, 1.5])
    XCTAssertEqual(scheduler.rates(), [0.9, 1.5])
    try scheduler.setStep(10)
    XCTAssertEqual(scheduler.rates(), [0.5, 0.5])
  }

  func testControllerTimesSchedule() throws {
    var configuration = GreedyLR.Configuration()
    configuration.smooth = false
    configuration.patience = 0
    configuration.factor = 0.5
    var scheduler = try Scheduler(baseLRs: [0.1], schedule: .linear(10), controller: .greedy(configuration))
    XCTAssertTrue(scheduler.needsLoss)
    scheduler.advance(loss: 1)
    XCTAssertEqual(scheduler.rates(), [0.2 * 0.9])
  }

  func testTheStepSaturates() throws {
    var scheduler = try Scheduler(baseLRs: [1], schedule: .linear(10, floor: 0.25))
    try scheduler.setStep(Int64.max)
    scheduler.advance()
    XCTAssertEqual(scheduler.step, Int64.max)
    XCTAssertEqual(scheduler.rates(), [0.25])
  }

  func testRatesStayFinite() throws {
    let big = Double.greatestFiniteMagnitude
    let scheduler = try Scheduler(baseLRs: [big], schedule: .constant(value: 10))
    XCTAssertEqual(scheduler.rates(), [big])
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
    for variant in [GreedyLR.Variant.standard, .huggingface] {
      for _ in 0..<200 {
        var configuration = GreedyLR.Configuration(variant)
        configuration.patience = Int64.random(in: 0...3, using: &random)
        configuration.factor = Double.random(in: 0.01...0.99, using: &random)
        configuration.smooth = Bool.random(using: &random)
        configuration.window = Int64.random(in: 1...5, using: &random)
        configuration.cooldown = Int64.random(in: 0...3, using: &random)
        configuration.resetStart = Bool.random(using: &random) ? Int64.random(in: 1...5, using: &random) : nil
        var scheduler = try Scheduler(
          baseLRs: [0.1, 1e-300, 0], controller: .greedy(configuration), minLRs: [1e-310], maxLRs: [0.5])
        for _ in 0..<200 {
          scheduler.advance(
            loss:
              odd[Int.random(in: odd.indices, using: &random)] * Double.random(in: 0...1, using: &random))
          for rate in scheduler.rates() { XCTAssertTrue(rate >= 1e-310 && rate <= 0.5) }
        }
      }
    }
  }
}
