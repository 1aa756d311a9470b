/// A schedule made from the gradient norms of an earlier run (arXiv 2310.07831, Algorithms 1 and 2).
///
///     w_t = G_t^-p,   η_t = w_t (w_{t+1} + … + w_T),   all divided by the largest
///
/// where G are the norms, smoothed by a running median. Constant norms give linear decay; a warm-up appears
/// where the first norms are large. The last value is exactly 0. Only the shape matters: the norms times a
/// constant give the same schedule.
///
/// Cases that the definition leaves open: a norm that is NaN or infinite is interpolated between its neighbours, a norm
/// of 0 counts as 0.001 of the median of those above 0, and a single value is 1, since its sum is empty.
public struct Refinement: Sendable {
  /// The kind of optimizer, which determines the norm and the power p.
  public enum Optimizer: Int32, Sendable {
    /// Steps along the gradient: l2 norms, p = 2.
    case sgd = 0
    /// Steps coordinate by coordinate: l1 norms, p = 1.
    case adam = 1
  }

  public struct Configuration: Sendable {
    public var optimizer = Optimizer.sgd
    /// Width of the running median as a fraction of the norms, in [0, 1]; 0 for none.
    public var tau = 0.1
    /// Updates of the schedule; 0 for as many as norms. The smoothed norms are interpolated to this number.
    public var total: Int64 = 0
    /// Smoothed norms below this fraction of the median are raised to it, in [0, 1].
    public var floor = 0.0
    /// Raises the floor until the schedule is not collapsed.
    public var isCapped = false
    /// The distance from the start to the solution, for `baseLR` and `bound`.
    public var distance = 1.0

    public init() {}
  }

  /// Norms that were NaN or infinite, and were interpolated.
  public private(set) var repairedCount: Int64 = 0
  /// Norms that were 0.
  public private(set) var zeroCount: Int64 = 0
  /// Values of the schedule whose norm was raised to the floor.
  public private(set) var raisedCount: Int64 = 0
  /// The floor that was used.
  public private(set) var floor: Double
  /// The smallest floor of 1/64, 1/32, … medians with which the schedule is not collapsed; 0 if it needs none.
  public private(set) var suggestedFloor: Double = 0
  /// The median of the norms above 0.
  public let median: Double
  /// Updates before the largest multiplier.
  public private(set) var warmup: Int64 = 0
  /// The update from which the multiplier falls until the end: where the schedule is farthest above the straight
  /// line from its largest to its last value. Equal to `warmup` where it is nowhere above.
  public private(set) var annealStart: Int64 = 0
  /// The largest multiplier lies in the last tenth, the last twentieth has more than half of the weight, or the
  /// first third has less than a tenth of the sum of the multipliers: gradients that vanish make a schedule that
  /// trains only late. (Whether or not it was capped.)
  public private(set) var isCollapsed = false
  /// The base rate that the theory gives for l2 norms, D Q^(-3/2) max(w_t R_t) with Q = Σ w_t; nil for Adam.
  public private(set) var baseLR: Double?
  /// The corresponding bound on the last loss minus the best one, D/√Q; nil for Adam.
  public private(set) var bound: Double?

  private static let owner: StaticString = "refine"
  /// What a norm of 0 counts as, as a fraction of the median.
  private static let zeroNorm = 1e-3
  /// Norms are kept within this factor of the median, so that no power or product overflows.
  private static let widest = 1e60
}

