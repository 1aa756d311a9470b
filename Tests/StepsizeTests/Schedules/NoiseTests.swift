import XCTest

@testable import Stepsize

final class NoiseTests: XCTestCase {
  /// Fixed for all time: a resumed run must draw the same numbers. Computed apart from the library, in Python.
  func testKnownValues() throws {
    let random = try parse("random(power=1)")
    let values = (0..<3).map { random.value(at: $0) }
    XCTAssertEqual(values, [0.7423217835284429, 0.8710581041222719, 0.27121292014591114])
  }

  func testUniformMoments() throws {
    for seed in [0, 1, 12345] {
      let random = try parse("random(power=1, seed=\(seed))")
      let values = (0..<100_000).map { random.value(at: $0) }
      let mean = values.reduce(0, +) / 1e5
      XCTAssertEqual(mean, 0.5, accuracy: 0.005)
      XCTAssertEqual(values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 1e5, 1.0 / 12, accuracy: 0.002)
      XCTAssertEqual(Set(values).count, 100_000)
      // Neighbours are independent.
      let product = zip(values, values.dropFirst()).map { ($0 - mean) * ($1 - mean) }.reduce(0, +) / 1e5
      XCTAssertEqual(product, 0, accuracy: 0.002)
    }
  }

  func testNoiseMoments() throws {
    // Variance of a standard normal within ±limit/std, times std².
    for (text, variance) in [
      ("noise()", 0.138_3), ("noise(std=0.1)", 0.01), ("noise(std=0.5, limit=0.5)", 0.25 * 0.291_125),
      ("noise(std=100, limit=0.9)", 0.27),
    ] {
      let noise = try parse(text)
      let values = (0..<100_000).map { noise.value(at: $0) }
      let mean = values.reduce(0, +) / 1e5
      XCTAssertEqual(mean, 1, accuracy: 0.006, text)
      XCTAssertEqual(
        values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 1e5, variance, accuracy: 0.03 * variance, text
      )
      XCTAssertTrue(values.allSatisfy { $0 > 0 && $0 < 2 })
    }
    XCTAssertEqual(try parse("noise(std=0)").value(at: 7), 1)
  }

  func testSeedsDiffer() throws {
    let a = try parse("noise(seed=1)")
    let b = try parse("noise(seed=2)")
    XCTAssertNotEqual((0..<10).map { a.value(at: $0) }, (0..<10).map { b.value(at: $0) })
  }
}
