import Foundation
import StepsizeBase
import XCTest

/// exp, log and their relatives: against 200 digits (Tests/golden/functions.txt), and what they promise besides.
final class ElementaryTests: XCTestCase {
  /// The bounds that the sources state, in units in the last place.
  private let bounds = ["exp": 0.52, "expm1": 0.7, "log": 0.52, "log1p": 0.6, "tanh": 0.9, "pow": 0.55]

  func testErrors() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.deletingLastPathComponent().appendingPathComponent("golden/functions.txt")
    var worst: [String: (Double, String)] = [:]
    var counts: [String: Int] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t").map(String.init)
      let name = fields[0]
      let x = try number(fields[1])
      let value = self.value(name, x, fields[2] == "-" ? 0 : try number(fields[2]))
      let expected = try number(fields[3])
      let error = self.error(value, expected, try XCTUnwrap(Double(fields[4])))
      counts[name, default: 0] += 1
      if error > worst[name]?.0 ?? -1 { worst[name] = (error, String(line)) }
    }
    for (name, bound) in bounds {
      let (error, line) = try XCTUnwrap(worst[name])
      print("\(name): error up to \(error) ulp in \(counts[name] ?? 0) values")
      XCTAssertLessThan(error, bound, line)
      XCTAssertGreaterThan(counts[name] ?? 0, 450, name)
    }
  }

  private func number(_ text: String) throws -> Double {
    Double(bitPattern: try XCTUnwrap(UInt64(text, radix: 16)))
  }

  private func value(_ name: String, _ x: Double, _ y: Double) -> Double {
    switch name {
    case "exp": .exp(x)
    case "expm1": .expMinusOne(x)
    case "log": .log(x)
    case "log1p": .log(onePlus: x)
    case "tanh": .tanh(x)
    default: .pow(x, y)
    }
  }

  /// In units in the last place of `expected`, which lacks `rest` of them.
  private func error(_ value: Double, _ expected: Double, _ rest: Double) -> Double {
    if value == expected { return abs(rest) }
    guard value.isFinite, expected.isFinite else { return .infinity }
    return abs((value - expected) / expected.ulp - rest)
  }

  func testSpecialValues() {
    let inf = Double.infinity
    let least = Double.leastNonzeroMagnitude
    let most = Double.greatestFiniteMagnitude
    let nan = Double.nan
    let cases: [(String, Double, Double)] = [
      ("exp 0", .exp(0), 1), ("exp -0", .exp(-0.0), 1), ("exp inf", .exp(inf), inf),
      ("exp -inf", .exp(-inf), 0),
      ("exp nan", .exp(nan), nan), ("exp tiny", .exp(least), 1), ("exp most", .exp(most), inf),
      ("exp -most", .exp(-most), 0), ("exp 710", .exp(710), inf), ("exp -746", .exp(-746), 0),
      ("expm1 0", .expMinusOne(0), 0), ("expm1 -0", .expMinusOne(-0.0), -0.0),
      ("expm1 inf", .expMinusOne(inf), inf),
      ("expm1 -inf", .expMinusOne(-inf), -1), ("expm1 nan", .expMinusOne(nan), nan),
      ("expm1 tiny", .expMinusOne(-least), -least), ("expm1 most", .expMinusOne(most), inf),
      ("expm1 -most", .expMinusOne(-most), -1),
      ("log 1", .log(1), 0), ("log 0", .log(0), -inf), ("log -0", .log(-0.0), -inf),
      ("log inf", .log(inf), inf),
      ("log -1", .log(-1), nan), ("log -inf", .log(-inf), nan), ("log nan", .log(nan), nan),
      ("log1p 0", .log(onePlus: 0), 0), ("log1p -0", .log(onePlus: -0.0), -0.0),
      ("log1p -1", .log(onePlus: -1), -inf),
      ("log1p inf", .log(onePlus: inf), inf), ("log1p -2", .log(onePlus: -2), nan),
      ("log1p nan", .log(onePlus: nan), nan),
      ("log1p tiny", .log(onePlus: least), least),
      ("tanh 0", .tanh(0), 0), ("tanh -0", .tanh(-0.0), -0.0), ("tanh inf", .tanh(inf), 1),
      ("tanh -inf", .tanh(-inf), -1), ("tanh nan", .tanh(nan), nan), ("tanh tiny", .tanh(least), least),
      ("0^1", .pow(0, 1), 0), ("0^-1", .pow(0, -1), inf), ("-0^1", .pow(-0.0, 1), 0),
      ("inf^1", .pow(inf, 1), inf),
      ("inf^-1", .pow(inf, -1), 0), ("2^inf", .pow(2, inf), inf), ("2^-inf", .pow(2, -inf), 0),
      ("0.5^inf", .pow(0.5, inf), 0), ("0.5^-inf", .pow(0.5, -inf), inf), ("0^inf", .pow(0, inf), 0),
      ("0^-inf", .pow(0, -inf), inf), ("inf^inf", .pow(inf, inf), inf), ("inf^-inf", .pow(inf, -inf), 0),
      ("-1^2", .pow(-1, 2), nan), ("nan^1", .pow(nan, 1), nan), ("2^nan", .pow(2, nan), nan),
      ("most^most", .pow(most, most), inf), ("most^-most", .pow(most, -most), 0),
      ("2^1024", .pow(2, 1024), inf),
      ("2^-1075", .pow(2, -1075), 0), ("2^-1074", .pow(2, -1074), least),
      ("least^most", .pow(least, most), 0),
    ]
    for (name, value, expected) in cases {
      XCTAssertTrue(
        value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern, "\(name): \(value)")
    }
    for x in [0, 1, inf, nan, least, most, 0.3] { XCTAssertEqual(Double.pow(x, 0), 1, "\(x)^0") }
    for y in [0, 1, inf, nan, least, most, -0.3] { XCTAssertEqual(Double.pow(1, y), 1, "1^\(y)") }
  }

  /// What is a double is found exactly: x^1, and powers of small numbers.
  func testExactPowers() {
    var random = SplitMix(state: 1)
    for _ in 0..<20_000 {
      let x = anyPositive(&random)
      XCTAssertEqual(Double.pow(x, 1), x)
      let short = Double(Int64.random(in: 1..<(1 << 26), using: &random))
      XCTAssertEqual(Double.pow(short, 2), short * short)
      XCTAssertEqual(Double.pow(short * short, 0.5), short)
    }
    for (base, last) in [(2.0, 1023), (3.0, 33), (5.0, 22), (6.0, 20), (7.0, 18), (10.0, 22)] {
      var expected = 1.0
      for n in 0...last {
        XCTAssertEqual(Double.pow(base, Double(n)), expected, "\(base)^\(n)")
        if base == 2 { XCTAssertEqual(Double.pow(base, -Double(n)), 1 / expected) }
        expected *= base
      }
    }
  }

  private func anyPositive(_ random: inout SplitMix) -> Double {
    while true {
      let x = Double(bitPattern: random.next() >> 1)
      if x.isFinite && x > 0 { return x }
    }
  }

  /// Within an interval of its table exp rises as its argument does, since that is reduced exactly or to a last place
  /// that is far below its steps. From each interval to the next there is nothing to be seen but all of them.
  func testExpIsMonotone() {
    var pairs = 0
    for k in -137_600...131_060 {
      var x = (Double(k) + 0.5) * 0x1.62e42fefa39efp-8
      // The end is within a few last places of this.
      for _ in 0..<3 { x = x.nextDown }
      for _ in 0..<6 {
        if Double.exp(x.nextUp) < Double.exp(x) { XCTFail("exp falls at \(x)") }
        x = x.nextUp
        pairs += 1
      }
    }
    XCTAssertGreaterThan(pairs, 1_500_000)
  }

  func testLogIsMonotone() {
    for exponent in -1022...1023 {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      for i in 128..<256 {
        let x = Double(i) / 128 * scale
        if Double.log(x) < Double.log(x.nextDown) { XCTFail("log falls at \(x)") }
      }
    }
  }

  /// Neighbours, at random and at the places where a function goes another way.
  func testNeighbours() {
    let functions: [(String, (Double) -> Double, [Double], ClosedRange<Double>)] = [
      ("exp", { .exp($0) }, [700, -700, 0], -745...709),
      ("expm1", { .expMinusOne($0) }, [0.0625, -0.0625, 0x1p-54, 700], -40...700),
      ("log", { .log($0) }, [1, 1 - 0x1p-8, 1 + 0x1p-7, 0x1p-1022], 0...3),
      ("log1p", { .log(onePlus: $0) }, [0.0625, -0.0625, 0x1p-54, 0x1p54], -1...3),
      ("tanh", { .tanh($0) }, [0.55, -0.55, 0x1p-28, 19.5], -20...20),
      ("pow(x, 0.7)", { .pow($0, 0.7) }, [1, 0x1p-1022], 0...3),
      ("pow(x, 300)", { .pow($0, 300) }, [1], 0.5...2),
      ("pow(0.9993, y)", { -Double.pow(0.9993, $0) }, [1], 0...10_000),
    ]
    for (name, function, places, range) in functions {
      var random = SplitMix(state: 7)
      let drawn = (0..<2_000).map { _ in Double.random(in: range, using: &random) }
      for place in places + drawn {
        var x = place
        for _ in 0..<20 { x = x.nextDown }
        for _ in 0..<40 {
          if function(x.nextUp) < function(x) { XCTFail("\(name) falls at \(x)") }
          x = x.nextUp
        }
      }
    }
  }

  /// The low part of a pair counts as it should.
  func testPairs() {
    var random = SplitMix(state: 3)
    for _ in 0..<10_000 {
      let x = Double.random(in: 0.01...4, using: &random)
      let low = x.ulp * Double.random(in: -0.4...0.4, using: &random)
      let y = Double.random(in: -50...50, using: &random)
      // e^(x + low) is e^x + low e^x, and so on: either side is rounded, and the function beside it.
      let value = Double.exp(x)
      XCTAssertEqual(exp(Pair(high: x, low: low)), value + low * value, accuracy: 1.1 * value.ulp)
      let power = Double.pow(x, y)
      XCTAssertEqual(
        raise(x, to: Pair(high: y, low: low)), power + low * .log(x) * power, accuracy: 1.1 * power.ulp)
      if y > 0 {
        XCTAssertEqual(
          raise(Pair(high: x, low: low), to: y), power + y * low / x * power, accuracy: 1.1 * power.ulp)
      }
    }
    XCTAssertEqual(raise(0, to: Pair(2.0)), 0)
    XCTAssertEqual(raise(Pair.zero, to: 2), 0)
    XCTAssertEqual(raise(10, to: Pair(400.0)), .greatestFiniteMagnitude)
    XCTAssertEqual(exp(Pair(1000.0)), .greatestFiniteMagnitude)
  }
}
