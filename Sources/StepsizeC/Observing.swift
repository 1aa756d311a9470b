// Section 6, part 3

import CStepsize
import Stepsize

// MARK: - Observing

/// Before an update: shows the controller what is known of it. The rates of this update change.
///
/// Once for each update, for a scheduler whose stepsize_scheduler_needs says so; a step follows. Only the numbers are
/// read whose bits it has. One that is not finite changes nothing; the decision is STEPSIZE_DECISION_IGNORED. Before the first
/// observation a rate that needs one is 0. For a hypergradient controller or a line search this is another form of
/// stepsize_scheduler_observe_gradient and _propose.
///
/// STEPSIZE_ERROR_ORDER: the controller observes the loss alone, or there is none, or a number that it needs is not
/// given. STEPSIZE_ERROR_ARGUMENT: a norm below 0, a wrong number of observations, a number that the controller cannot
/// use. STEPSIZE_ERROR_SIZE: a wrong `size`.
/// - Parameter scheduler: The scheduler.
/// - Parameter observations: One of all groups together, or an array with one of each group, all of the same `size`, which
///   give the same numbers.
/// - Parameter observation_count: 1 or the number of groups.
/// - Parameter lrs: Receives the rates for the current update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Parameter error: Receives the reason of a failure, such as the name of the number that is not given; may be NULL.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_scheduler_observe(
  _ scheduler: SchedulerInOut, _ observations: UnsafePointer<stepsize_observation>?,
  _ observation_count: UInt,
  _ lrs: Rates, _ count: UInt, _ error: ErrorOut
) -> stepsize_status {
  let reason = error
  // The commonest call.
  guard let observations, let scheduler, let lrs, observation_count == 1, count > 0, count <= UInt(Int.max),
    isAligned(lrs), isUsable(observations, 1),
    Int(observations.pointee.size) == MemoryLayout<stepsize_observation>.size
  else { return observe(scheduler, observations, observation_count, lrs, count, reason) }
  do {
    let first = UnsafeRawPointer(observations) + 8
    try scheduler.value.pointee.observe(
      given: Needs(rawValue: observations.pointee.given),
      Span(_unsafeStart: first.assumingMemoryBound(to: Double.self), count: Observation.count),
      into: MutableSpan(_unsafeStart: lrs, count: Int(count)))
    return Int32(STEPSIZE_OK)
  } catch {
    return refuse(error, reason)
  }
}

@inline(never)
private func observe(
  _ scheduler: SchedulerInOut, _ observations: UnsafePointer<stepsize_observation>?,
  _ observation_count: UInt,
  _ lrs: Rates, _ count: UInt, _ reason: ErrorOut
) -> stepsize_status {
  guard let observations, let scheduler, lrs != nil || count == 0 else {
    return fail(STEPSIZE_ERROR_NULL, "observe: scheduler, observations or lrs is NULL", reason)
  }
  let (first, last) = (UnsafeRawPointer(observations), Int(clamping: observation_count) - 1)
  guard isUsable(observations, observation_count), last >= 0, last < Scheduler.maximumGroupCount,
    isAligned(lrs), (lrs == nil) == (count == 0), count <= UInt(Int.max), isReadable(observations)
  else {
    return fail(
      STEPSIZE_ERROR_SIZE, "observe: an array is not aligned, or its count or a size is wrong", reason)
  }
  let size = Int(observations.pointee.size)
  var given = Needs(rawValue: observations.pointee.given)
  if last > 0, !haveSameSize(first, size, last, &given) {
    return fail(STEPSIZE_ERROR_SIZE, "observe: a size is wrong", reason)
  }
  // From the first number of the first one to the last number of the last one.
  let numbers = Span(
    _unsafeStart: (first + 8).assumingMemoryBound(to: Double.self),
    count: last * (size / 8) + Observation.count)
  do {
    try scheduler.value.pointee.observe(
      given: given, numbers, stride: size / 8, count: last + 1,
      into: MutableSpan(_unsafeStart: place(lrs, scheduler), count: Int(count)))
    return Int32(STEPSIZE_OK)
  } catch {
    return refuse(error, reason)
  }
}

/// A message needs memory.
@inline(never)
private func refuse(_ failure: ObservationFailure, _ reason: ErrorOut) -> stepsize_status {
  boundary(reason) { () throws(ConfigurationError) in throw failure.error }
}

@inline(never)
private func isReadable(_ one: UnsafePointer<stepsize_observation>) -> Bool {
  read(one, over: stepsize_observation()) != nil
}

/// Whether the observations behind the first one have its size; what all of them give.
private func haveSameSize(_ first: UnsafeRawPointer, _ size: Int, _ count: Int, _ given: inout Needs)
  -> Bool
{
  guard size % 8 == 0 else { return false }
  for i in 1...count {
    let one = (first + i * size).assumingMemoryBound(to: stepsize_observation.self)
    guard Int(one.pointee.size) == size, isReadable(one) else { return false }
    given.formIntersection(Needs(rawValue: one.pointee.given))
  }
  return true
}

