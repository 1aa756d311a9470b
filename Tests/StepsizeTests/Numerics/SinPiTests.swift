import XCTest

@testable import Stepsize

final class SinPiTests: XCTestCase {
  /// Arguments and the doubles nearest to the exact values (mpmath, 300 bits).
  private let halfPiSines: [(Double, Double)] = [
    (0.32383276483316237, 0.4870207095183999),
    (0.15084917392450192, 0.23474217988505325),
    (0.6509344730398537, 0.8534062038213778),
    (0.07243628666754276, 0.11353729753224856),
    (0.5358820043066892, 0.7458176891761312),
    (0.36568891691258554, 0.5433503245641057),
    (0.057998924774706806, 0.09097852194812066),
    (0.5074357331894203, 0.7153173841925629),
    (0.03749565844198488, 0.05886399577446147),
    (0.4336456836623859, 0.6297016132102765),
    (0.06985542357461894, 0.10950857961304007),
    (0.09071301334386506, 0.14200996858341672),
    (0.42451918914251396, 0.6185006575290172),
    (0.8268521246720381, 0.9632408667760611),
    (0.12380196114964559, 0.19324426232942324),
    (0.22323896460701453, 0.34352048506738453),
    (0.5, 0.7071067811865476),
    (0.25, 0.3826834323650898),
    (0.0009765625, 0.0015339801862847657),
    (9.313225746154785e-10, 1.4629180792671596e-09),
    (3.054936363499605e-151, 4.798682818377338e-151),
    (9.332636185032189e-302, 1.4659670638761699e-301),
    (0.9999999999999999, 1.0),
    (0.3276, 0.4921804917456023),
    (1e-300, 1.5707963267948968e-300),
  ]

  private let sines: [(Double, Double)] = [
    (0.7645993344335356, 0.6739429744738046),
    (2.6862536547420337, 0.8336385733405495),
    (0.4626176917049918, 0.9931118472804413),
    (-0.6199171520953191, -0.9298722677799202),
    (2.85753063355752, 0.4327858251348374),
    (-2.7205039162934623, -0.769503171922284),
    (2.1508107542920776, 0.45625847148682475),
    (-1.2623442820099424, 0.7339903505628689),
    (-2.134469499855375, -0.40999482909855395),
    (-2.2932465715297896, -0.7963650927086876),
    (-1.1491090553883938, 0.45149481070664155),
    (1.8967581547201888, -0.3186868902399072),
    (-1.9156417204563752, 0.26192794387929075),
    (0.48960098197479773, 0.9994664000445119),
    (0.8334808135571041, 0.4995986970431866),
    (-0.7656147436456129, -0.6715828288977083),
    (0.5000000000000001, 1.0),
    (0.49999999999999994, 1.0),
    (1.4999999999999998, -1.0),
    (0.25, 0.7071067811865476),
    (-0.75, -0.7071067811865476),
    (1e-20, 3.141592653589793e-20),
    (123456789.1, -0.3090169765660799),
    (9.332636185032189e-302, 2.9319341277523397e-301),
  ]

  private let cosines: [(Double, Double)] = [
    (0.7645993344335356, -0.738783369572841),
    (2.6862536547420337, -0.5523103557228791),
    (0.4626176917049918, 0.11717021290084495),
    (-0.6199171520953191, -0.3678825432306192),
    (2.85753063355752, -0.9014967717980791),
    (-2.7205039162934623, -0.6386429897850158),
    (2.1508107542920776, 0.8898472943131908),
    (-1.2623442820099424, -0.67915989669635),
    (-2.134469499855375, 0.9120878467080062),
    (-2.2932465715297896, 0.6048162027550877),
    (-1.1491090553883938, -0.8922737449376026),
    (1.8967581547201888, 0.947860045570662),
    (-1.9156417204563752, 0.965087432420072),
    (0.48960098197479773, 0.03266366761500575),
    (0.8334808135571041, -0.8662569722159529),
    (-0.7656147436456129, -0.7409294864761097),
    (0.5000000000000001, -3.487868498008632e-16),
    (0.49999999999999994, 1.743934249004316e-16),
    (1.4999999999999998, -6.975736996017264e-16),
    (0.25, 0.7071067811865476),
    (-0.75, -0.7071067811865476),
    (1e-20, 1.0),
    (123456789.1, -0.9510565220816052),
    (9.332636185032189e-302, 1.0),
  ]

