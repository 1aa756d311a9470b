extension StateCoder {
  mutating func transfer(_ x: inout Decision) {
    var value = Int64(x.rawValue)
    transfer(&value, in: 0...Int64(Decision.allCases.count - 1))
    x = Decision(rawValue: Int32(value)) ?? x
  }
}
