/// A range of reals, always finite: closed unless an end is marked as open.
public struct Interval: Sendable {
  public let lower: Double
  public let upper: Double
  public let lowerIsOpen: Bool
  public let upperIsOpen: Bool

  package static let finite = Interval(-Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude)
  package static let nonNegative = Interval(0, Double.greatestFiniteMagnitude)
  package static let positive = Interval(0, Double.greatestFiniteMagnitude, lowerIsOpen: true)
  /// Fractions of the base rate.
  package static let fraction = Interval(0, 1)

  package init(_ lower: Double, _ upper: Double, lowerIsOpen: Bool = false, upperIsOpen: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.lowerIsOpen = lowerIsOpen
    self.upperIsOpen = upperIsOpen
  }

  /// False for NaN.
  public func contains(_ x: Double) -> Bool {
    (lowerIsOpen ? x > lower : x >= lower) && (upperIsOpen ? x < upper : x <= upper)
  }

  package func write(to text: inout [UInt8]) {
    let unboundedAbove = upper == Double.greatestFiniteMagnitude
    if lower == -Double.greatestFiniteMagnitude && unboundedAbove {
      text.write("a finite number")
    } else if unboundedAbove {
      text.write(lowerIsOpen ? "a finite number > " : "a finite number >= ")
      text.write(lower)
    } else {
      text.write("a number in ")
      text.write(lowerIsOpen ? "(" : "[")
      text.write(lower)
      text.write(", ")
      text.write(upper)
      text.write(upperIsOpen ? ")" : "]")
    }
  }
}
