import XCTest

@testable import Stepsize

final class PolicyTests: XCTestCase {
  private func filled(units: Int64, seed: Int64 = 3) throws -> Policy {
    var policy = try Policy(every: 5, limit: 2, units: units)
    let random = CounterRandom(seed: seed, step: 0)
    for i in policy.network.parameters.indices { policy.network.parameters[i] = random.normal(UInt64(i)) }
    return policy
  }

  func testBytesAndNumbersGiveTheSamePolicy() throws {
    for units: Int64 in [0, 1, 8, 32] {
      let policy = try filled(units: units)
      XCTAssertEqual(try Policy(bytes: policy.bytes).numbers, policy.numbers)
      XCTAssertEqual(try Policy(numbers: policy.numbers).numbers, policy.numbers)
    }
  }

  func testEveryDamagedByteIsRefused() throws {
    let bytes = try filled(units: 2).bytes
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= 0x10
      XCTAssertThrowsError(try Policy(bytes: damaged), "byte \(i)")
    }
    for count in 0..<bytes.count { XCTAssertThrowsError(try Policy(bytes: Array(bytes[..<count]))) }
    XCTAssertThrowsError(try Policy(bytes: try GradientNormLog().state()))
  }

  func testNumbersThatAreNoPolicyAreRefused() throws {
    let good = try filled(units: 0).numbers
    XCTAssertNoThrow(try Policy(numbers: good))
    for (i, value) in [
      (0, 0.0), (0, 1.5), (0, .nan), (1, 0), (1, 11), (2, 1), (2, -1), (2, 33), (5, .infinity), (5, .nan),
    ] {
      var bad = good
      bad[i] = value
      XCTAssertThrowsError(try Policy(numbers: bad), "\(i) \(value)")
    }
    XCTAssertThrowsError(try Policy(numbers: Array(good.dropLast())))
    XCTAssertThrowsError(try Policy(numbers: []))
  }

  func testTheLevelStaysBelowItsLimit() throws {
    let policy = try filled(units: 0)
    for action in [Double.greatestFiniteMagnitude, -1e300, 50, -50] {
      var level = 0.0
      for _ in 0..<200 { level = policy.moved(level, by: action) }
      XCTAssertEqual(abs(level), 2, accuracy: 1e-12)
    }
  }

  /// From the definition, for a hidden layer.
  func testNetworkIsWhatItsDefinitionSays() throws {
    let policy = try filled(units: 3)
    let x = (0..<8).map { Double($0) / 7 - 0.5 }
    let p = policy.network.parameters
    var expected = p[24]
    for unit in 0..<3 {
      var sum = 0.0
      for j in 0..<8 { sum += p[unit * 8 + j] * x[j] }
      expected += p[25 + unit] * tanh(sum)
    }
    XCTAssertEqual(policy.network.value(x), expected, accuracy: 1e-14)
  }

  func testObservationsAreBoundedAndFreeOfScale() throws {
    for scale in [1.0, 0x1p-300, 0x1p200, 100] {
      var observer = Observer(every: 4, total: 40)
      var plain = Observer(every: 4, total: 40)
      var x = Array(repeating: 9.0, count: 8)
      var y = x
      let random = CounterRandom(seed: 1, step: 1)
      for t in 0..<40 {
        let loss = exp(random.normal(UInt64(t))) / Double(t + 1)
        let isFull = observer.add(scale * loss)
        XCTAssertEqual(isFull, plain.add(loss))
        guard isFull == true else { continue }
        observer.decide(level: 0.5, into: &x)
        plain.decide(level: 0.5, into: &y)
        for i in x.indices {
          XCTAssertLessThanOrEqual(abs(x[i]), 1)
          XCTAssertEqual(x[i], y[i], accuracy: scale == 100 ? 1e-9 : 0)
        }
      }
      XCTAssertEqual(observer.windows, 10)
      XCTAssertEqual(x[1], 1)
    }
  }

  func testLossesThatSayNothingAreLeftOut() {
    var observer = Observer(every: 2, total: 0)
    for loss in [Double.nan, .infinity, 0, -1] { XCTAssertNil(observer.add(loss)) }
    XCTAssertEqual(observer.add(5), false)
    XCTAssertNil(observer.add(.nan))
    XCTAssertEqual(observer.add(1e300), true)
    var x = Array(repeating: 0.0, count: 8)
    observer.decide(level: 0, into: &x)
    for value in x { XCTAssert(abs(value) <= 1) }
    XCTAssertEqual(x[1], 0)
  }
}
