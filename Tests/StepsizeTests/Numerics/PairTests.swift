import Foundation
import StepsizeBase
import XCTest

final class PairTests: XCTestCase {
  private func any(_ random: inout SplitMix, _ exponents: ClosedRange<Int>) -> Double {
    let significand = Double(bitPattern: 0x3ff0_0000_0000_0000 | random.next() >> 12)
    let sign: FloatingPointSign = random.next() & 1 == 0 ? .plus : .minus
    return Double(sign: sign, exponent: Int.random(in: exponents, using: &random), significand: significand)
  }

  /// The error of a product, as a fused multiplication finds it.
  func testProductIsExact() {
    var random = SplitMix(state: 5)
    for _ in 0..<200_000 {
      let a = any(&random, -400...400)
      let b = any(&random, -400...400)
      let product = Pair(a, times: b)
      XCTAssertEqual(product.high, a * b)
      XCTAssertEqual(product.low, (-(a * b)).addingProduct(a, b), "\(a) \(b)")
    }
  }

  /// Near overflow there is no low part, but never a NaN either.
  func testProductNearOverflow() {
    let most = Double.greatestFiniteMagnitude
    for (a, b) in [
      (most, 1.0), (most, 0.5), (most, 0), (most, most), (0x1p1000, 0x1p-1000), (0x1.8p1023, 1.3), (-most, 2),
    ] {
      let product = Pair(a, times: b)
      XCTAssertEqual(product.high, a * b)
      XCTAssertTrue(product.low.isFinite, "\(a) \(b)")
    }
  }

  func testQuotient() {
    var random = SplitMix(state: 6)
    for _ in 0..<50_000 {
      let n = random.next() >> UInt64.random(in: 1...60, using: &random)
      let d = max(random.next() >> UInt64.random(in: 1...60, using: &random), 1)
      let quotient = Pair(n, over: d)
      // q·d is n again, to 2^-100 or so.
      let back = Pair(d) * quotient.high + Pair(Double(d) * quotient.low)
      let rest = back - Pair(n)
      XCTAssertEqual(rest.high, 0, accuracy: 0x1p-98 * Double(n), "\(n)/\(d)")
    }
  }

  func testAddingProduct() {
    var random = SplitMix(state: 8)
    var others = 0
    for _ in 0..<100_000 {
      let a = any(&random, -60...60)
      let b = any(&random, -30...30)
      let c = any(&random, -30...30)
      let expected = a.addingProduct(b, c)
      let sum = a.adding(b, times: c)
      XCTAssertEqual(sum, expected, accuracy: expected.ulp)
      if sum != expected { others += 1 }
      // What cancels all but the last places keeps its sign.
      let rest = (-(b * c)).adding(b, times: c)
      XCTAssertEqual(rest, (-(b * c)).addingProduct(b, c))
    }
    XCTAssertLessThan(others, 5)
    XCTAssertEqual((1.0).adding(1e300, times: 1e300), .infinity)
    XCTAssertEqual((-Double.infinity).adding(1, times: 1), -.infinity)
    XCTAssertEqual((1.0).adding(.greatestFiniteMagnitude, times: 1), .greatestFiniteMagnitude)
  }

  func testRoundedDown() {
    var random = SplitMix(state: 9)
    for _ in 0..<100_000 {
      let x = any(&random, -10...70)
      XCTAssertEqual(x.roundedDown, x.rounded(.down))
    }
    for x in [0, 1, -1, 0.5, -0.5, 0x1p52, -0x1p52, 0x1p51 + 0.5, .infinity, -.infinity, 5e-324, -5e-324] {
      XCTAssertEqual(x.roundedDown, x.rounded(.down), "\(x)")
    }
    XCTAssertTrue(Double.nan.roundedDown.isNaN)
  }

  func testWholeNumbers() {
    let numbers: [Double] = [
      0, -0.0, 1, -1, 0.5, 1e18, 0x1p63, -0x1p63, 0x1p63.nextDown, (-0x1p63).nextDown, 1e300, .infinity, .nan,
      0x1p53 + 2, 5e-324,
    ]
    for x in numbers { XCTAssertEqual(Int64(whole: x), Int64(exactly: x), "\(x)") }
  }
}
