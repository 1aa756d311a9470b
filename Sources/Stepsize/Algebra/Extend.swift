/// How a schedule changes when a run is to end earlier or later than planned.
public enum ExtensionPolicy: Int32, Sendable {
  /// The whole curve over the new length: the rate of the current update jumps.
  case rescale = 0
  /// The same curve, cut off, or with its last value held.
  case hold = 1
  /// The same curve up to the current update, then the rest of it over the rest of the new length:
  /// the rate does not jump.
  case `continue` = 2
}

extension Schedule {
  /// This schedule with another length.
  ///
  /// - Parameters:
  ///   - total: The new length, >= 1.
  ///   - policy: How the curve is fitted to it. Between the steps of the old curve it is interpolated.
  ///   - step: The current update, which `continue` starts from: in 0..<length and below `total`.
  public func extended(
    to total: Int64, _ policy: ExtensionPolicy, at step: Int64 = 0
  ) throws(ConfigurationError) -> Schedule {
    guard let length else {
      throw ConfigurationError(.argument, "extend: the schedule has no end, expected one with an end")
    }
    guard total >= 1 else {
      throw ConfigurationError("extend", "total", .integer(total), expected: "an integer >= 1")
    }
    switch policy {
    case .hold: return try taking(total)
    case .rescale: return try stretched(from: length, to: total)
    case .continue:
      guard step >= 0, step < length, step < total else {
        throw ConfigurationError(
          "extend", "step", .integer(step), expected: "an integer >= 0, below the old and the new length")
      }
      let rest = try Schedule(.shift, [.schedule(self), .integer(-step)])
      let stretched = try rest.stretched(from: length - step, to: total - step)
      return step == 0 ? stretched : try .sequence([try taking(step), stretched])
    }
  }

  /// `take` keeps the length exact where the quotient is not.
  private func stretched(from old: Int64, to new: Int64) throws(ConfigurationError) -> Schedule {
    guard old >= 1 else { return try taking(new) }
    return try stretched(by: Double(new) / Double(old), isLinear: true).taking(new)
  }
}
