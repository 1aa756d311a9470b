/// The gradient norms of a training run in bounded memory, for a refinement.
///
/// Keeps the norms of updates 0, k, 2k, … with a stride k that begins at 1. When the log is full it drops every
/// second one and doubles the stride: it always holds every k-th norm as it was added, and between
/// capacity/2 and capacity of them. (Means of blocks would spread one NaN or spike over its neighbours; the
/// running median of a refinement removes both from single norms.)
public struct GradientNormLog: Sendable {
  /// The largest number of norms that are kept.
  public internal(set) var capacity: Int
  /// Updates between two norms that are kept: a power of two.
  public internal(set) var stride: Int64 = 1
  /// Norms added so far.
  public internal(set) var count: Int64 = 0
  /// Those kept: the norms of updates 0, stride, 2 stride, …
  public internal(set) var values: [Double] = []

  public static let defaultCapacity = 65_536

  /// - Parameter capacity: 2 to 16777216.
  public init(capacity: Int = defaultCapacity) throws(ConfigurationError) {
    try Check("norm_log")("capacity", Int64(capacity), from: 2, to: Int64(Table.maximumCount))
    self.capacity = capacity
  }

  /// Adds the norm of the next update: >= 0; NaN and +inf are kept for the refinement to repair.
  public mutating func add(_ norm: Double) throws(ConfigurationError) {
    guard !(norm < 0) else {
      throw ConfigurationError("norm_log", "norm", .real(norm), expected: "a number >= 0")
    }
    // A log of 2^63 norms stays as it is.
    guard count < Int64.max else { return }
    if count & (stride &- 1) == 0 {
      if values.count == capacity { thin() }
      if count & (stride &- 1) == 0 { values.append(norm + 0) }
    }
    count &+= 1
  }

  private mutating func thin() {
    let kept = (values.count &+ 1) / 2
    for i in 0..<kept { values[i] = values[2 &* i] }
    values.removeLast(values.count &- kept)
    stride &*= 2
  }
}
