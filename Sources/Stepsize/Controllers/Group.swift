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

  /// Where a group comes from when a scheduler gets other groups or base rates.
  struct Origin: Sendable {
    /// Which group it was; nil for a new one.
    let index: Int?
    /// Its base rate over that of before.
    let ratio: Double
  }

  /// Gives it another base rate. What the controller has made of it keeps its proportion, to the last bit where it has
  /// made nothing of it. Returns that proportion.
  mutating func rebase(_ rate: Double) throws(ConfigurationError) -> Double {
    let next = try Group(rate, min: min, max: max)
    if next.initial == initial { return 1 }
    let ratio = initial > 0 ? finite(next.initial / initial) : 0
    base = base == initial || initial == 0 ? next.initial : finite(base * ratio)
    initial = next.initial
    return ratio
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
