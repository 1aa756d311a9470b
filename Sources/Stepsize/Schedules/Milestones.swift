/// A cut at each of the listed updates.
///
///     value(t) = factor^(number of milestones <= t)
///
/// A milestone that is listed twice counts twice.
struct Multistep: Sendable {
  let milestones: [Int64]
  let factor: Double

  static var name: StaticString { "multistep" }

  static var entry: Entry {
    Entry(
      name, "a cut at listed updates", formula: "factor^(number of milestones <= t)",
      [
        Parameter("milestones", .counts(repeats: true), "updates at which a cut is made, ascending"),
        Parameter("factor", .real(.nonNegative), default: .real(0.1), "multiplier at each cut"),
      ]
    ) { a throws(ConfigurationError) in
      let milestones = a.counts("milestones")
      guard milestones.count <= Table.maximumCount else {
        throw a.error("milestones", expected: "at most 16777216 updates")
      }
      return Body(.multistep(Multistep(milestones: milestones, factor: a.real("factor"))), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    raise(factor, to: Double(milestones.count(upTo: t)))
  }
}

/// A value for each stretch between listed updates.
///
///     value(t) = values[number of boundaries <= t]
struct Piecewise: Sendable {
  let boundaries: [Int64]
  let values: [Double]

  static var name: StaticString { "piecewise" }

  static var entry: Entry {
    Entry(
      name, "a constant between listed updates", formula: "values[number of boundaries <= t]",
      [
        Parameter("boundaries", .counts(repeats: false), "updates at which the value changes, ascending"),
        Parameter("values", .reals(.nonNegative), "multipliers: one more than boundaries"),
      ]
    ) { a throws(ConfigurationError) in
      let boundaries = a.counts("boundaries")
      let values = a.reals("values")
      guard values.count == boundaries.count + 1, values.count <= Table.maximumCount else {
        throw a.error("values", expected: "one value more than boundaries, at most 16777216")
      }
      return Body(.piecewise(Piecewise(boundaries: boundaries, values: values)), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    values[boundaries.count(upTo: t)]
  }
}

extension [Int64] {
  /// How many of the ascending numbers are <= t.
  @_optimize(speed)
  func count(upTo t: Int64) -> Int {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = lower &+ (upper &- lower) / 2
      if self[middle] <= t { lower = middle &+ 1 } else { upper = middle }
    }
    return lower
  }
}

extension Schedule {
  /// The rate times `factor` at each of the ascending `milestones`.
  public static func multistep(
    _ milestones: [Int64], factor: Double = 0.1
  ) throws(ConfigurationError) -> Schedule {
    try Schedule(.multistep, [.integers(milestones), .real(factor)])
  }
}
