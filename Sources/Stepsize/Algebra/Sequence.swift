extension Schedule {
  /// One schedule after the other: each part runs its length, the next starts at its own step 0.
  ///
  /// Every part but the last must have an end. The lengths add up.
  public static func sequence(_ parts: [Schedule]) throws(ConfigurationError) -> Schedule {
    guard let last = parts.last else {
      throw ConfigurationError(.argument, "sequence: no parts, expected one or more")
    }
    if parts.count == 1 { return last }
    var lists: [Parts] = []
    lists.reserveCapacity(parts.count)
    var end: Int64 = 0
    for i in parts.indices {
      lists.append(parts[i].sequenceParts)
      if let length = parts[i].length {
        guard let sum = end.adding(length) else {
          throw ConfigurationError(.limit, "sequence: longer than 2^63 - 1 updates")
        }
        end = sum
      } else if i < parts.count - 1 {
        // Of its parts the last one is to blame.
        let list = lists[i]
        var text: [UInt8] = []
        list.part(list.count - 1).schedule.write(to: &text)
        text.write(" has no end, so nothing can follow it")
        throw ConfigurationError(.argument, text)
      }
    }
    let all = Parts.joined(lists[...])
    var body = Body(all.node, length: last.length == nil ? nil : end)
    body.nodeCount += all.nodeCount
    body.evaluationCount = all.evaluationCount
    body.depth += all.depth
    // Halving the list adds levels of its own.
    var width = 1
    while width < all.count {
      width *= 2
      body.depth += 1
    }
    return try Schedule(body, form: .sequence(all))
  }

  /// A sequence of sequences is one sequence, unless an inner one carries a name.
  private var sequenceParts: Parts {
    if case .sequence(let parts) = form, phase == nil { return parts }
    return Parts(self)
  }
}
