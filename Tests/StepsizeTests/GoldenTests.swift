import Foundation
import XCTest

@testable import Stepsize

/// Every case of Tests/golden: values computed in high precision from the formulas alone.
final class GoldenTests: XCTestCase {
  private static let files = ["examples.tsv", "primitives.tsv", "compositions.tsv", "algebra.tsv"]

  func testExamples() throws { try check("examples.tsv", atLeast: 80) }
  func testPrimitives() throws { try check("primitives.tsv", atLeast: 900) }
  func testCompositions() throws { try check("compositions.tsv", atLeast: 100) }
  func testAlgebra() throws { try check("algebra.tsv", atLeast: 140) }

  /// Every kind has cases, except those that depend on the library's own generator.
  func testEveryKindIsCovered() throws {
    let texts = try Self.files.flatMap { try golden($0) }.map(
      \.text)
    for kind in Kind.allCases where kind != .noise && kind != .random {
      XCTAssertTrue(
        texts.contains { $0.contains("\(text(kind.name))(") }, "\(text(kind.name)) has no golden case")
    }
  }

  func testTextsRoundTrip() throws {
    for file in Self.files {
      for item in try golden(file) {
        let printed = try Schedule(parsing: Array(item.text.utf8)).text
        let again = try Schedule(parsing: printed)
        XCTAssertEqual(again.text, printed, item.text)
        for (step, _) in item.values {
          let value = try Schedule(parsing: Array(item.text.utf8)).value(at: step)
          XCTAssertEqual(again.value(at: step).bitPattern, value.bitPattern, item.text)
          break
        }
      }
    }
  }

  private func check(_ file: String, atLeast count: Int) throws {
    let cases = try golden(file)
    XCTAssertGreaterThanOrEqual(cases.count, count)
    for item in cases {
      let schedule: Schedule
      do { schedule = try Schedule(parsing: Array(item.text.utf8)) } catch {
        XCTFail("\(item.text): \(String(decoding: error.message, as: UTF8.self))")
        continue
      }
      XCTAssertEqual(schedule.length, item.length, "length of \(item.text)")
      var worst: (Int64, Int64) = (0, 0)
      for (step, expected) in item.values {
        let distance = distance(schedule.value(at: step), expected)
        if distance > worst.0 { worst = (distance, step) }
      }
      XCTAssertLessThanOrEqual(worst.0, item.ulp, "ulp: \(item.text) at \(worst.1)")
    }
  }

  /// Units in the last place between two doubles; far for a NaN or a negative value.
  private func distance(_ a: Double, _ b: Double) -> Int64 {
    guard a >= 0, a.isFinite else { return Int64.max }
    return abs(Int64(bitPattern: (a + 0).bitPattern) - Int64(bitPattern: b.bitPattern))
  }

  private struct Case {
    var text: String
    var length: Int64?
    var ulp: Int64 = 3
    var values: [(Int64, Double)] = []
  }

  private func golden(_ file: String) throws -> [Case] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: folder.appendingPathComponent("golden/\(file)"), encoding: .utf8)
    var cases: [Case] = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ Substring($0) }) {
      if line.hasPrefix("= ") {
        cases.append(Case(text: String(line.dropFirst(2))))
      } else if line.hasPrefix("# ulp "), !cases.isEmpty {
        cases[cases.count - 1].ulp = try XCTUnwrap(Int64(line.dropFirst(6)))
      } else if line.hasPrefix("# length "), !cases.isEmpty {
        let length = Int64(line.dropFirst(9))
        // The largest number stands for no end.
        cases[cases.count - 1].length = length == Int64.max ? nil : length
      } else if !line.hasPrefix("#") {
        let fields = line.split(separator: "\t")
        let step = try XCTUnwrap(Int64(fields[0]))
        let bits = try XCTUnwrap(UInt64(fields[1], radix: 16))
        cases[cases.count - 1].values.append((step, Double(bitPattern: bits)))
      }
    }
    return cases
  }
}
