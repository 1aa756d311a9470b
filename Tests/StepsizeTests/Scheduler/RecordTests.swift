import XCTest

@testable import Stepsize

final class RecordTests: XCTestCase {
  func testItIsAList() throws {
    var random = SplitMix(state: 31)
    for _ in 0..<300 {
      var record = Record()
      var list: [Double] = []
      for _ in 0..<Int.random(in: 0..<60, using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
          let count = Int64.random(in: 0...Int64(list.count + 2), using: &random)
          record.cut(to: count)
          list = Array(list.prefix(Int(count)))
        default:
          let rate =
            Bool.random(using: &random) ? list.last ?? 0 : Double(Int.random(in: 0..<3, using: &random))
          record.append(rate)
          list.append(rate)
        }
        XCTAssertEqual(record.count, Int64(list.count))
      }
      let first = Int.random(in: 0...list.count, using: &random)
      var copied = Array(repeating: -1.0, count: 70)
      var span = copied.mutableSpan
      let count = record.copy(from: Int64(first), to: &span)
      XCTAssertEqual(Array(copied.prefix(count)), Array(list.dropFirst(first)))
      if first < list.count {
        let schedule = try record.schedule(Int64(first)..<Int64(list.count))
        XCTAssertEqual(schedule.length, Int64(list.count - first))
        XCTAssertEqual(
          (first..<list.count).map { schedule.value(at: Int64($0 - first)) }, Array(list.dropFirst(first)))
      }
      var writer = StateCoder()
      record.transfer(&writer)
      var reader = try StateCoder(reading: writer.finished(), of: "scheduler")
      var read = Record()
      read.transfer(&reader)
      try reader.finish()
      XCTAssertEqual(read.runs.map { $0.rate }, record.runs.map { $0.rate })
      XCTAssertEqual(read.count, record.count)
    }
  }
}
