// Many values at once. The loops below are written so that they vectorise with what every 64-bit processor
// has, and are compiled for speed where the rest of the library is compiled for size.

extension Schedule {
  /// The rate of a group with a base rate where the schedule has a value. No rate has a sign: a base rate of -0 is 0.
  @inline(__always)
  public static func rate(base: Double, _ value: Double) -> Double { finite((base + 0) * value) }

  /// Writes base × value(at: first + i·stride) for each i: the same bits as one by one. Steps saturate at the
  /// ends of Int64.
  public func fill(
    _ out: inout MutableSpan<Double>, from first: Int64 = 0, stride: Int64 = 1, base: Double = 1
  ) {
    // In blocks that stay in the cache where there is more than one pass over them.
    var start = 0
    while start < out.count {
      let block = start..<(start &+ Swift.min(Self.blockLength, out.count &- start))
      fill(&out, block, from: first, stride, offset: start, base: base)
      start = block.upperBound
    }
  }

  /// In single precision: each value is computed in double precision and rounded once. Where that would
  /// round a rate above 0 to 0, it is the smallest positive number instead.
  public func fill(
    _ out: inout MutableSpan<Float>, from first: Int64 = 0, stride: Int64 = 1, base: Double = 1
  ) {
    var buffer = Array(repeating: 0.0, count: Swift.min(Self.blockLength, out.count))
    var start = 0
    while start < out.count {
      var values = buffer.mutableSpan
      let count = Swift.min(values.count, out.count &- start)
      fill(&values, 0..<count, from: first, stride, offset: start, base: base)
      for i in 0..<count { out[start &+ i] = single(values[i]) }
      start &+= count
    }
  }

  private static var blockLength: Int { 2048 }

  /// One block, whose first value is for step first + offset·stride.
  private func fill(
    _ out: inout MutableSpan<Double>, _ range: Range<Int>, from first: Int64, _ stride: Int64, offset: Int,
    base: Double
  ) {
    let (t, isHuge) = first.addingReportingOverflow(Int64(offset))
    // As in `rate`.
    let base = base + 0
    if stride == 1 && t >= 0 && !isHuge && t <= Int64.max &- Int64(range.count) {
      node.fill(&out, range, from: t, base: base)
    } else {
      for i in range {
        let step = Self.step(first, stride, Int64(i &- range.lowerBound &+ offset))
        out[i] = finite(base * node.value(at: step))
      }
    }
  }

  /// first + i·stride, exactly, then not below 0 and not above the largest step.
  private static func step(_ first: Int64, _ stride: Int64, _ i: Int64) -> Int64 {
    let product = stride.multipliedFullWidth(by: i)
    let (low, carry) = product.low.addingReportingOverflow(UInt64(bitPattern: first))
    let high = product.high &+ (first < 0 ? -1 : 0) &+ (carry ? 1 : 0)
    if high < 0 { return 0 }
    return high > 0 || low > UInt64(bitPattern: Int64.max) ? Int64.max : Int64(low)
  }
}

/// A rate in single precision: it stays finite, and above 0 where it is. NaN stays NaN.
@inline(__always)
public func single(_ rate: Double) -> Float {
  let rounded = Float(Swift.min(rate, Double(Float.greatestFiniteMagnitude)))
  return rate > 0 ? Swift.max(rounded, Float.leastNonzeroMagnitude) : rounded
}

extension Node {
  private static var pieceLength: Int { 128 }

