import XCTest

@testable import Stepsize

final class SuggestionTests: XCTestCase {
  private func suggestion(_ name: String, _ known: [String]) -> String? {
    nearest(to: ArraySlice(Array(name.utf8)), among: known.map { Array($0.utf8) }).map { text($0) }
  }

  func testNearest() {
    XCTAssertEqual(suggestion("cosin", ["linear", "cosine"]), "cosine")
    XCTAssertEqual(suggestion("polynomal", ["linear", "polynomial"]), "polynomial")
    XCTAssertEqual(suggestion("flor", ["floor", "total"]), "floor")
    XCTAssertNil(suggestion("abcdef", ["linear", "cosine"]))
    XCTAssertNil(suggestion("x", []))
    XCTAssertNil(suggestion(String(repeating: "a", count: 1000), ["linear"]))
  }
}
