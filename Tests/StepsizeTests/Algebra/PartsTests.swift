import XCTest

@testable import Stepsize

final class PartsTests: XCTestCase {
  /// Trees joined at random are as lists joined, and never much higher than they must be.
  func testJoinedAtRandom() throws {
    var random = SplitMix(state: 11)
    var trees: [(tree: Parts, list: [Int64])] = []
    for round in 0..<4000 {
      let length = Int64.random(in: 0...3, using: &random)
      let one = (tree: Parts(try .constant(length, value: Double(round))), list: [Int64(round)])
      guard trees.count > 4 else {
        trees.append(one)
        continue
      }
      let i = trees.indices.randomElement(using: &random) ?? 0
      let other = Int.random(in: 0..<3, using: &random) == 0 ? trees[i == 0 ? 1 : 0] : one
      // What is joined stays as it was, and can be joined again.
      let isFirst = Bool.random(using: &random)
      let (first, second) = isFirst ? (trees[i], other) : (other, trees[i])
      guard first.list.count + second.list.count < 3000 else {
        trees[i] = one
        continue
      }
      trees[i] = (Parts.joined(first.tree, second.tree), first.list + second.list)
      if round % 20 == 0 { check(trees[i].tree, trees[i].list) }
    }
    for (tree, list) in trees { check(tree, list) }
    XCTAssertGreaterThan(trees.map { $0.list.count }.max() ?? 0, 100)
  }

  private func check(_ tree: Parts, _ list: [Int64]) {
    let parts = tree.all
    XCTAssertEqual(parts.map { Int64($0.value(at: 0)) }, list)
    XCTAssertEqual(tree.count, list.count)
    XCTAssertLessThanOrEqual(Double(tree.height), 1.45 * log2(Double(list.count)) + 1)
    XCTAssertEqual(tree.nodeCount, list.count)
    var start: Int64 = 0
    for i in parts.indices {
      let (part, found) = tree.part(i)
      XCTAssertEqual(Int64(part.value(at: 0)), list[i])
      XCTAssertEqual(found, start)
      let length = parts[i].length ?? 0
      if length > 0 || i == parts.count - 1 {
        XCTAssertEqual(tree.index(at: start), i)
        XCTAssertEqual(tree.node.value(at: start), Double(list[i]))
      }
      start += length
    }
    XCTAssertEqual(tree.length, start)
  }

  /// However a sequence is put together, it is the one that its text says: also its phases.
  func testOneByOneIsAsAWhole() throws {
    var random = NamedSchedules(seed: 3)
    for _ in 0..<300 {
      var parts: [Schedule] = []
      while parts.count < 9 {
        let part = random.schedule(level: 2)
        if part.length != nil { parts.append(part) }
      }
      let whole = try Schedule.sequence(parts)
      var forwards = parts[0]
      var backwards = parts[8]
      for part in parts.dropFirst() { forwards = try .sequence([forwards, part]) }
      for part in parts.dropLast().reversed() { backwards = try .sequence([part, backwards]) }
      for other in [forwards, backwards] {
        XCTAssertEqual(other.text, whole.text)
        XCTAssertEqual(other.length, whole.length)
        XCTAssertEqual(other.depth, whole.depth)
        XCTAssertEqual(other.nodeCount, whole.nodeCount)
        for t in 0...(whole.length ?? 0) {
          XCTAssertEqual(other.value(at: t), whole.value(at: t))
          let (a, b) = (other.span(at: t), whole.span(at: t))
          XCTAssertTrue(a.isSame(as: b) && a.until == b.until, "\(text(whole.text)) at \(t)")
        }
      }
    }
  }
}
