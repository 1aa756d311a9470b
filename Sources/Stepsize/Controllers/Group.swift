/// One parameter group: its base rate, which controllers move, and the bounds of what is answered.
struct Group: Sendable {
  /// The base rate given at the start; a reset returns to it.
  let initial: Double
  /// The base rate now.
  var base: Double
  /// Lowest and highest rate answered.
  let min: Double
  let max: Double

  /// The rate, given the schedule's value.
  @inline(__always)
  func rate(_ multiplier: Double) -> Double {
    // `max` is finite, so the rate is, even where the product overflows.
    bounded(base * multiplier, min, max)
  }
}
