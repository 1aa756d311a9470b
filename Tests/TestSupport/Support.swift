import StepsizeBase
import XCTest

// What the tests of both libraries use.

extension StaticString {
  public var text: String { description }
}

public func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The error that a body throws; fails the test where it throws none.
public func failure(
  _ body: () throws -> Void, file: StaticString = #filePath, line: UInt = #line
) -> ConfigurationError? {
  do {
    try body()
  } catch let error as ConfigurationError {
    return error
  } catch {
    XCTFail("another error: \(error)", file: file, line: line)
  }
  XCTFail("no error", file: file, line: line)
  return nil
}

/// A small generator, so that a failure can be made again.
public struct SplitMix: RandomNumberGenerator {
  public var state: UInt64

  public init(state: UInt64) { self.state = state }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
