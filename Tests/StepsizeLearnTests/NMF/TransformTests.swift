import XCTest

@testable import StepsizeLearn

final class TransformTests: XCTestCase {
  private let h: [Double] = [1, 2, 0, 1, 0, 1, 3, 0]

  private func transform(_ x: [Double], rows: Int, steps: Int64 = 500) throws -> [Double] {
    let h = h
    var out = Array(repeating: -1.0, count: rows * 2)
    var span = out.mutableSpan
    try Factorization.transform(
      x.span, rows: rows, columns: 4, stride: 4, h: h.span, rank: 2, steps: steps, into: &span)
    return out
  }

  func testExactProductsAreFound() throws {
    let w: [Double] = [1, 2, 0, 3, 5, 0, 0.5, 0.25]
    var x: [Double] = []
    for i in 0..<4 {
      for j in 0..<4 { x.append(w[2 * i] * h[j] + w[2 * i + 1] * h[4 + j]) }
    }
    for (found, expected) in zip(try transform(x, rows: 4), w) {
      XCTAssertEqual(found, expected, accuracy: 1e-9)
    }
  }

  /// Rows do not depend on each other, nor on how many there are, and keep their order.
  func testRowByRow() throws {
    let x = (0..<4 * 700).map { Double($0 * 37 % 101) }
    let all = try transform(x, rows: 700, steps: 20)
    for i in [0, 1, 255, 256, 699] {
      let one = try transform(Array(x[i * 4..<i * 4 + 4]), rows: 1, steps: 20)
      XCTAssertEqual(one, Array(all[i * 2..<i * 2 + 2]))
    }
  }

  func testZerosAndErrors() throws {
    XCTAssertEqual(try transform([0, 0, 0, 0], rows: 1), [0, 0])
    XCTAssertNotNil(failure { _ = try transform([1, 1, 1, -1], rows: 1) })
    XCTAssertNotNil(failure { _ = try transform([1, 1, 1, 1], rows: 1, steps: 0) })
  }

  func testSizesThatDoNotFit() {
    let x: [Double] = [1, 1, 1, 1]
    for (rows, columns, stride, rank, count) in [
      (2, 4, 4, 2, 4), (Int.max, 4, Int.max, 2, 4), (-1, 4, 4, 2, 4), (1, -1, 4, 2, 4), (1, 4, 3, 2, 4),
      (1, 4, 4, 3, 4), (1, 4, 4, 2, 1), (1, 2, 4, 2, 4), (0, 4, 4, 2, 4),
    ] {
      XCTAssertNotNil(
        failure {
          let h = h
          var out = Array(repeating: -1.0, count: count)
          var span = out.mutableSpan
          try Factorization.transform(
            x.span, rows: rows, columns: columns, stride: stride, h: h.span, rank: Int64(rank), steps: 5,
            into: &span)
        }, "\((rows, columns, stride, rank, count))")
    }
  }
}
