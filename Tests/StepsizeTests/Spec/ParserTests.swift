import XCTest

@testable import Stepsize

final class ParserTests: XCTestCase {
  func testCanonicalForm() throws {
    let cases = [
      ("linear(10)", "linear(10)"),
      (" linear ( total = 10 , floor = 0.0 ) ", "linear(10)"),
      ("linear(1e1)", "linear(10)"),
      ("cosine(floor=.1, total=9500)", "cosine(9500, floor=0.1)"),
      ("warmup(500)>>cosine(9500,floor=1e-1)", "warmup(500) >> cosine(9500, floor=0.1)"),
      ("constant()", "constant()"),
      ("constant(8000, phase='main')", "constant(8000, phase=\"main\")"),
      ("constant(value=2)", "constant(value=2)"),
      ("2*linear(3)*warmup(2)", "2 * linear(3) * warmup(2)"),
      ("linear(3)*2", "2 * linear(3)"),
      ("(2*linear(3))*warmup(2)", "(2 * linear(3)) * warmup(2)"),
      ("2*(3*linear(3))", "2 * (3 * linear(3))"),
      ("linear(3)*(warmup(2)>>linear(1))", "linear(3) * (warmup(2) >> linear(1))"),
      ("(linear(3)>>warmup(2))>>linear(1)", "linear(3) >> warmup(2) >> linear(1)"),
      ("linear(3)>>(warmup(2)>>linear(1))", "linear(3) >> warmup(2) >> linear(1)"),
      (
        "(linear(3)>>warmup(2), phase=\"a\")>>linear(1)", "(linear(3) >> warmup(2), phase=\"a\") >> linear(1)"
      ),
      ("(linear(3, phase=\"a\"), phase=\"b\")", "(linear(3, phase=\"a\"), phase=\"b\")"),
      ("warmup(3, shape=cosine)", "warmup(3, shape=\"cosine\")"),
      ("table([1, 0.5, 2e-3])", "table([1, 0.5, 0.002])"),
      ("clamp(warmup(2) >> linear(3), min=0.1)", "clamp(warmup(2) >> linear(3), min=0.1)"),
      ("constant(none)", "constant()"),
      ("tanh(1, lower=-0.0)", "tanh(1, lower=0)"),
      ("-0 * linear(3)", "0 * linear(3)"),
      ("-0.0 * linear(3)", "0 * linear(3)"),
      ("table([-0.0, 1])", "table([0, 1])"),
      ("linear(9223372036854775807)", "linear(9223372036854775807)"),
      ("\n\tlinear(10)\r\n", "linear(10)"),
    ]
    for (given, expected) in cases {
      let schedule = try parse(given)
      XCTAssertEqual(text(schedule.text), expected)
      XCTAssertEqual(text(try parse(expected).text), expected)
    }
  }

