/// How a schedule is composed: a tree that can be walked without reading its text.
public enum Structure: Int32, Sendable {
  /// A schedule of the catalogue. Its part is the schedule among its parameters or, for a named composition, what it
  /// stands for; a closed form has none.
  case call = 0
  /// One part after the other.
  case sequence = 1
  /// The product of the parts at the same step.
  case product = 2
  /// A number times the part.
  case scale = 3
  /// Brackets that carry a phase's name around the part.
  case group = 4
}

extension Schedule {
  public var structure: Structure {
    switch form {
    case .call: .call
    case .sequence: .sequence
    case .product: .product
    case .scale: .scale
    case .group: .group
    }
  }

  /// The root of the tree.
  public var parts: [Schedule] {
    switch form {
    case .call(_, let arguments, let expansion):
      if let expansion {
        [expansion]
      } else if case .some(.schedule(let part)) = arguments.values.first {
        [part]
      } else {
        []
      }
    case .sequence(let parts): parts.all
    case .product(let parts): parts
    case .scale(_, let part), .group(let part): [part]
    }
  }

  public var partCount: Int {
    if case .sequence(let parts) = form { parts.count } else { parts.count }
  }

  /// A part, and the step at which it begins: in a sequence where the previous part ends, otherwise 0. nil: no such
  /// part.
  public func part(_ index: Int) -> (schedule: Schedule, start: Int64)? {
    guard index >= 0, index < partCount else { return nil }
    if case .sequence(let parts) = form { return parts.part(index) }
    return (parts[index], 0)
  }

  /// Name and parameters of a schedule of the catalogue; nil for the others.
  public var signature: Signature? {
    if case .call(_, let arguments, _) = form { arguments.signature } else { nil }
  }

  /// The value of a parameter of such a schedule in the text form.
  public func valueText(_ index: Int) -> [UInt8] {
    var text: [UInt8] = []
    guard case .call(_, let arguments, _) = form, arguments.values.indices.contains(index) else {
      return text
    }
    arguments.values[index].write(to: &text, limit: Int.max)
    return text
  }

  /// The number of a scale; otherwise 1.
  public var factor: Double {
    if case .scale(let factor, _) = form { factor } else { 1 }
  }
}
