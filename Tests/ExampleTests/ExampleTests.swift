import Foundation
import XCTest

/// The example of docs/swift.md runs and prints what it should.
final class ExampleTests: XCTestCase {
  func testOutput() throws {
    // It is built beside the tests.
    let example = Bundle.main.bundleURL.appendingPathComponent("training-example")
    let process = Process()
    let output = Pipe()
    process.executableURL = example
    process.standardOutput = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0)
    XCTAssertEqual(
      String(decoding: bytes, as: UTF8.self),
      """
      after 200 updates: 3.0 x + 2.0
      warmup(10) >> (0.5 * linear(90), phase="main"): 0.25 at step 55
      unknown schedule "liner", did you mean "linear"? (byte 0)
      step 0: greedy needs a loss

      """)
  }
}
