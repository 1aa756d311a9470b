// Section 9: Learned schedules

import CStepsize
import Stepsize

// MARK: - Policies of one's own

/// A controller that moves the base rates as a policy of one's own says. Its text form holds all of the policy,
/// learned("custom", parameters=[...]), so that saved states restore by themselves. Those of the library are
/// had by their text form, such as learned("nmf", total=1000).
/// - Parameter policy: Bytes of stepsize_agent_save; copied.
/// - Parameter size: How many; damaged ones are STEPSIZE_ERROR_STATE.
/// - Parameter total: Updates of the training; 0 where they are not known.
/// - Parameter adapt: Rate at which it goes on learning, in [0, 1]; 0: it does not.
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
