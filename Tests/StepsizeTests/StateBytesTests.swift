import XCTest

@testable import StepsizeBase

/// Bytes where they are: nothing outside of them is read or written.
final class StateBytesTests: XCTestCase {
  private let places = [Int.min, -8, -1, 9, 16, Int.max]

  func testReadsInsideAlone() {
    let bytes: [UInt8] = Array(1...16)
    bytes.withUnsafeBytes {
      let bytes = StateBytes($0)
      XCTAssertEqual(bytes.word(at: 0), 0x0807_0605_0403_0201)
      XCTAssertEqual(bytes.word(at: 3), 0x0B0A_0908_0706_0504)
      XCTAssertEqual(bytes.list(3, at: 13) as [UInt8], [14, 15, 16])
      XCTAssertEqual(bytes.list(2, at: 0) as [UInt64], [0x0807_0605_0403_0201, 0x100F_0E0D_0C0B_0A09])
      for place in places {
        XCTAssertEqual(bytes.word(at: place), 0)
        XCTAssertEqual(bytes.list(1, at: place) as [UInt64], [])
        XCTAssertEqual(bytes.list(8, at: place) as [UInt8], [])
      }
      XCTAssertEqual(bytes.list(-1, at: 0) as [Double], [])
      XCTAssertEqual(bytes.list(-1, at: 0) as [UInt8], [])
    }
  }

  func testWritesInsideAlone() {
    var bytes = [UInt8](repeating: 0xEE, count: 24)
    bytes.withUnsafeMutableBufferPointer {
      let bytes = StateBytes($0).first(16)
      for place in places {
        bytes.store(1, at: place)
        bytes.store([1, 2] as [Double], at: Swift.max(place, 1))
        bytes.store([1, 2, 3, 4, 5, 6, 7, 8] as [UInt8], at: place)
      }
    }
    XCTAssertEqual(bytes, [UInt8](repeating: 0xEE, count: 24))
    bytes.withUnsafeMutableBufferPointer {
      let bytes = StateBytes($0).first(16)
      bytes.store([0x0102, UInt64.max] as [UInt64], at: 0)
      bytes.store([7, 8] as [UInt8], at: 14)
    }
    XCTAssertEqual(bytes[0..<16], [2, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 7, 8])
    XCTAssertEqual(bytes[16...], ArraySlice(repeating: 0xEE, count: 8))
  }

  func testNone() {
    let none = StateBytes(nil, count: UInt.max)
    XCTAssertEqual(none.count, 0)
    XCTAssertEqual(none.word(at: 0), 0)
    XCTAssertEqual(StateBytes().count, 0)
  }

  /// A state of the coder fits to the byte; where there is less room nothing is written.
  func testStatesInMemory() throws {
    var numbers = [1.5, -2, .infinity]
    let state = StateCoder.bytes { $0.transfer(&numbers) }
    XCTAssertEqual(state.count, StateCoder.headerLength + 32)
    for size in [0, 1, state.count - 1, state.count, state.count + 9] {
      var bytes = [UInt8](repeating: 0xEE, count: size)
      let needed = bytes.withUnsafeMutableBufferPointer { bytes in
        StateCoder.write(to: StateBytes(bytes)) { $0.transfer(&numbers) }
      }
      XCTAssertEqual(needed, state.count)
      let written = size < state.count ? [] : state
      XCTAssertEqual(bytes, written + [UInt8](repeating: 0xEE, count: size - written.count))
    }
    try state.withUnsafeBytes {
      var coder = try StateCoder(reading: StateBytes($0), of: "numbers")
      var read: [Double] = []
      coder.transfer(&read)
      try coder.finish()
      XCTAssertEqual(read, numbers)
    }
  }
}
