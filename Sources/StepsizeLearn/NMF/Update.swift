import StepsizeBase

/// The result of an update.
public struct FactorizationUpdate: Sendable {
  /// ½‖X_B − W_B·H‖² before the update.
  public var loss = 0.0
  /// ‖X_B‖².
  public var squares = 0.0
  /// The rates used for W and for H.
  public var wRate = 0.0
  public var hRate = 0.0
  /// The bounds of both; 0 without a bound, and where there is nothing to bound because X is 0.
  public var wBound = 0.0
  public var hBound = 0.0
  /// Norms of the gradients; that of H is taken with the new W where the order is alternating.
  public var wGradient = 0.0
  public var hGradient = 0.0
  /// Whether a bound cut one of the rates.
  public var isClipped = false
  /// The rows of the batch.
  public var rows = 0
}

extension Factorization {
  /// The bound that holds before the first step: θ/((3·√r + 1)·‖X‖); 0 if X is 0.
  public var aprioriBound: Double {
    inverse(Bound.apriori(radiusSquared: radiusSquared, norm: norm))
  }

  /// One update on the next batch of rows. X is the matrix that the factorization was made from.
  ///
  /// Batches come from a random permutation of the rows for each pass; the numbers of rows in the batches of a
  /// pass differ by at most one. A rate that is negative or not finite, an X of another size, and rows with an entry
  /// that is negative, not finite or too large are errors, after which the same batch comes next.
  public mutating func step(
    _ x: Span<Double>, stride: Int, rate: Double
  ) throws(ConfigurationError) -> FactorizationUpdate {
    var update = FactorizationUpdate()
    try check(x, stride)
    try Check("nmf")("learning_rate", rate, in: .nonNegative)
    if !isShuffled {
      shuffle()
      measure()
      isShuffled = true
    }
    let start = place(of: batch)
    let count = place(of: batch &+ 1) &- start
    let before = gather(start, count)
    h.gram(&gramH)
    let found = multiply(
      x, stride, start, count, isForW: true, isForH: configuration.order == .simultaneous)
    if found.isSuspect, let refusal = refusal(x, stride, start, count) { throw refusal }

    // Up to here nothing has changed except what the next update recomputes.
    batch = batch &+ 1 < batchCount ? batch &+ 1 : 0
    isShuffled = batch > 0
    updates &+= updates < Int64.max ? 1 : 0
    update.squares = found.squares
    update.rows = count
    batchW.gram(&gramW)
    update.loss = loss(squares: update.squares)
    switch configuration.order {
    case .alternating: alternate(x, stride, start, count, rate, before, &update)
    case .simultaneous: stepBoth(count, rate, before, &update)
    }
    scatter(start, count)
    // On the ball a factor could get stuck; balanced, the two have the smallest norms that give their product.
    if Swift.max(wSquares, hSquares) > 0.9 * radiusSquared { balance() }
    return update
  }

  /// ½‖X − WH‖². The squares of X, of WH and their product are summed up and then subtracted: what is below
  /// 1e-15·‖X‖² is rounding. X is what `step` takes.
  public mutating func loss(_ x: Span<Double>, stride: Int) throws(ConfigurationError) -> Double {
    try check(x, stride)
    h.gram(&gramH)
    var sum = 0.0
    for b in 0..<batchCount {
      let start = place(of: b)
      let count = place(of: b &+ 1) &- start
      _ = gather(start, count)
      let found = multiply(x, stride, start, count, isForW: true, isForH: false)
      if found.isSuspect, let refusal = refusal(x, stride, start, count) { throw refusal }
      batchW.gram(&gramW)
      sum += loss(squares: found.squares)
    }
    return sum
  }

  private func check(_ x: Span<Double>, _ stride: Int) throws(ConfigurationError) {
    try Self.checkSize(of: x, rows, columns, stride)
  }

  /// The error for the first invalid entry of the batch; nil if there is none.
  private func refusal(
    _ x: Span<Double>, _ stride: Int, _ start: Int, _ count: Int
  ) -> ConfigurationError? {
    for place in start..<start &+ count {
      let i = row(place)
      for j in 0..<columns {
        let value = x[i &* stride &+ j]
        if !(value >= 0 && value <= Self.largestEntry) { return Self.refusal(i, j, value) }
      }
    }
    return nil
  }

  // MARK: - Steps

