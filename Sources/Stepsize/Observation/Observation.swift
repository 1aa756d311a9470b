/// Numbers about an update that is about to be made, of one parameter group or of all together: of the loss f of its
/// batch, the gradient g there that the optimizer will use, the weights x, and x₀ at the start.
///
/// A number that is not given is not one that is not finite: the first is a mistake of the caller, the second a training
/// that diverges.
public struct Observation: Sendable {
  /// Which of the numbers are given: their bits in `Needs`.
  public internal(set) var given: Needs
  var numbers: InlineArray<11, Double>

  package static var count: Int { 11 }

  /// - Parameters:
  ///   - loss: f, of the same batch as g.
  ///   - gradientNorm: ‖g‖.
  ///   - gradientL1: ‖g‖₁, the sum of absolute values.
  ///   - distance: ‖x - x₀‖.
  ///   - startNorm: ‖x₀‖.
  ///   - dotStart: g·(x₀ - x).
  ///   - dotUpdate: g·(x - x before the last update); 0 in the first one.
  ///   - updateNorm: ‖x - x before the last update‖; 0 in the first one.
  ///   - dotX: g·x.
  ///   - meanNorm: ‖d‖ of the moving average d of the gradients, with g, that the optimizer steps along.
  ///   - meanDotX: d·x.
  public init(
    loss: Double? = nil, gradientNorm: Double? = nil, gradientL1: Double? = nil, distance: Double? = nil,
    startNorm: Double? = nil, dotStart: Double? = nil, dotUpdate: Double? = nil, updateNorm: Double? = nil,
    dotX: Double? = nil, meanNorm: Double? = nil, meanDotX: Double? = nil
  ) {
    let optional: InlineArray<11, Double?> = [
      loss, gradientNorm, gradientL1, distance, startNorm, dotStart, dotUpdate, updateNorm, dotX, meanNorm,
      meanDotX,
    ]
    (given, numbers) = ([], InlineArray(repeating: 0))
    for i in numbers.indices {
      guard let number = optional[i] else { continue }
      numbers[i] = number
      given.formUnion(Needs(scalar: i))
    }
  }

  /// The first one of several.
  init(_ given: Needs, _ numbers: Span<Double>) {
    self.given = given
    self.numbers = InlineArray(repeating: 0)
    for i in self.numbers.indices { self.numbers[i] = numbers[i] }
  }

  /// Whether all of these are finite. Throws where one is not given, or a norm is below 0.
  ///
  /// - Parameter numbers: Those of an observation from `start` on.
  @inline(__always)
  static func check(
    _ numbers: Span<Double>, at start: Int = 0, given: Needs, _ scalars: Needs
  ) throws(ObservationFailure) -> Bool {
    var bits = scalars.subtracting(given).rawValue >> 8
    if bits != 0 { throw .missing(bits.trailingZeroBitCount) }
    bits = scalars.rawValue >> 8
    let fromZero = scalars.contains(.lossFromZero) ? Needs.norms.union(.observedLoss) : Needs.norms
    var sum = 0.0
    while bits != 0 {
      let i = bits.trailingZeroBitCount
      let number = numbers[start &+ i]
      // The sign of a product is asked for last: it may be any.
      if fromZero.contains(Needs(scalar: i)), number < 0 { throw i == 0 ? .negativeLoss : .negative(i) }
      sum += number * 0
      bits &= bits &- 1
    }
    return !sum.isNaN
  }

  /// Adds what is observed of another group, from `start` on: the loss is that of both.
  @inline(never)
  mutating func add(_ others: Span<Double>, at start: Int) {
    for i in numbers.indices where i > 0 {
      let (a, b) = (numbers[i], others[start + i])
      numbers[i] = Needs.euclideanNorms.contains(Needs(scalar: i)) ? (a * a + b * b).squareRoot() : a + b
    }
  }
}

/// The numbers of an observation where they lie: to copy them all would take longer than most rules, which read a few.
extension Span<Double> {
  var loss: Double { self[0] }
  var gradientNorm: Double { self[1] }
  var gradientL1: Double { self[2] }
  var distance: Double { self[3] }
  var startNorm: Double { self[4] }
  var dotStart: Double { self[5] }
  var dotUpdate: Double { self[6] }
  var updateNorm: Double { self[7] }
  var dotX: Double { self[8] }
  var meanNorm: Double { self[9] }
  var meanDotX: Double { self[10] }
}

/// Why an observation was refused; nothing has changed then. It needs no memory, as a message does.
package enum ObservationFailure: Error {
  case isNotObserved
  case missing(Int)
  case negative(Int)
  case negativeLoss
  case count(Int)
  /// A hypergradient, where each group has a schedule.
  case ownSchedules
  case size

  package var error: ConfigurationError {
    switch self {
    case .isNotObserved:
      ConfigurationError(.order, "observe: the scheduler's controller observes the loss alone")
    case .missing(let i):
      ConfigurationError(.order, "observe: the controller needs a number that is not given: ", Needs.name(i))
    case .negative(let i): ConfigurationError(.argument, "observe: a norm below 0: ", Needs.name(i))
    case .negativeLoss: ConfigurationError(.argument, "observe: a loss below 0 needs a lower_bound")
    case .count(let count):
      ConfigurationError(
        .argument,
        "observe: the number of observations is wrong, expected one for each group, or 1 for all: ",
        Decimal.write(Int64(count)))
    case .ownSchedules:
      ConfigurationError(.order, "observe: each group has a schedule of its own: call observe_gradient")
    case .size:
      ConfigurationError(.size, "scheduler: the array of rates is shorter than the number of groups")
    }
  }
}

extension Needs {
  /// The bit of a number of an observation.
  init(scalar index: Int) { self.init(rawValue: 256 << Int32(truncatingIfNeeded: index)) }

  // The numbers of an observation, in the order in which it has them.
  public static var observedLoss: Needs { Needs(scalar: 0) }
  public static var gradientNorm: Needs { Needs(scalar: 1) }
  public static var gradientL1: Needs { Needs(scalar: 2) }
  public static var distance: Needs { Needs(scalar: 3) }
  public static var startNorm: Needs { Needs(scalar: 4) }
  public static var dotStart: Needs { Needs(scalar: 5) }
  public static var dotUpdate: Needs { Needs(scalar: 6) }
  public static var updateNorm: Needs { Needs(scalar: 7) }
  public static var dotX: Needs { Needs(scalar: 8) }
  public static var meanNorm: Needs { Needs(scalar: 9) }
  public static var meanDotX: Needs { Needs(scalar: 10) }

  static var euclideanNorms: Needs { [.gradientNorm, .distance, .startNorm, .updateNorm, .meanNorm] }
  static var norms: Needs { euclideanNorms.union(.gradientL1) }

  /// The name of a number of an observation.
  static func name(_ index: Int) -> [UInt8] {
    var names = Lines(
      """
      loss
      grad_norm
      grad_l1
      distance
      start_norm
      dot_start
      dot_update
      update_norm
      dot_x
      mean_norm
      mean_dot_x
      """)
    for _ in 0..<index { _ = names.next() }
    return names.next() ?? []
  }
}
