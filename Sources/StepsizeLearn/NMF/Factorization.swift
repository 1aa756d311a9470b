import StepsizeBase

/// X ≈ W·H without negative entries: X of rows × columns, W of rows × rank, H of rank × columns.
///
/// The loss is ½‖X − WH‖² over the rows of a batch, not divided by their number. Factors stay at or above a
/// small floor and inside ‖W‖², ‖H‖² ≤ √rank·‖X‖, a ball that contains a best factorization. X stays the
/// caller's: every call takes it again, and no copy is kept.
public struct Factorization: ~Copyable {
  public enum Order: Int32, Sendable {
    /// W, then H with the new W, for `wSteps` and `hSteps` steps.
    case alternating = 0
    /// Both at once, one step.
    case simultaneous = 1
  }

  public struct Configuration: Sendable {
    public var rank: Int64 = 1
    /// Rows of an update; 0 for all of them.
    public var batchSize: Int64 = 0
    public var seed: Int64 = 0
    public var order = Order.alternating
    public var bound = Bound.state
    /// L·rate at the bound.
    public var theta = 1.4
    /// Whether rates are fractions of the bound (of the state's where there is none).
    public var isRelative = false
    public var wSteps: Int64 = 20
    public var hSteps: Int64 = 10
    /// ‖X‖ of the matrix that the given rows are a part of; 0 if they are all of it.
    public var norm = 0.0

    public init() {}

    public func validate() throws(ConfigurationError) {
      let check = Check("nmf")
      try check("rank", rank, from: 1, to: Factorization.maximumRank)
      try check("batch_size", batchSize, from: 0)
      try check("theta", theta, in: Interval(0, Bound.maximumTheta, lowerIsOpen: true))
      try check("w_steps", wSteps, from: 1, to: Factorization.maximumSteps)
      try check("h_steps", hSteps, from: 1, to: Factorization.maximumSteps)
      try check("norm", norm, in: Interval(0, Factorization.largestEntry))
    }
  }

  public static var maximumRank: Int64 { 4096 }
  public static var maximumSteps: Int64 { 10000 }
  /// Rows, and columns, of X.
  public static var maximumSize: Int { Int(Int32.max) }

  public let rows: Int
  public let columns: Int
  public let rank: Int
  public let configuration: Configuration
  /// The number of updates.
  public internal(set) var updates: Int64 = 0
  /// ‖X‖, or the configuration's if that is larger.
  let norm: Double
  let radiusSquared: Double
  /// Factors stay at or above it.
  let floor: Double

  /// Row by row.
  var w: FixedBuffer
  var h: Factor
  var nextH: Factor
  /// The rows of W in the batch, component by component.
  var batchW: Factor
  var nextBatchW: Factor
  /// X_B·Hᵀ and W_Bᵀ·X_B.
  var batchProduct: Factor
  var hProduct: Factor
  var gramH: FixedBuffer
  var gramW: FixedBuffer
  /// Four rows of X at a time, some columns of them.
  var tile: FixedBuffer
  var panel: FixedBuffer

  /// A permutation of the rows for each pass over them.
  var order: [Int32]
  var pass: Int64 = 0
  var batch = 0
  /// Whether the rows are in the order of this pass already.
  var isShuffled = false
  let batchCount: Int
  var wSquares = 0.0
  var hSquares = 0.0
  /// At least the largest ‖w_i‖².
  var largestRow = 0.0

  static var tileWidth: Int { 512 }

  /// X of `rows` × `columns`, both 1 to `maximumSize`, whose rows begin `stride` >= columns numbers apart.
  ///
  /// Checks X and draws the factors: W = (columns/rows)^¼·a·|N(0,1)|, H = (rows/columns)^¼·a·|N(0,1)| with
  /// a = √(π·mean(X)/(2·rank)), so that both have the same norm and WH the mean of X.
  public init(
    _ configuration: Configuration, _ x: Span<Double>, rows: Int, columns: Int, stride: Int
  ) throws(ConfigurationError) {
    try configuration.validate()
    try Self.checkSize(of: x, rows, columns, stride)
    let isPart = configuration.norm > 0
    let check = Check("nmf")
    try check("rank", configuration.rank, from: 1, to: Int64(isPart ? columns : Swift.min(rows, columns)))
    let (sum, squares) = try Self.scan(x, rows, columns, stride)
    let mean = sum / Double(rows) / Double(columns)
    self.init(
      configuration, rows: rows, columns: columns, norm: Swift.max(squares.squareRoot(), configuration.norm),
      mean: mean)
    let scale = (.pi / 2 * mean / Double(rank)).squareRoot()
    let ratio = (Double(columns) / Double(rows)).squareRoot().squareRoot()
    let random = CounterRandom(seed: configuration.seed, step: -1)
    for i in 0..<rows &* rank { w[i] = scale * ratio * abs(random.normal(UInt64(i))) }
    let other = CounterRandom(seed: configuration.seed, step: -2)
    for k in 0..<rank {
      for j in 0..<columns { h[k, j] = scale / ratio * abs(other.normal(UInt64(k &* columns &+ j))) }
    }
    settle()
  }

