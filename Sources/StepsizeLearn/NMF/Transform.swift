import StepsizeBase

extension Factorization {
  /// Writes W for rows of X and a given H: projected gradient steps from a multiple of ones in each row, with
  /// the largest rate that never raises the loss, θ/λ with θ = 1.4 and λ the largest eigenvalue of H·Hᵀ.
  ///
  /// H has rank × columns numbers and W receives rows × rank, both row by row; sizes that do not match are errors.
  public static func transform(
    _ x: Span<Double>, rows: Int, columns: Int, stride: Int, h: Span<Double>, rank: Int64, steps: Int64,
    into out: inout MutableSpan<Double>
  ) throws(ConfigurationError) {
    let check = Check("nmf")
    try check("steps", steps, from: 1, to: maximumSteps)
    var configuration = Configuration()
    configuration.rank = rank
    configuration.wSteps = steps
    configuration.batchSize = 256
    try configuration.validate()
    try checkSize(of: x, rows, columns, stride)
    guard h.count == Int(rank) &* columns, out.count >= rows &* Int(rank) else {
      throw ConfigurationError(.size, "nmf: the size of h or w does not match rank, rows and columns")
    }
    let (sum, squares) = try scan(x, rows, columns, stride)
    var solver = Factorization(
      configuration, rows: rows, columns: columns, norm: squares.squareRoot(),
      mean: sum / Double(rows) / Double(columns))
    try solver.setParts(h)
    solver.solve(x, stride, into: &out)
  }

  private mutating func setParts(_ values: Span<Double>) throws(ConfigurationError) {
    try Self.check("h", values, rank &* columns)
    setH(values)
  }

  private mutating func solve(_ x: Span<Double>, _ stride: Int, into out: inout MutableSpan<Double>) {
    h.gram(&gramH)
    var total = 0.0
    for i in 0..<gramH.count { total += gramH[i] }
    let curvature = Bound.largestEigenvalue(gramH, paddedRank(rank), &panel)
    let rate = curvature > 0 ? configuration.theta / curvature : 0
    for b in 0..<batchCount {
      let start = place(of: b)
      let count = place(of: b &+ 1) &- start
      multiply(x, stride, start, count, isForW: true, isForH: false)
      for i in 0..<count {
        var sum = 0.0
        for k in 0..<rank { sum += batchProduct[k, i] }
        let level = total > 0 ? sum / total : 0
        for k in 0..<rank { batchW[k, i] = level }
      }
      _ = descend(
        batchW, gramH, batchProduct, &nextBatchW, &panel, rate: rate, floor: 0,
        cap: Double.greatestFiniteMagnitude,
        repeats: Int(configuration.wSteps))
      for i in 0..<count {
        for k in 0..<rank { out[row(start &+ i) &* rank &+ k] = nextBatchW[k, i] }
      }
    }
  }
}
