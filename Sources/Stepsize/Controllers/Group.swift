/// One parameter group: its base rate, which controllers move, and the bounds of the rates that are returned.
struct Group: Sendable {
  /// The base rate given at the start; a reset returns to it.
  let initial: Double
  /// The current base rate.
  var base: Double
  /// Lowest and highest rate returned.
  let min: Double
  let max: Double

  /// The rate for a value of the schedule.
  @inline(__always)
  func rate(_ multiplier: Double) -> Double {
    // `max` is finite, so the rate is, even where the product overflows.
    bounded(base * multiplier, min, max)
  }
}
