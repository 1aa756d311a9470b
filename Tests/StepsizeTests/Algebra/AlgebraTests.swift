import XCTest

@testable import Stepsize

final class AlgebraTests: XCTestCase {
  func testSequencesAndProductsAreAssociative() throws {
    for (a, b) in [
      ("linear(3) >> (cosine(4) >> rex(5))", "(linear(3) >> cosine(4)) >> rex(5)"),
      ("linear(3) * (cosine(4) * rex(5))", "(linear(3) * cosine(4)) * rex(5)"),
    ] {
      let a = try parse(a)
      let b = try parse(b)
      XCTAssertEqual(text(a.text), text(b.text))
      for step in 0..<20 as Range<Int64> { XCTAssertEqual(a.value(at: step), b.value(at: step)) }
    }
  }

  /// Each part runs in its own time, wherever it stands in a long sequence.
  func testLongSequence() throws {
    let lengths = (1...100).map { Int64($0 % 7) }
    let schedule = try Schedule.sequence(
      lengths.enumerated().map { try .constant($1, value: Double($0)) } + [try .constant(value: 1000)])
    var step: Int64 = 0
    for (i, length) in lengths.enumerated() {
      for _ in 0..<length {
        XCTAssertEqual(schedule.value(at: step), Double(i))
        step += 1
      }
    }
    XCTAssertEqual(schedule.value(at: step), 1000)
    XCTAssertNil(schedule.length)
  }

  func testPhasesPrintAndDoNotChangeValues() throws {
    let plain = try parse("warmup(5) >> cosine(10) * linear(20) >> constant()")
    let named = try parse(
      "warmup(5, phase=\"one\") >> (cosine(10) * linear(20, phase=\"in\"), phase=\"two\") >> constant(phase=\"x\")"
    )
    for step in -1..<40 as Range<Int64> { XCTAssertEqual(plain.value(at: step), named.value(at: step)) }
    XCTAssertEqual(
      text(named.text),
      "warmup(5, phase=\"one\") >> (cosine(10) * linear(20, phase=\"in\"), phase=\"two\") >> constant(phase=\"x\")"
    )
    XCTAssertEqual(try plain.named(Array("all".utf8)).phase, Array("all".utf8))
    // A named sequence stays together.
    let nested = "linear(3) >> (linear(4) >> linear(5), phase=\"b\")"
    XCTAssertEqual(text(try parse(nested).text), nested)
    for name in ["", "a\"b", String(repeating: "x", count: 65), "é"] {
      XCTAssertNotNil(failure { _ = try plain.named(Array(name.utf8)) }, name)
    }
  }

  func testLengths() throws {
    for (text, length) in [
      ("constant() * linear(5)", nil), ("constant(3) * linear(5)", 5), ("constant(3) >> linear(5)", 8),
      ("repeat(linear(5))", nil), ("repeat(linear(5), 3)", 15), ("shift(linear(5), 3)", 8),
      ("shift(linear(5), -7)", 0), ("stretch(linear(5), 0.3)", 2), ("stretch(linear(5), 2.5)", 13),
      ("stretch(linear(5), 0.2)", 2), ("take(constant(), 4)", 4), ("take(linear(2), 4)", 4),
      ("knots([0, 2.5], [1, 0])", 3), ("stretch(linear(9007199254740993), 3)", 27_021_597_764_222_979),
    ] as [(String, Int64?)] {
      XCTAssertEqual(try parse(text).length, length, text)
    }
  }

  func testStretchIsExactForWholeFactors() throws {
    let schedule = try parse("stretch(multistep([3, 4503599627370497]), 1024)")
    XCTAssertEqual(schedule.value(at: 3 * 1024 - 1), 1)
    XCTAssertEqual(schedule.value(at: 3 * 1024), 0.1)
    XCTAssertEqual(schedule.value(at: 4_503_599_627_370_497 * 1024 - 1), 0.1)
    XCTAssertEqual(schedule.value(at: 4_503_599_627_370_497 * 1024), 0.1 * 0.1)
  }

  func testLimits() throws {
    for text in [
      "constant(9223372036854775806) >> linear(2)", "repeat(linear(4611686018427387904), 2)",
      "shift(linear(9223372036854775806), 2)", "stretch(linear(9223372036854775806), 1.5)",
      "stretch(linear(10), 1e300)",
      String(repeating: "clamp(", count: 65) + "linear(5)" + String(repeating: ")", count: 65),
      String(repeating: "(", count: 65) + "linear(5)" + String(repeating: ")", count: 65),
    ] {
      XCTAssertEqual(failure { _ = try parse(text) }?.kind, .limit, text)
    }
    XCTAssertNoThrow(
      try parse(String(repeating: "clamp(", count: 64) + "linear(5)" + String(repeating: ")", count: 64)))
    XCTAssertNil(
      failure { _ = try parse("linear(5) >> constant() >> linear(5)") }?.offset.flatMap { $0 > 0 ? $0 : nil })
  }

  func testNodeCount() throws {
    let one = try Schedule.linear(5)
    let most = try Schedule.sequence(Array(repeating: one, count: 65_535))
    XCTAssertEqual(most.length, 5 * 65_535)
    XCTAssertEqual(most.value(at: 5 * 65_534 + 2), 0.6)
    XCTAssertEqual(failure { _ = try Schedule.sequence([most, one]) }?.kind, .limit)
    XCTAssertEqual(failure { _ = try Schedule.product(Array(repeating: one, count: 65)) }?.kind, .limit)
    let lengths = String(repeating: "1, ", count: 65_534) + "1"
    XCTAssertEqual(try parse("cosine_cycles([\(lengths)])").length, 65_535)
  }

  func testConveniences() throws {
    let schedule = try Schedule.linear(10)
    XCTAssertEqual(text(try schedule.repeated(3).text), "repeat(linear(10), count=3)")
    XCTAssertEqual(text(try schedule.repeated().text), "repeat(linear(10))")
    XCTAssertEqual(text(try schedule.shifted(by: -3).text), "shift(linear(10), -3)")
    XCTAssertEqual(text(try schedule.stretched(by: 7.5).text), "stretch(linear(10), 7.5)")
    XCTAssertEqual(text(try schedule.taking(5).text), "take(linear(10), 5)")
    XCTAssertEqual(text(try schedule.clamped(min: 0.1).text), "clamp(linear(10), min=0.1)")
    XCTAssertEqual(text(try Schedule.multistep([3, 5]).text), "multistep([3, 5])")
    XCTAssertEqual(text(try Schedule.knots([0, 2.5], [1, 0]).text), "knots([0, 2.5], [1, 0])")
    XCTAssertEqual(text(try Schedule.restarts(10, growth: 2).text), "restarts(10, growth=2)")
    XCTAssertEqual(text(try Schedule.cooldown(10, floor: 0.1).text), "cooldown(10, floor=0.1)")
  }
}
