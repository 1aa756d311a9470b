enum Decimal {
  static func parse(_ b: ArraySlice<UInt8>) -> Double? {
    var v = 0.0, scale = 1.0, seen = false, dot = false
    for c in b { if c == 46 { dot = true } else if c >= 48 && c <= 57 { v = v*10 + Double(c-48); seen = true; if dot { scale *= 10 } } else { return nil } }
    return seen ? v/scale : nil
  }
  static func write(_ x: Double) -> [UInt8] { Array(x.description.utf8) }
  static func write(_ n: Int64) -> [UInt8] { Array(n.description.utf8) }
}