  init(_ configuration: Configuration, rows: Int, columns: Int, norm: Double, mean: Double) {
    self.configuration = configuration
    self.rows = rows
    self.columns = columns
    // -0 becomes 0: no factor has a sign.
    let norm = norm + 0
    self.norm = norm
    let rank = Int(configuration.rank)
    self.rank = rank
    radiusSquared = Bound.radiusSquared(rank: rank, norm: norm)
    floor = 1e-10 * (mean / Double(rank)).squareRoot()
    let isFull = configuration.batchSize == 0 || configuration.batchSize >= Int64(rows)
    let size = isFull ? rows : Int(configuration.batchSize)
    batchCount = (rows &+ size &- 1) / Swift.max(size, 1)
    w = FixedBuffer(count: rows &* rank)
    h = Factor(rank: rank, length: columns)
    nextH = Factor(rank: rank, length: columns)
    hProduct = Factor(rank: rank, length: columns)
    batchW = Factor(rank: rank, length: size)
    nextBatchW = Factor(rank: rank, length: size)
    batchProduct = Factor(rank: rank, length: size)
    let padded = paddedRank(rank)
    gramH = FixedBuffer(count: padded &* padded)
    gramW = FixedBuffer(count: padded &* padded)
    tile = FixedBuffer(count: 4 &* Self.tileWidth)
    panel = FixedBuffer(count: 16 &* padded)
    order = isFull ? [] : Array(0..<Int32(rows))
  }

  /// Throws for a size that does not match the given numbers.
  static func checkSize(
    of x: Span<Double>, _ rows: Int, _ columns: Int, _ stride: Int
  ) throws(ConfigurationError) {
    let check = Check("nmf")
    try check("rows", Int64(rows), from: 1, to: Int64(maximumSize))
    try check("columns", Int64(columns), from: 1, to: Int64(maximumSize))
    let (before, isHuge) = (rows &- 1).multipliedReportingOverflow(by: stride)
    guard stride >= columns, !isHuge, x.count >= columns, before <= x.count &- columns else {
      throw ConfigurationError(.size, "nmf: x is too small for its rows and columns, or its rows overlap")
    }
  }

  /// The sums of the entries and of their squares; throws for entries that are not finite or negative, and for
  /// magnitudes whose fourth powers are out of the range of doubles.
  static func scan(
    _ x: Span<Double>, _ rows: Int, _ columns: Int, _ stride: Int
  ) throws(ConfigurationError) -> (Double, Double) {
    var sum = 0.0
    var squares = 0.0
    var largest = 0.0
    for i in 0..<rows {
      let row = x.extracting(i &* stride..<i &* stride &+ columns)
      var rowSum = 0.0
      for j in 0..<columns {
        let value = row[j]
        guard value >= 0, value <= largestEntry else { throw refusal(i, j, value) }
        rowSum += value
        squares += value * value
        largest = Swift.max(largest, value)
      }
      sum += rowSum
    }
    guard largest == 0 || largest >= 1e-100 else {
      throw ConfigurationError(
        "nmf", "the largest entry of x", Decimal.write(largest), expected: "0 or at least 1e-100")
    }
    return (sum, squares)
  }

  /// Of X and of the factors: their fourth powers have to be doubles.
  static var largestEntry: Double { 1e100 }

  /// For an entry of X that is negative, not finite or too large.
  static func refusal(_ i: Int, _ j: Int, _ value: Double) -> ConfigurationError {
    var text: [UInt8] = []
    text.write("nmf: x[")
    text.write(Int64(i))
    text.write(", ")
    text.write(Int64(j))
    text.write("] = ")
    text.write(value)
    text.write(", expected ")
    Interval(0, largestEntry).write(to: &text)
    return ConfigurationError(.argument, text)
  }

  // MARK: - Factors

  /// Copies W out, rows × rank numbers row by row; nothing where the span is shorter.
  public func write(w out: inout MutableSpan<Double>) {
    guard out.count >= rows &* rank else { return }
    for i in 0..<rows &* rank { out[i] = w[i] }
  }

  /// Copies H out, rank × columns numbers row by row; nothing where the span is shorter.
  public func write(h out: inout MutableSpan<Double>) {
    guard out.count >= rank &* columns else { return }
    for k in 0..<rank {
      for j in 0..<columns { out[k &* columns &+ j] = h[k, j] }
    }
  }

  /// Replaces factors, each row by row; an empty span keeps that factor. Entries are raised to the floor, and a
  /// factor outside the ball is projected onto it.
  public mutating func replace(w newW: Span<Double>, h newH: Span<Double>) throws(ConfigurationError) {
    try Self.check("w", newW, rows &* rank)
    try Self.check("h", newH, rank &* columns)
    for i in 0..<newW.count { w[i] = newW[i] }
    if !newH.isEmpty { setH(newH) }
    settle()
  }

  mutating func setH(_ values: Span<Double>) {
    for k in 0..<rank {
      for j in 0..<columns { h[k, j] = values[k &* columns &+ j] }
    }
  }

  static func check(
    _ field: StaticString, _ values: Span<Double>, _ count: Int
  ) throws(ConfigurationError) {
    let check = Check("nmf")
    guard !values.isEmpty else { return }
    guard values.count == count else {
      throw ConfigurationError(
        "nmf", field, Decimal.write(Int64(values.count)), expected: "all entries of the factor")
    }
    for i in 0..<count { try check(field, values[i], in: Interval(0, largestEntry)) }
  }

  /// Projects both factors into their set, and measures them.
  mutating func settle() {
    for i in 0..<rows &* rank { w[i] = Swift.max(w[i], floor) }
    for k in 0..<rank {
      for j in 0..<columns { h[k, j] = Swift.max(h[k, j], floor) }
    }
    measure()
    if wSquares > radiusSquared {
      let s = (radiusSquared / wSquares).squareRoot()
      for i in 0..<rows &* rank { w[i] = Swift.max(s * w[i], floor) }
    }
    if hSquares > radiusSquared { _ = h.project(hSquares, radiusSquared, floor) }
    measure()
  }

  mutating func measure() {
    wSquares = 0
    largestRow = 0
    for i in 0..<rows {
      var squares = 0.0
      for k in 0..<rank { squares += w[i &* rank &+ k] * w[i &* rank &+ k] }
      wSquares += squares
      largestRow = Swift.max(largestRow, squares)
    }
    hSquares = h.dot(h)
  }
}
