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
      let read = try restored(record)
      XCTAssertEqual(read.runs(from: 0).map { $0.rate }, record.runs(from: 0).map { $0.rate })
      XCTAssertEqual(read.count, record.count)
    }
  }

  /// Long enough that an entry is looked for among many blocks: at each of them, after cuts, and after a restore.
  func testAnyEntryIsFound() throws {
    var random = SplitMix(state: 7)
    var record = Record()
    var list: [Double] = []
    for round in 0..<6 {
      for _ in 0..<4000 {
        let isRepeated = Int.random(in: 0..<3, using: &random) == 0
        let rate = isRepeated ? list.last ?? 1 : Double(Int.random(in: 1..<1000, using: &random))
        for _ in 0..<(isRepeated ? Int.random(in: 1..<9, using: &random) : 1) {
          record.append(rate)
          list.append(rate)
        }
      }
      if round % 2 == 1 {
        let count = Int.random(in: list.count / 2...list.count, using: &random)
        record.cut(to: Int64(count))
        list = Array(list.prefix(count))
      }
      let read = try restored(record)
      for one in [record, read] {
        XCTAssertEqual(one.count, Int64(list.count))
        for first in stride(from: 0, through: list.count + 1, by: 13) {
          var copied = [-1.0, -1, -1]
          var span = copied.mutableSpan
          let count = one.copy(from: Int64(first), to: &span)
          XCTAssertEqual(Array(copied.prefix(count)), Array(list.dropFirst(first).prefix(3)), "\(first)")
        }
      }
    }
  }

  private func restored(_ record: Record) throws -> Record {
    var record = record
    let size = StateCoder.size { record.transfer(&$0) }
    return try StateCoder.bytes { record.transfer(&$0) }.withUnsafeBytes { bytes in
      var reader = try StateCoder(reading: StateBytes(bytes), of: "scheduler")
      XCTAssertEqual(size, StateCoder.headerLength + 8 * reader.room)
      var read = Record()
      read.transfer(&reader)
      try reader.finish()
      return read
    }
  }
}
