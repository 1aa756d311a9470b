/// A logistic curve around a step.
///
///     fall   value(t) = 1 / (1 + e^(steepness (t - center)))
///     rise   value(t) = 1 / (1 + e^(-steepness (t - center)))
struct Sigmoid: Sendable {
  enum Direction: Word {
    case fall, rise

    var name: StaticString {
      switch self {
      case .fall: "fall"
      case .rise: "rise"
      }
    }
  }

  let center: Double
  /// Below 0 for a rise.
  let slope: Double

  static var name: StaticString { "sigmoid" }

  static var entry: Entry {
    Entry(
      name, "a logistic fall or rise around a step",
      formula: "1/(1 + e^z), z = steepness (t - center) for a fall, its negative for a rise",
      [
        Parameter("center", .real(.finite), "step at which the value is 1/2"),
        Parameter("steepness", .real(.nonNegative), "per update"),
        Parameter("direction", .word(Direction.names), default: .word("fall"), "down or up"),
      ]
    ) { a throws(ConfigurationError) in
      let direction = try a.word("direction", as: Direction.self)
      let steepness = a.real("steepness")
      let slope = direction == .fall ? steepness : -steepness
      return Body(.sigmoid(Sigmoid(center: a.real("center"), slope: slope)), length: nil)
    }
  }

  func value(at t: Int64) -> Double {
    logistic((Pair(t) - Pair(center)) * slope)
  }
}
