extension Interval {
  /// As declared: "> 0", ">= 1", "in [0, 1)", or nothing for every finite number.
  init(declared lexer: inout Lexer) throws(ConfigurationError) {
    let largest = Double.greatestFiniteMagnitude
    if lexer.take(">=") {
      self.init(try lexer.expectReal(), largest)
    } else if lexer.take(">") {
      self.init(try lexer.expectReal(), largest, lowerIsOpen: true)
    } else if lexer.take("in") {
      let lowerIsOpen = lexer.take("(")
      if !lowerIsOpen { try lexer.expect("[") }
      let lower = try lexer.expectReal()
      try lexer.expect(",")
      let upper = try lexer.expectReal()
      let upperIsOpen = lexer.take(")")
      if !upperIsOpen { try lexer.expect("]") }
      self.init(lower, upper, lowerIsOpen: lowerIsOpen, upperIsOpen: upperIsOpen)
    } else {
      self.init(-largest, largest)
    }
  }
}
