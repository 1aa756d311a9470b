extension Schedule {
  /// How many updates a picture shows by default: the length; for a schedule without an end, four times the largest
  /// number of updates among its parameters, and at least 1000.
  public var horizon: Int64 {
    max(length ?? max(extent, Self.leastHorizon), 1)
  }

  private static var leastHorizon: Int64 { 1000 }

  /// The same without a minimum.
  private var extent: Int64 {
    if let length { return length }
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion { return expansion.extent }
      if case .some(.schedule(let part)) = arguments.values.first { return extent(ofPart: part) }
      return timescale.multipliedOrLargest(by: 4)
    case .sequence(let parts):
      guard let last = part(parts.count - 1) else { return 0 }
      return last.schedule.extent.addedOrLargest(last.start)
    case .product(let factors): return factors.reduce(0) { max($0, $1.extent) }
    case .scale(_, let part), .group(let part): return part.extent
    }
  }

  private func extent(ofPart part: Schedule) -> Int64 {
    switch node {
    case .repeat(_, let length, _): length.multipliedOrLargest(by: 4)
    case .shift(_, let by): max(part.extent.addedOrLargest(by), 0)
    case .stretch(_, let factor, _): (Pair(part.extent) * factor).roundedUp ?? Int64.max
    default: part.extent
    }
  }

  /// The largest number of updates among the parameters of a closed form.
  private var timescale: Int64 {
    guard case .call(_, let arguments, _) = form else { return 0 }
    let (parameters, values) = (arguments.signature.parameters, arguments.values)
    var largest: Int64 = 0
    for i in parameters.indices where values.indices.contains(i) && parameters[i].unit == .updates {
      switch values[i] {
      case .integer(let n): largest = max(largest, n)
      case .real(let x): largest = max(largest, Int64(min(max(x, 0), largestCount)))
      case .integers(let list): largest = list.reduce(largest) { max($0, $1) }
      case .reals(let list): largest = list.reduce(largest) { max($0, Int64(min(max($1, 0), largestCount))) }
      default: break
      }
    }
    return largest
  }
}

extension Int64 {
  fileprivate func addedOrLargest(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? Int64.max : sum
  }

  fileprivate func multipliedOrLargest(by factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? Int64.max : product
  }
}
