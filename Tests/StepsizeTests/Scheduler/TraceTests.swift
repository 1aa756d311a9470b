import Foundation
import XCTest

@testable import Stepsize

/// The rates that the C trainer used on the digits, from the losses that it saw: the same bits here. The Python
/// tests replay the same file, and fresh traces of both trainers.
final class TraceTests: XCTestCase {
  private let schedules = [
    "constant": "constant()", "linear": "linear(84)", "cosine": "cosine(84)",
    "warmup+cosine": "warmup(4) >> cosine(80)", "greedy": "constant()", "greedy*linear": "linear(84)",
  ]

  func testTheDigitsTrainer() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../golden/digits_trace.csv")
    var runs: [String: [(loss: Double, rate: Double)]] = [:]
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",")
      let loss = try XCTUnwrap(Double(fields[3]))
      let rate = try XCTUnwrap(Double(fields[4]))
      runs["\(fields[0]),\(fields[1])", default: []].append((loss, rate))
    }
    XCTAssertEqual(runs.count, 3 * schedules.count)
    for (run, rows) in runs {
      let fields = run.split(separator: ",")
      let schedule = try parse(XCTUnwrap(schedules[String(fields[0])]))
      let base = try XCTUnwrap(Double(fields[1]))
      let isGreedy = fields[0].hasPrefix("greedy")
      var scheduler = try Scheduler(
        baseLRs: [base], schedule: schedule, controller: isGreedy ? .greedy() : nil)
      XCTAssertEqual(rows.count, 84)
      for row in rows {
        XCTAssertEqual(try scheduler.rates()[0].bitPattern, row.rate.bitPattern, run)
        try scheduler.step(loss: row.loss)
      }
    }
  }
}
