import XCTest

@testable import StepsizeLearn

final class FactorizationTests: XCTestCase {
  private let problem = Problem(rows: 6, columns: 5, rank: 2, x: (0..<30).map { Double($0 * 7 % 11) })

  func testWhatIsRefused() {
    func message(_ problem: Problem, _ change: (inout Factorization.Configuration) -> Void = { _ in })
      -> String
    {
      text(failure { _ = try problem.make(change) }?.message ?? [])
    }
    XCTAssertEqual(message(problem) { $0.rank = 0 }, "nmf: rank = 0, expected an integer from 1 to 4096")
    XCTAssertEqual(message(problem) { $0.rank = 6 }, "nmf: rank = 6, expected an integer from 1 to 5")
    XCTAssertTrue(message(problem) { $0.batchSize = -1 }.hasPrefix("nmf: batch_size = -1"))
    XCTAssertTrue(message(problem) { $0.theta = 1.405 }.hasPrefix("nmf: theta = 1.405"))
    XCTAssertTrue(message(problem) { $0.theta = 0 }.hasPrefix("nmf: theta = 0"))
    XCTAssertTrue(message(problem) { $0.wSteps = 0 }.hasPrefix("nmf: w_steps = 0"))
    XCTAssertTrue(message(problem) { $0.hSteps = 10001 }.hasPrefix("nmf: h_steps = 10001"))
    XCTAssertTrue(message(problem) { $0.norm = .nan }.hasPrefix("nmf: norm"))
    for (value, name) in [(-1.0, "-1"), (.nan, "nan"), (.infinity, "inf"), (1e101, "1e101")] {
      var wrong = problem
      wrong.x[13] = value
      XCTAssertEqual(message(wrong), "nmf: x[2, 3] = \(name), expected a number in [0, 1e100]")
    }
    var tiny = problem
    tiny.x = tiny.x.map { $0 * 1e-200 }
    XCTAssertTrue(message(tiny).contains("the largest entry of x"))
  }

  func testAPartMayHaveFewerRowsThanComponents() throws {
    let row = Problem(rows: 1, columns: 5, rank: 3, x: [1, 2, 3, 4, 5])
    let f = try row.make { $0.norm = 100 }
    XCTAssertEqual(f.norm, 100)
    let error = failure { _ = try row.make() }
    XCTAssertNotNil(error)
  }

  func testTheFirstFactors() throws {
    let f = try problem.make { $0.seed = 3 }
    let (w, h) = (problem.w(f), problem.h(f))
    XCTAssertTrue((w + h).allSatisfy { $0 > 0 })
    XCTAssertLessThanOrEqual(squares(w), f.radiusSquared)
    // Both factors have the same expected norm, and WH the mean of X.
    var large = problem
    large.rows = 400
    large.columns = 300
    large.rank = 5
    large.x = (0..<120_000).map { Double($0 % 13) }
    let g = try large.make()
    XCTAssertEqual(squares(large.w(g)) / squares(large.h(g)), 1, accuracy: 0.15)
    let (firstW, firstH) = (large.w(g), large.h(g))
    let product = (0..<5).reduce(0.0) { sum, k in
      let ofW = (0..<400).reduce(0.0) { $0 + firstW[$1 * 5 + k] }
      return sum + ofW * firstH[k * 300..<(k + 1) * 300].reduce(0, +)
    }
    XCTAssertEqual(product / large.x.reduce(0, +), 1, accuracy: 0.1)
    let same = try large.make()
    XCTAssertEqual(large.w(g), large.w(same))
    let other = try large.make { $0.seed = 1 }
    XCTAssertNotEqual(large.w(g), large.w(other))
  }

  func testBitsDependOnTheSeedAlone() throws {
    let x = problem.x
    for order in [Factorization.Order.alternating, .simultaneous] {
      func run(_ seed: Int64) throws -> [Double] {
        var f = try problem.make {
          $0.seed = seed
          $0.batchSize = 2
          $0.order = order
        }
        for _ in 0..<20 { _ = try f.step(x.span, stride: 5, rate: 0.01) }
        return problem.w(f) + problem.h(f)
      }
      XCTAssertEqual(try run(7), try run(7))
      XCTAssertNotEqual(try run(7), try run(8))
    }
  }

