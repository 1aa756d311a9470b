import XCTest

@testable import StepsizeLearn

final class UpdateTests: XCTestCase {
  /// One step from random factors of any scale, at a random theta up to the largest: the loss never rises. The
  /// allowance is what the evaluation of the two losses may be off; see Problem.loss.
  func testInsideTheBoundTheLossNeverRises() throws {
    var random = SplitMix(state: 5)
    var rises = 0
    var steps = 0
    while steps < 20_000 {
      let problem = Problem.random(&random)
      let order = Factorization.Order(rawValue: Int32(steps % 2)) ?? .alternating
      let bound = steps % 3 == 2 ? Bound.apriori : .state
      let theta = random.next() % 2 == 0 ? Bound.maximumTheta : 1e-3 + 1.4 * Problem.uniform(&random)
      let repeats = Int64(1 + random.next() % 4)
      var f = try problem.make {
        $0.order = order
        $0.bound = bound
        $0.theta = theta
        $0.seed = Int64(steps)
        $0.wSteps = repeats
        $0.hSteps = repeats
      }
      if random.next() % 3 > 0 {
        let scale = Problem.pow10(4 * Problem.uniform(&random) - 2)
        let w = problem.w(f).map { scale * $0 * (Problem.uniform(&random) < 0.3 ? 0 : 1) }
        let h = problem.h(f).map { scale * $0 * Problem.uniform(&random) }
        try f.replace(w: w.span, h: h.span)
      }
      for _ in 0..<2 {
        let before = problem.loss(problem.w(f), problem.h(f))
        let update = try f.step(problem.x.span, stride: problem.columns, rate: 1e200)
        let after = problem.loss(problem.w(f), problem.h(f))
        XCTAssertTrue(update.isClipped || update.squares == 0)
        if !(after.value <= before.value + before.rounding + after.rounding) {
          rises += 1
          XCTFail("\(problem) \(order) \(bound) theta \(theta): from \(before) to \(after)")
        }
        XCTAssertLessThanOrEqual(squares(problem.w(f)), f.radiusSquared * (1 + 1e-12))
        XCTAssertLessThanOrEqual(squares(problem.h(f)), f.radiusSquared * (1 + 1e-12))
        steps += 1
      }
    }
    XCTAssertEqual(rises, 0)
  }

  /// The same for the rows of a batch, and the loss that an update returns is theirs.
  func testABatchStepNeverRaisesTheLossOfItsRows() throws {
    var random = SplitMix(state: 6)
    for trial in 0..<2000 {
      let problem = Problem.random(&random)
      var f = try problem.make {
        $0.order = Factorization.Order(rawValue: Int32(trial % 2)) ?? .alternating
        $0.bound = trial % 3 == 0 ? .minibatch : .state
        $0.theta = Bound.maximumTheta
        $0.batchSize = 1 + Int64(random.next() % 5)
      }
      for _ in 0..<3 {
        let (batch, w, h) = (f.batch, problem.w(f), problem.h(f))
        let update = try f.step(problem.x.span, stride: problem.columns, rate: 1e200)
        let start = f.place(of: batch)
        let rows = (start..<f.place(of: batch + 1)).map { f.row($0) }
        let before = problem.loss(w, h, rows: rows)
        let after = problem.loss(problem.w(f), problem.h(f), rows: rows)
        XCTAssertLessThanOrEqual(after.value, before.value + before.rounding + after.rounding)
        XCTAssertEqual(update.rows, rows.count)
        XCTAssertEqual(update.loss, before.value, accuracy: 1e-13 * (update.squares + before.value))
      }
    }
  }