extension Refinement {
  /// Refines.
  /// - Parameters:
  ///   - norms: 1 to 16777216 norms, >= 0, in the order of the updates; NaN and +inf are allowed.
  ///   - values: Receives the multipliers: as many as `total` says.
  public init(
    _ norms: Span<Double>, _ configuration: Configuration, into values: inout MutableSpan<Double>
  ) throws(ConfigurationError) {
    let total = try Self.total(norms.count, configuration)
    guard values.count == Int(total) else {
      throw ConfigurationError(
        Self.owner, "total", .integer(total), expected: "the number of values")
    }
    let filter = try MedianFilter(tau: configuration.tau, count: norms.count, owner: Self.owner)
    median = try Self.median(norms)
    floor = configuration.floor

    if values.count == norms.count {
      clean(norms, &values)
      filter.smooth(&values)
    } else {
      var work = Array(repeating: 0.0, count: norms.count)
      var smoothed = work.mutableSpan
      clean(norms, &smoothed)
      filter.smooth(&smoothed)
      Self.interpolate(smoothed.span, &values)
    }

    let power = configuration.optimizer
    var weights = Weights(values.span, power, floor)
    isCollapsed = weights.isCollapsed
    if isCollapsed {
      suggestedFloor = 0x1p-6
      while suggestedFloor < 0x1p20 {
        if suggestedFloor > floor, !Weights(values.span, power, suggestedFloor).isCollapsed { break }
        suggestedFloor *= 2
      }
      if configuration.isCapped {
        floor = suggestedFloor
        weights = Weights(values.span, power, floor)
      }
    }
    warmup = Int64(weights.peak)
    raisedCount = weights.raisedCount
    if power == .sgd {
      let root = weights.sum.squareRoot()
      bound = finite(configuration.distance * median / root)
      baseLR = finite(configuration.distance / median / root * (weights.largest / weights.sum))
    }
    weights.write(&values)
    annealStart = Int64(Self.knee(values.span, from: weights.peak))
  }

  /// How many values a refinement of `count` norms has. Checks the configuration.
  public static func total(
    _ count: Int, _ configuration: Configuration
  ) throws(ConfigurationError) -> Int64 {
    let check = Check(owner)
    let limit = Int64(Table.maximumCount)
    guard count > 0 else {
      throw ConfigurationError(.argument, "refine: norms is empty, expected 1 to 16777216 numbers")
    }
    try check("count", Int64(count), from: 1, to: limit)
    try check("tau", configuration.tau, in: .fraction)
    try check("floor", configuration.floor, in: .fraction)
    try check("distance", configuration.distance, in: .positive)
    if configuration.total == 0 { return Int64(count) }
    try check("total", configuration.total, from: 1, to: limit)
    return configuration.total
  }

  /// The lower median of the norms above 0; checks them all.
  private static func median(_ norms: Span<Double>) throws(ConfigurationError) -> Double {
    var positiveCount = 0
    for i in norms.indices {
      if norms[i] < 0 {
        var message = owner.bytes
        message.write(": norms[")
        message.write(Int64(i))
        message.write("] = ")
        message.write(norms[i])
        message.write(", expected a number >= 0")
        throw ConfigurationError(.argument, message)
      }
      if norms[i] > 0 && norms[i].isFinite { positiveCount &+= 1 }
    }
    guard positiveCount > 0 else {
      throw ConfigurationError(.argument, "refine: norms has no finite number > 0, expected at least one")
    }
    // Digit by digit from the top: how many numbers with the digits so far are below the median?
    var left = (positiveCount &- 1) / 2
    var found: UInt64 = 0
    var counts = Array(repeating: 0, count: 1 << 11)
    var shift: UInt64 = 64
    while shift > 0 {
      let width = Swift.min(shift, 11)
      let above = shift
      shift &-= width
      var places = counts.mutableSpan
      for digit in places.indices { places[digit] = 0 }
      for i in norms.indices where norms[i] > 0 && norms[i].isFinite {
        let bits = norms[i].bitPattern
        // Shifting by 64 gives 0.
        if bits >> above == found >> above {
          places[Int(truncatingIfNeeded: bits &>> shift & ((1 &<< width) &- 1))] &+= 1
        }
      }
      var digit = 0
      while digit &+ 1 < places.count && left >= places[digit] {
        left &-= places[digit]
        digit &+= 1
      }
      found |= UInt64(truncatingIfNeeded: digit) &<< shift
    }
    return Double(bitPattern: found)
  }