  func testErrorsNamePlaceAndReason() {
    let cases: [(String, ConfigurationError.Kind, Int?, String)] = [
      ("", .syntax, 0, "expected a schedule, found the end"),
      ("cosin(10)", .name, 0, "unknown schedule \"cosin\", did you mean \"cosine\"?"),
      ("qwertyuiop(10)", .name, 0, "unknown schedule \"qwertyuiop\""),
      ("linear(10, flor=2)", .name, 11, "unknown parameter \"flor\", did you mean \"floor\"?"),
      ("linear(10, 0.1, 2)", .syntax, 16, "too many arguments"),
      ("linear(total=10, 0.1)", .syntax, 17, "positional argument after a named one"),
      ("linear(10, total=10)", .syntax, 11, "given twice: \"total\""),
      (
        "linear()", .argument, 0,
        "linear: total is missing, expected an integer from 1 to 9223372036854775807"
      ),
      ("linear(-5)", .argument, 0, "linear: total = -5, expected an integer from 1 to 9223372036854775807"),
      (
        "linear(10.5)", .argument, 0,
        "linear: total = 10.5, expected an integer from 1 to 9223372036854775807"
      ),
      ("linear(10, floor=2)", .argument, 0, "linear: floor = 2, expected a number in [0, 1]"),
      ("linear(10", .syntax, 9, "expected \",\" or \")\", found the end"),
      ("linear(10) × 2", .syntax, 11, "expected \">>\", \"*\" or the end, found \"×\""),
      ("linear(10) cosine(5)", .syntax, 11, "expected \">>\", \"*\" or the end, found \"c\""),
      ("linear(10) >> ", .syntax, 14, "expected a schedule, found the end"),
      ("linear(1e400)", .syntax, 7, "not a finite number: \"1e400\""),
      ("linear(1.2.3)", .syntax, 7, "not a finite number: \"1.2.3\""),
      ("0.5", .syntax, 0, "a number is not a schedule; write constant(value=…)"),
      ("-1 * linear(3)", .argument, 0, "scale: factor = -1, expected a finite number >= 0"),
      ("constant() >> linear(3)", .argument, 0, "constant() has no end, so nothing can follow it"),
      ("linear(3, phase=\"a)", .syntax, 16, "unterminated quote"),
      (
        "linear(3, phase=\"\")", .argument, 0,
        "phase: expected 1 to 64 printable ASCII characters without quotes and backslashes"
      ),
      ("linear(3, phase=\"a\", phase=\"b\")", .syntax, 21, "given twice: \"phase\""),
      ("linear(\u{0})", .syntax, 7, "expected a value, found \"\\x00\""),
      ("warmup(3, shape=\"sideways\")", .argument, 0, "warmup: shape = \"sideways\", expected one of "),
      (
        "warmup(3, shape=\"constant\")", .argument, 0,
        "warmup: start = none, expected a number in [0, 1], which the shape constant needs"
      ),
      ("table([])", .argument, 0, "table: values = [], expected 1 to 16777216 values"),
      ("table([1, -1])", .argument, 0, "table: values = [1, -1], expected a list, each a finite number >= 0"),
      ("linear(9223372036854775806) >> linear(2)", .limit, 0, "sequence: longer than 2^63 - 1 updates"),
    ]
    for (given, kind, offset, message) in cases {
      guard let error = failure({ _ = try parse(given) }) else { continue }
      XCTAssertEqual(error.kind, kind, given)
      XCTAssertEqual(error.offset, offset, given)
      XCTAssertTrue(text(error.message).hasPrefix(message), "\(given): \(text(error.message))")
    }
  }

  func testNestingIsBounded() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "(", count: levels) + "linear(3)" + String(repeating: ")", count: levels)
    }
    XCTAssertEqual(text(try parse(nested(64)).text), "linear(3)")
    XCTAssertEqual(failure { _ = try parse(nested(65)) }?.kind, .limit)
    XCTAssertEqual(failure { _ = try parse(nested(1_000_000)) }?.kind, .limit)
    let clamps = String(repeating: "clamp(", count: 70) + "linear(3)" + String(repeating: ")", count: 70)
    XCTAssertEqual(failure { _ = try parse(clamps) }?.kind, .limit)
  }

  func testLongSequencesStayShallow() throws {
    let long = Array(repeating: "linear(3)", count: 10_000).joined(separator: " >> ")
    let schedule = try parse(long)
    XCTAssertEqual(schedule.length, 30_000)
    XCTAssertEqual(schedule.value(at: 29_998), 2.0 / 3)
    let longer = Array(repeating: "linear(3)", count: 70_000).joined(separator: " >> ")
    XCTAssertEqual(failure { _ = try parse(longer) }?.kind, .limit)
  }

  /// Mutated texts end in a schedule or in an error that lies inside the text.
  func testMutations() throws {
    let seeds = [
      "warmup(500) >> cosine(9500, floor=0.1)", "0.5 * linear(total=10) * warmup(3, shape=\"1-sqrt\")",
      "(constant(8, phase=\"main\") >> linear(15, phase=\"anneal\"), phase=\"all\")",
      "clamp(table([1, 2.5e-3, 0]), min=0.1, max=none)",
    ]
    let alphabet = Array("()[]=,.>*+-e\"'0159 azlinearconstant_\u{0}\n".utf8) + [0xFF, 0x80, 0xC3]
    var random = SplitMix(state: 1)
    for _ in 0..<50_000 {
      var bytes = Array(seeds[Int.random(in: seeds.indices, using: &random)].utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let i = Int.random(in: 0...bytes.count, using: &random)
        let byte = alphabet[Int.random(in: alphabet.indices, using: &random)]
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes.insert(byte, at: i)
        case 1 where i < bytes.count: bytes.remove(at: i)
        default: if i < bytes.count { bytes[i] = byte }
        }
      }
      do {
        let schedule = try Schedule(parsing: bytes)
        let printed = schedule.text
        XCTAssertEqual(try Schedule(parsing: printed).text, printed)
      } catch let error as ConfigurationError {
        XCTAssertTrue((0...bytes.count).contains(error.offset ?? -1), text(bytes))
      }
    }
  }
}
