extension Schedule {
  /// The product of the values at the same step. It ends when the last of its factors has ended; it has no
  /// end if one of them has none.
  public static func product(_ factors: [Schedule]) throws(ConfigurationError) -> Schedule {
    var parts: [Schedule] = []
    for factor in factors {
      if case .product(let inner) = factor.form, factor.phase == nil {
        parts += inner
      } else {
        parts.append(factor)
      }
    }
    guard let first = parts.first else {
      throw ConfigurationError(.argument, "product: no factors, expected one or more")
    }
    if parts.count == 1 { return first }
    // The factors nest, and a tree too deep could not even be freed.
    guard parts.count <= Self.maximumDepth else {
      throw ConfigurationError(.limit, "product: more than 64 factors")
    }
    var node = first.node
    var length = first.length
    for part in parts.dropFirst() {
      node = .product(node, part.node)
      if let a = length, let b = part.length { length = Swift.max(a, b) } else { length = nil }
    }
    var body = Body(node, length: length, around: parts)
    body.depth += parts.count - 2
    return try Schedule(body, form: .product(parts))
  }

  /// The values times a number >= 0.
  public func scaled(by factor: Double) throws(ConfigurationError) -> Schedule {
    guard Interval.nonNegative.contains(factor) else {
      throw ConfigurationError("scale", "factor", .real(factor), expected: "a finite number >= 0")
    }
    let factor = factor + 0  // -0 becomes 0
    return try Schedule(
      Body(.scale(factor, node), length: length, around: [self]), form: .scale(factor, self))
  }
}
