import XCTest

@testable import Stepsize

final class NextTests: XCTestCase {
  /// Asked before each update it gives what the steps after each update give, in both precisions.
  func testAsSteps() throws {
    var stepped = try Scheduler(baseLRs: [0.1, 0.2], schedule: .sequence([.warmup(4), .cosine(6)]))
    var asked = try Scheduler(baseLRs: [0.1, 0.2], schedule: .sequence([.warmup(4), .cosine(6)]))
    var single = try Scheduler(baseLRs: [0.1, 0.2], schedule: .sequence([.warmup(4), .cosine(6)]))
    for t in 0..<12 {
      let rates = try stepped.rates()
      XCTAssertEqual([asked.rate(ofGroup: 0), asked.rate(ofGroup: 1)], rates)
      var doubles = [0.0, 0.0]
      var floats: [Float] = [0, 0]
      try asked.next(into: doubles.mutableSpan)
      try single.next(into: floats.mutableSpan)
      XCTAssertEqual(doubles, rates)
      XCTAssertEqual(floats, rates.map { Float($0) })
      try stepped.advance()
      XCTAssertEqual(asked.step, Int64(t + 1))
    }
    XCTAssertNil(asked.rate(ofGroup: 2))
    XCTAssertNil(asked.rate(ofGroup: -1))
  }

  /// What needs a loss, or has no room, refuses and changes nothing.
  func testRefused() throws {
    var scheduler = try Scheduler(baseLRs: [0.1, 0.2], schedule: .linear(10), controller: .greedy())
    var rates = [1.0, 1.0]
    do {
      try scheduler.next(into: rates.mutableSpan)
      XCTFail("a rate without a loss")
    } catch { XCTAssertEqual(error, .lossRequired) }
    var plain = try Scheduler(baseLRs: [0.1, 0.2], schedule: .linear(10))
    var short: [Float] = [1]
    do {
      try plain.next(into: short.mutableSpan)
      XCTFail("two rates in one place")
    } catch { XCTAssertEqual(error, .size) }
    XCTAssertEqual(rates, [1, 1])
    XCTAssertEqual(short, [1])
    XCTAssertEqual(scheduler.step, 0)
    XCTAssertEqual(plain.step, 0)
  }

  func testSinglePrecision() {
    XCTAssertEqual(single(0), 0)
    XCTAssertEqual(single(1e-60), Float.leastNonzeroMagnitude)
    XCTAssertEqual(single(1e300), Float.greatestFiniteMagnitude)
    XCTAssertEqual(single(0.1), 0.1 as Float)
    XCTAssertTrue(single(Double.nan).isNaN)
  }
}
