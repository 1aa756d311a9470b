import XCTest

@testable import Stepsize

final class MedianFilterTests: XCTestCase {
  /// By sorting each window.
  private func sortedMedian(_ x: [Double], tau: Double) -> [Double] {
    let n = x.count
    let half = Int(tau * Double(n)) / 2
    return (0..<n).map { i in
      let window = (-half...half).map { j -> Double in
        var k = i + j
        if k < 0 || n == 1 { return x[0] }
        k %= 2 * (n - 1)
        return x[k < n ? k : 2 * (n - 1) - k]
      }
      return window.sorted()[half]
    }
  }

  private func smoothed(_ x: [Double], tau: Double) throws -> [Double] {
    var y = x
    let filter = try MedianFilter(tau: tau, count: x.count)
    var span = y.mutableSpan
    filter.smooth(&span)
    return y
  }

  func testAgainstSorting() throws {
    var random = SplitMix(state: 1)
    for count in 1...200 {
      for tau in [0, 1, Double.random(in: 0...1, using: &random)] {
        let x = (0..<count).map { _ in
          count % 2 == 0
            ? Double.random(in: -1...1, using: &random) : Double(Int.random(in: -2...2, using: &random))
        }
        XCTAssertEqual(try smoothed(x, tau: tau), sortedMedian(x, tau: tau), "\(count) \(tau)")
      }
    }
  }

  /// More values than a block has, and blocks that are shorter than half of the window.
  func testSeveralBlocks() throws {
    var random = SplitMix(state: 2)
    let x = (0..<70_000).map { _ in Double(Int.random(in: 0..<5000, using: &random)) }
    XCTAssertEqual(try smoothed(x, tau: 0.0003), sortedMedian(x, tau: 0.0003))
    let y = (0..<34_000).map { _ in Double(Int.random(in: 0..<9, using: &random)) }
    let wide = try smoothed(y, tau: 1)
    for i in [0, 1, 16_999, 17_000, 32_767, 32_768, 33_999] {
      let window = (i - 17_000...i + 17_000).map { (j: Int) -> Double in
        j < 34_000 ? y[max(j, 0)] : y[2 * 33_999 - j]
      }
      XCTAssertEqual(wide[i], window.sorted()[17_000])
    }
  }

  func testWidths() throws {
    let widths = try [1, 19, 20, 39, 40, 59].map { try MedianFilter(tau: 0.1, count: $0).width }
    XCTAssertEqual(widths, [1, 1, 3, 3, 5, 5])
    // The product is that of doubles: 0.29 times 100 is below 29.
    XCTAssertEqual(try MedianFilter(tau: 0.29, count: 100).width, 29)
    XCTAssertEqual(try MedianFilter(tau: 1, count: 0).width, 1)
  }

  func testErrors() {
    for tau in [-0.1, 1.5, .nan, .infinity] {
      let error = failure { _ = try MedianFilter(tau: tau, count: 5) }
      XCTAssertTrue(text(error?.message ?? []).hasPrefix("median_filter: tau = "))
    }
    XCTAssertNotNil(failure { _ = try MedianFilter(tau: 0.1, count: 1 << 25) })
  }
}
