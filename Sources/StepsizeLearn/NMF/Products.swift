import StepsizeBase

// The hot loops of a factorization. Factors are stored component by component, so that all loops run along memory;
// the order of summation does not depend on the machine.

/// Four long rows times two: [p0·q0, p1·q0, p2·q0, p3·q0, p0·q1, …, p3·q1]. `count` is even.
@_optimize(speed)
func dotProducts(
  _ p: borrowing FixedBuffer, _ pStart: Int, _ pStride: Int,
  _ q: borrowing FixedBuffer, _ qStart: Int, _ qStride: Int, _ count: Int
) -> SIMD8<Double> {
  typealias V = SIMD2<Double>
  var s00 = V.zero
  var s10 = V.zero
  var s20 = V.zero
  var s30 = V.zero
  var s01 = V.zero
  var s11 = V.zero
  var s21 = V.zero
  var s31 = V.zero
  guard p.holds(pStart, 3 &* pStride &+ count), q.holds(qStart, qStride &+ count) else { return .zero }
  var j = 0
  while j < count {
    let a = q.vector(qStart &+ j, as: V.self)
    let b = q.vector(qStart &+ qStride &+ j, as: V.self)
    let p0 = p.vector(pStart &+ j, as: V.self)
    s00 += p0 * a
    s01 += p0 * b
    let p1 = p.vector(pStart &+ pStride &+ j, as: V.self)
    s10 += p1 * a
    s11 += p1 * b
    let p2 = p.vector(pStart &+ 2 &* pStride &+ j, as: V.self)
    s20 += p2 * a
    s21 += p2 * b
    let p3 = p.vector(pStart &+ 3 &* pStride &+ j, as: V.self)
    s30 += p3 * a
    s31 += p3 * b
    j &+= 2
  }
  return SIMD8(
    s00[0] + s00[1], s10[0] + s10[1], s20[0] + s20[1], s30[0] + s30[1],
    s01[0] + s01[1], s11[0] + s11[1], s21[0] + s21[1], s31[0] + s31[1])
}

/// Adds to two long rows of `out` the four rows of `p`, weighted by w[0..<4] and w[4..<8]. `count` is even.
@_optimize(speed)
func addRows(
  _ out: inout FixedBuffer, _ start: Int, _ stride: Int,
  _ p: borrowing FixedBuffer, _ pStride: Int, _ w: SIMD8<Double>, _ count: Int
) {
  typealias V = SIMD2<Double>
  guard out.holds(start, stride &+ count), p.holds(0, 3 &* pStride &+ count) else { return }
  let w0 = V(repeating: w[0])
  let w1 = V(repeating: w[1])
  let w2 = V(repeating: w[2])
  let w3 = V(repeating: w[3])
  let v0 = V(repeating: w[4])
  let v1 = V(repeating: w[5])
  let v2 = V(repeating: w[6])
  let v3 = V(repeating: w[7])
  var j = 0
  while j < count {
    let p0 = p.vector(j, as: V.self)
    let p1 = p.vector(pStride &+ j, as: V.self)
    var a = w0 * p0 + w1 * p1
    var b = v0 * p0 + v1 * p1
    let p2 = p.vector(2 &* pStride &+ j, as: V.self)
    let p3 = p.vector(3 &* pStride &+ j, as: V.self)
    a += w2 * p2 + w3 * p3
    b += v2 * p2 + v3 * p3
    out.store(out.vector(start &+ j, as: V.self) + a, start &+ j)
    out.store(out.vector(start &+ stride &+ j, as: V.self) + b, start &+ stride &+ j)
    j &+= 2
  }
}

/// A factor, or the rows of one in a batch: `rank` components of `length` numbers. The memory has a multiple
/// of 4 components and of 8 numbers; the padding is 0 and stays so.
struct Factor: ~Copyable {
  let rank: Int
  let length: Int
  let stride: Int
  var numbers: FixedBuffer

  init(rank: Int, length: Int) {
    self.rank = rank
    self.length = length
    stride = (length &+ 7) & ~7
    numbers = FixedBuffer(count: paddedRank(rank) &* stride)
  }

  subscript(component: Int, place: Int) -> Double {
    @inline(__always) get { numbers[component &* stride &+ place] }
    @inline(__always) set { numbers[component &* stride &+ place] = newValue }
  }

  /// The sum of the products of all numbers of this one and another of the same shape.
  @_optimize(speed)
  func dot(_ other: borrowing Factor) -> Double {
    let count = Swift.min(numbers.count, other.numbers.count) & ~7
    var sum = SIMD8<Double>.zero
    var i = 0
    while i < count {
      sum += numbers.vector(i, as: SIMD8<Double>.self) * other.numbers.vector(i, as: SIMD8<Double>.self)
      i &+= 8
    }
    return sum.sum()
  }

