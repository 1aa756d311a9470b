// Section 1: Versions

import CStepsizeLearn
import StepsizeBoundary

// MARK: - Versions

/// The version of the interface that the library was built with, which is that of the libstepsize it belongs to.
///
/// Check at start that it equals STEPSIZE_ABI_VERSION.
/// - Returns: The ABI number. It rises when a program compiled against an older header would break.
@c public func stepsize_learn_abi_version() -> Int32 { Int32(Version.abi) }

/// The version of the package that the library is a part of.
/// - Returns: 1000000 major + 1000 minor + patch.
@c public func stepsize_learn_version() -> Int32 { Int32(Version.number) }

/// Takes all memory of this library from an allocator of the program's own: as stepsize_set_allocator, which is for
/// libstepsize alone.
/// - Parameter allocator: Its functions and their context, which is copied; what they use lives as long as the process.
/// - Returns: A status; STEPSIZE_ERROR_NULL where a function is NULL, STEPSIZE_ERROR_ORDER where this library has asked
///   for memory, or was given an allocator, before.
@c public func stepsize_learn_set_allocator(
  _ allocator: UnsafePointer<stepsize_allocator>?
) -> stepsize_status {
  setAllocator(allocator)
}
