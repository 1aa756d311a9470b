import XCTest

@testable import Stepsize

final class AgentStateTests: XCTestCase {
  private func agent(_ trainer: Agent.Trainer) throws -> Agent {
    var settings = Agent.Configuration()
    settings.trainer = trainer
    settings.units = 2
    settings.seed = -7
    settings.every = 2
    settings.population = 4
    settings.instances = 2
    return try Agent(settings)
  }

  private func play(_ agent: inout Agent, episodes: Int) throws {
    for _ in 0..<episodes {
      let random = CounterRandom(seed: agent.instance, step: 1)
      try agent.beginEpisode(total: 12)
      for t in 0..<12 {
        let multiplier = try agent.observe(loss: exp(0.3 * random.normal(UInt64(t)) - 0.1 * Double(t)))
        try agent.reward(-abs(log(multiplier / 2)))
      }
      try agent.endEpisode()
      if agent.episodesLeft == 0 { try agent.update() }
    }
  }

  func testATrainingGoesOnWithTheSameBits() throws {
    for trainer in [Agent.Trainer.crossEntropy, .proximal] {
      // At the start, in the middle of a generation, between two.
      for done in [0, 11, 16] {
        var agent = try agent(trainer)
        try play(&agent, episodes: done)
        let bytes = agent.state()
        var restored = try Agent(state: bytes)
        XCTAssertEqual(restored.state(), bytes)
        XCTAssertEqual(restored.generation, Int64(done / 8))
        try play(&agent, episodes: 21)
        try play(&restored, episodes: 21)
        XCTAssertEqual(restored.policy.parameters, agent.policy.parameters)
        XCTAssertEqual(restored.state(), agent.state())
        XCTAssertNotEqual(agent.state(), bytes)
      }
    }
  }

  func testAnEpisodeThatIsPlayedIsLeftOut() throws {
    var agent = try agent(.proximal)
    try play(&agent, episodes: 3)
    let bytes = agent.state()
    try agent.beginEpisode(total: 5)
    for _ in 0..<5 { _ = try agent.observe(loss: 1) }
    XCTAssertEqual(agent.state(), bytes)
    // Asking has not disturbed it.
    XCTAssertNoThrow(try agent.endEpisode())
    XCTAssertNotEqual(agent.state(), bytes)
  }

  func testEveryDamagedByteIsRefused() throws {
    var agent = try agent(.proximal)
    try play(&agent, episodes: 3)
    let bytes = agent.state()
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= 0x20
      XCTAssertThrowsError(try Agent(state: damaged), "byte \(i)")
    }
    for count in stride(from: 0, to: bytes.count, by: 9) {
      XCTAssertThrowsError(try Agent(state: Array(bytes[..<count])))
    }
    XCTAssertThrowsError(try Agent(state: agent.policy.bytes))
    XCTAssertThrowsError(try Policy(bytes: bytes))
  }
}
