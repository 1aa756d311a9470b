/// One parameter group: its base rate, which controllers move, and the bounds of the rates that are returned.
struct Group: Sendable {
  /// The base rate that was given; a reset returns to it.
  private(set) var initial: Double
  /// The current base rate.
  var base: Double
  /// Lowest and highest rate returned.
  let min: Double
  let max: Double

  init(_ base: Double, min: Double, max: Double) throws(ConfigurationError) {
    try Check("scheduler")("base_lr", base, in: .nonNegative)
    guard min <= max else {
      throw ConfigurationError("scheduler", "max_lr", .real(max), expected: "a number >= min_lr")
    }
    // -0 becomes 0: no rate has a sign.
    initial = base + 0
    self.base = base + 0
    self.min = min + 0
    self.max = max + 0
  }

  /// Gives it another base rate. What the controller has made of it keeps its proportion, to the last bit where it has
  /// made nothing of it.
  mutating func rebase(_ rate: Double) throws(ConfigurationError) {
    let next = try Group(rate, min: min, max: max).initial
    if next == initial { return }
    base = base == initial || initial == 0 ? next : finite(base * finite(next / initial))
    initial = next
  }

  /// Moves the base rate into the bounds of a controller, which may not hold the one that was given.
  mutating func bound(_ lower: Double, _ upper: Double) {
    base = bounded(base, Swift.min(lower, initial), Swift.max(upper, initial))
  }

  /// The rate for a value of the schedule.
  @inline(__always)
  func rate(_ multiplier: Double) -> Double {
    // `max` is finite, so the rate is, even where the product overflows.
    bounded(base * multiplier, min, max)
  }
}