  /// W with H fixed, then H with the new W fixed; each is a convex problem.
  private mutating func alternate(
    _ x: Span<Double>, _ stride: Int, _ start: Int, _ count: Int, _ rate: Double, _ before: Double,
    _ update: inout FactorizationUpdate
  ) {
    let data = update.squares.squareRoot()
    let ofH = Bound.largestEigenvalue(gramH, paddedRank(rank), &panel)
    (update.wRate, update.wBound) = cut(rate, ofH, data, &update)
    var descent = descend(
      batchW, gramH, batchProduct, &nextBatchW, &panel, rate: update.wRate, floor: floor, cap: cap,
      repeats: Int(configuration.wSteps))
    update.wGradient = descent.gradientSquares.squareRoot()
    // The other rows of W do not change.
    nextBatchW.pull(
      to: batchW, &descent.squares, before, inside: Swift.max(radiusSquared - (wSquares - before), before))
    swap(&batchW, &nextBatchW)
    keep(descent.squares, before, count)

    batchW.gram(&gramW)
    multiply(x, stride, start, count, isForW: false, isForH: true)
    // Not below the mean eigenvalue of such a batch: rows that are nearly 0 carry no information about H.
    var curvature = Swift.max(
      Bound.largestEigenvalue(gramW, paddedRank(rank), &panel),
      wSquares / Double(rank) * (Double(count) / Double(rows)))
    if configuration.bound == .minibatch { curvature = Swift.max(curvature, meanSquare(count)) }
    (update.hRate, update.hBound) = cut(rate, curvature, data, &update)
    descent = descend(
      h, gramW, hProduct, &nextH, &panel, rate: update.hRate, floor: floor, cap: cap,
      repeats: Int(configuration.hSteps))
    update.hGradient = descent.gradientSquares.squareRoot()
    nextH.pull(to: h, &descent.squares, hSquares, inside: radiusSquared)
    swap(&h, &nextH)
    hSquares = descent.squares
  }

  private mutating func stepBoth(
    _ count: Int, _ rate: Double, _ before: Double, _ update: inout FactorizationUpdate
  ) {
    var curvature = Bound.joint(before, hSquares, residual: (2 * update.loss).squareRoot())
    if configuration.bound == .minibatch { curvature = Swift.max(curvature, meanSquare(count)) }
    (update.wRate, update.wBound) = cut(rate, curvature, update.squares.squareRoot(), &update)
    (update.hRate, update.hBound) = (update.wRate, update.wBound)
    let ofW = descend(
      batchW, gramH, batchProduct, &nextBatchW, &panel, rate: update.wRate, floor: floor, cap: cap, repeats: 1
    )
    let ofH = descend(
      h, gramW, hProduct, &nextH, &panel, rate: update.hRate, floor: floor, cap: cap, repeats: 1)
    update.wGradient = ofW.gradientSquares.squareRoot()
    update.hGradient = ofH.gradientSquares.squareRoot()
    swap(&batchW, &nextBatchW)
    swap(&h, &nextH)
    let left = Swift.max(radiusSquared - (wSquares - before), before)
    var squares = ofW.squares
    if squares > left { squares = batchW.project(squares, left, floor) }
    hSquares = ofH.squares
    if hSquares > radiusSquared { hSquares = h.project(hSquares, radiusSquared, floor) }
    keep(squares, before, count)
  }

  /// Gives each w_k and h_k the same norm, which does not change W·H.
  private mutating func balance() {
    for k in 0..<rank {
      var ofW = 0.0
      var ofH = 0.0
      for i in 0..<rows { ofW += w[i &* rank &+ k] * w[i &* rank &+ k] }
      for j in 0..<columns { ofH += h[k, j] * h[k, j] }
      guard ofW > 0, ofH > 0 else { continue }
      let scale = (ofH / ofW).squareRoot().squareRoot()
      for i in 0..<rows { w[i &* rank &+ k] = Swift.max(scale * w[i &* rank &+ k], floor) }
      for j in 0..<columns { h[k, j] = Swift.max(h[k, j] / scale, floor) }
    }
    settle()
  }

  /// The rate that is used and the bound.
  private func cut(
    _ rate: Double, _ curvature: Double, _ data: Double, _ update: inout FactorizationUpdate
  ) -> (Double, Double) {
    var curvature = curvature
    if configuration.bound == .apriori {
      // Rows of a larger matrix may be larger than any seen so far.
      let norm = configuration.norm > 0 ? Swift.max(norm, data) : norm
      curvature = Bound.apriori(radiusSquared: radiusSquared, norm: norm)
    }
    let bound = inverse(curvature)
    let wanted = configuration.isRelative ? rate * bound : rate
    guard configuration.bound != .none else { return (Swift.min(wanted, largestRate), 0) }
    // Not `isClipped = wanted > bound`: the other factor's rate may have been cut.
    if wanted > bound { update.isClipped = true }
    return (Swift.min(wanted, bound), bound)
  }

