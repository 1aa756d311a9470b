import XCTest

@testable import Stepsize

final class StructureTests: XCTestCase {
  func testTree() throws {
    let schedule = try parse(
      "warmup(5) >> 0.5 * (linear(10) * constant(3) >> clamp(wsd(9, warmup=2, decay=1), min=0.1), phase=\"x\")"
    )
    XCTAssertEqual(
      outline(schedule),
      """
      sequence 0
        call 0 warmup
        scale 5 0.5
          group 0 x
            sequence 0
              product 0
                call 0 linear
                call 0 constant
              call 10 clamp
                call 0 wsd
                  sequence 0
                    call 0 warmup warmup
                    call 2 constant main
                    call 8 cooldown anneal

      """)
  }

  private func outline(_ schedule: Schedule, _ start: Int64 = 0, _ indent: String = "") -> String {
    var words = ["\(schedule.structure)", "\(start)"]
    if let signature = schedule.signature { words.append(text(signature.name)) }
    if schedule.structure == .scale { words.append("\(schedule.factor)") }
    if let phase = schedule.phase { words.append(text(phase)) }
    let parts = schedule.parts
    return "\(indent)\(words.joined(separator: " "))\n"
      + parts.indices.map { outline(parts[$0], schedule.part($0)?.start ?? -1, indent + "  ") }.joined()
  }

  /// In any schedule: the parts of a sequence follow one another, have its values, and fill its length.
  func testPartsOfSequences() throws {
    var random = RandomSchedules(seed: 3)
    var count = 0
    for _ in 0..<2000 {
      let schedule = random.schedule()
      guard schedule.structure == .sequence else { continue }
      count += 1
      let parts = schedule.parts
      for i in parts.indices {
        let start = try XCTUnwrap(schedule.part(i)).start
        if let length = parts[i].length, length == 0 { continue }
        XCTAssertEqual(schedule.value(at: start), parts[i].value(at: 0), text(schedule.text))
        let end = parts[i].length.map { start + $0 }
        XCTAssertEqual(end, i == parts.count - 1 ? schedule.length : schedule.part(i + 1)?.start)
      }
    }
    XCTAssertGreaterThan(count, 50)
  }

  func testParameters() throws {
    let cosine = try parse("cosine(100, floor=0.1, phase=\"x\")")
    XCTAssertEqual(cosine.signature?.parameters.map { text($0.name) }.prefix(2), ["total", "floor"])
    XCTAssertEqual([0, 1, 99].map { text(cosine.valueText($0)) }, ["100", "0.1", ""])
    XCTAssertNil(try parse("linear(3) >> linear(4)").signature)
  }
}
