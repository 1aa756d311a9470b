import XCTest

@testable import Stepsize

final class ExtendTests: XCTestCase {
  func testRescale() throws {
    let schedule = try parse("warmup(10) >> linear(90)").extended(to: 200, .rescale)
    XCTAssertEqual(schedule.length, 200)
    XCTAssertEqual(schedule.value(at: 200), 0)
    XCTAssertEqual(schedule.value(at: 110), try parse("linear(90)").value(at: 45), accuracy: 1e-15)
  }

  func testHold() throws {
    let longer = try parse("linear(100, floor=0.1)").extended(to: 200, .hold)
    XCTAssertEqual(longer.length, 200)
    XCTAssertEqual(longer.value(at: 50), 0.55)
    XCTAssertEqual(longer.value(at: 150), 0.1)
    let shorter = try parse("linear(100)").extended(to: 40, .hold)
    XCTAssertEqual(shorter.length, 40)
    XCTAssertEqual(shorter.value(at: 100), 0.6)
  }

  /// Nothing before the current update changes, nothing jumps there, and the end is the old one.
  func testContinue() throws {
    for text in ["linear(100)", "cosine(100, floor=0.1)", "warmup(10) >> wsd(90, decay=30)"] {
      let old = try parse(text)
      for total: Int64 in [61, 100, 137, 1000] {
        for step: Int64 in [0, 1, 60] {
          let new = try old.extended(to: total, .continue, at: step)
          XCTAssertEqual(new.length, total)
          for t in 0...step { XCTAssertEqual(new.value(at: t), old.value(at: t)) }
          XCTAssertEqual(new.value(at: total), old.value(at: 100), accuracy: 1e-12)
        }
      }
    }
    // What is left of a linear decay is linear.
    let new = try parse("linear(100)").extended(to: 200, .continue, at: 50)
    XCTAssertEqual(new.value(at: 125), 0.25, accuracy: 1e-15)
  }

  func testTheSameLengthChangesNothing() throws {
    let old = try parse("cosine(100)")
    for policy in [ExtensionPolicy.rescale, .hold, .continue] {
      let new = try old.extended(to: 100, policy, at: 30)
      for t: Int64 in 0...101 { XCTAssertEqual(new.value(at: t), old.value(at: t)) }
    }
  }

  func testTheTextFormHoldsIt() throws {
    let new = try parse("linear(100)").extended(to: 200, .continue, at: 50)
    XCTAssertEqual(try Schedule(parsing: new.text).text, new.text)
  }

  func testBadInput() throws {
    let schedule = try parse("linear(100)")
    for body in [
      { _ = try schedule.extended(to: 0, .hold) }, { _ = try schedule.extended(to: 50, .continue, at: 50) },
      { _ = try schedule.extended(to: 500, .continue, at: 100) },
      { _ = try schedule.extended(to: 500, .continue, at: -1) },
      { _ = try parse("constant()").extended(to: 500, .hold) },
    ] as [() throws -> Void] {
      XCTAssertEqual(failure(body)?.kind, .argument)
    }
  }
}