  private func inverse(_ curvature: Double) -> Double {
    curvature > 0 ? Swift.min(configuration.theta / curvature, largestRate) : 0
  }

  /// Beyond these everything overflows.
  private var largestRate: Double { 1e250 }
  private var cap: Double { 1e20 * radiusSquared.squareRoot() }

  private func meanSquare(_ count: Int) -> Double {
    Bound.meanSquare(largestRow: largestRow, squares: wSquares, rows: rows, count: count)
  }

  private mutating func keep(_ squares: Double, _ before: Double, _ count: Int) {
    wSquares = Swift.max(wSquares + (squares - before), squares)
    for i in 0..<count {
      var row = 0.0
      for k in 0..<rank { row += batchW[k, i] * batchW[k, i] }
      largestRow = Swift.max(largestRow, row)
    }
  }

  /// From the products of the batch: ½(‖X_B‖² − 2⟨X_B·Hᵀ, W_B⟩ + ⟨W_BᵀW_B, HHᵀ⟩).
  private func loss(squares: Double) -> Double {
    var grams = 0.0
    for i in 0..<gramH.count { grams += gramH[i] * gramW[i] }
    return Swift.max(0.5 * (squares - 2 * batchProduct.dot(batchW) + grams), 0)
  }

  // MARK: - Batches

  private var isFull: Bool { order.isEmpty }

  /// The first row of a batch in the permutation.
  func place(of batch: Int) -> Int {
    let (quotient, remainder) = rows.quotientAndRemainder(dividingBy: batchCount)
    return batch &* quotient &+ Swift.min(batch, remainder)
  }

  @inline(__always)
  func row(_ place: Int) -> Int { isFull ? place : Int(order[place]) }

  private mutating func shuffle() {
    guard !isFull else { return }
    let random = CounterRandom(seed: configuration.seed, step: pass)
    pass &+= 1
    var i = rows &- 1
    while i > 0 {
      let j = Swift.min(Int(random.uniform(UInt64(i)) * Double(i &+ 1)), i)
      order.swapAt(i, j)
      i &-= 1
    }
  }

  /// Takes the batch's rows out of W; ‖W_B‖².
  private mutating func gather(_ start: Int, _ count: Int) -> Double {
    if count < batchW.length { batchW.numbers.set(0, 0, batchW.numbers.count) }
    for i in 0..<count {
      let from = row(start &+ i) &* rank
      for k in 0..<rank { batchW[k, i] = w[from &+ k] }
    }
    return batchW.dot(batchW)
  }

  private mutating func scatter(_ start: Int, _ count: Int) {
    for i in 0..<count {
      let to = row(start &+ i) &* rank
      for k in 0..<rank { w[to &+ k] = batchW[k, i] }
    }
  }

  /// What the pass over a batch finds.
  struct Found {
    /// ‖X_B‖².
    var squares = 0.0
    /// The smallest entry below 0; 0 if there is none. NaN shows in the squares.
    var least = 0.0

    /// False where all entries are in [0, `largestEntry`]: one beyond it, or NaN, would show in the squares.
    var isSuspect: Bool { !(squares < 0.99 * largestEntry * largestEntry && least >= 0) }
  }

  /// X_B·Hᵀ and what `Found` has (`isForW`), and W_Bᵀ·X_B (`isForH`), in one pass over X.
  @discardableResult
  mutating func multiply(
    _ x: Span<Double>, _ stride: Int, _ start: Int, _ count: Int, isForW: Bool, isForH: Bool
  ) -> Found {
    if isForW { batchProduct.numbers.set(0, 0, batchProduct.numbers.count) }
    if isForH { hProduct.numbers.set(0, 0, hProduct.numbers.count) }
    var found = Found()
    var i = 0
    while i < count {
      var j = 0
      while j < columns {
        let width = load(x, stride, start &+ i, Swift.min(4, count &- i), j)
        if isForW {
          measureTile(width, &found)
          multiplyTile(i, j, width)
        }
        if isForH { addTile(i, j, width) }
        j &+= Self.tileWidth
      }
      i &+= 4
    }
    return found
  }

