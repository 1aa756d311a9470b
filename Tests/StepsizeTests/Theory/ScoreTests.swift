import XCTest

@testable import Stepsize

final class ScoreTests: XCTestCase {
  private func score(_ text: String, _ total: Int64 = 0, _ norms: [Double] = [1], D: Double = 1) throws
    -> Score
  {
    try Score(parse(text), total: total, norms: norms.span, distance: D)
  }

  func testByHand() throws {
    for (text, norms, gamma, omega) in [
      ("table([1])", [1.0], 1.0, 1.0), ("table([1, 1])", [1], 0.5, 1),
      ("table([2, 1])", [1], 1 / 15.0.squareRoot(), (5.0 / 3).squareRoot()),
      ("table([2, 1])", [1, 2], 1 / 24.0.squareRoot(), (8.0 / 3).squareRoot()),
      ("table([2, 0, 1, 0, 0])", [1, 1, 1, 1, 1], 1 / 15.0.squareRoot(), (5.0 / 3).squareRoot()),
    ] {
      let score = try score(text, 0, norms)
      XCTAssertEqual(score.gamma, gamma, accuracy: 1e-15)
      XCTAssertEqual(score.omega, omega, accuracy: 1e-15)
    }
  }

  func testKnown() throws {
    for (text, omega) in [
      ("constant()", 0.0921111875), ("linear(1000)", 0.0634343280), ("cosine(1000)", 0.0652428348),
      ("rex(1000)", 0.0640386843), ("polynomial(1000, power=2)", 0.0671664389),
    ] {
      XCTAssertEqual(try score(text, 1000).omega, omega, accuracy: 5e-11)
    }
    XCTAssertEqual(try score("constant()", 1000).gamma, 0.0108564446, accuracy: 5e-11)
  }

  /// The published form with two terms, O(n²).
  func testTwoTerms() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<50 {
      let count = Int.random(in: 1...80, using: &random)
      let s = (0..<count).map { _ in Double.random(in: 0.01...1, using: &random) }
      let g = (0..<count).map { _ in Double.random(in: 0...2, using: &random) }
      func tail(_ k: Int) -> Double { s[k...].reduce(0, +) }
      func squares(_ k: Int) -> Double { (k..<count).reduce(0) { $0 + s[$1] * s[$1] * g[$1] * g[$1] } }
      var b = squares(0) / (2 * tail(0))
      for k in 0..<(count - 1) { b += 0.5 * s[k] / (tail(k + 1) * tail(k)) * squares(k) }
      let score = try Score(.table(s), norms: g.span, distance: 3)
      XCTAssertEqual(score.b, b, accuracy: 1e-12 * b)
      XCTAssertEqual(score.a, 4.5 / tail(0), accuracy: 1e-12)
      XCTAssertEqual(score.omega, 2 * (score.a * score.b).squareRoot(), accuracy: 1e-12 * score.omega)
      XCTAssertEqual(Score.omega(a: score.a, b: score.b, gamma: score.gamma), score.omega, accuracy: 1e-12)
      XCTAssertEqual(score.count, Int64(count))
    }
  }

  func testBoundAndRate() throws {
    let score = try score("linear(400)", 400, [2], D: 3)
    XCTAssertEqual(score.bound, 6 / 20.0, accuracy: 1e-15)
    XCTAssertEqual(score.rate, 3 / 40.0, accuracy: 1e-15)
    XCTAssertLessThan(score.bound, score.omega)
  }

  func testErrors() {
    let cases: [(String, Int64, [Double], Double)] = [
      ("constant()", 0, [1], 1), ("linear(5)", -1, [1], 1), ("linear(5)", .max, [1], 1),
      ("linear(5)", 5, [], 1),
      ("linear(5)", 5, [1, 2], 1), ("linear(5)", 5, [0], 1), ("linear(5)", 5, [.nan], 1),
      ("linear(5)", 5, [-1], 1),
      ("linear(5)", 5, [1], 0), ("linear(5)", 5, [1], .infinity), ("constant(5, value=0)", 5, [1], 1),
      ("table([1, 0])", 2, [0, 1], 1), ("table([1e308, 1e308])", 2, [1], 1),
    ]
    for (text, total, norms, distance) in cases {
      XCTAssertNotNil(failure { _ = try score(text, total, norms, D: distance) }, text)
    }
    XCTAssertTrue(Score.omega(a: 1, b: 1, gamma: 0).isNaN)
  }
}
