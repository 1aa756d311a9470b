// Section 4: The catalogue

import CStepsize
import Stepsize

// MARK: - The catalogue

/// How many schedules have a name. Bindings and menus are made from these functions: no second list is needed.
/// - Returns: The number of entries.
@c public func stepsize_catalogue_count() -> UInt { UInt(Kind.allCases.count) }

/// What the library says of a named schedule.
/// - Parameter index: 0 to stepsize_catalogue_count() - 1.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _FORMULA or _SOURCE.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter length: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong index, STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_catalogue_text(
  _ index: UInt, _ what: Int32, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ length: UnsafeMutablePointer<UInt>?
) -> Int32 {
  guard let entry = entry(index) else { return Int32(STEPSIZE_ERROR_ARGUMENT) }
  let text =
    switch Int(what) {
    case STEPSIZE_TEXT_NAME: entry.name
    case STEPSIZE_TEXT_SUMMARY: entry.summary
    case STEPSIZE_TEXT_FORMULA: entry.formula
    case STEPSIZE_TEXT_SOURCE: entry.source
    default: nil as StaticString?
    }
  guard let text else { return Int32(STEPSIZE_ERROR_NAME) }
  return give(text.bytes, buffer, capacity, length)
}

/// How many parameters a named schedule has.
/// - Parameter index: 0 to stepsize_catalogue_count() - 1.
/// - Returns: The number of parameters; 0 for a wrong index.
@c public func stepsize_catalogue_parameter_count(_ index: UInt) -> UInt {
  UInt(entry(index)?.parameters.count ?? 0)
}

/// What the library says of a parameter of a named schedule.
/// - Parameter index: 0 to stepsize_catalogue_count() - 1.
/// - Parameter parameter: 0 to stepsize_catalogue_parameter_count(index) - 1.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _KIND, _RANGE or _DEFAULT.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter length: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a wrong index, STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_catalogue_parameter_text(
  _ index: UInt, _ parameter: UInt, _ what: Int32, _ buffer: UnsafeMutablePointer<CChar>?,
  _ capacity: UInt, _ length: UnsafeMutablePointer<UInt>?
) -> Int32 {
  guard let entry = entry(index), parameter < UInt(entry.parameters.count) else {
    return Int32(STEPSIZE_ERROR_ARGUMENT)
  }
  guard let text = entry.parameters[Int(parameter)].text(what) else { return Int32(STEPSIZE_ERROR_NAME) }
  return give(text, buffer, capacity, length)
}

extension Parameter {
  /// One of STEPSIZE_TEXT_…; nil for what a parameter has not.
  func text(_ what: Int32) -> [UInt8]? {
    switch Int(what) {
    case STEPSIZE_TEXT_NAME: name.bytes
    case STEPSIZE_TEXT_SUMMARY: note.bytes
    case STEPSIZE_TEXT_KIND: kindName.bytes
    case STEPSIZE_TEXT_RANGE: expected
    case STEPSIZE_TEXT_DEFAULT: fallbackText
    default: nil
    }
  }
}

private func entry(_ index: UInt) -> Signature? {
  index < UInt(Kind.allCases.count) ? Kind.allCases[Int(index)].signature : nil
}