  /// The constants of the blocks do not license a joint step: with 1/max(L_W, L_H) the loss rises often.
  func testTheTrap() throws {
    var random = SplitMix(state: 7)
    var rises = 0
    for seed in 0..<2000 {
      let problem = Problem.random(&random)
      var alternating = try problem.make {
        $0.theta = 1
        $0.seed = Int64(seed)
      }
      let scale = Problem.pow10(4 * Problem.uniform(&random) - 2)
      let w = problem.w(alternating).map { scale * $0 }
      let h = problem.h(alternating).map { scale * $0 }
      try alternating.replace(w: w.span, h: h.span)
      let blocks = try alternating.step(problem.x.span, stride: problem.columns, rate: 0)
      guard blocks.squares > 0 else { continue }
      var joint = try problem.make {
        $0.order = .simultaneous
        $0.bound = .none
        $0.seed = Int64(seed)
      }
      try joint.replace(w: w.span, h: h.span)
      let before = problem.loss(problem.w(joint), problem.h(joint))
      _ = try joint.step(problem.x.span, stride: problem.columns, rate: min(blocks.wBound, blocks.hBound))
      let after = problem.loss(problem.w(joint), problem.h(joint))
      if after.value > before.value * (1 + 1e-9) + before.rounding + after.rounding { rises += 1 }
    }
    XCTAssertGreaterThan(rises, 100)
  }

  /// X → 4X scales the factors by 2 and the rates by 1/4: the same bits, as all is a power of two.
  func testScaleLaw() throws {
    var random = SplitMix(state: 8)
    for trial in 0..<200 {
      let problem = Problem.random(&random)
      var scaled = problem
      scaled.x = problem.x.map { 4 * $0 }
      for isRelative in [true, false] {
        let change = { (c: inout Factorization.Configuration) in
          c.order = Factorization.Order(rawValue: Int32(trial % 2)) ?? .alternating
          c.bound = Bound(rawValue: Int32(trial % 4)) ?? .state
          c.batchSize = Int64(trial % 5)
          c.isRelative = isRelative
        }
        var a = try problem.make(change)
        var b = try scaled.make(change)
        for _ in 0..<10 {
          let rate = isRelative ? 0.7 : 0.01
          let x = try a.step(problem.x.span, stride: problem.columns, rate: rate)
          let y = try b.step(scaled.x.span, stride: problem.columns, rate: isRelative ? rate : rate / 4)
          XCTAssertEqual(y.loss, 16 * x.loss)
          XCTAssertEqual(y.hBound, x.hBound / 4)
          XCTAssertEqual(y.hGradient, 8 * x.hGradient)
        }
        XCTAssertEqual(problem.w(a).map { 2 * $0 }, problem.w(b))
        XCTAssertEqual(problem.h(a).map { 2 * $0 }, problem.h(b))
      }
    }
  }

  /// Finite differences of the loss, then a small free step against the gradient.
  func testGradients() throws {
    var random = SplitMix(state: 9)
    for _ in 0..<30 {
      let problem = Problem.random(&random, upTo: 7)
      let norm = squares(problem.x).squareRoot()
      guard norm > 0 else { continue }
      let rate = 1e-6 / norm
      var f = try problem.make {
        $0.order = .simultaneous
        $0.bound = .none
      }
      // Inside the ball, so that it does not come between.
      let (start, other) = (problem.w(f).map { 0.5 * $0 }, problem.h(f).map { 0.5 * $0 })
      try f.replace(w: start.span, h: other.span)
      let (w, h) = (problem.w(f), problem.h(f))
      let (ofW, ofH) = problem.gradients(w, h)
      let scale = norm * norm.squareRoot()
      for (index, gradient) in (ofW + ofH).enumerated() {
        let step = 1e-5 * norm.squareRoot()
        func moved(_ by: Double) -> Double {
          var (w, h) = (w, h)
          if index < w.count { w[index] += by } else { h[index - w.count] += by }
          return problem.loss(w, h).value
        }
        XCTAssertEqual((moved(step) - moved(-step)) / (2 * step), gradient, accuracy: 1e-7 * scale)
      }
      let update = try f.step(problem.x.span, stride: problem.columns, rate: rate)
      XCTAssertEqual(update.wGradient, squares(ofW).squareRoot(), accuracy: 1e-12 * scale)
      XCTAssertEqual(update.hGradient, squares(ofH).squareRoot(), accuracy: 1e-12 * scale)
      for (new, (old, gradient)) in zip(problem.w(f), zip(w, ofW)) {
        XCTAssertEqual(new, max(old - rate * gradient, f.floor), accuracy: 1e-14 * norm.squareRoot())
      }
      for (new, (old, gradient)) in zip(problem.h(f), zip(h, ofH)) {
        XCTAssertEqual(new, max(old - rate * gradient, f.floor), accuracy: 1e-14 * norm.squareRoot())
      }
    }
  }

