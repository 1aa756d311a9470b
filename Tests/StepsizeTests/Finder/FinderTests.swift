import XCTest

@testable import Stepsize

final class FinderTests: XCTestCase {
  private func configuration(_ change: (inout Finder.Configuration) -> Void) -> Finder.Configuration {
    var made = Finder.Configuration()
    change(&made)
    return made
  }

  func testRates() throws {
    for spacing in [Finder.Spacing.geometric, .linear] {
      var finder = try Finder(
        configuration {
          $0.start = 1e-4
          $0.end = 1
          $0.count = 9
          $0.spacing = spacing
        })
      var rates: [Double] = []
      while let rate = finder.rate {
        rates.append(rate)
        try finder.tell(1)
      }
      XCTAssertEqual(rates.count, 9)
      XCTAssertEqual(rates[0], 1e-4)
      XCTAssertEqual(rates[8], 1)
      XCTAssertEqual(rates[4], spacing == .linear ? 0.50005 : 0.01, accuracy: 1e-16)
      XCTAssertEqual(finder.stop, .end)
      XCTAssertEqual(finder.points.map(\.rate), rates)
      XCTAssertEqual(failure { try finder.tell(1) }?.kind, .order)
    }
  }

  /// Weights 1, keep, keep² …, which a sum of all of them shows.
  func testSmoothing() throws {
    let losses = [3.0, -1, 4, 1, -5, 9, 2, 6]
    for keep in [0, 0.5, 0.98] {
      var finder = try Finder(
        configuration {
          $0.smoothing = keep
          $0.divergence = .infinity
        })
      for loss in losses { try finder.tell(loss) }
      let smoothed = finder.smoothed()
      for i in losses.indices {
        let weights = (0...i).map { pow(keep, Double(i - $0)) }
        let mean = zip(weights, losses).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        XCTAssertEqual(smoothed[i], mean, accuracy: 1e-14)
      }
      XCTAssertEqual(smoothed[0], 3)
    }
  }

  func testDivergence() throws {
    // Four times the best; of a best below 0, as far above it.
    for (losses, count) in [
      ([2.0, 1, 4, 4.1, 1], 4), ([1, 2, 3, 4, 5], 5), ([-1, -2, 3, 4, 4.1], 5), ([-1, 2, 2.1], 3),
    ] {
      var finder = try Finder(configuration { $0.smoothing = 0 })
      for loss in losses where finder.stop == nil { try finder.tell(loss) }
      XCTAssertEqual(finder.stop, .diverged)
      XCTAssertEqual(finder.points.count, count)
      XCTAssertNil(finder.rate)
    }
    for loss in [Double.nan, .infinity, -.infinity] {
      for before in [0, 3] {
        var finder = try Finder()
        for _ in 0..<before { try finder.tell(1) }
        try finder.tell(loss)
        XCTAssertEqual(finder.stop, .diverged)
        XCTAssertEqual(finder.points.count, before)
        XCTAssertEqual(failure { _ = try finder.suggestion(.steepest) }?.kind, .noSuggestion)
      }
    }
    var never = try Finder(
      configuration {
        $0.divergence = .infinity
        $0.count = 3
      })
    for loss in [0, 1e300, 1e308] { try never.tell(loss) }
    XCTAssertEqual(never.stop, .end)
  }

  func testRatesOfTheCaller() throws {
    var finder = try Finder()
    try finder.tell(1, at: 0.5)
    try finder.tell(1, at: 0.7)
    for rate in [0.7, 0.1, 0, -1, .nan, .infinity] {
      XCTAssertEqual(failure { try finder.tell(1, at: rate) }?.kind, .argument)
    }
    XCTAssertEqual(finder.points.map(\.rate), [0.5, 0.7])
  }

  func testRefused() {
    let wrong: [(inout Finder.Configuration) -> Void] = [
      { $0.start = 0 }, { $0.start = -1 }, { $0.start = .nan }, { $0.start = 10 }, { $0.end = .infinity },
      { $0.end = .nan }, { $0.count = 1 }, { $0.count = 1 << 20 + 1 }, { $0.count = .min },
      { $0.smoothing = 1 },
      { $0.smoothing = -0.1 }, { $0.smoothing = .nan }, { $0.divergence = 1 }, { $0.divergence = .nan },
    ]
    for change in wrong {
      XCTAssertEqual(failure { _ = try Finder(configuration(change)) }?.kind, .argument)
    }
    XCTAssertEqual(
      text(failure { _ = try Finder(configuration { $0.divergence = 1 }) }?.message ?? []),
      "finder: divergence = 1, expected a number in (1, inf]")
  }
}
