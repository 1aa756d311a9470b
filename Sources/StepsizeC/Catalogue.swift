// Section 4: The catalogue

import CStepsize
import Stepsize

// MARK: - The catalogue

// All named schedules and controllers, described by the library itself: bindings, menus and documentation can be
// generated from these functions. `catalogue` is STEPSIZE_CATALOGUE_SCHEDULES or
// STEPSIZE_CATALOGUE_CONTROLLERS.

/// How many entries a catalogue has.
/// - Parameter catalogue: STEPSIZE_CATALOGUE_...
/// - Returns: The number of entries; 0 for an unknown catalogue.
@c public func stepsize_catalogue_count(_ catalogue: stepsize_catalogue) -> UInt {
  switch Int(catalogue) {
  case STEPSIZE_CATALOGUE_SCHEDULES: UInt(Kind.allCases.count)
  case STEPSIZE_CATALOGUE_CONTROLLERS: UInt(ControllerKind.allCases.count)
  default: 0
  }
}

/// A text about an entry.
/// - Parameter catalogue: STEPSIZE_CATALOGUE_...
/// - Parameter index: 0 to stepsize_catalogue_count(catalogue) - 1.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _FORMULA or _SOURCE.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong index, STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_catalogue_text(
  _ catalogue: stepsize_catalogue, _ index: UInt, _ what: stepsize_text,
  _ buffer: UnsafeMutablePointer<CChar>?,
  _ capacity: UInt, _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guarded {
    guard let entry = signature(catalogue, index) else { return Int32(STEPSIZE_ERROR_ARGUMENT) }
    let text: [UInt8]? =
      switch Int(what) {
      case STEPSIZE_TEXT_NAME: entry.name
      case STEPSIZE_TEXT_SUMMARY: entry.summary
      case STEPSIZE_TEXT_FORMULA: entry.formula
      case STEPSIZE_TEXT_SOURCE: entry.source
      default: nil
      }
    guard let text else { return Int32(STEPSIZE_ERROR_NAME) }
    return give(text, buffer, capacity, size)
  }
}

/// How many parameters an entry has.
/// - Parameter catalogue: STEPSIZE_CATALOGUE_...
/// - Parameter index: 0 to stepsize_catalogue_count(catalogue) - 1.
/// - Returns: The number of parameters; 0 for a wrong index, and where memory runs out.
@c public func stepsize_catalogue_parameter_count(_ catalogue: stepsize_catalogue, _ index: UInt) -> UInt {
  var count = 0
  _ = guarded {
    count = signature(catalogue, index)?.parameters.count ?? 0
    return Int32(STEPSIZE_OK)
  }
  return UInt(count)
}

/// A text about a parameter of an entry; for a controller with variants, of the first one
/// (stepsize_controller_parameter gives the others).
/// - Parameter catalogue: STEPSIZE_CATALOGUE_...
/// - Parameter index: 0 to stepsize_catalogue_count(catalogue) - 1.
/// - Parameter parameter: 0 to stepsize_catalogue_parameter_count(catalogue, index) - 1.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _KIND, _RANGE, _DEFAULT or _UNIT.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong index, STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_catalogue_parameter_text(
  _ catalogue: stepsize_catalogue, _ index: UInt, _ parameter: UInt, _ what: stepsize_text,
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt, _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guarded {
    guard let entry = signature(catalogue, index), parameter < UInt(entry.parameters.count) else {
      return Int32(STEPSIZE_ERROR_ARGUMENT)
    }
    guard let text = entry.parameters[Int(parameter)].text(what) else { return Int32(STEPSIZE_ERROR_NAME) }
    return give(text, buffer, capacity, size)
  }
}

extension Parameter {
  /// One of STEPSIZE_TEXT_…; nil for a text that a parameter does not have.
  func text(_ what: stepsize_text) -> [UInt8]? {
    switch Int(what) {
    case STEPSIZE_TEXT_NAME: name
    case STEPSIZE_TEXT_SUMMARY: note
    case STEPSIZE_TEXT_KIND: kindName.bytes
    case STEPSIZE_TEXT_RANGE: expected
    case STEPSIZE_TEXT_DEFAULT: defaultText
    case STEPSIZE_TEXT_UNIT: unit.text
    default: nil
    }
  }
}

private func signature(_ catalogue: stepsize_catalogue, _ index: UInt) -> Signature? {
  guard index < stepsize_catalogue_count(catalogue) else { return nil }
  return Int(catalogue) == STEPSIZE_CATALOGUE_SCHEDULES
    ? Kind.allCases[Int(index)].signature : ControllerKind.allCases[Int(index)].signature
}
