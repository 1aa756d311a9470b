import XCTest

@testable import StepsizeBase

final class ChecksumTests: XCTestCase {
  /// Against the definition, for each length and place within eight bytes, at once and in two parts.
  func testAgainstTheDefinition() {
    var random = SplitMix(state: 3)
    let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
    for start in 0..<9 {
      for end in start...bytes.count {
        var crc = UInt32.max
        for byte in bytes[start..<end] {
          crc ^= UInt32(byte)
          for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        let middle = (start + end) / 2
        var sum = Checksum()
        sum.add(bytes.span.bytes.extracting(start..<middle))
        sum.add(bytes.span.bytes.extracting(middle..<end))
        XCTAssertEqual(sum.value, ~crc)
        var whole = Checksum()
        whole.add(bytes.span.bytes.extracting(start..<end))
        XCTAssertEqual(whole.value, ~crc)
      }
    }
  }

  func testTheCheckValue() {
    var sum = Checksum()
    let text = Array("123456789".utf8)
    sum.add(text.span.bytes)
    XCTAssertEqual(sum.value, 0xCBF4_3926)
  }
}
