extension Schedule {
  /// One schedule after the other: each part runs its length, the next starts at its own step 0.
  ///
  /// Every part but the last must have an end. The lengths add up.
  public static func sequence(_ parts: [Schedule]) throws(ConfigurationError) -> Schedule {
    let parts = flattened(parts)
    guard let last = parts.last else {
      throw ConfigurationError(.argument, "sequence: no parts, expected one or more")
    }
    if parts.count == 1 { return last }
    var starts: [Int64] = []
    var end: Int64 = 0
    for part in parts.dropLast() {
      guard let length = part.length else {
        var text: [UInt8] = []
        part.write(to: &text)
        text.write(" has no end, so nothing can follow it")
        throw ConfigurationError(.argument, text)
      }
      starts.append(end)
      end = try sum(end, length)
    }
    starts.append(end)
    var total: Int64?
    if let length = last.length { total = try sum(end, length) }
    var body = Body(balanced(parts, starts, 0, parts.count), length: total, around: parts)
    // Halving the list adds levels of its own.
    var width = 1
    while width < parts.count {
      width *= 2
      body.depth += 1
    }
    return try Schedule(body, form: .sequence(parts))
  }

  /// A sequence of sequences is one sequence, unless an inner one carries a name.
  private static func flattened(_ parts: [Schedule]) -> [Schedule] {
    var flat: [Schedule] = []
    for part in parts {
      if case .sequence(let inner) = part.form, part.phase == nil { flat += inner } else { flat.append(part) }
    }
    return flat
  }

  private static func sum(_ a: Int64, _ b: Int64) throws(ConfigurationError) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { throw ConfigurationError(.limit, "sequence: longer than 2^63 - 1 updates") }
    return sum
  }

  /// Parts lower..<upper as a tree of logarithmic depth, in time counted from `starts[lower]`.
  private static func balanced(_ parts: [Schedule], _ starts: [Int64], _ lower: Int, _ upper: Int) -> Node {
    if upper - lower == 1 { return parts[lower].node }
    let middle = lower + (upper - lower) / 2
    return .sequence(
      balanced(parts, starts, lower, middle), starts[middle] - starts[lower],
      balanced(parts, starts, middle, upper))
  }
}
