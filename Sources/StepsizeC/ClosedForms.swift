// Section 2: Closed forms

import CStepsize
import Stepsize

// MARK: - Closed forms, without a handle

/// Linear decay: base_lr (floor + (1 - floor) (1 - step/total)).
/// - Parameter step: The update, from 0; a negative one counts as 0, after `total` the floor is held.
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter base_lr: The full rate, finite, >= 0.
/// - Parameter floor: The lowest rate as a fraction of base_lr, in [0, 1].
/// - Returns: The rate for that update; NaN if an argument is outside its range.
@c public func stepsize_linear(_ step: Int64, _ total: Int64, _ base_lr: Double, _ floor: Double) -> Double {
  ClosedForms.linear(step: step, total: total, base: base_lr, floor: floor)
}

/// Cosine decay: base_lr (floor + (1 - floor) (1 + cos(pi step/total)) / 2).
/// - Parameter step: The update, from 0; a negative one counts as 0, after `total` the floor is held.
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter base_lr: The full rate, finite, >= 0.
/// - Parameter floor: The lowest rate as a fraction of base_lr, in [0, 1].
/// - Returns: The rate for that update; NaN if an argument is outside its range.
@c public func stepsize_cosine(_ step: Int64, _ total: Int64, _ base_lr: Double, _ floor: Double) -> Double {
  ClosedForms.cosine(step: step, total: total, base: base_lr, floor: floor)
}

/// Polynomial decay: base_lr (floor + (1 - floor) (1 - step/total)^power).
/// - Parameter step: The update, from 0; a negative one counts as 0, after `total` the floor is held.
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter base_lr: The full rate, finite, >= 0.
/// - Parameter floor: The lowest rate as a fraction of base_lr, in [0, 1].
/// - Parameter power: The exponent, > 0; 1 is linear.
/// - Returns: The rate for that update; NaN if an argument is outside its range.
@c public func stepsize_polynomial(
  _ step: Int64, _ total: Int64, _ base_lr: Double, _ floor: Double, _ power: Double
) -> Double {
  ClosedForms.polynomial(step: step, total: total, power: power, base: base_lr, floor: floor)
}

/// Linear warm-up: base_lr min(1, (step + 1)/steps).
///
/// The first update has base_lr/steps, never 0; the full rate is reached at update steps - 1.
/// - Parameter step: The update, from 0; a negative one counts as 0.
/// - Parameter steps: Updates of the warm-up, >= 0.
/// - Parameter base_lr: The full rate, finite, >= 0.
/// - Returns: The rate for that update; NaN if an argument is outside its range.
@c public func stepsize_warmup(_ step: Int64, _ steps: Int64, _ base_lr: Double) -> Double {
  ClosedForms.warmup(step: step, steps: steps, base: base_lr)
}
