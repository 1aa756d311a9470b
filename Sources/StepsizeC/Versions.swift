// Section 1: Versions

import CStepsize
import Stepsize

// MARK: - Versions

/// The version of the interface that the library was built with.
///
/// Check at start that it equals STEPSIZE_ABI_VERSION.
/// - Returns: The ABI number. It rises when a program compiled against an older header would break.
@c public func stepsize_abi_version() -> Int32 { Int32(Version.abi) }

/// The version of the package.
/// - Returns: 1000000 major + 1000 minor + patch.
@c public func stepsize_version() -> Int32 { Int32(Version.number) }

/// Takes all memory of this library from an allocator of the program's own, in place of malloc and free.
///
/// Once, at the start: before the first call of any function that asks for memory, whatever came of it. One allocator
/// serves all objects and threads until the process ends.
/// - Parameter allocator: Its functions and their context, which is copied; what they use lives as long as the process.
/// - Returns: A status; STEPSIZE_ERROR_NULL where a function is NULL, STEPSIZE_ERROR_ORDER where memory was asked for, or
///   an allocator set, before.
@c public func stepsize_set_allocator(_ allocator: UnsafePointer<stepsize_allocator>?) -> stepsize_status {
  setAllocator(allocator)
}

/// The name of a status, for a log.
/// - Parameter status: What a function returned.
/// - Returns: A constant such as "STEPSIZE_ERROR_NULL", never NULL; "unknown status" for other numbers.
@c public func stepsize_status_name(_ status: stepsize_status) -> UnsafePointer<CChar> {
  let name: StaticString =
    switch Int(status) {
    case STEPSIZE_OK: "STEPSIZE_OK"
    case STEPSIZE_ERROR_NULL: "STEPSIZE_ERROR_NULL"
    case STEPSIZE_ERROR_SIZE: "STEPSIZE_ERROR_SIZE"
    case STEPSIZE_ERROR_MEMORY: "STEPSIZE_ERROR_MEMORY"
    case STEPSIZE_ERROR_ARGUMENT: "STEPSIZE_ERROR_ARGUMENT"
    case STEPSIZE_ERROR_NAME: "STEPSIZE_ERROR_NAME"
    case STEPSIZE_ERROR_SYNTAX: "STEPSIZE_ERROR_SYNTAX"
    case STEPSIZE_ERROR_LIMIT: "STEPSIZE_ERROR_LIMIT"
    case STEPSIZE_ERROR_LOSS_REQUIRED: "STEPSIZE_ERROR_LOSS_REQUIRED"
    case STEPSIZE_ERROR_OBSERVATION_REQUIRED: "STEPSIZE_ERROR_OBSERVATION_REQUIRED"
    case STEPSIZE_ERROR_ORDER: "STEPSIZE_ERROR_ORDER"
    case STEPSIZE_ERROR_STATE: "STEPSIZE_ERROR_STATE"
    case STEPSIZE_ERROR_VERSION: "STEPSIZE_ERROR_VERSION"
    case STEPSIZE_ERROR_MISMATCH: "STEPSIZE_ERROR_MISMATCH"
    case STEPSIZE_ERROR_NO_SUGGESTION: "STEPSIZE_ERROR_NO_SUGGESTION"
    default: "unknown status"
    }
  return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}
