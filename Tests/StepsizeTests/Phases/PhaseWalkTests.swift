import XCTest

@testable import Stepsize

/// The walk through the phases of a schedule.
final class PhaseWalkTests: XCTestCase {
  /// Against what names each step of random short schedules: one phase for each run of steps that one part names.
  func testAgainstEveryStep() throws {
    var random = NamedSchedules(seed: 5)
    var seen = 0
    for _ in 0..<2000 {
      let schedule = random.schedule()
      let what = text(schedule.text)
      let end = min(schedule.length ?? 60, 400)
      var runs: [(step: Int64, part: String)] = []
      for t in 0..<end {
        let part = schedule.namingPart(at: t)
        if part != runs.last?.part ?? "" { runs.append((t, part)) }
      }
      let walked = schedule.phases().prefix { $0.step < end }
      XCTAssertEqual(walked.map { "\($0.step)" }, runs.filter { !$0.part.isEmpty }.map { "\($0.step)" }, what)
      seen += walked.count
      for (step, phase) in walked {
        let i = try XCTUnwrap(runs.firstIndex { $0.step == step }, what)
        XCTAssertTrue(runs[i].part.hasSuffix("=" + text(phase.name)), what)
        let until = i + 1 < runs.count ? runs[i + 1].step : end
        XCTAssertEqual(min(phase.until ?? end, end), until, what)
        // The same from each of its steps.
        for t in step..<until {
          let again = try XCTUnwrap(schedule.phase(at: t), what)
          XCTAssertTrue(again.isSame(as: phase), "\(what) at \(t)")
          XCTAssertTrue(phase.start <= t && t < phase.end ?? Int64.max, "\(what) at \(t)")
        }
      }
    }
    XCTAssertGreaterThan(seen, 3000)
  }

  private func walk(_ schedule: String, from step: Int64 = 0, count: Int = 4) throws -> [String] {
    try parse(schedule).phases(from: step).prefix(count).map {
      "\(text($0.phase.name)) \($0.phase.start)..<\($0.phase.end.map(String.init) ?? "") from \($0.step)"
    }
  }

  func testRepeats() throws {
    let rounds = "repeat(linear(3, phase=\"a\") >> linear(3, phase=\"b\"), count=1000)"
    XCTAssertEqual(
      try walk(rounds), ["a 0..<3 from 0", "b 3..<6 from 3", "a 6..<9 from 6", "b 9..<12 from 9"])
    XCTAssertEqual(try parse(rounds).phases().reduce(0) { count, _ in count + 1 }, 2000)
    XCTAssertEqual(try walk(rounds, from: 5995), ["a 5994..<5997 from 5995", "b 5997..<6000 from 5997"])
    XCTAssertEqual(try walk(rounds, from: 6000), [])
  }

  func testNamesThatComeLate() throws {
    // One name in 7·10⁹ steps, 10⁸ times over.
    let late = "repeat(repeat(linear(7), count=1000000000) >> linear(1, phase=\"x\"), count=100000000)"
    XCTAssertEqual(
      try walk(late, count: 2),
      ["x 7000000000..<7000000001 from 7000000000", "x 14000000001..<14000000002 from 14000000001"])
    let end: Int64 = 7_000_000_001 * 100_000_000
    XCTAssertEqual(try walk(late, from: end - 7_000_000_001), ["x \(end - 1)..<\(end) from \(end - 1)"])
    XCTAssertEqual(try walk("repeat(linear(7), count=1000000000000)"), [])
    // Behind a whole that has a name, until the inner one comes.
    XCTAssertEqual(
      try walk("(repeat(linear(7), count=1000000000) >> linear(5, phase=\"in\"), phase=\"out\")"),
      ["out 0..<7000000005 from 0", "in 7000000000..<7000000005 from 7000000000"])
  }

