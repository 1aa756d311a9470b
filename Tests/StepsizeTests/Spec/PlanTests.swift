import XCTest

@testable import Stepsize

final class PlanTests: XCTestCase {
  func testEveryControllerHasOneText() throws {
    var random = RandomSchedules(seed: 11)
    var seen = 0
    for kind in ControllerKind.allCases {
      XCTAssertEqual(kind.name, kind.signature.name)
      for _ in 0..<200 {
        guard let controller = random.controller(kind) else { continue }
        seen += 1
        let again = try Controller(parsing: controller.text)
        XCTAssertEqual(text(again.text), text(controller.text))
        XCTAssertEqual(
          controller.signature.parameters.indices.map { controller.valueText($0) },
          again.signature.parameters.indices.map { again.valueText($0) })
      }
    }
    XCTAssertGreaterThan(seen, 800)
  }

  func testPlansPrintWhatTheyParse() throws {
    for given in [
      "linear(10)", "greedy()", "greedy() * linear(10)", "greedy() * (warmup(2) >> linear(10))",
      "greedy(\"paper\") * 2 * linear(10)", "plateau() * linear(10) * warmup(3)",
      "hypergradient(\"adam\", beta=0.5) * early_stop() * early_stop(\"a\") * constant(5, phase=\"a\")",
    ] {
      XCTAssertEqual(text(try Plan(parsing: Array(given.utf8)).text), given)
    }
    XCTAssertEqual(text(try Plan([], nil).text), "")
  }

  func testRandomPlansSurviveTheirTextAndTheirState() throws {
    var random = RandomSchedules(seed: 12)
    let odd: [Double] = [.nan, .infinity, -.infinity, 0, -1, 1e308, 0.5, 1, 2]
    for _ in 0..<400 {
      let kind = ControllerKind.allCases.randomElement(using: &random.random) ?? .greedy
      guard let controller = random.controller(kind) else { continue }
      let controllers: [Controller] =
        controller.arguments.optionalWord("phase") != nil ? [] : [controller]
      let plan = try Plan(controllers, random.schedule())
      let bytes = plan.text
      XCTAssertEqual(text(try Plan(parsing: bytes).text), text(bytes))
      guard var scheduler = try? Scheduler(baseLRs: [0.5, 1e-3], plan: plan, maxLRs: [2], records: true)
      else { continue }
      // A controller that observes something else than the loss has not.
      let isShown = scheduler.needs.subtracting(.loss).isEmpty
      for _ in 0..<12 {
        let loss = odd.randomElement(using: &random.random) ?? 0
        if isShown { try scheduler.step(loss: loss) } else { try scheduler.advance() }
      }
      let state = scheduler.saved()
      var other = try Scheduler.restored(from: state)
      XCTAssertEqual(other.saved(), state)
      for loss in odd {
        if isShown {
          try scheduler.step(loss: loss)
          try other.step(loss: loss)
        } else {
          try scheduler.advance()
          try other.advance()
        }
        XCTAssertEqual(
          try scheduler.rates().map(\.bitPattern), try other.rates().map(\.bitPattern), text(bytes))
        XCTAssertEqual(scheduler.decision, other.decision)
      }
      XCTAssertEqual(scheduler.saved(), other.saved())
    }
  }
}
