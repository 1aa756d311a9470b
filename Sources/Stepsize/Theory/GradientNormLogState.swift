extension GradientNormLog {
  /// "NORMLOG" as the first field: this state is not that of a scheduler.
  private static let tag: UInt64 = 0x47_4F4C_4D52_4F4E

  /// Bytes of `state()`, and the largest number for any log.
  public var stateLength: Int { Self.stateLength(values.count) }
  public static var maximumStateLength: Int { stateLength(Table.maximumCount) }

  /// Tag, capacity, stride, the count of those added, the count of those kept, and these.
  private static func stateLength(_ kept: Int) -> Int { StateCoder.headerLength &+ (5 &+ kept) &* 8 }

  /// The log as bytes that `init(state:)` reads.
  public func state() -> [UInt8] {
    var copy = self
    return StateCoder.bytes { copy.transfer(&$0) }
  }

  /// The log that `state()` has written; throws for damaged bytes.
  public init(state: [UInt8]) throws(ConfigurationError) {
    self = try state.span.withUnsafeBytes { (bytes) throws(ConfigurationError) in
      try GradientNormLog(state: StateBytes(bytes))
    }
  }

  package init(state: StateBytes) throws(ConfigurationError) {
    var coder = try StateCoder(reading: state, of: "a log of gradient norms")
    try self.init()
    transfer(&coder)
    try coder.finish()
  }

  mutating func transfer(_ coder: inout StateCoder) {
    var tag = Self.tag
    coder.transfer(&tag)
    if tag != Self.tag { coder.reject() }
    coder.transfer(&capacity, in: 2...Table.maximumCount)
    coder.transfer(&stride, in: 1...Int64.max)
    coder.transfer(&count, in: 0...Int64.max)
    coder.transfer(&values)
    guard coder.isReading else { return }
    let kept = count / stride &+ (count % stride == 0 ? 0 : 1)
    if stride & (stride &- 1) != 0 || kept != Int64(values.count) || values.count > capacity
      || values.contains(where: { $0 < 0 })
    {
      coder.reject()
    }
  }
}
