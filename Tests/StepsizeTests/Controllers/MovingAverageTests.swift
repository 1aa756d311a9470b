import XCTest

@testable import Stepsize

final class MovingAverageTests: XCTestCase {
  func testEqualsAFreshMean() {
    for window in [1, 2, 3, 50] {
      var average = MovingAverage(window: window)
      var values: [Double] = []
      var random = SplitMix(state: 7)
      for _ in 0..<1000 {
        values.append(Double.random(in: 0...1, using: &random))
        let recent = values.suffix(window)
        XCTAssertEqual(
          average.add(values[values.count - 1]), recent.reduce(0, +) / Double(recent.count), accuracy: 1e-14)
      }
    }
  }

  /// A window that grows as it fills is as one that was there from the start; integers are added without rounding.
  func testALongWindow() {
    for window in [8191, 8192, 8193, 20000] {
      var average = MovingAverage(window: window)
      var streaming = StreamingAverage(window: window)
      var sum = 0
      for i in 0..<3 * window {
        sum += i * i % 1013
        if i >= window { sum -= (i - window) * (i - window) % 1013 }
        let mean = Double(sum) / Double(min(i + 1, window))
        XCTAssertEqual(average.add(Double(i * i % 1013)), mean)
        XCTAssertEqual(streaming.add(Double(i * i % 1013)), mean)
      }
    }
  }

  /// Integers are added without rounding, so every difference would show.
  func testNoDrift() {
    var average = MovingAverage(window: 7)
    var last = 0.0
    for i in 0..<3_000_000 { last = average.add(Double(i % 1013)) }
    let recent = (2_999_993..<3_000_000).map { Double($0 % 1013) }
    XCTAssertEqual(last, recent.reduce(0, +) / 7)
  }

  func testAHugeValueLeavesNoTrace() {
    var average = MovingAverage(window: 4)
    _ = average.add(1e300)
    for _ in 0..<3 { _ = average.add(1) }
    XCTAssertEqual(average.add(1), 1)
  }

  func testReset() {
    var average = MovingAverage(window: 3)
    for x in [1.0, 2, 3, 4] { _ = average.add(x) }
    average.reset()
    XCTAssertEqual(average.add(10), 10)
    XCTAssertEqual(average.add(20), 15)
  }
}