// MARK: - Hypergradient descent

/// Before an update: shows the hypergradient controller the gradient g of this update and the update direction u
/// of the previous one, where x = x - lr u was made. The rates of this update change.
///
/// A number that is not finite changes nothing. STEPSIZE_ERROR_ORDER: the scheduler has no hypergradient controller.
/// STEPSIZE_ERROR_ARGUMENT: a norm below 0, or a wrong number of products.
/// - Parameter scheduler: One with a hypergradient controller.
/// - Parameter dots: Dot products g.u: one for all groups together, or one for each group; 0 for the first update.
/// - Parameter norms: Products of the norms |g||u|, >= 0, as many as dots; may be NULL unless the variant is
///   "multiplicative".
/// - Parameter dot_count: 1 or the number of groups.
/// - Parameter lrs: Receives the rates for the current update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@c public func stepsize_scheduler_observe_gradient(
  _ scheduler: SchedulerInOut, _ dots: UnsafePointer<Double>?, _ norms: UnsafePointer<Double>?,
  _ dot_count: UInt, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  withRatesAfter(scheduler, lrs, count) { (scheduler, rates) throws(ConfigurationError) in
    let (dots, norms) = (try numbers(dots, dot_count), try numbers(norms, norms == nil ? 0 : dot_count))
    try scheduler.pointee.observeGradient(dots: dots.span, norms: norms.span, into: rates)
  }
}

// MARK: - Line search

/// Before an update: begins a line search on its batch and returns the rates of the first trial.
///
/// Make the step x - lr g, compute the loss of the same batch there, and call stepsize_scheduler_report; when the step
/// is accepted, stepsize_scheduler_step. A loss or norm that is not finite fails at once. STEPSIZE_ERROR_ORDER: the
/// scheduler has no line search. STEPSIZE_ERROR_ARGUMENT: a squared norm below 0, or a wrong number of them.
/// - Parameter scheduler: One with a line search.
/// - Parameter loss: Loss of the batch at x.
/// - Parameter squared_norms: Squared norms of its gradient, one for each group.
/// - Parameter norm_count: The number of groups.
/// - Parameter lrs: Receives the rates of the trial, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; nothing changes unless it is STEPSIZE_OK.
@c public func stepsize_scheduler_propose(
  _ scheduler: SchedulerInOut, _ loss: Double, _ squared_norms: UnsafePointer<Double>?, _ norm_count: UInt,
  _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  withRatesAfter(scheduler, lrs, count) { (scheduler, rates) throws(ConfigurationError) in
    let squaredNorms = try numbers(squared_norms, norm_count)
    try scheduler.pointee.propose(loss: loss, squaredNorms: squaredNorms.span, into: rates)
  }
}

/// Judges a trial of the line search.
/// - Parameter scheduler: One with a line search.
/// - Parameter loss: Loss of the batch after the trial step; a step whose loss is not finite is rejected.
/// - Parameter squared_distances: |x+ - x|^2 of the trial step after the projection, one for each group; not read
///   unless the search is projected.
/// - Parameter distance_count: The number of groups, or 0.
/// - Parameter trial: Receives STEPSIZE_TRIAL_ACCEPTED, _RETRY or _FAILED.
/// - Parameter lrs: Receives the rates of the next trial, or the accepted ones; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_ORDER without a stepsize_scheduler_propose for this update,
///   STEPSIZE_ERROR_ARGUMENT for a squared distance below 0.
@c public func stepsize_scheduler_report(
  _ scheduler: SchedulerInOut, _ loss: Double, _ squared_distances: UnsafePointer<Double>?,
  _ distance_count: UInt, _ trial: UnsafeMutablePointer<stepsize_trial>?, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let trial else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRatesAfter(scheduler, lrs, count) { (scheduler, rates) throws(ConfigurationError) in
    let squaredDistances = try numbers(squared_distances, distance_count)
    trial.pointee = try scheduler.pointee.report(
      loss: loss, squaredDistances: squaredDistances.span, into: rates
    ).rawValue
  }
}

/// The number of losses that the line search has requested: its cost.
/// - Parameter scheduler: The scheduler.
/// - Returns: The number of trials; 0 if scheduler is NULL.
@c public func stepsize_scheduler_trial_count(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.trialCount ?? 0
}

/// The caller's numbers.
private func numbers(
  _ pointer: UnsafePointer<Double>?, _ count: UInt
) throws(ConfigurationError) -> UnsafeBufferPointer<Double> {
  try checkArray(
    pointer, Int(clamping: count), limit: Int.max - 1, "an array is NULL, not aligned or too long")
  return UnsafeBufferPointer(start: count == 0 ? nil : pointer, count: Int(count))
}
