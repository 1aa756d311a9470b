import XCTest

@testable import Stepsize

final class RankSortTests: XCTestCase {
  func testRanksAreThoseOfAStableSort() {
    var random = SplitMix(state: 4)
    let lists: [[Double]] = [
      [1], [2, 2, 2], [0, -0.0, .infinity, -.infinity, 5e-324, -5e-324, 1e308, -1e308],
      (0..<5000).map { _ in Double.random(in: -1...1, using: &random) },
      (0..<5000).map { _ in Double(Int.random(in: 0...3, using: &random)) },
    ]
    for list in lists {
      var sort = RankSort(capacity: list.count + 3)
      sort.sort(list.count) { list[$0] }
      let order = list.indices.sorted {
        // By bits where numbers are equal: -0 before 0.
        (list[$0], list[$0].sign == .minus ? 0 : 1, $0) < (list[$1], list[$1].sign == .minus ? 0 : 1, $1)
      }
      for (rank, position) in order.enumerated() {
        XCTAssertEqual(sort.ranks[position], UInt32(rank))
        XCTAssertEqual(RankSort.number(sort.keys[rank], sort.base), list[position])
      }
    }
  }
}
