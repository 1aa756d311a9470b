import XCTest

@testable import Stepsize

final class MethodsTests: XCTestCase {
  private let methods: [Finder.Method] = [.halfway, .steepest, .valley, .minimum]

  private func finder(_ losses: [Double], smoothing: Double = 0) throws -> Finder {
    var configuration = Finder.Configuration()
    configuration.smoothing = smoothing
    configuration.divergence = .infinity
    configuration.count = Int64(max(2, losses.count))
    configuration.start = 1e-7
    var finder = try Finder(configuration)
    for loss in losses { try finder.tell(loss) }
    return finder
  }

  /// The place of the suggestion; nil for none.
  private func place(_ losses: [Double], _ method: Finder.Method, smoothing: Double = 0) throws -> Int? {
    let finder = try finder(losses, smoothing: smoothing)
    guard let rate = try? finder.suggestion(method) else {
      XCTAssertEqual(failure { _ = try finder.suggestion(method) }?.kind, .noSuggestion)
      return nil
    }
    let wanted = method == .minimum ? 10 * rate : rate
    return finder.points.firstIndex { abs($0.rate / wanted - 1) < 1e-12 }
  }

  /// Level, then a fall around `middle`, a floor, and a rise from 80 on.
  private func curve(_ middle: Double, count: Int = 100) -> [Double] {
    (0..<count).map { i in
      let x = Double(i) * 100 / Double(count)
      return 2 - 1.5 / (1 + exp((middle - x) / 4)) + max(0, x - 80) * max(0, x - 80) / 20
    }
  }

  func testKnownCurve() throws {
    let losses = curve(50)
    XCTAssertEqual(try place(losses, .steepest), 50)
    XCTAssertEqual(try place(losses, .halfway), 50)
    let lowest = try XCTUnwrap(try place(losses, .minimum))
    XCTAssertEqual(losses[lowest], losses.min())
    // The fall lasts from the first place to the lowest: fastai begins it one before the first.
    XCTAssertEqual(try place(losses, .valley), lowest - (lowest + 1) + (lowest + 1) / 3 + (lowest + 1) / 6)
  }

  /// Slopes and falls are what they are, whatever the loss is measured in, and from.
  func testUnits() throws {
    for method in methods {
      let place = try XCTUnwrap(try place(curve(40), method))
      for (factor, offset) in [(1e-12, 0.0), (1e9, 0), (1, -7), (3, 100)] {
        XCTAssertEqual(try self.place(curve(40).map { factor * $0 + offset }, method), place)
      }
    }
  }

  func testSteepestIsInLogarithms() throws {
    // Unequal widths, in x = ln rate.
    var configuration = Finder.Configuration()
    configuration.smoothing = 0
    configuration.divergence = .infinity
    var finder = try Finder(configuration)
    var random = SplitMix(state: 5)
    var x = 0.0
    for i in 0..<40 {
      x += Double.random(in: 0.05...0.3, using: &random)
      // A cubic with its least slope at 4.
      try finder.tell(pow(x - 4, 3) / 3 - 5 * x, at: exp(x))
      if i == 39 { XCTAssertGreaterThan(x, 5) }
    }
    XCTAssertEqual(log(try finder.suggestion(.steepest)), 4, accuracy: 0.2)
  }

  /// fastai's, whose loops are quadratic.
  func testValleyIsThatOfTheQuadraticLoops() throws {
    var random = SplitMix(state: 3)
    for round in 0..<400 {
      let count = 10 + round % 50
      let losses = (0..<count).map {
        Double.random(in: 0...1, using: &random) - Double($0 * (round % 3)) / 40
      }
      var longest = Array(repeating: 1, count: count)
      var (start, end) = (0, 0)
      for i in 1..<count {
        for j in 0..<i {
          if losses[i] < losses[j] && longest[i] < longest[j] + 1 { longest[i] = longest[j] + 1 }
          if longest[end] < longest[i] { (start, end) = (i - longest[i], i) }
        }
      }
      let sections = Double(end - start) / 3
      let index = start + Int(sections) + Int(sections / 2)
      XCTAssertEqual(try place(losses, .valley), max(index, 0), "\(round)")
    }
  }

  func testNoiseMovesHalfwayLittle() throws {
    var random = SplitMix(state: 11)
    var moved: [Finder.Method: Double] = [:]
    for _ in 0..<100 {
      let losses = curve(50).map { $0 + Double.random(in: -0.25...0.25, using: &random) }
      for method in [Finder.Method.halfway, .steepest] {
        // At an end of the range there is no steepest slope.
        guard let place = try place(losses, method) else {
          XCTAssertEqual(method, .steepest)
          continue
        }
        moved[method] = max(moved[method] ?? 0, abs(Double(place) - 50))
      }
    }
    XCTAssertLessThan(moved[.halfway] ?? 100, 8)
    XCTAssertGreaterThan(moved[.steepest] ?? 0, 15)
  }

  func testOutliers() throws {
    for outlier in [100.0, 1e6, -50] {
      for i in [3, 30, 48, 60] {
        var losses = curve(50)
        losses[i] = outlier
        let place = try XCTUnwrap(try place(losses, .halfway))
        XCTAssertEqual(Double(place), 50, accuracy: 1)
      }
    }
  }

  func testNothingIsMadeUp() throws {
    let rising = (0..<100).map { Double($0) }
    let flat = Array(repeating: 0.7, count: 100)
    for method in methods {
      XCTAssertNil(try place(flat, method), "\(method)")
      XCTAssertNil(try place(rising, method), "\(method)")
      for count in 1..<Finder.fewest { XCTAssertNil(try place((0..<count).map { -Double($0) }, method)) }
    }
    // A fall that the range cuts off.
    let falling = (0..<100).map { -Double($0 * $0) }
    for method in [Finder.Method.halfway, .steepest, .minimum] {
      XCTAssertNil(try place(falling, method), "\(method)")
    }
    XCTAssertEqual(
      text(failure { _ = try finder(falling).suggestion(.halfway) }?.message ?? []),
      "finder: the loss still falls at the last rate, expected a higher end")
    // A floor that is level is one, also at the end.
    XCTAssertEqual(try place(Array(curve(40)[..<75]), .halfway), 40)
  }

  /// Losses without a fall.
  func testNoiseAlone() throws {
    var random = SplitMix(state: 17)
    var found = 0
    for _ in 0..<2000 {
      // Nearly normal.
      let losses = (0..<100).map { _ in
        (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &random) }
      }
      found += try place(losses, .halfway) == nil ? 0 : 1
    }
    XCTAssertLessThanOrEqual(found, 2)
  }

  func testExtremes() throws {
    var random = SplitMix(state: 2)
    for _ in 0..<300 {
      let losses = (0..<30).map { _ in
        Double.random(in: -1...1, using: &random) * [1e308, 5e-324, 1, 0].randomElement(using: &random)!
      }
      for method in methods {
        let finder = try finder(losses, smoothing: [0, 0.98].randomElement(using: &random)!)
        if let rate = try? finder.suggestion(method) {
          XCTAssertTrue(rate >= 1e-8 && rate <= 10)
        }
      }
    }
  }
}
