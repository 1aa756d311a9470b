/// What a controller does at work. What it has no use for is left out.
///
/// `ActiveController`, which is generated, holds one of each and passes on to the one that is used.
protocol Moving: ~Copyable {
  /// Its declaration (`Entry`).
  static var declaration: StaticString { get }

  /// What it must be told.
  static var needs: Needs { get }

  /// Checks what the declaration cannot say, before there are base rates.
  static func check(_ a: Arguments) throws(ConfigurationError)

  /// At work on these base rates. What stands unused is made from no arguments and no rates.
  init(_ a: Arguments, bases: [Double]) throws(ConfigurationError)

  /// What came of the last observation.
  var decision: Decision { get }

  /// Whether every base rate is as low as it lets it be.
  func isAtBottom(_ groups: [Group]) -> Bool

  mutating func transfer(_ state: inout StateCoder)

  /// Takes the loss of an update that moves no rate and needs no call, as most do; false, and nothing has changed, where
  /// that is not so: `observe` takes it then.
  mutating func observeAtOnce(_ loss: Double) -> Bool

  /// Takes the loss of an update and moves the base rates if it is time.
  mutating func observe(_ loss: Double, _ groups: inout [Group])

  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError)

  mutating func propose(
    loss: Double, squaredNorms: Span<Double>, step: Int64, _ groups: inout [Group]
  ) throws(ConfigurationError)

  mutating func report(
    loss: Double, squaredDistances: Span<Double>, step: Int64, multiplier: Double, _ groups: inout [Group]
  ) throws(ConfigurationError) -> Trial

  /// How often a loss was asked for.
  var trialCount: Int64 { get }
}

extension Moving where Self: ~Copyable {
  static func check(_ a: Arguments) throws(ConfigurationError) {}

  mutating func observeAtOnce(_ loss: Double) -> Bool { false }

  mutating func observe(_ loss: Double, _ groups: inout [Group]) {}

  mutating func observeGradient(
    dots: Span<Double>, norms: Span<Double>, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    throw ConfigurationError(.order, "the scheduler has no controller that takes gradients")
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
