import XCTest

@testable import Stepsize

/// What holds for every kind, whatever its parameters.
final class CatalogueTests: XCTestCase {
  func testNamesAreThoseOfTheEntries() {
    var seen: Set<String> = []
    for kind in Kind.allCases {
      XCTAssertEqual(kind.name, kind.signature.name)
      XCTAssertTrue(seen.insert(text(kind.name)).inserted, "\(text(kind.name)) stands for two kinds")
    }
  }

  func testEntriesAreComplete() {
    for kind in Kind.allCases {
      let entry = kind.signature
      XCTAssertGreaterThan(entry.summary.count, 5, text(kind.name))
      XCTAssertGreaterThan(entry.formula.count, 4, text(kind.name))
      XCTAssertLessThanOrEqual(entry.summary.count, 80, text(kind.name))
      XCTAssertFalse(entry.parameters.isEmpty, text(kind.name))
      for parameter in entry.parameters {
        XCTAssertGreaterThan(parameter.note.count, 2, "\(text(kind.name)) \(text(parameter.name))")
        if let value = parameter.defaultValue {
          XCTAssertNotNil(
            parameter.accept(value), "the default of \(text(kind.name)) \(text(parameter.name))")
        }
      }
    }
  }

  func testValuesAreFiniteAndNotNegative() {
    var random = RandomSchedules(seed: 1)
    for kind in Kind.allCases {
      var made = 0
      for _ in 0..<2000 where made < 300 {
        guard let schedule = random.schedule(kind) else { continue }
        made += 1
        var steps = hardSteps
        for _ in 0..<8 { steps.append(Int64.random(in: 0...Int64.max, using: &random.random) >> 40) }
        if let end = schedule.length {
          steps += [end, max(end - 1, 0), end / 2, end < Int64.max ? end + 1 : end]
        }
        for step in steps {
          let value = schedule.value(at: step)
          XCTAssertTrue(value >= 0 && value.isFinite, "\(value) at \(step): \(text(schedule.text))")
        }
      }
      XCTAssertGreaterThanOrEqual(made, 100, "too few legal combinations of \(text(kind.name))")
    }
  }

  func testValuesHoldBeforeAndAfter() {
    var random = RandomSchedules(seed: 2)
    for _ in 0..<3000 {
      let schedule = random.schedule()
      XCTAssertEqual(schedule.value(at: -5), schedule.value(at: 0))
      guard let end = schedule.length else { continue }
      for step in [Int64.max, end < Int64.max ? end + 1 : end] {
        XCTAssertEqual(
          schedule.value(at: step), schedule.value(at: end), "at \(step): \(text(schedule.text))")
      }
    }
  }

  func testRandomSchedulesPrintAndParseAlike() throws {
    var random = RandomSchedules(seed: 3)
    for _ in 0..<3000 {
      let schedule = random.schedule()
      let printed = schedule.text
      let again = try Schedule(parsing: printed)
      XCTAssertEqual(text(again.text), text(printed))
      XCTAssertEqual(again.length, schedule.length, text(printed))
      for step in hardSteps {
        XCTAssertEqual(again.value(at: step).bitPattern, schedule.value(at: step).bitPattern, text(printed))
      }
    }
  }

  func testFillIsValueAtBitForBit() {
    var random = RandomSchedules(seed: 4)
    for round in 0..<1500 {
      let schedule = random.schedule()
      let count = round % 10 == 0 ? 5000 : Int.random(in: 0...70, using: &random.random)
      var starts: [Int64] = [0, -20, (1 << 53) - 30, Int64.max - 30, Int64.min, 1 << 40]
      if let end = schedule.length { starts += [max(0, end - 30), end] }
      let first = starts.randomElement(using: &random.random) ?? 0
      let stride: Int64 =
        [1, 1, 1, 1, 0, -1, 7, Int64.max, Int64.min].randomElement(using: &random.random) ?? 1
      let base: Double =
        [1, 1e-3, 0, 1e300, Double.greatestFiniteMagnitude].randomElement(using: &random.random) ?? 1
      var doubles = [Double](repeating: -1, count: count)
      var floats = [Float](repeating: -1, count: count)
      var out = doubles.mutableSpan
      schedule.fill(&out, from: first, stride: stride, base: base)
      var single = floats.mutableSpan
      schedule.fill(&single, from: first, stride: stride, base: base)
      for i in 0..<count {
        let (offset, overflow) = stride.multipliedReportingOverflow(by: Int64(i))
        let (sum, overflow2) = first.addingReportingOverflow(offset)
        // 128 bits know the exact sum.
        let exact = Int128(first) + Int128(stride) * Int128(i)
        let step = Int64(clamping: exact)
        if !overflow && !overflow2 { XCTAssertEqual(step, sum) }
        let expected = min(base * schedule.value(at: step), Double.greatestFiniteMagnitude)
        if doubles[i].bitPattern != expected.bitPattern {
          XCTFail("\(doubles[i]) is not \(expected) at \(step): \(text(schedule.text))")
          break
        }
        XCTAssertTrue(floats[i].isFinite && (expected == 0) == (floats[i] == 0))
        if expected >= 1e-30 && expected <= 1e30 { XCTAssertEqual(floats[i], Float(expected)) }
      }
    }
  }
}
