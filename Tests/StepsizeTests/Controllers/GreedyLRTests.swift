import XCTest

@testable import Stepsize

final class GreedyLRTests: XCTestCase {
  /// The rates of one group after each loss.
  private func rates(
    _ configuration: GreedyLR.Configuration, base: Double = 0.1, _ losses: [Double]
  ) throws -> [Double] {
    var scheduler = try Scheduler(baseLRs: [base], controller: .greedy(configuration))
    return losses.map {
      scheduler.advance(loss: $0)
      scheduler.advance()
      return scheduler.rates()[0]
    }
  }

  private func huggingface(_ change: (inout GreedyLR.Configuration) -> Void) -> GreedyLR.Configuration {
    var configuration = GreedyLR.Configuration(.huggingface)
    configuration.patience = 1
    change(&configuration)
    return configuration
  }

  private func standard(_ change: (inout GreedyLR.Configuration) -> Void) -> GreedyLR.Configuration {
    var configuration = GreedyLR.Configuration()
    configuration.smooth = false
    configuration.patience = 1
    change(&configuration)
    return configuration
  }

  // Traces of transformers' class.

  func testTraceReset() throws {
    let configuration = huggingface {
      $0.minLR = [0.05]
      $0.factor = 0.5
      $0.resetStart = 2
    }
    XCTAssertEqual(
      try rates(configuration, [1] + Array(repeating: 2, count: 13)),
      [0.1, 0.1, 0.05, 0.05, 0.1, 0.1, 0.1, 0.05, 0.05, 0.1, 0.1, 0.1, 0.05, 0.05])
  }

  func testTraceResetAndCooldown() throws {
    let configuration = huggingface {
      $0.minLR = [0.05]
      $0.factor = 0.5
      $0.resetStart = 2
      $0.cooldown = 2
    }
    XCTAssertEqual(
      try rates(configuration, [1] + Array(repeating: 2, count: 13)),
      [0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05])
  }

  func testTraceWarmup() throws {
    let raised = 0.10526315789473685
    XCTAssertEqual(
      try rates(huggingface { $0.warmup = 3 }, [10, 9, 8, 7, 6, 5]),
      [0.1] + Array(repeating: raised, count: 5))
  }

  func testTraceNaN() throws {
    let raised = 0.10526315789473685
    let configuration = huggingface { $0.minLR = [1e-6] }
    XCTAssertEqual(try rates(configuration, [1, .nan, 0.9, 0.8, 0.7]), [0.1, 0.1, 0.1, raised, raised])
  }

  func testTraceSmoothedNaNPoisons() throws {
    let configuration = huggingface {
      $0.minLR = [1e-6]
      $0.smooth = true
      $0.window = 2
    }
    XCTAssertEqual(
      try rates(configuration, [1, .nan, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]),
      [0.1, 0.1, 0.095, 0.095, 0.09025, 0.09025, 0.0857375, 0.0857375, 0.08145062499999998])
  }

  // What the default variant mends.

  func testBoundsAreRelativeToTheBaseRate() throws {
    let configuration = standard {
      $0.factor = 0.5
      $0.patience = 0
      $0.resetStart = nil
    }
    let falling = try rates(configuration, base: 1e-5, (0..<20).map { 1 / Double($0 + 1) })
    XCTAssertEqual(falling.last, 1e-4)
    let rising = try rates(configuration, base: 1e-5, (0..<20).map { Double($0) })
    XCTAssertEqual(rising.last, 1e-5 / 10)
  }

  func testBaseRateOutsideItsBoundsIsRefused() throws {
    let error = failure { _ = try rates(standard { $0.minLR = [0.2] }, []) }
    XCTAssertEqual(
      error.map { text($0.message) },
      "greedy: the base rate 0.1 of group 0 is outside [min_lr, max_lr] = [0.2, 1]")
    XCTAssertNoThrow(try rates(huggingface { $0.minLR = [0.2] }, []))
  }

  func testASmoothedNaNDoesNotPoison() throws {
    let configuration = standard {
      $0.smooth = true
      $0.window = 2
    }
    let after = try rates(configuration, [1, .nan, 0.9, 0.8, 0.7, .infinity, 0.6, 0.5, 0.4, 0.3])
    XCTAssertGreaterThan(after[9], 0.1)
  }

  func testMinusInfinityIsNotTheBest() throws {
    let after = try rates(standard { _ in }, [1, -.infinity, 0.9, 0.8])
    XCTAssertGreaterThan(after[3], 0.1)
    let theirs = try rates(huggingface { _ in }, [1, -.infinity, 0.9, 0.8])
    XCTAssertLessThanOrEqual(theirs[3], 0.1 / 0.95)
  }

