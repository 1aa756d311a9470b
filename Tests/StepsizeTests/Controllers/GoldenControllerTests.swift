import Foundation
import XCTest

@testable import Stepsize

/// Every trace of Tests/golden/controllers.txt: the rate and the decision after each call, from the rules alone.
final class GoldenControllerTests: XCTestCase {
  func testTraces() throws {
    let traces = try golden()
    XCTAssertGreaterThanOrEqual(traces.count, 56)
    for trace in traces {
      let plan = try Plan(parsing: Array(trace.text.utf8))
      var scheduler = try Scheduler(baseLRs: [trace.base], plan: plan)
      var rates = [0.0]
      for (update, row) in trace.rows.enumerated() {
        try make(row.call, &scheduler, &rates)
        XCTAssertEqual(
          rates[0].bitPattern, row.rate.bitPattern, "\(trace.name), update \(update): \(rates[0])")
        XCTAssertEqual(word(scheduler.decision), row.decision, "\(trace.name), update \(update)")
      }
    }
  }

  private func make(_ call: [String], _ scheduler: inout Scheduler, _ rates: inout [Double]) throws {
    let numbers = call.dropFirst().compactMap { Double($0) }
    let (first, others) = (Array(numbers.prefix(1)), Array(numbers.dropFirst()))
    switch call[0] {
    case "observe": try scheduler.observe([observation(call.dropFirst())], into: rates.mutableSpan)
    case "observe_gradient":
      try scheduler.observeGradient(dots: first.span, norms: others.span, into: rates.mutableSpan)
    case "propose":
      try scheduler.propose(loss: first[0], squaredNorms: others.span, into: rates.mutableSpan)
    case "report":
      let trial = try scheduler.report(
        loss: first[0], squaredDistances: others.span, into: rates.mutableSpan)
      XCTAssertEqual("\(trial)", call[2])
    case "-": try scheduler.advance(into: rates.mutableSpan)
    default: try scheduler.step(loss: XCTUnwrap(Double(call[0])), into: rates.mutableSpan)
    }
  }

  /// Of "NAME=NUMBER" each.
  private func observation(_ numbers: ArraySlice<String>) throws -> Observation {
    var given: [String: Double] = [:]
    for number in numbers {
      let parts = number.split(separator: "=")
      given[String(parts[0])] = try XCTUnwrap(Double(parts[1]))
    }
    return Observation(
      loss: given["loss"], gradientNorm: given["grad_norm"], gradientL1: given["grad_l1"],
      distance: given["distance"], startNorm: given["start_norm"], dotStart: given["dot_start"],
      dotUpdate: given["dot_update"], updateNorm: given["update_norm"], dotX: given["dot_x"],
      meanNorm: given["mean_norm"], meanDotX: given["mean_dot_x"])
  }

  private func word(_ decision: Decision) -> String {
    switch decision {
    case .none: "none"
    case .raised: "raised"
    case .cut: "cut"
    case .heldByPatience: "patience"
    case .heldByCooldown: "cooldown"
    case .heldByWarmup: "warmup"
    case .heldAtBound: "bound"
    case .reset: "reset"
    case .kept: "kept"
    case .ignored: "ignored"
    }
  }

  private struct Trace {
    var name: String
    var text = ""
    var base = 0.0
    /// A call with its arguments: a loss alone, "-" for an update without one.
    var rows: [(call: [String], rate: Double, decision: String)] = []
  }

  private func golden() throws -> [Trace] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.deletingLastPathComponent().appendingPathComponent("golden/controllers.txt")
    var traces: [Trace] = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t")
      if line.hasPrefix("= ") {
        traces.append(Trace(name: String(line.dropFirst(2))))
      } else if fields[0] == "scheduler" {
        traces[traces.count - 1].text = String(fields[1])
      } else if fields[0] == "base" {
        traces[traces.count - 1].base = try XCTUnwrap(Double(fields[1]))
      } else {
        let call = fields[0].split(separator: ":").map(String.init)
        let rate = try XCTUnwrap(Double(fields[1]))
        traces[traces.count - 1].rows.append((call, rate, String(fields[2])))
      }
    }
    return traces
  }
}
