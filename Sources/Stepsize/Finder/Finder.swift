/// A learning-rate range test (Smith, arXiv 1506.01186), ask and tell: the rate rises from update to update until the loss
/// diverges, and the losses suggest a rate.
///
///     var finder = try Finder()
///     while let rate = finder.rate { try finder.tell(train(rate)) }
///     let rate = try finder.suggestion(.halfway)
///
/// The model is the caller's: to be restored afterwards.
public struct Finder: Sendable {
  /// How the rates lie between `start` and `end`.
  public enum Spacing: Int32, Sendable {
    /// start^(1 - x) end^x, x = i/(count - 1)
    case geometric = 0
    /// start (1 - x) + end x
    case linear = 1
  }

  /// Why there is no further rate.
  public enum Stop: Sendable {
    /// All rates have been tried.
    case end
    /// A loss was not finite, or the smoothed loss has risen too far.
    case diverged
  }

  public struct Configuration: Sendable {
    /// The first rate, > 0.
    public var start = 1e-7
    /// The last rate, > start.
    public var end = 10.0
    /// Updates, 2 to 1048576.
    public var count: Int64 = 100
    public var spacing = Spacing.geometric
    /// What a smoothed loss keeps of those before, in [0, 1); 0 for no smoothing.
    public var smoothing = 0.98
    /// The test stops where the smoothed loss exceeds so many times its best, > 1; infinity for never.
    public var divergence = 4.0

    public init() {}
  }

  /// An update: its rate and its loss.
  public struct Point: Sendable {
    public let rate: Double
    public let loss: Double
  }

  public let configuration: Configuration
  /// Updates whose losses were finite.
  public private(set) var points: [Point] = []
  public private(set) var stop: Stop?
  private var average: DebiasedAverage
  private var best = Double.infinity
  private let ramp: Ramp

  public static let maximumCount: Int64 = 1 << 20
  static let owner: StaticString = "finder"

  public init(_ configuration: Configuration = Configuration()) throws(ConfigurationError) {
    let check = Check(Self.owner)
    try check("start", configuration.start, in: .positive)
    let above = Interval(configuration.start, Double.greatestFiniteMagnitude, lowerIsOpen: true)
    try check("end", configuration.end, in: above)
    try check("count", configuration.count, from: 2, to: Self.maximumCount)
    try check("smoothing", configuration.smoothing, in: Interval(0, 1, upperIsOpen: true))
    try check("divergence", configuration.divergence, in: Interval(1, .infinity, lowerIsOpen: true))
    self.configuration = configuration
    average = DebiasedAverage(keeping: configuration.smoothing)
    ramp = Ramp(
      total: configuration.count &- 1, start: configuration.start, end: configuration.end,
      curve: configuration.spacing == .linear ? .linear : .geometric)
  }

  /// The rate of the next update; nil after the last one.
  public var rate: Double? { stop == nil ? ramp.value(at: Int64(points.count)) : nil }

  /// Takes the loss of the update that was made with `rate`.
  public mutating func tell(_ loss: Double) throws(ConfigurationError) {
    // Where there is none, the other `tell` says so.
    try tell(loss, at: rate ?? 0)
  }

  /// Takes the loss of an update with a rate of the caller's, such as one from a log.
  /// - Parameter rate: Finite, above the rate before.
  public mutating func tell(_ loss: Double, at rate: Double) throws(ConfigurationError) {
    guard stop == nil else {
      throw ConfigurationError(.order, "finder: it has stopped, and takes no further loss")
    }
    let above = Interval(points.last?.rate ?? 0, Double.greatestFiniteMagnitude, lowerIsOpen: true)
    try Check(Self.owner)("rate", rate, in: above)
    guard loss.isFinite else {
      stop = .diverged
      return
    }
    // First, as it may need memory.
    points.append(Point(rate: rate, loss: loss))
    let smoothed = average.add(loss)
    best = Swift.min(best, smoothed)
    if smoothed > best + (configuration.divergence - 1) * best.magnitude {
      stop = .diverged
    } else if Int64(points.count) == configuration.count {
      stop = .end
    }
  }

  /// The smoothed losses, one for each point.
  public func smoothed() -> [Double] {
    var average = DebiasedAverage(keeping: configuration.smoothing)
    var losses = Array(repeating: 0.0, count: points.count)
    for i in points.indices { losses[i] = average.add(points[i].loss) }
    return losses
  }
}

/// An exponential average that is not drawn towards 0 at its beginning: keep^i as the weight of the value i updates ago.
private struct DebiasedAverage: Sendable {
  private let keep: Double
  private var sum = 0.0
  private var weight = 0.0

  init(keeping keep: Double) { self.keep = keep }

  mutating func add(_ value: Double) -> Double {
    weight = keep * weight + 1
    sum = keep * sum + value
    return sum / weight
  }
}
