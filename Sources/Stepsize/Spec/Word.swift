/// An enum whose cases have names in the text form.
public protocol Word: CaseIterable {
  var name: StaticString { get }
}

extension Word {
  static var names: [StaticString] {
    var names: [StaticString] = []
    for word in allCases { names.append(word.name) }
    return names
  }

  /// The case of that name.
  init?(_ name: [UInt8]) {
    for word in Self.allCases where word.name.equals(name) {
      self = word
      return
    }
    return nil
  }
}

extension Arguments {
  func word<W: Word>(_ name: StaticString, as type: W.Type) throws(ConfigurationError) -> W {
    guard let word = W(self.word(name)) else { throw error(name, expected: "a known word") }
    return word
  }
}
