import XCTest

@testable import Stepsize

final class GradientNormLogTests: XCTestCase {
  func testEveryKth() throws {
    for capacity in [2, 3, 8, 9] {
      var log = try GradientNormLog(capacity: capacity)
      for i in 0..<300 {
        try log.add(Double(i))
        XCTAssertEqual(log.count, Int64(i) + 1)
        XCTAssertEqual(log.values, stride(from: 0, through: i, by: Int(log.stride)).map { Double($0) })
        XCTAssertLessThanOrEqual(log.values.count, capacity)
      }
    }
  }

  func testSpecialNorms() throws {
    var log = try GradientNormLog(capacity: 8)
    for norm in [Double.nan, .infinity, -0.0] { try log.add(norm) }
    XCTAssertTrue(log.values[0].isNaN && log.values[2].sign == .plus)
    for norm in [-1, -5e-324, -Double.infinity] { XCTAssertNotNil(failure { try log.add(norm) }) }
    XCTAssertEqual(log.count, 3)
    log.count = .max
    try log.add(1)
    XCTAssertEqual(log.count, .max)
    for capacity in [Int.min, -1, 0, 1, 1 << 25, .max] {
      XCTAssertNotNil(failure { _ = try GradientNormLog(capacity: capacity) })
    }
  }

  func testState() throws {
    var log = try GradientNormLog(capacity: 6)
    for i in 0..<29 { try log.add(i == 8 ? .nan : Double(i)) }
    let state = log.state()
    XCTAssertEqual(state.count, log.stateLength)
    var copy = try GradientNormLog(state: state)
    XCTAssertEqual(copy.state(), state)
    for i in 29..<90 {
      try log.add(Double(i))
      try copy.add(Double(i))
    }
    XCTAssertEqual(copy.state(), log.state())
  }

  func testDamage() throws {
    var log = try GradientNormLog(capacity: 4)
    for i in 0..<11 { try log.add(Double(i)) }
    let state = log.state()
    for i in state.indices {
      for bit in 0..<8 {
        var damaged = state
        damaged[i] ^= 1 << bit
        XCTAssertNotNil(failure { _ = try GradientNormLog(state: damaged) }, "\(i) \(bit)")
      }
      XCTAssertNotNil(failure { _ = try GradientNormLog(state: Array(state[..<i])) })
    }
  }
}