  /// Writes the rank × rank products of its components, M·Mᵀ, in rows of `paddedRank`.
  func gram(_ out: inout FixedBuffer) {
    let padded = paddedRank(rank)
    var l = 0
    while l < padded {
      var k = l & ~3
      while k < padded {
        let s = dotProducts(numbers, k &* stride, stride, numbers, l &* stride, stride, stride)
        for i in 0..<8 {
          let row = k &+ (i & 3)
          let column = l &+ (i >> 2)
          out[row &* padded &+ column] = s[i]
          out[column &* padded &+ row] = s[i]
        }
        k &+= 4
      }
      l &+= 2
    }
  }
}

func paddedRank(_ rank: Int) -> Int { (rank &+ 3) & ~3 }

/// The result of a block's step.
struct Descent {
  /// ‖S·M − T‖² at the start.
  var gradientSquares = 0.0
  /// ‖M‖² at the end.
  var squares = 0.0
}

/// `repeats` projected steps M ← min(max(M − rate·(S·M − T), floor), cap) from `m` into `out`.
///
/// S·M − T is the gradient in one factor while the other is fixed: S is the other's Gram matrix, T the product
/// of the data with it. Columns are independent, so that all steps of a few columns stay in the
/// cache.
@_optimize(speed)
func descend(
  _ m: borrowing Factor, _ s: borrowing FixedBuffer, _ t: borrowing Factor, _ out: inout Factor,
  _ panel: inout FixedBuffer, rate: Double, floor: Double, cap: Double, repeats: Int
) -> Descent {
  typealias V = SIMD8<Double>
  let rank = m.rank
  let padded = paddedRank(rank)
  let stride = m.stride
  guard t.stride == stride, out.stride == stride, t.rank == rank, out.rank == rank,
    s.holds(0, padded &* padded), panel.holds(0, 16 &* padded)
  else { return Descent() }
  var gradientSquares = V.zero
  var squares = V.zero
  var j = 0
  while j < stride {
    // The padding is 0 and has the floor 0.
    var floors = V(repeating: floor)
    if m.length &- j < 8 {
      for i in 0..<8 where i >= m.length &- j { floors[i] = 0 }
    }
    var k = 0
    while k < padded {
      panel.store(m.numbers.vector(k &* stride &+ j, as: V.self), 8 &* k)
      panel.store(V.zero, 8 &* (padded &+ k))
      k &+= 1
    }
    var from = 0
    for pass in 0..<Swift.max(repeats, 1) {
      let to = 8 &* padded &- from
      k = 0
      while k < rank {
        var a = -t.numbers.vector(k &* stride &+ j, as: V.self)
        var b = -t.numbers.vector((k &+ 1) &* stride &+ j, as: V.self)
        var l = 0
        while l < rank {
          let column = panel.vector(from &+ 8 &* l, as: V.self)
          // Symmetric: the two numbers are neighbours.
          let weights = s.vector(l &* padded &+ k, as: SIMD2<Double>.self)
          a += weights[0] * column
          b += weights[1] * column
          l &+= 1
        }
        if pass == 0 {
          gradientSquares += a * a
          gradientSquares += k &+ 1 < rank ? b * b : V.zero
        }
        panel.store(clipped(panel.vector(from &+ 8 &* k, as: V.self) - rate * a, floors, cap), to &+ 8 &* k)
        if k &+ 1 < rank {
          panel.store(
            clipped(panel.vector(from &+ 8 &* k &+ 8, as: V.self) - rate * b, floors, cap), to &+ 8 &* k &+ 8)
        }
        k &+= 2
      }
      from = to
    }
    k = 0
    while k < rank {
      let values = panel.vector(from &+ 8 &* k, as: V.self)
      squares += values * values
      out.numbers.store(values, k &* stride &+ j)
      k &+= 1
    }
    j &+= 8
  }
  return Descent(gradientSquares: gradientSquares.sum(), squares: squares.sum())
}

/// NaN becomes the floor: a factor never contains NaN, whatever the data contain.
@inline(__always)
private func clipped(_ x: SIMD8<Double>, _ floors: SIMD8<Double>, _ cap: Double) -> SIMD8<Double> {
  let raised = floors.replacing(with: x, where: x .> floors)
  let caps = SIMD8<Double>(repeating: cap)
  return caps.replacing(with: raised, where: raised .< caps)
}
