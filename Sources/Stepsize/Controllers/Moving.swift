/// A controller with a state of its own. `ActiveController`, which is generated, holds one of each and forwards to the one
/// in use.
protocol Moving: Observing, ~Copyable {
  /// Its declaration (`Entry`).
  static var declaration: StaticString { get }

  /// What it needs at each update.
  static var needs: Needs { get }

  /// Checks what the declaration cannot express, before there are base rates.
  static func check(_ a: Arguments) throws(ConfigurationError)

  /// The controller for these base rates. One that is not in use is made from no arguments and no rates.
  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError)
}

extension Moving where Self: ~Copyable {
  static func check(_ a: Arguments) throws(ConfigurationError) {}
}

/// What a controller does in a scheduler. Each implements only the calls that it takes.
protocol Observing: ~Copyable {
  /// The numbers that `observe` reads of an observation.
  var scalars: Needs { get }

  /// The outcome of the last observation.
  var decision: Decision { get }

  /// Whether every base rate is at its lower bound.
  func isAtBottom(_ groups: [Group]) -> Bool

  /// Whether it was read from a state of before a format that changed what its text means, and keeps to that.
  var isFormer: Bool { get }

  mutating func transfer(_ state: inout StateCoder)

  /// Takes what belongs to other base rates or groups from a controller made for them, and keeps what it knows. It asks
  /// for no memory.
  ///
  /// - Parameters:
  ///   - origins: Which of the present groups each of the others was; -1 for a new one.
  ///   - groups: The present ones.
  mutating func adopt(_ other: inout Self, _ origins: [Int], _ groups: [Group])

  /// Its lowest and highest base rates; none of the latter where there is no limit.
  var bounds: ([Double], [Double])? { get }

  /// Takes a loss that moves no rate, as most do, without a call. Returns false, with nothing changed, where it would
  /// need one: `observe` must take that loss.
  mutating func observeAtOnce(_ loss: Double) -> Bool

  /// Losses that `observe` surely takes without asking for memory from now on. `mutating`, so that nothing is copied.
  mutating func reservedCount() -> Int64

  /// Provides memory for the next loss.
  mutating func reserve()

  /// Takes the loss of an update and moves the base rates if a change is due.
  mutating func observe(_ loss: Double, _ groups: inout [Group])

  /// Takes what is known of an update before it is made, checked by the scheduler, and sets the base rates.
  ///
  /// - Parameter numbers: Of all groups together or, where the controller can use them, of each (`Moment.places`).
  mutating func observe(_ numbers: Span<Double>, _ moment: Moment, _ groups: inout [Group])

  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError)

  mutating func propose(
    loss: Double, squaredNorms: Span<Double>, step: Int64, _ groups: inout [Group]
  ) throws(ConfigurationError)

  mutating func report(
    loss: Double, squaredDistances: Span<Double>, step: Int64, multiplier: Double, _ groups: inout [Group]
  ) throws(ConfigurationError) -> Trial

  /// The number of losses that were requested.
  var trialCount: Int64 { get }
}

extension Observing where Self: ~Copyable {
  var scalars: Needs { [] }

  mutating func adopt(_ other: inout Self, _ origins: [Int], _ groups: [Group]) {}

  var bounds: ([Double], [Double])? { nil }

  var isFormer: Bool { false }

  mutating func observeAtOnce(_ loss: Double) -> Bool { false }

  mutating func reservedCount() -> Int64 { Int64.max }

  mutating func reserve() {}

  mutating func observe(_ loss: Double, _ groups: inout [Group]) {}

  mutating func observe(_ numbers: Span<Double>, _ moment: Moment, _ groups: inout [Group]) {}

  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    throw ConfigurationError(.order, "observe_gradient: the scheduler has no hypergradient controller")
  }

  mutating func propose(
    loss: Double, squaredNorms: Span<Double>, step: Int64, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    throw ConfigurationError(.order, "the scheduler has no line search")
  }

  mutating func report(
    loss: Double, squaredDistances: Span<Double>, step: Int64, multiplier: Double, _ groups: inout [Group]
  ) throws(ConfigurationError) -> Trial {
    throw ConfigurationError(.order, "the scheduler has no line search")
  }

  var trialCount: Int64 { 0 }
}
