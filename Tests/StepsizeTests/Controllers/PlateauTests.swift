import XCTest

@testable import Stepsize

final class PlateauTests: XCTestCase {
  /// The observations, counted from 0, at which a flat metric is answered with a cut.
  private func cuts(
    _ counting: Plateau.Counting, patience: Int64, cooldown: Int64 = 0, _ metrics: [Double]? = nil
  ) throws -> [Int] {
    var configuration = Plateau.Configuration(counting)
    configuration.patience = patience
    configuration.cooldown = cooldown
    configuration.factor = 0.5
    var scheduler = try Scheduler(baseLRs: [1], controller: .plateau(configuration))
    var cuts: [Int] = []
    for (i, metric) in (metrics ?? Array(repeating: 1, count: 12)).enumerated() {
      scheduler.advance(loss: metric)
      if scheduler.decision == .cut { cuts.append(i) }
    }
    return cuts
  }

  func testPeersCountDifferently() throws {
    XCTAssertEqual(try cuts(.pytorch, patience: 2), [3, 6, 9])
    XCTAssertEqual(try cuts(.keras, patience: 2), [2, 4, 6, 8, 10])
    XCTAssertEqual(try cuts(.optax, patience: 2), [2, 4, 6, 8, 10])
    XCTAssertEqual(try cuts(.pytorch, patience: 2, cooldown: 1), [3, 7, 11])
    XCTAssertEqual(try cuts(.keras, patience: 2, cooldown: 1), [2, 4, 6, 8, 10])
    XCTAssertEqual(try cuts(.optax, patience: 2, cooldown: 1), [2, 5, 8, 11])
  }

  func testPatienceZero() throws {
    XCTAssertEqual(try cuts(.pytorch, patience: 0, [1, 1, 1, 1]), [1, 2, 3])
    XCTAssertEqual(try cuts(.keras, patience: 0, [1, 1, 1, 1]), [1, 2, 3])
    // optax cuts on what improves, and never on what does not.
    XCTAssertEqual(try cuts(.optax, patience: 0, [1, 1, 0.5, 1]), [0, 2])
  }

  func testNonFiniteObservationsAreBadAndNeverTheBest() throws {
    XCTAssertEqual(try cuts(.pytorch, patience: 1, [1, .nan, -.infinity, 0.9, 0.8]), [2])
  }

  func testAccumulation() throws {
    var configuration = Plateau.Configuration(.optax)
    configuration.accumulation = 3
    configuration.patience = 1
    configuration.factor = 0.5
    var scheduler = try Scheduler(baseLRs: [1], controller: .plateau(configuration))
    var rates: [Double] = []
    for metric in [1.0, 2, 3, 3, 2, 1, 0, 0, 0] {
      scheduler.advance(loss: metric)
      rates.append(scheduler.rates()[0])
    }
    XCTAssertEqual(rates, [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])
  }

  func testBoundsOfGroups() throws {
    var configuration = Plateau.Configuration()
    configuration.patience = 0
    configuration.factor = 0.5
    configuration.minLR = [0.6, 0.1]
    var scheduler = try Scheduler(baseLRs: [1, 1], controller: .plateau(configuration))
    for _ in 0..<3 { scheduler.advance(loss: 1) }
    XCTAssertEqual(scheduler.rates(), [0.6, 0.25])
    for _ in 0..<5 { scheduler.advance(loss: 1) }
    XCTAssertEqual(scheduler.rates(), [0.6, 0.1])
    XCTAssertEqual(scheduler.decision, .heldAtBound)
  }

  func testBadParametersAreRefused() {
    func message(_ change: (inout Plateau.Configuration) -> Void) -> String? {
      var configuration = Plateau.Configuration()
      change(&configuration)
      return failure { try Controller.plateau(configuration).validate() }.map { text($0.message) }
    }
    XCTAssertEqual(message { $0.factor = 0 }, "plateau: factor = 0, expected a number in (0, 1)")
    XCTAssertEqual(
      message { $0.accumulation = 0 },
      "plateau: accumulation = 0, expected an integer from 1 to 9223372036854775807")
    XCTAssertEqual(
      message { $0.minLR = [-1] },
      "plateau: min_lr = -1, expected a finite number >= 0, or a list with one for each group, or none")
  }
}
