import XCTest

@testable import StepsizeLearn

final class BoundTests: XCTestCase {
  func testThetaIsBelowTheRootOfItsCubic() {
    func cubic(_ x: Double) -> Double { x + x * x / 4 + x * x * x / 27 }
    XCTAssertLessThan(cubic(Bound.maximumTheta), 2)
    XCTAssertGreaterThan(cubic(Bound.maximumTheta + 0.001), 2)
  }

  func testFormulas() {
    XCTAssertEqual(Bound.joint(2, 3, residual: 4), 9)
    XCTAssertEqual(Bound.radiusSquared(rank: 4, norm: 5), 10)
    XCTAssertEqual(Bound.apriori(radiusSquared: 10, norm: 5), 35)
    XCTAssertEqual(Bound.meanSquare(largestRow: 7, squares: 30, rows: 10, count: 3), 13)
    XCTAssertEqual(Bound.meanSquare(largestRow: 7, squares: 30, rows: 10, count: 1), 7)
  }

  /// Never below the eigenvalue, which 200 power steps find from below, and close to it.
  func testTheEigenvalueIsBoundedFromAbove() {
    var random = SplitMix(state: 1)
    var worst = 1.0
    for trial in 0..<100 {
      let rank = 1 + trial % 12
      let columns = 1 + trial % 30
      var factor = Factor(rank: rank, length: columns)
      for k in 0..<rank {
        for j in 0..<columns {
          factor[k, j] = Problem.uniform(&random) < 0.5 ? 0 : Problem.uniform(&random)
        }
      }
      let padded = paddedRank(rank)
      var gram = FixedBuffer(count: padded * padded)
      factor.gram(&gram)
      var v = Array(repeating: 1.0, count: padded)
      var value = 0.0
      for _ in 0..<200 {
        let product = (0..<padded).map { i in (0..<padded).reduce(0) { $0 + gram[i * padded + $1] * v[$1] } }
        value = squares(product).squareRoot() / max(squares(v).squareRoot(), 1e-300)
        let length = squares(product).squareRoot()
        if length == 0 { break }
        v = product.map { $0 / length }
      }
      var scratch = FixedBuffer(count: 2 * padded)
      let bound = Bound.largestEigenvalue(gram, padded, &scratch)
      XCTAssertGreaterThanOrEqual(bound, value * (1 - 1e-12))
      if value > 0 { worst = max(worst, bound / value) }
    }
    XCTAssertLessThan(worst, 2.5)
  }

  func testTheRateIsCutAndToldSo() throws {
    var random = SplitMix(state: 2)
    let problem = Problem.random(&random)
    for bound in [Bound.apriori, .state, .minibatch] {
      for order in [Factorization.Order.alternating, .simultaneous] {
        var f = try problem.make {
          $0.bound = bound
          $0.order = order
        }
        let cut = try f.step(problem.x.span, stride: problem.columns, rate: 1e9)
        XCTAssertTrue(cut.isClipped)
        XCTAssertEqual(cut.wRate, cut.wBound)
        XCTAssertEqual(cut.hRate, cut.hBound)
        let small = try f.step(problem.x.span, stride: problem.columns, rate: cut.wBound * 1e-6)
        XCTAssertFalse(small.isClipped)
        XCTAssertEqual(small.wRate, cut.wBound * 1e-6)
        XCTAssertGreaterThan(small.hBound, small.hRate)
      }
    }
    var free = try problem.make { $0.bound = .none }
    let update = try free.step(problem.x.span, stride: problem.columns, rate: 0.125)
    XCTAssertEqual([update.wRate, update.hRate, update.wBound, update.hBound], [0.125, 0.125, 0, 0])
    XCTAssertFalse(update.isClipped)
  }

  /// The published form of each, from the factors before the step.
  func testBoundsAreTheirFormulas() throws {
    var random = SplitMix(state: 3)
    for _ in 0..<50 {
      let problem = Problem.random(&random)
      guard squares(problem.x) > 0 else { continue }
      let norm = squares(problem.x).squareRoot()
      var joint = try problem.make { $0.order = .simultaneous }
      let (w, h) = (problem.w(joint), problem.h(joint))
      let residual = (2 * problem.loss(w, h).value).squareRoot()
      let update = try joint.step(problem.x.span, stride: problem.columns, rate: 0)
      // Where the fit is nearly exact the residual's norm is rounding, far below the rest.
      XCTAssertEqual(1.4 / update.wBound, squares(w) + squares(h) + residual, accuracy: 1e-7 * norm)
      var before = try problem.make { $0.bound = .apriori }
      let apriori = try before.step(problem.x.span, stride: problem.columns, rate: 0)
      XCTAssertEqual(before.aprioriBound, apriori.wBound)
      XCTAssertEqual(
        1.4 / apriori.wBound, (3 * Double(problem.rank).squareRoot() + 1) * norm, accuracy: 1e-12 * norm)
    }
  }

  func testRelativeRatesAreFractionsOfTheBound() throws {
    var random = SplitMix(state: 4)
    let problem = Problem.random(&random)
    for bound in [Bound.none, .state] {
      var f = try problem.make {
        $0.isRelative = true
        $0.bound = bound
      }
      var g = try problem.make()
      let reference = try g.step(problem.x.span, stride: problem.columns, rate: 1e9).wBound
      XCTAssertEqual(try f.step(problem.x.span, stride: problem.columns, rate: 0.5).wRate, 0.5 * reference)
    }
    var over = try problem.make {
      $0.isRelative = true
      $0.bound = .none
    }
    var inside = try problem.make { $0.isRelative = true }
    let free = try over.step(problem.x.span, stride: problem.columns, rate: 3)
    let cut = try inside.step(problem.x.span, stride: problem.columns, rate: 3)
    XCTAssertEqual(free.wRate, 3 * cut.wBound)
    XCTAssertTrue(cut.isClipped && !free.isClipped)
    XCTAssertEqual(cut.wRate, cut.wBound)
  }
}