  /// The norms over their median, within the widest range: finite, above 0.
  private mutating func clean(_ norms: Span<Double>, _ out: inout MutableSpan<Double>) {
    var lastFinite = -1
    for i in norms.indices {
      guard norms[i].isFinite else {
        repairedCount &+= 1
        continue
      }
      if norms[i] == 0 { zeroCount &+= 1 }
      let ratio = norms[i] == 0 ? Self.zeroNorm : norms[i] / median
      out[i] = bounded(ratio, 1 / Self.widest, Self.widest)
      if lastFinite < i &- 1 {
        // On a line between the neighbours; before the first finite norm, equal to it.
        let from = lastFinite < 0 ? out[i] : out[lastFinite]
        let span = real(Int64(i &- lastFinite))
        for k in (lastFinite &+ 1)..<i {
          out[k] = from + (out[i] - from) * (real(Int64(k &- lastFinite)) / span)
        }
      }
      lastFinite = i
    }
    // At least one is above 0, so that lastFinite is a valid index here.
    for k in (lastFinite &+ 1)..<norms.count { out[k] = out[Swift.max(lastFinite, 0)] }
  }

  /// out[i] is the value at i/(n - 1) of the whole.
  private static func interpolate(_ from: Span<Double>, _ out: inout MutableSpan<Double>) {
    let gaps = Int64(Swift.max(out.count &- 1, 1))
    let last = Int64(from.count &- 1)
    for i in out.indices {
      let scaled = Int64(i) &* last
      let place = Int(truncatingIfNeeded: scaled / gaps)
      let part = real(scaled % gaps) / real(gaps)
      let next = from[Swift.min(place &+ 1, from.count &- 1)]
      out[i] = from[place] + (next - from[place]) * part
    }
  }

  /// The index from `peak` on that is farthest above the line from there to the end; the peak if none is above it.
  private static func knee(_ values: Span<Double>, from peak: Int) -> Int {
    let length = real(Int64(Swift.max(values.count &- 1 &- peak, 1)))
    var farthest = 1e-6
    var place = peak
    for i in peak..<values.count {
      let height = values[i] - (1 - real(Int64(i &- peak)) / length)
      if height > farthest {
        farthest = height
        place = i
      }
    }
    return place
  }
}

/// What norms raised to a floor weigh.
private struct Weights {
  let power: Refinement.Optimizer
  let floor: Double
  private(set) var sum: Double
  /// The largest w_t R_t, the first place that has it, and what all are divided by.
  private(set) var largest = 0.0
  private(set) var peak = 0
  private(set) var raisedCount: Int64 = 0
  private(set) var isCollapsed = false

  init(_ norms: Span<Double>, _ power: Refinement.Optimizer, _ floor: Double) {
    self.power = power
    self.floor = floor
    var tail = Tail()
    var late = 0.0
    var area = 0.0
    var areaAfterThird = 0.0
    let count = norms.count
    let lateStart = count &- count / 20
    sum = 0
    for i in norms.indices.reversed() {
      if norms[i] < floor { raisedCount &+= 1 }
      let weight = weight(norms[i])
      let value = weight * tail.sum
      if value >= largest {
        largest = value
        peak = i
      }
      tail.add(weight)
      area += value
      if i == lateStart { late = tail.sum }
      if i == count / 3 { areaAfterThird = area }
    }
    sum = tail.sum
    // A single value has an empty sum.
    if count == 1 { largest = sum }
    let isPeakLate = Int64(peak) &* 10 >= Int64(count) &* 9
    // A third of a very short log is meaningless.
    let isStartLost = count >= 20 && area - areaAfterThird < 0.1 * area
    isCollapsed = count > 1 && (isPeakLate || late > 0.5 * sum || isStartLost)
  }

  /// Norms into multipliers.
  func write(_ values: inout MutableSpan<Double>) {
    guard values.count > 1 else {
      for i in values.indices { values[i] = 1 }
      return
    }
    var tail = Tail()
    for i in values.indices.reversed() {
      let weight = weight(values[i])
      values[i] = weight * tail.sum / largest
      tail.add(weight)
    }
  }

  @inline(__always)
  private func weight(_ norm: Double) -> Double {
    let g = Swift.max(norm, floor)
    return power == .sgd ? 1 / (g * g) : 1 / g
  }
}

/// A compensated sum.
struct Tail {
  private(set) var sum = 0.0
  private var lost = 0.0

  @inline(__always)
  mutating func add(_ x: Double) {
    let y = x - lost
    let next = sum + y
    lost = (next - sum) - y
    sum = next
  }
}
