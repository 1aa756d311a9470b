extension Int64 {
  /// The sum; nil where it is out of range.
  @inline(__always)
  package func adding(_ other: Int64) -> Int64? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  /// The product; nil where it is out of range.
  @inline(__always)
  package func multiplied(by factor: Int64) -> Int64? {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }
}