  /// base × the values for consecutive steps from `t >= 0`; t plus the count does not overflow.
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64, base: Double) {
    switch self {
    case .constant(let leaf): out.set(range, to: finite(base * leaf.value))
    case .linear(let leaf) where leaf.total <= largestExact: leaf.fill(&out, range, from: t, base: base)
    case .cosine(let leaf) where leaf.isPlain && leaf.total <= largestExact:
      leaf.fill(&out, range, from: t, base: base)
    case .warmup(let leaf) where leaf.isPlain && leaf.steps <= largestExact:
      leaf.fill(&out, range, from: t, base: base)

    case .sequence(let first, let length, let then):
      let (before, after) = range.split(at: length, from: t)
      if !before.isEmpty { first.fill(&out, before, from: t, base: base) }
      if !after.isEmpty { then.fill(&out, after, from: t &+ Int64(before.count) &- length, base: base) }
    case .product(let a, let b):
      a.fill(&out, range, from: t, base: 1)
      var lower = range.lowerBound
      while lower < range.upperBound {
        let piece = lower..<(lower &+ Swift.min(Self.pieceLength, range.upperBound &- lower))
        // So small that it is on the stack: the first factor is written already, nothing may fail any more.
        withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.pieceLength) { others in
          others.initialize(repeating: 0)
          var other = others.mutableSpan
          b.fill(&other, 0..<piece.count, from: t &+ Int64(lower &- range.lowerBound), base: 1)
          out.multiply(piece, by: other)
        }
        lower = piece.upperBound
      }
      out.scale(range, by: base)
    case .scale(let factor, let part):
      part.fill(&out, range, from: t, base: factor)
      out.scale(range, by: base)
    case .clamp(let part, let low, let high):
      part.fill(&out, range, from: t, base: 1)
      for i in range { out[i] = finite(base * Swift.min(Swift.max(out[i], low), high)) }
    case .repeat(let part, let length, let end):
      var lower = range.lowerBound
      while lower < range.upperBound {
        let step = t &+ Int64(lower &- range.lowerBound)
        guard step < end || end == Int64.max else {
          out.set(lower..<range.upperBound, to: finite(base * part.value(at: length)))
          break
        }
        // To the end of the round, or of the last round.
        let position = step % Swift.max(length, 1)
        let round = (lower..<range.upperBound).split(at: length, from: position).before
        part.fill(&out, round, from: position, base: base)
        lower = round.upperBound
      }
    case .take(let part, let length):
      let (before, after) = range.split(at: length, from: t)
      if !before.isEmpty { part.fill(&out, before, from: t, base: base) }
      if !after.isEmpty { out.set(after, to: finite(base * part.value(at: length))) }
    default:
      for i in range { out[i] = finite(base * value(at: t &+ Int64(i &- range.lowerBound))) }
    }
  }
}

extension Range<Int> {
  /// The places of steps before `end` and from there on, where the first place is for step `t >= 0`.
  fileprivate func split(at end: Int64, from t: Int64) -> (before: Range, after: Range) {
    let middle = lowerBound &+ Int(Swift.min(Int64(count), Swift.max(0, end &- t)))
    return (lowerBound..<middle, middle..<upperBound)
  }
}

// MARK: - Loops

/// 2^52: up to here the steps of a span, and what is left of it, are whole doubles with room for a sum.
private var largestExact: Int64 { 1 << 52 }

extension Linear {
  @_optimize(speed)
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64, base: Double) {
    let (before, after) = range.split(at: total, from: t)
    let height = 1 - floor
    let floor = floor
    out.setQuotients(before, from: Double(total &- t), isFalling: true, over: Double(total), base: base) {
      floor + height * $0
    }
    out.set(after, to: finite(base * floor))
  }
}

extension Cosine {
  @_optimize(speed)
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64, base: Double) {
    let (before, after) = range.split(at: total, from: t)
    let height = 1 - floor
    let floor = floor
    out.setQuotients(before, from: Double(total &- t), isFalling: true, over: Double(total), base: base) {
      floor + height * halfWave($0)
    }
    out.set(after, to: finite(base * floor))
  }
}

extension Warmup {
  @_optimize(speed)
  fileprivate func fill(_ out: inout MutableSpan<Double>, _ range: Range<Int>, from t: Int64, base: Double) {
    let (before, after) = range.split(at: steps, from: t)
    out.setQuotients(before, from: Double(t) + 1, isFalling: false, over: Double(steps), base: base) { $0 }
    out.set(after, to: base)
  }
}

extension MutableSpan<Double> {
  /// base × body((from ± k) / over) for the k-th place. The values of the body are at most 1, so that the
  /// products are finite.
  @inline(__always)
  fileprivate mutating func setQuotients(
    _ range: Range<Int>, from: Double, isFalling: Bool, over: Double, base: Double, _ body: (Double) -> Double
  ) {
    guard range.lowerBound >= 0, range.upperBound <= count else { return }
    let first = Int64(range.lowerBound)
    // This is exact: the numbers are whole and at most 2^53.
    let top = from + 0x1p52
    let bottom = 0x1p52 - from
    for i in range {
      let k = raisedReal(Int64(i) &- first)
      self[i] = base * body((isFalling ? top - k : k - bottom) / over)
    }
  }

  @_optimize(speed)
  fileprivate mutating func set(_ range: Range<Int>, to value: Double) {
    guard range.lowerBound >= 0, range.upperBound <= count else { return }
    for i in range { self[i] = value }
  }

  @_optimize(speed)
  fileprivate mutating func scale(_ range: Range<Int>, by factor: Double) {
    guard range.lowerBound >= 0, range.upperBound <= count else { return }
    for i in range { self[i] = finite(factor * self[i]) }
  }

  @_optimize(speed)
  fileprivate mutating func multiply(_ range: Range<Int>, by others: borrowing MutableSpan) {
    guard range.lowerBound >= 0, range.upperBound <= count, range.count <= others.count else { return }
    for i in range { self[i] = finite(self[i] * others[i &- range.lowerBound]) }
  }
}
