import XCTest

@testable import Stepsize

extension RandomSchedules {
  /// Any controller; nil where the values do not fit together (each of them is legal).
  mutating func controller(_ kind: ControllerKind) -> Controller? {
    var given: [Value?] = []
    var parameters = kind.signature.parameters
    for i in parameters.indices {
      let isGiven = Int.random(in: 0..<3, using: &random) > 0
      given.append(isGiven ? value(parameters[i], 4) : nil)
      // The variant comes first, and the ranges of the others may depend on it.
      if i == 0, case .some(.some(.word(let variant))) = given.first {
        parameters = kind.entry.signature(variant: variant).parameters
      }
    }
    // Windows of a size that a test can pay for.
    for i in parameters.indices where parameters[i].name == Array("window".utf8) {
      given[i] = .integer(Int64.random(in: 1...9, using: &random))
    }
    return try? Controller(kind, given)
  }
}
