extension Node {
  /// The value where it takes no call, else nil: a step with such a schedule then needs no stack, which is a
  /// third of its time.
  @inline(__always)
  func immediateValue(at t: Int64) -> Double? {
    switch self {
    case .constant(let leaf): leaf.value
    case .linear(let leaf): leaf.value(at: t)
    default: nil
    }
  }
}
