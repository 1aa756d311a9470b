import XCTest

@testable import Stepsize

final class CycleTests: XCTestCase {
  /// Each restart is found at its own step, not one too late: the value is the peak there, and one step before it
  /// the cycle has not ended.
  func testRestartsBeginAtTheirStep() throws {
    for growth in 2...7 as ClosedRange<Int64> {
      for first in 1...200 as ClosedRange<Int64> {
        let schedule = try Schedule(
          .restarts, [.integer(first), .integer(growth), .real(0.5), nil, .word("all")])
        var start: Int64 = 0
        var length = first
        for cycle in 0..<12 {
          let peak = Double(sign: .plus, exponent: -cycle, significand: 1)
          XCTAssertEqual(schedule.value(at: start), peak, "cycle \(cycle) of \(first), growth \(growth)")
          let last = schedule.value(at: start + length - 1)
          XCTAssertTrue(last > 0 && last <= peak && (length == 1 || last < peak))
          start += length
          length *= growth
        }
      }
    }
  }

  func testRealGrowthRoundsHalvesUp() throws {
    // 5, 7.5 -> 8, 11.25 -> 11, 16.875 -> 17
    let schedule = try parse("restarts(5, growth=1.5, cycles=4)")
    XCTAssertEqual(schedule.length, 5 + 8 + 11 + 17)
    for start in [0, 5, 13, 24] as [Int64] { XCTAssertEqual(schedule.value(at: start), 1) }
    XCTAssertLessThan(schedule.value(at: 12), 0.1)
    XCTAssertEqual(schedule.value(at: 41), 0)
  }

  func testSlowGrowth() throws {
    let slowest = try parse("restarts(1, growth=1.001)")
    for step in hardSteps { XCTAssertTrue((0...1).contains(slowest.value(at: step))) }
    let error = failure { _ = try parse("restarts(1, growth=1.0001)") }
    XCTAssertEqual(
      error.map { text($0.message) }, "restarts: growth = 1.0001, expected 1 or a finite number >= 1.001")
  }

  func testCyclesTooLong() {
    for text in ["restarts(4611686018427387904, cycles=3)", "restarts(10, 2, cycles=63)"] {
      XCTAssertEqual(failure { _ = try parse(text) }?.kind, .limit, text)
    }
  }

  func testRestartsEqualListedCycles() throws {
    let a = try parse("restarts(7, growth=3, decay=0.5, floor=0.1, cycles=4)")
    let b = try parse("cosine_cycles([7, 21, 63, 189], decay=0.5, floor=0.1)")
    XCTAssertEqual(a.length, b.length)
    for step in 0...300 as ClosedRange<Int64> {
      XCTAssertEqual(a.value(at: step), b.value(at: step), accuracy: 1e-15)
    }
  }

  /// The middle of a cycle of length 2^63 - 1 and the like.
  func testHugePeriods() throws {
    XCTAssertEqual(try parse("cyclic(9223372036854775807)").value(at: Int64.max), 1)
    XCTAssertEqual(try parse("sine(9223372036854775807)").value(at: 1 << 62), 1)
    XCTAssertEqual(try parse("restarts(9223372036854775807, 2)").value(at: Int64.max), 1)
    XCTAssertEqual(try parse("restarts(4611686018427387904, 1e300)").value(at: Int64.max), 1)
    XCTAssertEqual(try parse("polynomial(9223372036854775807, cycle=true)").value(at: Int64.max), 0)
  }

  func testChebyshevIsAPermutation() throws {
    let schedule = try parse("chebyshev(64)")
    let values = Set((0..<64).map { schedule.value(at: $0) })
    XCTAssertEqual(values.count, 64)
    XCTAssertEqual(schedule.value(at: 64), schedule.value(at: 63))
  }
}
