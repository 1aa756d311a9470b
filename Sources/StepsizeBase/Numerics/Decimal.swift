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
    var digits = Digits()
    digits.take(from: &rest)
    var exponent = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      exponent = digits.count
      digits.take(from: &rest)
      exponent -= digits.count
    }
    guard digits.count > 0 else { return nil }
    let mantissa = bytes[..<rest.startIndex]
    if let e = rest.first, e | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      let negativeExponent = takeSign(&rest)
      var size = Digits()
      size.take(from: &rest)
      guard size.count > 0 else { return nil }
      // Saturated far beyond what the digits of a literal can make up for.
      let magnitude = size.significant > 6 ? 1_000_000 : Int(size.number)
      exponent += negativeExponent ? -magnitude : magnitude
    }
    guard rest.isEmpty else { return nil }
    let magnitude = digits.nearest(exponent) ?? nearest(to: mantissa, exponent: exponent)
    return negative ? -magnitude : magnitude
  }

  /// The shortest text that reads back as `x`: "1", "0.1", "1e22", "-0", "nan", "inf".
  package static func write(_ x: Double) -> [UInt8] {
    var text: [UInt8] = []
    write(x, to: &text)
    return text
  }

  package static func write(_ x: Double, to text: inout [UInt8]) {
    if x.magnitude < 0x1p53, let n = Int64(whole: x), n != 0 || x.sign == .plus {
      return write(n, to: &text)
    }
    // As bytes: the views of a string would bring their indices into the library.
    _ = x.description.utf8.withContiguousStorageIfAvailable {
      guard var end = $0.firstIndex(of: UInt8(ascii: "e")) else { return text.append(contentsOf: $0) }
      // Swift writes 1e+22 and 1e-05.
      text.append(contentsOf: $0[...end])
      end += 1
      if $0[end] == UInt8(ascii: "-") { text.append($0[end]) }
      end += 1
      if $0[end] == UInt8(ascii: "0") { end += 1 }
      text.append(contentsOf: $0[end...])
    }
    if text.last == UInt8(ascii: "0"), text.count > 2, text[text.count - 2] == UInt8(ascii: ".") {
      text.removeLast(2)
    }
  }

  /// `n` in base ten.
  package static func write(_ n: Int64) -> [UInt8] {
    var text: [UInt8] = []
    write(n, to: &text)
    return text
  }

  package static func write(_ n: Int64, to text: inout [UInt8]) {
    if n < 0 { text.append(UInt8(ascii: "-")) }
    let start = text.count
    var rest = n.magnitude
    repeat {
      text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    text[start...].reverse()
  }

  /// Takes an optional sign off the front; true for a minus.
  private static func takeSign(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return false }
    rest = rest.dropFirst()
    return sign == UInt8(ascii: "-")
  }

  /// The digits of a literal as a number, as far as 64 bits hold them.
  private struct Digits {
    /// How many there are, and how many of them from the first on that is not 0.
    private(set) var count = 0
    private(set) var significant = 0
    private(set) var number: UInt64 = 0

    /// Takes those in front off.
    mutating func take(from rest: inout ArraySlice<UInt8>) {
      var i = rest.startIndex
      while i < rest.endIndex, rest[i] >= UInt8(ascii: "0"), rest[i] <= UInt8(ascii: "9") {
        let digit = rest[i] & 15
        if significant > 0 || digit > 0 { significant += 1 }
        number = number &* 10 &+ UInt64(digit)
        i += 1
      }
      count += i - rest.startIndex
      rest = rest[i...]
    }

    /// The double nearest to them times 10^exponent, from a sum of two doubles; nil where that does not tell.
    func nearest(_ exponent: Int) -> Double? {
      guard significant <= 19, exponent.magnitude <= 44 else { return nil }
      if significant == 0 { return 0 }
      var value = Pair(number)
      var left = Int(exponent.magnitude)
      while left > 0 {
        // Up to 10^22 a double is exact.
        var power = 1.0
        for _ in 0..<min(left, 22) { power *= 10 }
        value = exponent < 0 ? value / Pair(power) : value * power
        value = Pair(value.high, plus: value.low)
        left -= 22
      }
      // The error is below 2^-101 of it: unless that could change the rounding, it is right.
      let margin = 0x1p-96 * value.high
      let high = value.high
      return high + (value.low + margin) == high && high + (value.low - margin) == high ? high : nil
    }
  }

  /// The double nearest to the digits in the literal times 10^exponent.
  private static func nearest(to literal: ArraySlice<UInt8>, exponent: Int) -> Double {
    var digits: [UInt8] = []
    for byte in literal where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
      if byte > UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte & 15) }
    }
    // The value lies in [10^(order - 1), 10^order).
    let order = digits.count + exponent
    if digits.isEmpty || order < -330 { return 0 }
    if order > 310 { return .infinity }
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
