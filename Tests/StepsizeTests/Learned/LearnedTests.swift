import XCTest

@testable import Stepsize

final class LearnedTests: XCTestCase {
  private func controller(_ text: StaticString) throws -> Controller { try Controller(parsing: text.bytes) }

  private func policy() throws -> Policy {
    var policy = try Policy(every: 3, limit: 2, units: 2)
    let random = CounterRandom(seed: 8, step: 0)
    for i in policy.network.parameters.indices { policy.network.parameters[i] = random.normal(UInt64(i)) }
    return policy
  }

  func testTextFormRoundTrips() throws {
    for text: StaticString in [
      "learned()", "learned(\"nmf\", total=1000, adapt=0.01)", "learned(total=5)",
      "learned(\"mlp\", total=5)",
    ] {
      let first = try controller(text)
      XCTAssertEqual(try Controller(parsing: first.text).text, first.text)
    }
    let numbers = try policy().numbers
    let text = try Controller.learned(policy: "custom", total: 77, parameters: numbers).text
    let again = try Controller(parsing: text)
    XCTAssertEqual(try Learned.Configuration(again.arguments).policy.numbers, numbers)
    XCTAssertEqual(again.text, text)
  }

  /// Each policy of the library loads by its name, and decides within its limit.
  func testEveryShippedPolicyDecidesWithinItsLimit() throws {
    XCTAssertEqual(ShippedPolicy.allCases.count, 2)
    for shipped in ShippedPolicy.allCases {
      let name: StaticString = shipped == .nmf ? "nmf" : "mlp"
      let controller = try Controller(parsing: Controller.learned(policy: name, total: 300).text)
      let policy = try Learned.Configuration(controller.arguments).policy
      XCTAssertEqual(policy.numbers, shipped.numbers)
      XCTAssertEqual(policy.numbers.count, 11)
      var scheduler = try Scheduler(baseLRs: [1], controller: controller)
      let random = CounterRandom(seed: 3, step: 3)
      var rates: Set<Double> = []
      for t in 0..<600 {
        try scheduler.step(loss: exp(random.normal(UInt64(t)) - 0.03 * Double(t)))
        let rate = try scheduler.rates()[0]
        XCTAssertLessThan(abs(log(rate)), policy.limit)
        rates.insert(rate)
      }
      XCTAssertEqual(rates.count, 61)  // the anchor's, and one for each decision
    }
  }

  func testWhatIsNoPolicyIsRefused() {
    for text: StaticString in [
      "learned(\"mist\")", "learned(\"custom\")", "learned(\"custom\", parameters=[1, 2, 3])",
      "learned(\"nmf\", parameters=[10, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0])", "learned(adapt=2)",
      "learned(total=-1)",
    ] {
      XCTAssertThrowsError(try controller(text), "\(text)")
    }
  }

  func testAdaptationFindsTheBetterSide() throws {
    // A policy that does nothing, in a training whose loss falls faster the higher the rate is.
    let still = try Policy(every: 2, limit: 2, units: 0).numbers
    for isAdaptive in [false, true] {
      let controller = try Controller.learned(
        policy: "custom", adapt: isAdaptive ? 0.1 : 0, parameters: still)
      for sign in [1.0, -1] {
        var scheduler = try Scheduler(baseLRs: [1], controller: controller)
        var loss = 1.0
        for _ in 0..<2000 {
          loss *= exp(-0.01 * (1 + sign * 0.5 * log(try scheduler.rates()[0])))
          try scheduler.step(loss: max(loss, 1e-300))
        }
        let level = log(try scheduler.rates()[0])
        if isAdaptive { XCTAssertGreaterThan(sign * level, 0.5) } else { XCTAssertEqual(level, 0) }
      }
    }
  }

  func testStaysFiniteWhateverItIsTold() throws {
    var scheduler = try Scheduler(
      baseLRs: [.greatestFiniteMagnitude, 0, 1], controller: try controller("learned(total=50, adapt=1)"))
    let losses: [Double] = [1e308, 5e-324, 1, .infinity, 0, -3, .nan, 1e-300, 1e300]
    for t in 0..<5000 {
      try scheduler.step(loss: losses[t * 7 % losses.count])
      for rate in try scheduler.rates() { XCTAssert(rate.isFinite) }
    }
  }
}