  func testPhasesWithinPhases() throws {
    XCTAssertEqual(
      try walk("(linear(3) >> linear(3, phase=\"in\") >> linear(3), phase=\"out\")"),
      ["out 0..<9 from 0", "in 3..<6 from 3", "out 0..<9 from 6"])
    XCTAssertEqual(
      try walk(
        "linear(4, phase=\"a\") >> (linear(1, phase=\"in\") >> linear(4), phase=\"a\") >> linear(2, phase=\"a\")"
      ),
      ["a 0..<11 from 0", "in 4..<5 from 4", "a 0..<11 from 5"])
    // The first factor that has a name there.
    XCTAssertEqual(
      try walk("(constant(5) >> linear(5, phase=\"a\")) * linear(20, phase=\"b\")"),
      ["b 0..<20 from 0", "a 5..<10 from 5", "b 0..<20 from 10"])
    XCTAssertEqual(try walk("warmup(5, phase=\"warmup\") * inverse_sqrt(100)"), ["warmup 0..<5 from 0"])
  }

  func testHeldPhases() throws {
    XCTAssertEqual(
      try walk("take(linear(4, phase=\"a\") >> linear(3, phase=\"b\"), 20)"),
      ["a 0..<4 from 0", "b 4..<20 from 4"])
    XCTAssertEqual(
      try walk("shift(linear(4, phase=\"a\") >> linear(3, phase=\"b\"), 10)"),
      ["a 0..<14 from 0", "b 14..<17 from 14"])
    XCTAssertEqual(
      try walk("constant(3, phase=\"a\") >> constant(phase=\"b\")"), ["a 0..<3 from 0", "b 3..< from 3"])
    XCTAssertEqual(try walk("constant(3, phase=\"a\") >> constant(0, phase=\"b\")"), ["a 0..<3 from 0"])
  }

  func testSqueezedSchedules() throws {
    // Every other step of the part is left out.
    XCTAssertEqual(
      try walk("stretch(repeat(constant(1, phase=\"a\") >> constant(1, phase=\"b\"), count=2), 0.5)"),
      ["a 0..<1 from 0", "a 1..<2 from 1"])
    // Nothing of the many phases is left: the search ends all the same, now and then.
    let hidden = try parse(
      "stretch(repeat(constant(1) >> constant(1, phase=\"b\"), count=1000000000000), 0.5)")
    var step: Int64 = 0
    for _ in 0..<100 {
      let span = hidden.span(at: step)
      XCTAssertTrue(span.name.isEmpty)
      let until = try XCTUnwrap(span.until)
      XCTAssertGreaterThan(until, step)
      step = until
    }
  }

  func testHugeLengths() throws {
    let most = Int64.max
    XCTAssertEqual(
      try walk("constant(9223372036854775800, phase=\"a\") >> constant(6, phase=\"b\")"),
      ["a 0..<\(most - 7) from 0", "b \(most - 7)..<\(most - 1) from \(most - 7)"])
    let rounds = "repeat(linear(3, phase=\"a\") >> linear(4, phase=\"b\"), count=1317624576693539400)"
    XCTAssertEqual(
      try walk(rounds, from: 9_223_372_036_854_775_796),
      ["b 9223372036854775796..<9223372036854775800 from 9223372036854775796"])
    XCTAssertEqual(
      try walk("repeat(linear(3, phase=\"a\") >> linear(4, phase=\"b\"))", from: most - 8, count: 2).count, 2)
    XCTAssertEqual(
      try walk("stretch(linear(3, phase=\"a\") >> linear(4, phase=\"b\"), 1152921504606846976)"),
      [
        "a 0..<3458764513820540928 from 0",
        "b 3458764513820540928..<8070450532247928832 from 3458764513820540928",
      ])
  }

  /// Searches that would double at each level.
  func testDeepNesting() throws {
    for (inner, count) in [("linear(3000)", 0), ("linear(9, phase=\"a\") >> linear(3000)", 4)] {
      var text = inner
      for _ in 0..<28 { text = "repeat(shift(\(text), -1), count=2)" }
      XCTAssertEqual(try parse(text).phases().prefix(4).reduce(0) { count, _ in count + 1 }, count)
    }
    var stretched = "repeat(linear(1) >> linear(1, phase=\"a\"), count=1000000000000000)"
    for _ in 0..<40 { stretched = "stretch(\(stretched), 0.5)" }
    _ = try parse(stretched).span(at: 0)
  }

  func testManyParts() throws {
    let part = try Schedule.constant(2).named("a")
    let joined = try Schedule.sequence(Array(repeating: part, count: 30_000))
    let phase = try XCTUnwrap(joined.phase(at: 17))
    XCTAssertEqual([phase.start, phase.end, phase.until], [0, 60_000, nil])
  }
}
