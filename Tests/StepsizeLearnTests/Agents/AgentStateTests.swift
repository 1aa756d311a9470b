import XCTest

@testable import StepsizeLearn

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

  /// A state that is accepted, whatever is in it, is one of an agent that can continue: what it saves is accepted again.
  func testWhatFollowsFromACraftedStateCanBeSaved() throws {
    let extremes = [
      Double.greatestFiniteMagnitude, -1e300, 1e60, 1e30, -1e30, 1e20, 1e8, 1e6, -1e6, 1, 1e-3, 0, -1,
      -5e-324,
      .nan, .infinity,
    ].map(\.bitPattern)
    let counts: [UInt64] = [1, 7, 1 << 24, 1 << 38, 1 << 62, 1 << 63]
    let words = extremes + counts + [2]
    for trainer in [Agent.Trainer.crossEntropy, .proximal] {
      var agent = try agent(trainer)
      try play(&agent, episodes: 5)
      let bytes = agent.state()
      var accepted = 0
      var refused = 0
      for offset in stride(from: 32, to: bytes.count, by: 8) {
        // Two of them for each word of the state: lists are long enough to see them all.
        for word in [words[offset / 8 % words.count], words[offset / 8 * 5 % words.count]] {
          guard var crafted = try? Agent(state: changed(bytes, at: offset, to: word)) else {
            refused += 1
            continue
          }
          accepted += 1
          // A state with another configuration has another number of episodes.
          guard crafted.episodesPerUpdate <= 16, crafted.policy.every <= 12 else { continue }
          try play(&crafted, episodes: Int(crafted.episodesLeft) + 9)
          let saved = crafted.state()
          XCTAssertEqual(try Agent(state: saved).state(), saved, "\(trainer), word \(offset / 8): \(word)")
          XCTAssertGreaterThanOrEqual(crafted.instance, 0)
        }
      }
      XCTAssertGreaterThan(accepted, 100)
      XCTAssertGreaterThan(refused, 100)
    }
  }

  func testTheErrorSaysWhoseStateItIs() throws {
    var agent = try agent(.proximal)
    try play(&agent, episodes: 3)
    let bytes = changed(agent.state(), at: 24 + 8 * 8, to: Double.nan.bitPattern)
    XCTAssertTrue(
      text(failure { _ = try Agent(state: bytes) }?.message ?? []).hasPrefix(
        "the state is not that of an agent: "))
  }

  /// Another word in a state, with the checksum that belongs to it (CRC-32 of IEEE 802.3, from its definition).
  private func changed(_ bytes: [UInt8], at offset: Int, to word: UInt64) -> [UInt8] {
    var bytes = bytes
    for i in 0..<8 { bytes[offset + i] = UInt8(truncatingIfNeeded: word >> UInt64(8 * i)) }
    var crc = UInt32.max
    for i in bytes.indices where i < 12 || i >= 16 {
      crc ^= UInt32(bytes[i])
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    crc = ~crc
    for i in 0..<4 { bytes[12 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
    return bytes
  }
}
