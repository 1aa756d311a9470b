/// The values of a schedule's or a controller's parameters, checked against their declaration.
///
/// A class, since it is copied often: one reference instead of seven.
final class Arguments: Sendable {
  let signature: Signature
  /// In the order of the parameters.
  let values: [Value]

  init(signature: Signature, values: [Value]) {
    self.signature = signature
    self.values = values
  }

  /// For controllers that are not in use: every number is 0 or NaN, every word the first one.
  static var unused: Arguments {
    Arguments(signature: Signature(entry: Entry(""), name: [], parameters: []), values: [])
  }

  subscript(name: StaticString) -> Value {
    guard let index = index(of: name) else { return .none }
    return values[index]
  }

  subscript(name: ArraySlice<UInt8>) -> Value {
    for i in signature.parameters.indices where signature.parameters[i].name.elementsEqual(name) {
      return values[i]
    }
    return .none
  }

  private func index(of name: StaticString) -> Int? {
    for i in signature.parameters.indices where name.equals(signature.parameters[i].name) { return i }
    return nil
  }

  // The kinds have been checked: the defaults below are never reached.

  func count(_ name: StaticString) -> Int64 { optionalCount(name) ?? 0 }
  func real(_ name: StaticString) -> Double { optionalReal(name) ?? Double.nan }

  func optionalCount(_ name: StaticString) -> Int64? {
    if case .integer(let n) = self[name] { n } else { nil }
  }

  func optionalReal(_ name: StaticString) -> Double? {
    if case .real(let x) = self[name] { x } else { nil }
  }

  func flag(_ name: StaticString) -> Bool {
    if case .flag(let on) = self[name] { on } else { false }
  }

  func optionalWord(_ name: StaticString) -> [UInt8]? {
    if case .word(let word) = self[name] { word } else { nil }
  }

  /// The index of a word among those that its parameter declares.
  func wordIndex(_ name: StaticString) -> Int32 {
    if values.isEmpty { return 0 }
    guard let index = index(of: name), case .word(let words) = signature.parameters[index].kind,
      case .word(let word) = values[index], let place = words.firstIndex(of: word)
    else { return -1 }
    return Int32(place)
  }

  /// The case of an enum whose raw values are the indices of the declared words.
  func word<W: RawRepresentable<Int32>>(
    _ name: StaticString, as type: W.Type
  ) throws(ConfigurationError) -> W {
    guard let word = W(rawValue: wordIndex(name)) else { throw error(name, expected: "a known word") }
    return word
  }

  /// A value as a number, by the place of its parameter: a flag or a word is 0 or its index, none is NaN.
  func number(_ index: Int) -> Double {
    switch values[index] {
    case .integer(let n): Double(n)
    case .real(let x): x
    case .flag(let on): on ? 1 : 0
    case .word(let word):
      if case .word(let words) = signature.parameters[index].kind, let place = words.firstIndex(of: word) {
        Double(place)
      } else {
        Double.nan
      }
    default: Double.nan
    }
  }

  func counts(_ name: StaticString) -> [Int64] {
    if case .integers(let list) = self[name] { list } else { [] }
  }

  func reals(_ name: StaticString) -> [Double] {
    if case .reals(let list) = self[name] { list } else { [] }
  }

  /// One number for all groups, one for each, or none.
  func perGroup(_ name: StaticString) -> [Double] {
    if case .real(let bound) = self[name] { [bound] } else { reals(name) }
  }

  func schedule(_ name: StaticString) throws(ConfigurationError) -> Schedule {
    guard case .schedule(let schedule) = self[name] else { throw error(name, expected: "a schedule") }
    return schedule
  }

  func error(_ name: StaticString, expected: StaticString) -> ConfigurationError {
    ConfigurationError(signature.name, name.bytes, self[name], expected: expected.bytes)
  }
}
