import XCTest

@testable import Stepsize

final class RankSetTests: XCTestCase {
  /// Against an array of flags, sparse and dense, on one to four levels.
  func testNeighbours() {
    var random = SplitMix(state: 3)
    for (count, size) in [(1, 1), (64, 5), (65, 65), (5000, 3), (5000, 4000), (300_000, 6)] {
      let (starts, wordCount) = RankSet.layout(count: count)
      var words = Array(repeating: UInt64(0), count: wordCount)
      var members: Set<UInt32> = []
      for rank in 0..<UInt32(size / 2) {
        var span = words.mutableSpan
        members.insert(rank)
        span.insert(rank, starts.span)
      }
      for _ in 0..<100 {
        let rank = UInt32.random(in: 0..<UInt32(count), using: &random)
        var span = words.mutableSpan
        if members.contains(rank) || members.count >= size {
          let gone = members.contains(rank) ? rank : members.min() ?? 0
          members.remove(gone)
          span.remove(gone, starts.span)
        } else {
          members.insert(rank)
          span.insert(rank, starts.span)
        }
        let sorted = members.sorted()
        if let above = sorted.first(where: { $0 > rank }) {
          XCTAssertEqual(span.next(rank, starts.span), above)
        }
        if let below = sorted.last(where: { $0 < rank }) {
          XCTAssertEqual(span.previous(rank, starts.span), below)
        }
        for i in sorted.indices.prefix(50) { XCTAssertEqual(span.member(after: i, starts.span), sorted[i]) }
      }
    }
  }

  func testNobodyThere() {
    let (starts, wordCount) = RankSet.layout(count: 10_000)
    var words = Array(repeating: UInt64(0), count: wordCount)
    var span = words.mutableSpan
    XCTAssertEqual(span.next(77, starts.span), 77)
    XCTAssertEqual(span.previous(9_999, starts.span), 9_999)
    XCTAssertEqual(span.member(after: 0, starts.span), 0)
    span.insert(5, starts.span)
    span.remove(5, starts.span)
    XCTAssertEqual(words, Array(repeating: 0, count: wordCount))
  }
}