  func testRowsMayLieApart() throws {
    let x = problem.x
    var wide = Array(repeating: Double.nan, count: 6 * 9)
    for i in 0..<6 {
      for j in 0..<5 { wide[i * 9 + j] = problem.x[i * 5 + j] }
    }
    wide.removeLast(4)
    var configuration = Factorization.Configuration()
    configuration.rank = 2
    configuration.batchSize = 4
    var f = try Factorization(configuration, wide.span, rows: 6, columns: 5, stride: 9)
    var g = try problem.make { $0.batchSize = 4 }
    for _ in 0..<7 {
      XCTAssertEqual(
        try f.step(wide.span, stride: 9, rate: 1).loss, try g.step(x.span, stride: 5, rate: 1).loss)
    }
    XCTAssertEqual(problem.h(f), problem.h(g))
    XCTAssertEqual(try f.loss(wide.span, stride: 9), try g.loss(x.span, stride: 5))
  }

  func testSizesThatDoNotFit() throws {
    let x = [Double](repeating: 1, count: 12)
    var configuration = Factorization.Configuration()
    // Of a part of a matrix, whose rank says nothing about its rows.
    configuration.norm = 10
    for (rows, columns, stride) in [
      (4, 4, 4), (Int.min, 3, 3), (-1, 3, 3), (0, 3, 3), (4, 0, 3), (4, -3, 3), (4, 3, 2), (4, 3, -3),
      (Int.max, 3, Int.max), (5, 2, Int.max),
    ] {
      XCTAssertNotNil(
        failure {
          _ = try Factorization(configuration, x.span, rows: rows, columns: columns, stride: stride)
        }, "\((rows, columns, stride))")
    }
    var f = try Factorization(configuration, x.span, rows: 4, columns: 3, stride: 3)
    for stride in [Int.min, 2, 4, Int.max] {
      XCTAssertNotNil(failure { _ = try f.step(x.span, stride: stride, rate: 1) })
      XCTAssertNotNil(failure { _ = try f.loss(x.span, stride: stride) })
    }
    var short = [7.0, 7]
    var span = short.mutableSpan
    f.write(w: &span)
    f.write(h: &span)
    XCTAssertEqual(short, [7, 7])
  }

  func testZeros() throws {
    // Nothing to do, and nothing to divide by.
    let nothing = Problem(rows: 4, columns: 3, rank: 2, x: Array(repeating: 0, count: 12))
    for bound in [Bound.none, .apriori, .state, .minibatch] {
      var f = try nothing.make { $0.bound = bound }
      for _ in 0..<3 { _ = try f.step(nothing.x.span, stride: 3, rate: 1) }
      XCTAssertEqual(try f.loss(nothing.x.span, stride: 3), 0)
      XCTAssertTrue((nothing.w(f) + nothing.h(f)).allSatisfy { $0 == 0 })
      XCTAssertEqual(f.aprioriBound, 0)
    }
    // A row of zeros: its row of W goes down to the floor, and batches of that row alone leave H as it is.
    var holes = problem
    for j in 0..<5 { holes.x[2 * 5 + j] = 0 }
    var f = try holes.make { $0.batchSize = 1 }
    for _ in 0..<3000 { _ = try f.step(holes.x.span, stride: 5, rate: 1e9) }
    let w = holes.w(f)
    XCTAssertLessThan(w[4] + w[5], 1e-3 * (w[0] + w[1]))
    XCTAssertLessThan(holes.loss(w, holes.h(f)).value, squares(holes.x) / 2)
    XCTAssertGreaterThan(squares(holes.h(f)), 1)
  }

  func testFactorsAreReplaced() throws {
    let x = problem.x
    var f = try problem.make()
    let w = (0..<12).map { Double($0 % 3) * 0.5 }
    let h = problem.h(f)
    let nothing: [Double] = []
    try f.replace(w: w.span, h: nothing.span)
    XCTAssertEqual(problem.h(f), h)
    for (new, given) in zip(problem.w(f), w) { XCTAssertEqual(new, max(given, f.floor)) }
    XCTAssertEqual(
      try f.loss(x.span, stride: 5), problem.loss(problem.w(f), h).value,
      accuracy: 1e-12 * squares(problem.x))
    // Outside the ball: scaled onto it.
    let large = w.map { $0 * 1e6 }
    try f.replace(w: large.span, h: nothing.span)
    XCTAssertEqual(squares(problem.w(f)), f.radiusSquared, accuracy: 1e-12 * f.radiusSquared)
    let wrong: [([Double], [Double])] = [
      ([1], []), ([], Array(repeating: -1, count: 10)), (Array(repeating: .nan, count: 12), []),
    ]
    for (w, h) in wrong {
      do {
        try f.replace(w: w.span, h: h.span)
        XCTFail("taken")
      } catch { XCTAssertEqual(error.kind, .argument) }
    }
    XCTAssertEqual(squares(problem.w(f)), f.radiusSquared, accuracy: 1e-12 * f.radiusSquared)
  }
}
