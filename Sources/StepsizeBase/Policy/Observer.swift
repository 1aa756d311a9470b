/// What a policy sees of a training: seven numbers in [-1, 1] and a 1, computed from the losses of the updates alone,
/// which a controller gets in every training: a policy cannot learn from anything that it lacks in use. They depend
/// neither on the unit of the loss nor on that of the rate.
///
/// With y the logarithm of the loss over the first one, and m and s mean and standard deviation of y over the last
/// `every` updates (m′ one such window ago, m″ four, m₀ in the first):
///
///     1, done/total, σ(10(m − m′)), σ(3(m − m″)), σ(m − m₀), σ(5s), σ((m − m′)/(s·√(2/every))),
///     a/limit      σ(x) = x/(1 + |x|)
///
/// done/total is 0 where the total is unknown. Losses <= 0 or not finite are left out.
package struct Observer: Sendable {
  package static let featureCount = 8
  package static let depth = 4

  private let every: Int64
  private let total: Int64
  /// Updates seen, those in this window and windows so far.
  package private(set) var updates: Int64 = 0
  package private(set) var windows: Int64 = 0
  private var inWindow: Int64 = 0
  private var first = 0.0
  private var sum = 0.0
  private var squares = 0.0
  private var firstMean = 0.0
  /// Means of the last windows, the newest first.
  private var means: (Double, Double, Double, Double) = (0, 0, 0, 0)
  /// By how much the mean of the last window is below that of the one before.
  package private(set) var gain = 0.0

  /// `total` 0: unknown.
  package init(every: Int64, total: Int64) {
    self.every = every
    self.total = total
  }

  /// Takes the loss of an update; true where a window is full and a decision is due. nil for a loss that is left out.
  @inline(__always)
  package mutating func add(_ loss: Double) -> Bool? {
    updates &+= updates < Int64.max ? 1 : 0
    guard loss > 0, loss.isFinite else { return nil }
    if first == 0 { first = loss }
    let y = bounded(Double.log(loss / first), -100, 100)
    // Relative to the first mean: the sums stay small.
    let z = y - firstMean
    sum += z
    squares += z * z
    inWindow &+= 1
    return inWindow >= every
  }

  /// The features at the end of a window, which begins the next one.
  package mutating func decide(level: Double, into x: inout [Double]) {
    guard x.count >= Self.featureCount, inWindow > 0 else { return }
    let count = Double(inWindow)
    let offset = sum / count
    let deviation = Swift.max(squares / count - offset * offset, 0).squareRoot()
    let mean = firstMean + offset
    if windows == 0 {
      firstMean = mean
      means = (mean, mean, mean, mean)
    }
    gain = means.0 - mean
    let error = deviation * (2 / count).squareRoot()
    x[0] = 1
    x[1] = total > 0 ? Swift.min(Double(updates) / Double(total), 1) : 0
    x[2] = Self.soft(-10 * gain)
    x[3] = Self.soft(3 * (mean - means.3))
    x[4] = Self.soft(mean - firstMean)
    x[5] = Self.soft(5 * deviation)
    x[6] = Self.soft(-gain / Swift.max(error, 1e-9))
    x[7] = level
    means = (mean, means.0, means.1, means.2)
    windows &+= windows < Int64.max ? 1 : 0
    inWindow = 0
    sum = 0
    squares = 0
  }

  @inline(__always)
  private static func soft(_ x: Double) -> Double { x / (1 + abs(x)) }

  package mutating func transfer(_ state: inout StateCoder) {
    state.transfer(&updates, in: StateCoder.counts)
    state.transfer(&windows, in: StateCoder.counts)
    state.transfer(&inWindow, in: 0...(every - 1))
    state.transferRate(&first)
    let count = Double(inWindow)
    Self.transfer(&sum, 200 * count, &state)
    Self.transfer(&squares, 40_100 * count, &state)
    Self.transfer(&firstMean, 100, &state)
    Self.transfer(&means.0, 100, &state)
    Self.transfer(&means.1, 100, &state)
    Self.transfer(&means.2, 100, &state)
    Self.transfer(&means.3, 100, &state)
    Self.transfer(&gain, 200, &state)
    // The mean that the window has so far is one of logarithms within 100; before the first there is none.
    let mean = inWindow > 0 ? firstMean + sum / count : 0
    if !(abs(mean) <= 100.05) || windows == 0 && firstMean != 0 { state.reject() }
  }

  /// A number that is at most `limit` up to rounding.
  private static func transfer(_ x: inout Double, _ limit: Double, _ state: inout StateCoder) {
    state.transfer(&x)
    if !(abs(x) <= 1.001 * limit) { state.reject() }
  }
}