  func testEachPassTakesEachRowOnce() throws {
    let rows = 23
    let x = (0..<rows * 3).map { Double($0 % 7 + 1) }
    let problem = Problem(rows: rows, columns: 3, rank: 2, x: x)
    var f = try problem.make { $0.batchSize = 5 }
    var orders: [[Int32]] = []
    for _ in 0..<3 {
      var sizes: [Int] = []
      for _ in 0..<5 { sizes.append(try f.step(x.span, stride: 3, rate: 0.1).rows) }
      XCTAssertEqual(sizes.reduce(0, +), rows)
      XCTAssertEqual(Set(sizes), [4, 5])
      XCTAssertEqual(f.order.sorted(), Array(0..<Int32(rows)))
      orders.append(f.order)
    }
    XCTAssertEqual(Set(orders).count, 3)
    XCTAssertEqual(f.updates, 15)
  }

  func testWhatDivergesStaysFinite() throws {
    var random = SplitMix(state: 10)
    for order in [Factorization.Order.alternating, .simultaneous] {
      let problem = Problem.random(&random)
      for rate in [1, 1e20, Double.greatestFiniteMagnitude] {
        var f = try problem.make {
          $0.bound = .none
          $0.order = order
          $0.batchSize = 3
        }
        for _ in 0..<20 { _ = try f.step(problem.x.span, stride: problem.columns, rate: rate) }
        XCTAssertTrue((problem.w(f) + problem.h(f)).allSatisfy { $0.isFinite && $0 >= 0 })
        XCTAssertTrue(try f.loss(problem.x.span, stride: problem.columns).isFinite)
      }
    }
  }

  /// Errors change nothing that the next update would show: it has the same rows, and the same bits come of it.
  func testRefusedUpdatesChangeNothing() throws {
    var random = SplitMix(state: 11)
    let problem = Problem.random(&random)
    for order in [Factorization.Order.alternating, .simultaneous] {
      func make() throws -> Factorization {
        try problem.make {
          $0.batchSize = 2
          $0.order = order
        }
      }
      var f = try make()
      var twin = try make()
      for _ in 0..<20 {
        for poison in [Double.nan, .infinity, -.infinity, 1.01e100, -5e-324] {
          let x = problem.x.map { _ in poison }
          let error = failure { _ = try f.step(x.span, stride: problem.columns, rate: 1) }
          XCTAssertTrue(text(error?.message ?? []).hasSuffix("expected a number in [0, 1e100]"), "\(poison)")
          XCTAssertThrowsError(try f.loss(x.span, stride: problem.columns))
        }
        for wrong in [-1, Double.nan, .infinity] {
          XCTAssertThrowsError(try f.step(problem.x.span, stride: problem.columns, rate: wrong))
        }
        XCTAssertThrowsError(try f.step([1.0].span, stride: problem.columns, rate: 1))
        let update = try f.step(problem.x.span, stride: problem.columns, rate: 0.1)
        XCTAssertEqual(update.loss, try twin.step(problem.x.span, stride: problem.columns, rate: 0.1).loss)
        XCTAssertEqual(problem.w(f), problem.w(twin))
        XCTAssertEqual(problem.h(f), problem.h(twin))
        XCTAssertEqual(f.updates, twin.updates)
      }
    }
  }

  /// The largest and the least entry that X can have, anywhere: no more is refused than has to be.
  func testEntriesAtTheEndsOfTheirRange() throws {
    for i in 0..<15 {
      var problem = Problem(rows: 3, columns: 5, rank: 1, x: (0..<15).map { Double($0) + 0.5 })
      var f = try problem.make()
      for good in [0, 5e-324, -0.0, 1e100] {
        problem.x[i] = good
        XCTAssertNoThrow(try f.step(problem.x.span, stride: 5, rate: 0), "\(good)")
      }
      for bad in [-5e-324, (1e100).nextUp, .nan] {
        problem.x[i] = bad
        let error = failure { _ = try f.step(problem.x.span, stride: 5, rate: 0) }
        XCTAssertTrue(text(error?.message ?? []).hasPrefix("nmf: x[\(i / 5), \(i % 5)] = "), "\(bad)")
      }
    }
  }
}
