// Section 9: Learned schedules

import CStepsize
import Stepsize

// MARK: - Custom policies

/// A controller that moves the base rates by a custom policy. Its text form contains the whole policy,
/// learned("custom", parameters=[...]), so that saved states need nothing else. For the policies of the library use the
/// text form, such as learned("nmf", total=1000).
/// - Parameter policy: Bytes of stepsize_agent_save; copied.
/// - Parameter size: The number of bytes; STEPSIZE_ERROR_STATE for damaged ones.
/// - Parameter total: Updates of the training; 0 if unknown.
/// - Parameter adapt: Rate at which it keeps learning, in [0, 1]; 0: not at all.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_learned(
  _ policy: BytesIn, _ size: UInt, _ total: Int64, _ adapt: Double, _ out: ControllerOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let policy else { return fail(STEPSIZE_ERROR_NULL, "policy is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    let policy = try readPolicy(policy, size)
    let controller = try Controller(
      .learned, [.word("custom"), .integer(total), .real(adapt), .reals(policy.numbers)])
    out.pointee = makeHandle(controller, as: stepsize_controller.self)
  }
}