  /// The number of doubles from `a` to `b`.
  private func distance(_ a: Double, _ b: Double) -> UInt64 {
    func ordinal(_ x: Double) -> Int64 {
      x < 0 ? -Int64(x.magnitude.bitPattern) : Int64(x.magnitude.bitPattern)
    }
    return (ordinal(a) - ordinal(b)).magnitude
  }

  private func randomArguments(_ count: Int) -> [Double] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Double(state >> 11) * 0x1p-53
    }
  }

  func testReferenceValues() {
    for (y, expected) in halfPiSines { XCTAssertLessThanOrEqual(distance(sinHalfPi(y), expected), 1, "\(y)") }
    for (x, expected) in sines { XCTAssertLessThanOrEqual(distance(sinPi(x), expected), 1, "\(x)") }
    for (x, expected) in cosines { XCTAssertLessThanOrEqual(distance(cosPi(x), expected), 1, "\(x)") }
  }

  func testExactValues() {
    XCTAssertEqual(sinHalfPi(0.0), 0)
    XCTAssertEqual(sinHalfPi(1.0), 1)
    for n in -5...5 {
      let x = Double(n)
      XCTAssertEqual(sinPi(x), 0)
      XCTAssertEqual(cosPi(x), n % 2 == 0 ? 1 : -1)
      XCTAssertEqual(cosPi(x + 0.5), 0)
      XCTAssertEqual(sinPi(x + 0.5), n % 2 == 0 ? 1 : -1)
    }
  }

  func testHugeAndNonFinite() {
    for x in [0x1p53, 0x1p60, 1e300, Double.greatestFiniteMagnitude] {
      XCTAssertEqual(cosPi(x), 1)
      XCTAssertEqual(sinPi(-x), 0)
    }
    XCTAssertEqual(cosPi(0x1p53 - 1), -1)
    XCTAssertEqual(sinPi(0x1p51 + 0.5), 1)
    for x in [Double.infinity, -.infinity, .nan] {
      XCTAssertTrue(sinPi(x).isNaN)
      XCTAssertTrue(cosPi(x).isNaN)
    }
    XCTAssertTrue(sinHalfPi(Double.nan).isNaN)
  }

  func testSymmetry() {
    for x in randomArguments(1000) {
      XCTAssertEqual(sinPi(-x), -sinPi(x))
      XCTAssertEqual(cosPi(-x), cosPi(x))
      XCTAssertEqual(cosPi(x + 2), cosPi((x + 2) - 2))
    }
  }

  func testLanesHaveTheBitsOfTheScalar() {
    for x in randomArguments(10_000) {
      let expected = sinHalfPi(x).bitPattern
      let other = sinHalfPi(1 - x).bitPattern
      XCTAssertEqual(sinHalfPi(SIMD2(x, 1 - x))[0].bitPattern, expected)
      XCTAssertEqual(sinHalfPi(SIMD2(x, 1 - x))[1].bitPattern, other)
      let four = sinHalfPi(SIMD4(x, 1 - x, x, 1 - x))
      for lane in four.indices { XCTAssertEqual(four[lane].bitPattern, lane % 2 == 0 ? expected : other) }
      let eight = sinHalfPi(SIMD8(lowHalf: SIMD4(x, 1 - x, x, 1 - x), highHalf: SIMD4(repeating: x)))
      for lane in eight.indices {
        XCTAssertEqual(eight[lane].bitPattern, lane == 1 || lane == 3 ? other : expected)
      }
    }
  }

  /// The bits must not depend on the platform: a hash (FNV-1a over words) of 100,000 values of each function.
  func testBitsOnEveryPlatform() {
    func hash(_ f: (Double) -> Double) -> UInt64 {
      randomArguments(100_000).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ f($1).bitPattern) &* 0x100_0000_01B3 }
    }
    XCTAssertEqual(hash { sinHalfPi($0) }, 0x1D5D_8366_4E2A_46AD)
    XCTAssertEqual(hash { sinPi(8 * $0 - 4) }, 0xD347_F79B_8821_8309)
    XCTAssertEqual(hash { cosPi(8 * $0 - 4) }, 0x267A_48E1_3F80_2A10)
  }
}
