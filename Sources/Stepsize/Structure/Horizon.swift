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
      return timescale.multiplied(by: 4) ?? Int64.max
    case .sequence(let parts):
      guard let last = part(parts.count - 1) else { return 0 }
      return last.schedule.extent.adding(last.start) ?? Int64.max
    case .product(let factors): return factors.reduce(0) { max($0, $1.extent) }
    case .scale(_, let part), .group(let part): return part.extent
    }
  }

  private func extent(ofPart part: Schedule) -> Int64 {
    switch node {
    case .repeat(_, let length, _): length.multiplied(by: 4) ?? Int64.max
    case .shift(_, let by): max(part.extent.adding(by) ?? Int64.max, 0)
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
