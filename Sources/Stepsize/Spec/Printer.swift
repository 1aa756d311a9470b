extension Schedule {
  /// The canonical text form: parsing it gives this schedule again.
  public var text: [UInt8] {
    var text: [UInt8] = []
    write(to: &text)
    return text
  }

  func write(to text: inout [UInt8]) {
    switch form {
    case .call(_, let arguments, _): text.writeCall(arguments.signature, arguments.values, phase)
    case .sequence(let sequence):
      let parts = sequence.all
      for i in parts.indices {
        if i > 0 { text.write(" >> ") }
        parts[i].write(to: &text, inBrackets: parts[i].isSequence)
      }
    case .product(let parts):
      for i in parts.indices {
        if i > 0 { text.write(" * ") }
        parts[i].write(to: &text, inBrackets: parts[i].isSequence || parts[i].isProduct)
      }
    case .scale(let factor, let part):
      text.write(factor)
      text.write(" * ")
      part.write(to: &text, inBrackets: part.isSequence || part.isScale)
    case .group(let part):
      text.write("(")
      part.write(to: &text)
      text.write(", phase=")
      text += Lexer.inQuotes(phase ?? [])
      text.write(")")
    }
  }

  private func write(to text: inout [UInt8], inBrackets: Bool) {
    if inBrackets { text.write("(") }
    write(to: &text)
    if inBrackets { text.write(")") }
  }

  var isSequence: Bool { if case .sequence = form { true } else { false } }
  private var isScale: Bool { if case .scale = form { true } else { false } }
  /// A scale inside a product would otherwise be parsed as the scale of the product.
  private var isProduct: Bool { if case .product = form { true } else { isScale } }
}

extension [UInt8] {
  /// A call in the text form.
  ///
  /// Leading parameters are positional as long as each is required or the first; the others are named, and left out
  /// where they have their default.
  mutating func writeCall(_ signature: Signature, _ values: [Value], _ phase: [UInt8]? = nil) {
    self += signature.name
    write("(")
    var isFirst = true
    var isPositional = true
    for i in values.indices {
      let parameter = signature.parameters[i]
      if let value = parameter.defaultValue {
        if values[i].isSame(as: value) {
          isPositional = false
          continue
        }
        if i > 0 { isPositional = false }
      }
      if !isFirst { write(", ") }
      isFirst = false
      if !isPositional {
        self += parameter.name
        write("=")
      }
      values[i].write(to: &self, limit: Int.max)
    }
    if let phase {
      write(isFirst ? "phase=" : ", phase=")
      self += Lexer.inQuotes(phase)
    }
    write(")")
  }
}
