import XCTest

@testable import Stepsize

final class FitTests: XCTestCase {
  func testTolerance() throws {
    var random = SplitMix(state: 6)
    for count in [1, 2, 3, 10, 500] {
      for tolerance in [1e-9, 1e-4, 0.1, 1] {
        var x = 0.5
        let values = (0..<count).map { _ -> Double in
          x = min(max(x + Double.random(in: -0.05...0.05, using: &random), 0), 1)
          return x
        }
        let (schedule, error) = try Schedule.knots(following: values.span, within: tolerance)
        let errors = values.indices.map { abs(schedule.value(at: Int64($0)) - values[$0]) }
        XCTAssertEqual(errors.max(), error)
        XCTAssertLessThanOrEqual(error, tolerance)
        XCTAssertEqual(schedule.value(at: 0), values[0])
        XCTAssertEqual(schedule.value(at: .max), values[count - 1])
        let top = values.max() ?? 0
        XCTAssertTrue(values.indices.allSatisfy { (0...top).contains(schedule.value(at: Int64($0))) })
      }
    }
  }

  /// Next to a large value the rounding of a line is more than any tolerance.
  func testValuesFarApart() throws {
    var random = SplitMix(state: 7)
    for largest in [1e6, 1e12, 1e17, 1e300, Double.greatestFiniteMagnitude] {
      let values = (0..<200).map { _ -> Double in
        Int.random(in: 0..<8, using: &random) == 0 ? largest : Double.random(in: 0...1, using: &random)
      }
      for tolerance in [1e-9, 0.01] {
        let (schedule, error) = try Schedule.knots(following: values.span, within: tolerance)
        XCTAssertLessThanOrEqual(error, tolerance)
        let errors = values.indices.map { abs(schedule.value(at: Int64($0)) - values[$0]) }
        XCTAssertEqual(errors.max(), error)
      }
    }
  }

  func testLinesAreFound() throws {
    let up = (0..<100).map { Double($0) / 100 }
    let down = (0..<100).map { Double(99 - $0) / 100 }
    let values = up + Array(repeating: 1.0, count: 101) + down
    let (schedule, error) = try Schedule.knots(following: values.span, within: 1e-6)
    XCTAssertEqual(text(schedule.text), "knots([0, 100, 200, 300], [0, 1, 1, 0])")
    XCTAssertLessThan(error, 1e-15)
  }

  func testErrors() {
    XCTAssertNotNil(failure { _ = try Schedule.knots(following: [Double]().span, within: 0.1) })
    for (values, tolerance) in [([1.0], 0), ([1], 2), ([1], .nan), ([-1], 0.1), ([.nan, 1], 0.1)] {
      XCTAssertNotNil(failure { _ = try Schedule.knots(following: values.span, within: tolerance) })
    }
  }
}
