/// Maps features to a multiplier of the anchor's rate.
///
/// The network returns a raw action u. The multiplier is exp(a), a leaky integral of the squashed action:
/// a ← a + ½(limit·tanh(u) − a), so that |a| < limit and the anchor is never lost.
public struct Policy: Sendable {
  /// Updates between two decisions.
  public let every: Int64
  public let limit: Double
  package var network: Network

  public static var maximumEvery: Int64 { 1_000_000 }
  public static var maximumUnits: Int64 { 32 }
  package static var largestWeight: Double { 1e6 }

  /// - Parameter units: Hidden units; 0 for a linear policy.
  public init(every: Int64, limit: Double, units: Int64) throws(ConfigurationError) {
    try Self.check(every, limit, units)
    self.every = every
    self.limit = limit
    network = Network(inputs: Observer.featureCount, units: Int(units))
  }

  private static func check(_ every: Int64, _ limit: Double, _ units: Int64) throws(ConfigurationError) {
    let check = Check("policy")
    try check("every", every, from: 1, to: maximumEvery)
    try check("limit", limit, in: Interval(0, 10, lowerIsOpen: true))
    try check("units", units, from: 0, to: maximumUnits)
  }

  public var parameters: [Double] { network.parameters }

  @inline(__always)
  package func moved(_ level: Double, by action: Double) -> Double {
    level + 0.5 * (limit * Double.tanh(action) - level)
  }

  // MARK: - As numbers

  /// The whole policy, for the text form: every, limit, hidden units, then the parameters.
  package var numbers: [Double] { [Double(every), limit, Double(network.units)] + network.parameters }

  package init(numbers: [Double]) throws(ConfigurationError) {
    guard numbers.count >= 3, let every = Int64(whole: numbers[0]), let units = Int64(whole: numbers[2])
    else {
      var text: [UInt8] = []
      text.write(numbers) { $1.write($0) }
      throw ConfigurationError(
        "learned", "parameters", text, expected: "every, limit, hidden units, then the weights")
    }
    try Self.check(every, numbers[1], units)
    let count = Network.count(inputs: Observer.featureCount, units: Int(units))
    guard numbers.count == 3 &+ count else {
      throw ConfigurationError(
        "learned", "number of weights", Decimal.write(Int64(numbers.count) &- 3),
        expected: units == 0 ? "8" : "9 for each hidden unit, and 1")
    }
    for weight in numbers[3...] {
      try Check("learned")("weight", weight, in: Interval(-Self.largestWeight, Self.largestWeight))
    }
    self.every = every
    limit = numbers[1]
    network = Network(
      inputs: Observer.featureCount, units: Int(units), parameters: numbers[3...].map { $0 + 0 })
  }

  // MARK: - As bytes

  /// "POLICY01" as the first field: this state is not that of a scheduler.
  private static let tag: UInt64 = 0x3130_5943_494C_4F50

  /// The policy as bytes that `init(bytes:)` reads.
  public var bytes: [UInt8] {
    var tag = Self.tag
    var numbers = numbers
    return StateCoder.bytes {
      $0.transfer(&tag)
      $0.transfer(&numbers)
    }
  }

  /// Throws for damaged bytes and for those of something else.
  public init(bytes: [UInt8]) throws(ConfigurationError) {
    self = try bytes.span.withUnsafeBytes { (bytes) throws(ConfigurationError) in
      try Policy(state: StateBytes(bytes))
    }
  }

  package init(state bytes: StateBytes) throws(ConfigurationError) {
    var coder = try StateCoder(reading: bytes, of: "a policy")
    var tag: UInt64 = 0
    var numbers: [Double] = []
    coder.transfer(&tag)
    guard tag == Self.tag else { throw coder.refusal("it is the state of something else") }
    coder.transfer(&numbers)
    try coder.finish()
    do { try self.init(numbers: numbers) } catch {
      throw coder.refusal(error.message)
    }
  }

  public static var maximumByteCount: Int { 65_536 }
}