  @_optimize(speed)
  private mutating func multiplyTile(_ i: Int, _ j: Int, _ width: Int) {
    var k = 0
    while k < paddedRank(rank) {
      let s = dotProducts(tile, 0, Self.tileWidth, h.numbers, k &* h.stride &+ j, h.stride, width)
      batchProduct.numbers.add(s.lowHalf, k &* batchProduct.stride &+ i)
      batchProduct.numbers.add(s.highHalf, (k &+ 1) &* batchProduct.stride &+ i)
      k &+= 2
    }
  }

  @_optimize(speed)
  private mutating func addTile(_ i: Int, _ j: Int, _ width: Int) {
    var k = 0
    while k < paddedRank(rank) {
      let a = batchW.numbers.vector(k &* batchW.stride &+ i, as: SIMD4<Double>.self)
      let b = batchW.numbers.vector((k &+ 1) &* batchW.stride &+ i, as: SIMD4<Double>.self)
      addRows(
        &hProduct.numbers, k &* hProduct.stride &+ j, hProduct.stride, tile, Self.tileWidth,
        SIMD8(lowHalf: a, highHalf: b), width)
      k &+= 2
    }
  }

  /// Up to four rows of X from column j on, padded with 0 to an even width; returns the width.
  @_optimize(speed)
  private mutating func load(_ x: Span<Double>, _ stride: Int, _ place: Int, _ count: Int, _ j: Int) -> Int {
    let width = Swift.min(Self.tileWidth, columns &- j)
    for n in 0..<4 {
      let to = n &* Self.tileWidth
      if n < count {
        let from = row(place &+ n) &* stride &+ j
        tile.copy(x, from..<from &+ width, to: to)
        if width & 1 == 1 { tile[to &+ width] = 0 }
      } else {
        tile.set(0, to, width &+ (width & 1))
      }
    }
    return width &+ (width & 1)
  }

  @_optimize(speed)
  private func measureTile(_ width: Int, _ found: inout Found) {
    typealias V = SIMD2<Double>
    var sums = V.zero
    var more = V.zero
    var least = V.zero
    var other = V.zero
    for n in 0..<4 {
      var j = n &* Self.tileWidth
      let end = j &+ width
      while j &+ 2 < end {
        let a = tile.vector(j, as: V.self)
        let b = tile.vector(j &+ 2, as: V.self)
        sums += a * a
        more += b * b
        least.replace(with: a, where: a .< least)
        other.replace(with: b, where: b .< other)
        j &+= 4
      }
      if j < end {
        let a = tile.vector(j, as: V.self)
        sums += a * a
        least.replace(with: a, where: a .< least)
      }
    }
    sums += more
    found.squares += sums[0] + sums[1]
    least.replace(with: other, where: other .< least)
    found.least = Swift.min(found.least, Swift.min(least[0], least[1]))
  }
}

// MARK: - The ball

extension Factor {
  /// The nearest factor with ‖M‖² <= limit and no entry below the floor; its ‖M‖². The floor is so small
  /// that scaling down and raising to it is that factor but for rounding.
  mutating func project(_ squares: Double, _ limit: Double, _ floor: Double) -> Double {
    let scale = (limit / squares).squareRoot()
    for k in 0..<rank {
      for j in 0..<length { self[k, j] = Swift.max(scale * self[k, j], floor) }
    }
    return dot(self)
  }

  /// Where ‖M‖² is beyond a limit, goes back on the straight line to `other`, whose ‖M‖² is `before` <= limit, until it
  /// is not: in a convex problem that is no worse than `other`, if this one is not.
  mutating func pull(
    to other: borrowing Factor, _ squares: inout Double, _ before: Double, inside limit: Double
  ) {
    guard squares > limit else { return }
    let product = dot(other)
    // ‖other + t·(M − other)‖² = before + 2·t·b + t²·a.
    let b = product - before
    let a = Swift.max(squares - 2 * product + before, 0)
    let room = Swift.max(limit - before, 0)
    let root = (b * b + a * room).squareRoot()
    let t = b > 0 ? room / (b + root) : (a > 0 ? (root - b) / a : 0)
    for k in 0..<rank {
      for j in 0..<length {
        let old = other[k, j]
        self[k, j] = old + Swift.min(Swift.max(t, 0), 1) * (self[k, j] - old)
      }
    }
    squares = dot(self)
  }
}
