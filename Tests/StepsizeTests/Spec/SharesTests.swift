import XCTest

@testable import Stepsize

/// Numbers of updates that are shares of a total.
final class SharesTests: XCTestCase {
  private func bound(_ text: String, _ total: Int64) throws -> String {
    let bound = String(decoding: try Plan(parsing: Array(text.utf8), total: total).text, as: UTF8.self)
    // What is bound needs no total any more.
    XCTAssertEqual(try Plan(parsing: Array(bound.utf8)).text, Array(bound.utf8))
    return bound
  }

  private func message(_ text: String, _ total: Int64? = 1000) -> String? {
    failure { _ = try Plan(parsing: Array(text.utf8), total: total) }.map {
      "\(self.text($0.message)) at \($0.offset.map { "\($0)" } ?? "none")"
    }
  }

  func testPercentages() throws {
    XCTAssertEqual(
      try bound("warmup(10%) >> cosine(90%, floor=0.1)", 1000), "warmup(100) >> cosine(900, floor=0.1)")
    XCTAssertEqual(try bound("warmup( 2.5 % ) >> cosine(97.5%)", 200), "warmup(5) >> cosine(195)")
    XCTAssertEqual(try bound("wsd(100%, warmup=5%, decay=20%)", 400), "wsd(400, warmup=20, decay=80)")
    XCTAssertEqual(try bound("warmup(10%) * inverse_sqrt(10%)", 50), "warmup(5) * inverse_sqrt(5)")
    XCTAssertEqual(try bound("multistep([30%, 60%, 90.5%])", 1000), "multistep([300, 600, 905])")
    XCTAssertEqual(
      try bound("clamp(warmup(10%) >> linear(90%), min=0.1)", 20), "clamp(warmup(2) >> linear(18), min=0.1)")
    XCTAssertEqual(try bound("repeat(linear(10%), count=10)", 50), "repeat(linear(5), count=10)")
    XCTAssertEqual(
      try bound("plateau(after=10%) * (warmup(5%) >> constant())", 40),
      "plateau(after=4) * (warmup(2) >> constant())")
    XCTAssertEqual(try bound("learned(\"mlp\", total=100%)", 40), "learned(\"mlp\", total=40)")
    // As it is without shares, whatever its length.
    XCTAssertEqual(try bound("linear(10) >> constant()", 5), "linear(10) >> constant()")
    // The rest of the run has the last value.
    XCTAssertEqual(try bound("warmup(10%) >> linear(50%)", 10), "warmup(1) >> linear(5)")
  }

  func testRest() throws {
    XCTAssertEqual(try bound("warmup(500) >> cosine(rest)", 2000), "warmup(500) >> cosine(1500)")
    XCTAssertEqual(
      try bound("warmup(500) >> constant(rest, phase=\"main\") >> linear(10%)", 2000),
      "warmup(500) >> constant(1300, phase=\"main\") >> linear(200)")
    XCTAssertEqual(try bound("linear(rest)", 7), "linear(7)")
    XCTAssertEqual(
      try bound("(warmup(3%) >> (constant(5) >> linear(rest), phase=\"a\")) >> constant(1)", 100),
      "warmup(3) >> (constant(5) >> linear(91), phase=\"a\") >> constant(1)")
    XCTAssertEqual(
      try bound("greedy() * (warmup(1) >> linear(rest))", 10), "greedy() * (warmup(1) >> linear(9))")
    XCTAssertEqual(
      try bound("wsd(rest, warmup=10%) >> constant(20)", 200), "wsd(180, warmup=20) >> constant(20)")
    XCTAssertEqual(
      try bound("linear(rest)", Int64.max - 1), "linear(9223372036854775806)")
  }

  /// Each part ends where its share of the whole, rounded, is.
  func testPartsAddUp() throws {
    XCTAssertEqual(
      try bound("constant(33.3%) >> linear(33.3%) >> constant(33.4%)", 10),
      "constant(3) >> linear(4) >> constant(3)")
    for total in [Int64(1), 2, 3, 7, 10, 99, 1000, 12_345_679, 1 << 53, Int64.max - 1] {
      for count in [2, 3, 4, 5, 8, 10, 20, 40] {
        let share = 100.0 / Double(count)
        // Thirds, and the rest.
        let last = 100 - Double(count - 1) * (share * 1e6).rounded() / 1e6
        var parts = Array(repeating: "constant(\((share * 1e6).rounded() / 1e6)%)", count: count - 1)
        parts.append("constant(\((last * 1e6).rounded() / 1e6)%)")
        let schedule = try Schedule(parsing: Array(parts.joined(separator: " >> ").utf8), total: total)
        XCTAssertEqual(schedule.length, total, "\(count) parts of \(total)")
        for i in 0..<count {
          guard let (_, start) = schedule.part(i), total < 1 << 50 else { continue }
          let exact = Double(total) * Double(i) * (share * 1e6).rounded() / 1e8
          XCTAssertLessThanOrEqual(abs(Double(start) - exact), 0.5 + 1e-6)
        }
      }
    }
  }

  func testNestedPartsAddUp() throws {
    for total in Int64(1)...60 {
      let text =
        "(constant(12.5%) >> (2 * constant(12.5%) >> constant(25%), phase=\"a\")) >> clamp(constant(50%), max=2)"
      XCTAssertEqual(try Schedule(parsing: Array(text.utf8), total: total).length, total)
      let product =
        "constant(30%) * warmup(10%) >> constant(35%) * (constant(5%) >> constant(30%)) >> constant(35%)"
      XCTAssertEqual(try Schedule(parsing: Array(product.utf8), total: total).length, total)
    }
  }

  func testErrors() {
    XCTAssertEqual(
      message("warmup(10%) >> constant()", nil), "a share of the total, which is unknown: give the total at 7"
    )
    XCTAssertEqual(
      message("linear(5) >> cosine(rest)", nil),
      "a share of the total, which is unknown: give the total at 20")
    XCTAssertEqual(
      message("cosine(10, floor=10%)"),
      "a share of the total, for what is no number of updates: \"floor\" at 17")
    XCTAssertEqual(
      message("greedy(patience=10%)"),
      "a share of the total, for what is no number of updates: \"patience\" at 16")
    XCTAssertEqual(
      message("stretch(linear(10%), 2)"),
      "stretch: a share of the total, which has another unit: stretch the whole schedule at 0")
    XCTAssertEqual(message("linear(101%)"), "a percentage below 0 or above 100 at 7")
    XCTAssertEqual(message("linear(-1%)"), "a percentage below 0 or above 100 at 7")
    XCTAssertEqual(
      message("warmup(20%) >> linear(90%)"),
      "the schedule is longer than the total at 0")
    XCTAssertEqual(
      message("warmup(2000) >> linear(rest)"), "rest: the total leaves nothing for it at 23")
    XCTAssertEqual(message("constant(rest) >> linear(rest)"), "given twice: \"rest\" at 25")
    XCTAssertEqual(message("wsd(2000, warmup=rest)"), "rest: the total leaves nothing for it at 17")
    XCTAssertEqual(
      message("linear(0.01%)"), "linear: total = 0, expected an integer from 1 to 9223372036854775807 at 0")
    XCTAssertEqual(message("linear(10)", 0), "total = 0, expected an integer >= 1 at none")
    XCTAssertEqual(message("linear(%)"), "expected a value, found \"%\" at 7")
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
