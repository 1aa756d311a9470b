import XCTest

@testable import StepsizeLearn

final class ProductsTests: XCTestCase {
  private var random = SplitMix(state: 12)

  private func factor(_ rank: Int, _ length: Int) -> Factor {
    var made = Factor(rank: rank, length: length)
    for k in 0..<rank {
      for j in 0..<length { made[k, j] = Problem.uniform(&random) }
    }
    return made
  }

  func testSizesThatAreNoMultiplesOfAnything() {
    for rank in 1...9 {
      for length in [1, 2, 3, 7, 8, 9, 17, 40] {
        let m = factor(rank, length)
        let t = factor(rank, length)
        let padded = paddedRank(rank)
        var gram = FixedBuffer(count: padded * padded)
        m.gram(&gram)
        for k in 0..<padded {
          for l in 0..<padded {
            let expected = k < rank && l < rank ? (0..<length).reduce(0) { $0 + m[k, $1] * m[l, $1] } : 0
            XCTAssertEqual(gram[k * padded + l], expected, accuracy: 1e-13 * Double(length))
          }
        }
        var out = Factor(rank: rank, length: length)
        var panel = FixedBuffer(count: 16 * padded)
        let rate = 0.01
        let found = descend(
          m, gram, t, &out, &panel, rate: rate, floor: 0.125, cap: 0.9, repeats: 1)
        var gradientSquares = 0.0
        var sum = 0.0
        for k in 0..<rank {
          for j in 0..<length {
            let g = (0..<rank).reduce(-t[k, j]) { $0 + gram[k * padded + $1] * m[$1, j] }
            gradientSquares += g * g
            let expected = min(max(m[k, j] - rate * g, 0.125), 0.9)
            sum += expected * expected
            XCTAssertEqual(out[k, j], expected, accuracy: 1e-12)
          }
        }
        XCTAssertEqual(found.gradientSquares, gradientSquares, accuracy: 1e-9 * gradientSquares)
        XCTAssertEqual(found.squares, sum, accuracy: 1e-9 * sum)
        XCTAssertEqual(out.dot(out), sum, accuracy: 1e-9 * sum)
        // What pads is still 0.
        var total = 0.0
        for i in 0..<out.numbers.count { total += out.numbers[i] }
        var inside = 0.0
        for k in 0..<rank { for j in 0..<length { inside += out[k, j] } }
        XCTAssertEqual(total, inside, accuracy: 1e-10)

        // Twice at once is the same bits as twice.
        var once = Factor(rank: rank, length: length)
        var twice = Factor(rank: rank, length: length)
        _ = descend(out, gram, t, &once, &panel, rate: rate, floor: 0, cap: 1, repeats: 1)
        _ = descend(m, gram, t, &twice, &panel, rate: rate, floor: 0.125, cap: 0.9, repeats: 2)
        _ = descend(out, gram, t, &once, &panel, rate: rate, floor: 0.125, cap: 0.9, repeats: 1)
        for k in 0..<rank { for j in 0..<length { XCTAssertEqual(once[k, j], twice[k, j]) } }
      }
    }
  }

  /// Wider than a tile and with an odd number of columns.
  func testWideMatrices() throws {
    let columns = 2 * Factorization.tileWidth + 37
    let x = (0..<9 * columns).map { _ in Problem.uniform(&random) }
    let problem = Problem(rows: 9, columns: columns, rank: 3, x: x)
    for order in [Factorization.Order.alternating, .simultaneous] {
      var f = try problem.make { $0.order = order }
      let (w, h) = (problem.w(f), problem.h(f))
      let (ofW, ofH) = problem.gradients(w, h)
      let update = try f.step(x.span, stride: columns, rate: 0)
      XCTAssertEqual(update.loss, problem.loss(w, h).value, accuracy: 1e-12 * squares(x))
      XCTAssertEqual(update.wGradient, squares(ofW).squareRoot(), accuracy: 1e-11 * squares(x))
      XCTAssertEqual(update.hGradient, squares(ofH).squareRoot(), accuracy: 1e-11 * squares(x))
      XCTAssertEqual(update.squares, squares(x), accuracy: 1e-12 * squares(x))
    }
  }
}
