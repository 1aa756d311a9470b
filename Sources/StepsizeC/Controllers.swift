// Section 5: Controllers

import CStepsize
import Stepsize

public typealias ControllerIn = UnsafePointer<stepsize_controller>?
public typealias ControllerOut = UnsafeMutablePointer<UnsafeMutablePointer<stepsize_controller>?>?

/// Makes a controller and returns it in *out; on failure *out is NULL.
func make(
  _ out: ControllerOut, _ error: ErrorOut, _ body: () throws(ConfigurationError) -> Controller
) -> stepsize_status {
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  out.pointee = nil
  return boundary(error) { () throws(ConfigurationError) in
    out.pointee = makeHandle(try body(), as: stepsize_controller.self)
  }
}

// MARK: - Controllers

/// A controller from its text form, such as "greedy(patience=10, factor=0.95)" or "line_search(c=0.1)".
///
/// Bounds are compared with the base rates when a scheduler is made. Errors: STEPSIZE_ERROR_SYNTAX,
/// STEPSIZE_ERROR_NAME (with the nearest known name), STEPSIZE_ERROR_ARGUMENT; error->offset is the position in the
/// text.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter size: Bytes of the text.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_parse(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ out: ControllerOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard out != nil else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  return parsing(text, size, error) { (bytes) throws(ConfigurationError) in
    out?.pointee = makeHandle(try Controller(parsing: bytes), as: stepsize_controller.self)
  }
}

/// A controller from its name and the values of its parameters; parameters not given have the defaults of its variant.
///
/// Errors: STEPSIZE_ERROR_NAME for an unknown controller or parameter, STEPSIZE_ERROR_ARGUMENT for a value outside
/// its range.
/// - Parameter name: Such as "greedy"; terminated.
/// - Parameter arguments: `count` named values in any order; copied. May be NULL where count is 0.
/// - Parameter count: The number of arguments.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_create(
  _ name: UnsafePointer<CChar>?, _ arguments: UnsafePointer<stepsize_argument>?, _ count: UInt,
  _ out: ControllerOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error) { () throws(ConfigurationError) in
    let kind = try ControllerKind(known: terminated(name))
    return try Controller(kind, values(arguments, count, for: kind.signature))
  }
}

/// The canonical text form of a controller; parsing it gives the same controller again.
/// - Parameter controller: The controller.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_controller_print(
  _ controller: ControllerIn, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let controller else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(controller.value.pointee.text, buffer, capacity, size) }
}

/// A text about a parameter of a controller, or its value.
/// - Parameter controller: The controller.
/// - Parameter parameter: Its index, from 0; STEPSIZE_ERROR_ARGUMENT beyond the last one.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _KIND, _RANGE, _DEFAULT (of the variant), _UNIT or
///   _VALUE.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_controller_parameter(
  _ controller: ControllerIn, _ parameter: UInt, _ what: stepsize_text,
  _ buffer: UnsafeMutablePointer<CChar>?,
  _ capacity: UInt, _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let controller else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    let signature = controller.value.pointee.signature
    guard parameter < UInt(signature.parameters.count) else { return Int32(STEPSIZE_ERROR_ARGUMENT) }
    let text =
      what == STEPSIZE_TEXT_VALUE
      ? controller.value.pointee.valueText(Int(parameter)) : signature.parameters[Int(parameter)].text(what)
    guard let text else { return Int32(STEPSIZE_ERROR_NAME) }
    return give(text, buffer, capacity, size)
  }
}

/// Frees a controller's configuration. Schedulers made from it are not affected. NULL is allowed.
/// - Parameter controller: Not to be used afterwards.
@c public func stepsize_controller_destroy(_ controller: UnsafeMutablePointer<stepsize_controller>?) {
  destroyHandle(controller, of: Controller.self)
}
