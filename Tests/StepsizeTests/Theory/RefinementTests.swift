import XCTest

@testable import Stepsize

final class RefinementTests: XCTestCase {
  private func refine(
    _ norms: [Double], _ change: (inout Refinement.Configuration) -> Void = { _ in }
  ) throws -> (values: [Double], found: Refinement) {
    var configuration = Refinement.Configuration()
    configuration.tau = 0
    change(&configuration)
    var values = Array(repeating: -1.0, count: Int(try Refinement.total(norms.count, configuration)))
    var span = values.mutableSpan
    let found = try Refinement(norms.span, configuration, into: &span)
    return (values, found)
  }

  private func assertClose(_ a: [Double], _ b: [Double], _ ulps: Double = 4) {
    XCTAssertEqual(a.count, b.count)
    for (x, y) in zip(a, b) { XCTAssertEqual(x, y, accuracy: ulps * y.ulp) }
  }

  func testSmallExamples() throws {
    assertClose(try refine([4, 2, 1, 1, 2]).values, [1 / 8, 9 / 20, 1, 1 / 5, 0])
    assertClose(try refine([4, 2, 1, 1, 2]) { $0.optimizer = .adam }.values, [1 / 2, 5 / 6, 1, 1 / 3, 0])
    assertClose(try refine([1, 2, 3, 4]).values, [1, 25 / 244, 1 / 61, 0])
    assertClose(try refine([1, 2, 3, 4]) { $0.optimizer = .adam }.values, [1, 7 / 26, 1 / 13, 0])
    XCTAssertEqual(try refine([3, 3, 3, 3, 3]).values, [1, 0.75, 0.5, 0.25, 0])
    XCTAssertEqual(try refine([9, 2]).values, [1, 0])
    XCTAssertEqual(try refine([9]).values, [1])
  }

  func testTheTheoryOfThem() throws {
    let found = try refine([4, 2, 1, 1, 2]).found
    XCTAssertEqual(found.bound ?? 0, 4 / 41.0.squareRoot(), accuracy: 1e-15)
    XCTAssertEqual(found.baseLR ?? 0, 0.30472929, accuracy: 5e-9)
    XCTAssertEqual(found.warmup, 2)
    let scaled = try refine([1, 2, 3, 4]) { $0.distance = 3 }.found
    XCTAssertEqual(scaled.bound ?? 0, 36 / 205.0.squareRoot(), accuracy: 1e-14)
    XCTAssertEqual(scaled.baseLR ?? 0, 3 * 0.24939072, accuracy: 2e-8)
    XCTAssertNil(try refine([1, 2]) { $0.optimizer = .adam }.found.bound)
  }

  func testCleaning() throws {
    let (values, found) = try refine([.nan, 4, .infinity, .nan, 1, 0, .nan])
    XCTAssertEqual(values, try refine([4, 4, 3, 2, 1, 0.001, 0.001]).values)
    XCTAssertEqual([found.repairedCount, found.zeroCount, found.raisedCount], [4, 1, 0])
    XCTAssertEqual(found.median, 1)
  }

  func testMedianOfMany() throws {
    var random = SplitMix(state: 5)
    for count in 1...60 {
      let norms = (0..<count).map { _ in 10 * Double.random(in: 0...1, using: &random) + 0.001 }
      XCTAssertEqual(try refine(norms).found.median, norms.sorted()[(count - 1) / 2])
    }
    XCTAssertEqual(try refine([5e-324, 1.7e308, 5e-324, 0]).found.median, 5e-324)
  }

  func testExtremesStayFinite() throws {
    for norms in [[5e-324, 1, 1e308], [1.7e308, 1.7e308], [1e-300, 1e300, 1e-300], [1, 0, 0, 0]] {
      for optimizer in [Refinement.Optimizer.sgd, .adam] {
        let (values, found) = try refine(norms) { $0.optimizer = optimizer }
        XCTAssertEqual(values.max(), 1)
        XCTAssertEqual(values.last, 0)
        XCTAssertTrue(values.allSatisfy { $0 >= 0 })
        XCTAssertTrue((found.bound ?? 0).isFinite && (found.baseLR ?? 0).isFinite)
      }
    }
  }

  func testLengths() throws {
    let (values, _) = try refine([1, 3]) { $0.total = 5 }
    XCTAssertEqual(values, try refine([1, 1.5, 2, 2.5, 3]).values)
    assertClose(try refine([1, 7, 3, 7, 5]) { $0.total = 3 }.values, try refine([1, 3, 5]).values)
    XCTAssertEqual(try refine([2, 9, 4]) { $0.total = 1 }.values, [1])
    XCTAssertEqual(try refine([2]) { $0.total = 3 }.values, [1, 0.5, 0])
  }

  func testCollapse() throws {
    let norms = (0..<1000).map { max(1 - Double($0) / 1000, 0.01) }
    let found = try refine(norms).found
    XCTAssertEqual(found.warmup, 990)
    XCTAssertTrue(found.isCollapsed)
    XCTAssertGreaterThan(found.suggestedFloor, 0)
    let capped = try refine(norms) { $0.isCapped = true }
    XCTAssertEqual(capped.found.floor, found.suggestedFloor)
    XCTAssertEqual(capped.values, try refine(norms) { $0.floor = found.suggestedFloor }.values)
    XCTAssertFalse(try refine(norms) { $0.floor = found.suggestedFloor }.found.isCollapsed)
    XCTAssertFalse(try refine(Array(repeating: 1, count: 1000)).found.isCollapsed)
  }

  /// The smoothed norms of a schedule that holds and then falls: annealing begins at the corner.
  func testKnee() throws {
    // w_t R_t = 1 up to t = 79, from the end of the list backwards.
    var norms: [Double] = []
    var tail = 0.0
    for t in (0..<100).reversed() {
      let weight = t >= 80 ? 1 : 20 / tail
      norms.append(weight.squareRoot())
      tail += weight
    }
    let (values, found) = try refine(norms.reversed().map { 1 / $0 })
    XCTAssertEqual(values[10], 1, accuracy: 1e-12)
    XCTAssertEqual(values[90], 9.0 / 20, accuracy: 1e-12)
    XCTAssertEqual(found.annealStart, 79, accuracy: 1)
  }

  func testErrors() {
    let cases: [(String, [Double], (inout Refinement.Configuration) -> Void)] = [
      ("refine: norms is empty, expected 1 to 16777216 numbers", [], { _ in }),
      ("refine: norms has no finite number > 0, expected at least one", [0, .nan, .infinity], { _ in }),
      ("refine: norms[1] = -2, expected a number >= 0", [1, -2], { _ in }),
      ("refine: tau = 2, expected a number in [0, 1]", [1], { $0.tau = 2 }),
      ("refine: floor = -1, expected a number in [0, 1]", [1], { $0.floor = -1 }),
      ("refine: distance = 0, expected a finite number > 0", [1], { $0.distance = 0 }),
      ("refine: total = -1, expected an integer from 1 to 16777216", [1], { $0.total = -1 }),
    ]
    for (message, norms, change) in cases {
      XCTAssertEqual(failure { _ = try refine(norms, change) }.map { text($0.message) }, message)
    }
    var values = [7.0]
    var span = values.mutableSpan
    XCTAssertNotNil(failure { _ = try Refinement([1.0, 2].span, Refinement.Configuration(), into: &span) })
    XCTAssertEqual(values, [7])
  }
}
