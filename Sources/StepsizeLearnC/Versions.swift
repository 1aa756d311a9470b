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