  func testRelativeThresholdOfNegativeMetrics() throws {
    func relative(_ configuration: GreedyLR.Configuration) -> GreedyLR.Configuration {
      var configuration = configuration
      configuration.thresholdMode = .relative
      configuration.threshold = 0.1
      return configuration
    }
    // -0.95 is worse than -1; nothing here is an improvement after the first loss.
    let losses = [-1, -0.95, -0.9, -0.86, -0.82]
    XCTAssertLessThan(try rates(relative(standard { _ in }), losses)[4], 0.1)
    XCTAssertGreaterThan(try rates(relative(huggingface { $0.minLR = [1e-6] }), losses)[4], 0.1)
  }

  func testSmallRatesStillReachTheirBound() throws {
    let losses = Array(repeating: 1.0, count: 500)
    func tiny(_ configuration: GreedyLR.Configuration) -> GreedyLR.Configuration {
      var configuration = configuration
      configuration.minLR = [1e-9]
      configuration.resetStart = nil
      return configuration
    }
    XCTAssertEqual(try rates(tiny(standard { _ in }), base: 1e-7, losses).last, 1e-9)
    XCTAssertEqual(try rates(tiny(huggingface { _ in }), base: 1e-7, losses).last, 1e-7)
  }

  func testResetIsNotFollowedByACooldown() throws {
    let configuration = standard {
      $0.factor = 0.5
      $0.patience = 0
      $0.minLR = [0.05]
      $0.resetStart = 1
      $0.cooldown = 3
    }
    // The first loss raises; the second cuts to 0.0526…; the cooldown holds for three, the sixth cuts to the
    // bound and resets, and the seventh, the first of a new life, raises at once.
    let after = try rates(configuration, base: 0.05, [1, 2, 2, 2, 2, 2, 2])
    XCTAssertEqual(after[0], 0.1)
    XCTAssertEqual(after[1], 0.05)
    XCTAssertEqual(after[2], 0.1)
  }

  func testResetCanBeTurnedOff() throws {
    let configuration = standard {
      $0.factor = 0.5
      $0.patience = 0
      $0.resetStart = nil
    }
    XCTAssertEqual(try rates(configuration, Array(repeating: 1, count: 5000)).last, 0.01)
  }

  /// Compared with the loss before; the first one has none.
  func testThePapersAlgorithm() throws {
    var configuration = GreedyLR.Configuration(.paper)
    configuration.factor = 0.5
    XCTAssertEqual(try rates(configuration, base: 1, [5, 4, 6, 5.5, 5.5, .nan, 5]), [1, 2, 1, 2, 1, 0.5, 1])
    XCTAssertEqual(try rates(configuration, base: 1, (0..<9).map { -Double($0) }).last, 10)
  }

  func testMaxMode() throws {
    let configuration = standard { $0.mode = .max }
    XCTAssertGreaterThan(try rates(configuration, [0.1, 0.2, 0.3])[2], 0.1)
    XCTAssertLessThan(try rates(configuration, [0.3, 0.2, 0.1])[2], 0.1)
  }

  func testBadParametersAreRefused() {
    func message(_ change: (inout GreedyLR.Configuration) -> Void) -> String? {
      var configuration = GreedyLR.Configuration()
      change(&configuration)
      return failure { try Controller.greedy(configuration).validate() }.map { text($0.message) }
    }
    XCTAssertEqual(message { $0.factor = 1 }, "greedy: factor = 1, expected a number in (0, 1)")
    XCTAssertEqual(message { $0.factor = .nan }, "greedy: factor = nan, expected a number in (0, 1)")
    XCTAssertEqual(
      message { $0.patience = -1 }, "greedy: patience = -1, expected an integer from 0 to 9223372036854775807"
    )
    XCTAssertEqual(
      message { $0.window = 0 }, "greedy: window = 0, expected an integer from 1 to 16777216")
    XCTAssertEqual(message { $0.eps = -1 }, "greedy: eps = -1, expected a finite number >= 0")
    XCTAssertEqual(
      message { $0.resetStart = 0 },
      "greedy: reset_start = 0, expected an integer from 1 to 9223372036854775807, or none")
    XCTAssertEqual(
      message { $0.minLR = [.infinity] },
      "greedy: min_lr = inf, expected a finite number >= 0, or a list with one for each group, or none")
  }
}
