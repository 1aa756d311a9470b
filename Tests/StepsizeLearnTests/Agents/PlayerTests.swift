import XCTest

@testable import Stepsize
@testable import StepsizeLearn

/// What an agent returns, the controller of the first library, and that controller through its C interface are one.
final class PlayerTests: XCTestCase {
  private func policy() throws -> Policy {
    var policy = try Policy(every: 3, limit: 2, units: 2)
    let random = CounterRandom(seed: 8, step: 0)
    for i in policy.network.parameters.indices { policy.network.parameters[i] = random.normal(UInt64(i)) }
    return policy
  }

  /// The scheduler's rates are those that the agent returns for the same policy and losses.
  func testSchedulerDoesWhatTheAgentDoes() throws {
    let policy = try policy()
    var agent = try Agent(Agent.Configuration(), policy: policy)
    try agent.beginEpisode(total: 90, explores: false)
    let controller = try Controller(
      .learned, [.word("custom"), .integer(90), .real(0), .reals(policy.numbers)])
    var scheduler = try Scheduler(baseLRs: [0.1, 3], controller: controller)
    let random = CounterRandom(seed: 2, step: 2)
    var lowest = 1.0
    var rates = [0.0, 0]
    for t in 0..<90 {
      let loss = t % 11 == 5 ? Double.nan : exp(random.normal(UInt64(t)) - 0.05 * Double(t))
      let multiplier = try agent.observe(loss: loss)
      try scheduler.step(loss: loss, into: rates.mutableSpan)
      XCTAssertEqual(rates, [0.1 * multiplier, 3 * multiplier])
      lowest = min(lowest, multiplier)
      if loss.isNaN { XCTAssertEqual(scheduler.decision, Decision.ignored) }
    }
    XCTAssertLessThan(lowest, 0.99)
    XCTAssertGreaterThan(lowest, exp(-2))
  }

  func testThePlayerDoesWhatTheAgentDoes() throws {
    for total: Int64 in [0, 90] {
      let policy = try policy()
      var agent = try Agent(Agent.Configuration(), policy: policy)
      try agent.beginEpisode(total: total, explores: false)
      var player = try Player(policy, total: total)
      let random = CounterRandom(seed: 4, step: 2)
      for t in 0..<90 {
        let loss = t % 11 == 5 ? Double.nan : exp(random.normal(UInt64(t)) - 0.05 * Double(t))
        XCTAssertEqual(try player.observe(loss: loss), try agent.observe(loss: loss))
      }
      try player.reward(0.25)
      try player.reward(.nan)
      XCTAssertThrowsError(try player.reward(1e7))
      XCTAssertEqual(player.score, -9.75)
    }
    XCTAssertNotNil(failure { _ = try Player(try policy(), total: -1) })
  }
}
