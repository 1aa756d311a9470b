/// Numbers as ASCII text, without libc: reading is correctly rounded, writing is shortest round-trip.
package enum Decimal {
  /// Longer literals are refused: this bounds the time of the exact conversion.
  package static let maxLiteralLength = 1000

  /// The double nearest to the literal `[+-]digits[.digits][e[+-]digits]`, ties to even; nil for other text.
  ///
  /// At least one digit must come before or after the point. Too large a value gives an infinity.
  package static func parse(_ bytes: ArraySlice<UInt8>) -> Double? {
    guard bytes.count <= maxLiteralLength else { return nil }
    var rest = bytes
    let negative = takeSign(&rest)
    var digits = takeDigits(&rest)
    var exponent = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      let fraction = takeDigits(&rest)
      digits += fraction
      exponent = -fraction.count
    }
    guard !digits.isEmpty else { return nil }
    if let e = rest.first, e | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      let negativeExponent = takeSign(&rest)
      let exponentDigits = takeDigits(&rest)
      guard !exponentDigits.isEmpty else { return nil }
      // Saturated far beyond what the digits of a literal can make up for.
      let size = exponentDigits.reduce(0) { min($0 * 10 + Int($1), 1_000_000) }
      exponent += negativeExponent ? -size : size
    }
    guard rest.isEmpty else { return nil }
    let magnitude = nearest(to: digits.drop { $0 == 0 }, exponent: exponent)
    return negative ? -magnitude : magnitude
  }

  /// The shortest text that reads back as `x`: "1", "0.1", "1e22", "-0", "nan", "inf".
  package static func write(_ x: Double) -> [UInt8] {
    var text: [UInt8] = []
    // As bytes: the views of a string would link their index code into the library.
    _ = x.description.utf8.withContiguousStorageIfAvailable {
      for byte in $0 {
        // Swift writes 1e+22 and 1e-05.
        let isZero = byte == UInt8(ascii: "0")
        if (isZero || byte == UInt8(ascii: "+")) && text.last == UInt8(ascii: "e") { continue }
        if isZero && text.last == UInt8(ascii: "-") && text.count > 1
          && text[text.count - 2] == UInt8(ascii: "e")
        {
          continue
        }
        text.append(byte)
      }
    }
    if text.count > 2 && text[text.count - 1] == UInt8(ascii: "0")
      && text[text.count - 2] == UInt8(ascii: ".")
    {
      text.removeLast(2)
    }
    return text
  }

  /// `n` in base ten.
  package static func write(_ n: Int64) -> [UInt8] {
    var reversed: [UInt8] = []
    var rest = n.magnitude
    repeat {
      reversed.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    if n < 0 { reversed.append(UInt8(ascii: "-")) }
    return reversed.reversed()
  }

  /// Takes an optional sign off the front; true for a minus.
  private static func takeSign(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return false }
    rest = rest.dropFirst()
    return sign == UInt8(ascii: "-")
  }

  /// Takes the digits, as values 0...9, off the front.
  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    var digits: [UInt8] = []
    while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      digits.append(byte - UInt8(ascii: "0"))
      rest = rest.dropFirst()
    }
    return digits
  }

  /// The double nearest to `digits * 10^exponent`; the first digit is not zero.
  private static func nearest(to digits: ArraySlice<UInt8>, exponent: Int) -> Double {
    // The value lies in [10^(order - 1), 10^order).
    let order = digits.count + exponent
    if digits.isEmpty || order < -330 { return 0 }
    if order > 310 { return .infinity }
    if digits.count <= 15 && exponent.magnitude <= 22 {
      // Both operands are exact: one rounding (Clinger).
      let number = digits.reduce(0.0) { $0 * 10 + Double($1) }
      var power = 1.0
      for _ in 0..<exponent.magnitude { power *= 10 }
      return exponent < 0 ? number / power : number * power
    }
    var numerator = Natural()
    var denominator = Natural(1)
    for digit in digits { numerator.multiply(by: 10, adding: UInt32(digit)) }
    for _ in 0..<exponent.magnitude {
      if exponent < 0 { denominator.multiply(by: 10) } else { numerator.multiply(by: 10) }
    }
    return quotient(numerator, denominator)
  }

  /// The double nearest to `n / d`, both positive, by long division in binary.
  private static func quotient(_ n: Natural, _ d: Natural) -> Double {
    // Scale to n / d * 2^exponent with n / d in [1, 2).
    var n = n
    var d = d
    var exponent = n.bitWidth - d.bitWidth
    if exponent > 0 { d.shiftLeft(by: exponent) } else { n.shiftLeft(by: -exponent) }
    if n < d {
      n.shiftLeft(by: 1)
      exponent -= 1
    }
    if exponent > 1023 { return .infinity }
    // A subnormal has fewer bits; with none left, rounding still decides between 0 and the least one.
    let bits = min(53, exponent + 1075)
    if bits < 0 { return 0 }
    var significand: UInt64 = 0
    for _ in 0..<bits {
      significand *= 2
      if !(n < d) {
        n.subtract(d)
        significand += 1
      }
      n.shiftLeft(by: 1)
    }
    // n / d is now the rest in half units of the last place.
    if d < n || (!(n < d) && significand % 2 == 1) { significand += 1 }
    // The leading bit of a normal significand adds the last 1 of its exponent field; so does a carry.
    let field = UInt64(max(exponent + 1022, 0))
    return Double(bitPattern: (field << 52) + significand)
  }
}

/// A natural number of any size, in limbs of 32 bits, least first, without leading zeros.
private struct Natural {
  private var limbs: [UInt32] = []

  init() {}

  init(_ value: UInt32) { limbs = value == 0 ? [] : [value] }

  /// The position of the highest bit that is set, counted from 1.
  var bitWidth: Int { limbs.count * 32 - (limbs.last?.leadingZeroBitCount ?? 0) }

  /// `self = self * factor + addend`.
  mutating func multiply(by factor: UInt32, adding addend: UInt32 = 0) {
    var carry = UInt64(addend)
    for i in limbs.indices {
      carry += UInt64(limbs[i]) * UInt64(factor)
      limbs[i] = UInt32(truncatingIfNeeded: carry)
      carry >>= 32
    }
    if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
  }

  /// `self = self * 2^count`, for `count >= 0`.
  mutating func shiftLeft(by count: Int) {
    multiply(by: 1 << UInt32(count % 32))
    if count >= 32 && !limbs.isEmpty { limbs = Array(repeating: 0, count: count / 32) + limbs }
  }

  /// `self = self - other`, for `other <= self`.
  mutating func subtract(_ other: Natural) {
    var borrow: Int64 = 0
    for i in limbs.indices {
      borrow += Int64(limbs[i]) - (i < other.limbs.count ? Int64(other.limbs[i]) : 0)
      limbs[i] = UInt32(truncatingIfNeeded: borrow)
      borrow >>= 32
    }
    while limbs.last == 0 { limbs.removeLast() }
  }

  static func < (a: Natural, b: Natural) -> Bool {
    if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
    for i in a.limbs.indices.reversed() where a.limbs[i] != b.limbs[i] { return a.limbs[i] < b.limbs[i] }
    return false
  }
}
