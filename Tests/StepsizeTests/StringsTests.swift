import Stepsize
import XCTest

/// Text as String.
final class StringsTests: XCTestCase {
  func testTextsAreReadAndPrinted() throws {
    let schedule = try Schedule("warmup(10)>>cosine( 90 )")
    XCTAssertEqual("\(schedule)", "warmup(10) >> cosine(90)")
    XCTAssertEqual("\(try schedule.named("main"))", "(warmup(10) >> cosine(90), phase=\"main\")")
    XCTAssertEqual(try schedule.named("main").phase(at: 5)?.description, "main")
    XCTAssertEqual("\(try Controller("greedy( patience=5 )"))", "greedy(patience=5)")
    XCTAssertEqual("\(try Plan("greedy() * linear(9)"))", "greedy() * linear(9)")
    XCTAssertEqual("\(Kind.inverseSqrt) \(ControllerKind.lineSearch)", "inverse_sqrt line_search")
  }

  func testErrors() {
    XCTAssertEqual(
      failure { _ = try Schedule("linear(5) >> liner(9)") }?.description,
      "unknown schedule \"liner\", did you mean \"linear\"? (byte 13)")
    XCTAssertEqual(
      failure { _ = try Schedule.linear(-5) }?.description,
      "linear: total = -5, expected an integer from 1 to 9223372036854775807")
    XCTAssertEqual(failure { _ = try Schedule.linear(5).named("ü") }?.kind, .argument)
  }
}
