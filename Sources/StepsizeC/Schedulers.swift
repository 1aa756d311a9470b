// Section 6: Schedulers

import CStepsize
import Stepsize

public typealias SchedulerIn = UnsafePointer<stepsize_scheduler>?
public typealias SchedulerInOut = UnsafeMutablePointer<stepsize_scheduler>?
public typealias SchedulerOut = UnsafeMutablePointer<UnsafeMutablePointer<stepsize_scheduler>?>?
public typealias Rates = UnsafeMutablePointer<Double>?

// MARK: - Making schedulers

/// Fills the options with the defaults: no groups yet, no schedule, no controller, no bounds.
/// - Parameter options: Receives the defaults.
/// - Parameter size: sizeof(stepsize_scheduler_options), by which the library knows which fields the caller has.
/// - Returns: A status.
@c public func stepsize_scheduler_defaults(
  _ options: UnsafeMutablePointer<stepsize_scheduler_options>?, _ size: UInt
) -> stepsize_status {
  giveDefaults(stepsize_scheduler_options(), to: options, size)
}

/// A scheduler. It answers the rates for update 0 at once.
///
/// The rate of group g is clamp(base[g] as moved by the controller times schedule(step), min_lr[g], max_lr[g]).
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size` or array, STEPSIZE_ERROR_ARGUMENT for a value outside its
/// range.
/// - Parameter options: From stepsize_scheduler_defaults, with base_lr and group_count set; all is copied.
/// - Parameter out: Receives the scheduler, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_create(
  _ options: UnsafePointer<stepsize_scheduler_options>?, _ out: SchedulerOut, _ error: ErrorOut
) -> stepsize_status {
  make(options, out, error) { (given) throws(ConfigurationError) in
    var controllers: [Controller] = []
    if let controller = given.controller { controllers.append(controller.value.pointee) }
    for i in 0..<given.settling_count {
      guard let settling = given.settlings?[i] else {
        throw ConfigurationError(.argument, "scheduler: one of the settlings is NULL")
      }
      guard settling.value.pointee.kind == .settle else {
        throw ConfigurationError(.argument, "scheduler: one of the settlings is another controller")
      }
      controllers.append(settling.value.pointee)
    }
    return try Plan(controllers, given.schedule?.value.pointee.schedule)
  }
}

/// A scheduler from the text form of its controllers and schedule, such as
/// "greedy(patience=10) * (warmup(500) >> linear(9500))".
///
/// Errors: as stepsize_scheduler_create and stepsize_schedule_parse.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter size: Bytes of the text.
/// - Parameter options: As for stepsize_scheduler_create, without schedule, controller and settlings.
/// - Parameter out: Receives the scheduler, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_parse(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ options: UnsafePointer<stepsize_scheduler_options>?,
  _ out: SchedulerOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  var plan: Plan?
  let status = parsing(text, size, error) { (bytes) throws(ConfigurationError) in
    plan = try Plan(parsing: bytes)
  }
  guard status == STEPSIZE_OK, let plan else { return status }
  return make(options, out, error) { (given) throws(ConfigurationError) in
    guard given.schedule == nil, given.controller == nil, given.settling_count == 0 else {
      throw ConfigurationError(
        .argument, "scheduler: the text says what schedule and controller are; both given")
    }
    return plan
  }
}

private func make(
  _ options: UnsafePointer<stepsize_scheduler_options>?, _ out: SchedulerOut, _ error: ErrorOut,
  _ plan: (stepsize_scheduler_options) throws(ConfigurationError) -> Plan
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  guard let given = read(options, over: stepsize_scheduler_options()) else {
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: size is none of stepsize_scheduler_options", error)
  }
  guard given.record == 0 || given.record == 1 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "scheduler: record is neither 0 nor 1", error)
  }
  let limit = Scheduler.maximumGroupCount
  guard let baseLRs = array(given.base_lr, given.group_count, limit: limit) else {
    return fail(
      STEPSIZE_ERROR_SIZE, "scheduler: base_lr is NULL, not aligned, or has more than 1048576 groups", error)
  }
  guard let minLRs = array(given.min_lr, given.min_lr_count, limit: limit),
    let maxLRs = array(given.max_lr, given.max_lr_count, limit: limit)
  else {
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: min_lr or max_lr is NULL, not aligned or too long", error)
  }
  guard given.settling_count >= 0, given.settling_count <= Plan.maximumSettlingCount,
    isUsable(given.settlings, UInt(given.settling_count))
  else {
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: settlings is NULL, not aligned or has more than 16", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    let scheduler = try Scheduler(
      baseLRs: baseLRs, plan: try plan(given), minLRs: minLRs, maxLRs: maxLRs, records: given.record == 1,
      normCapacity: Int(clamping: given.norm_capacity))
    out.pointee = makeHandle(scheduler, as: stepsize_scheduler.self)
  }
}

// MARK: - Training

// These write the rates into the caller's array. Nothing changes unless the status is STEPSIZE_OK.

/// The rates for the present update.
/// - Parameter scheduler: What to ask.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_SIZE for an array that is too short or not aligned.
@_optimize(speed)
@c public func stepsize_scheduler_rates(
  _ scheduler: SchedulerIn, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.rates(into: rates)
  }
}

/// Goes to the next update. Call it after an update.
/// - Parameter scheduler: What to step: one that needs no loss, else STEPSIZE_ERROR_LOSS_REQUIRED.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_step(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(into: rates)
  }
}

/// Shows the loss of the update just made to the controller and goes to the next update.
/// - Parameter scheduler: What to step; one that needs no loss ignores it.
/// - Parameter loss: Any number; NaN and infinities are losses too (a run may diverge).
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_step_with_loss(
  _ scheduler: SchedulerInOut, _ loss: Double, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(loss: loss, into: rates)
  }
}

/// Goes to the next update without showing a loss to the controller: for the updates between two evaluations.
/// - Parameter scheduler: What to advance.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_advance(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.advance(into: rates)
  }
}

/// Calls the core with the caller's array of rates.
@inline(__always)
private func withRates(
  _ scheduler: UnsafePointer<stepsize_scheduler>, _ lrs: Rates, _ count: UInt,
  _ body: (consuming MutableSpan<Double>) throws(StepFailure) -> Void
) -> stepsize_status {
  guard lrs != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isAligned(lrs), (lrs == nil) == (count == 0), count <= UInt(Int.max) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  do {
    try body(MutableSpan(_unsafeStart: place(lrs, scheduler), count: Int(count)))
    return Int32(STEPSIZE_OK)
  } catch {
    return Int32(error == .size ? STEPSIZE_ERROR_SIZE : STEPSIZE_ERROR_LOSS_REQUIRED)
  }
}

/// The same for a change that may fail in other ways.
private func withRatesAfter(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt,
  _ body: (UnsafeMutablePointer<Scheduler>, consuming MutableSpan<Double>) throws(ConfigurationError) -> Void
) -> stepsize_status {
  guard let scheduler, lrs != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isAligned(lrs), (lrs == nil) == (count == 0), count <= UInt(Int.max) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  return boundary(nil) { () throws(ConfigurationError) in
    try body(scheduler.value, MutableSpan(_unsafeStart: place(lrs, scheduler), count: Int(count)))
  }
}

@inline(__always)
private func isAligned(_ lrs: Rates) -> Bool {
  UInt(bitPattern: lrs) % UInt(MemoryLayout<Double>.alignment) == 0
}

/// An empty span needs a place, too: the scheduler's is as good as any. One call with any span, instead of one for each
/// case, is inlined.
@inline(__always)
private func place(
  _ lrs: Rates, _ scheduler: UnsafePointer<stepsize_scheduler>
) -> UnsafeMutablePointer<Double> {
  lrs ?? UnsafeMutableRawPointer(mutating: scheduler).assumingMemoryBound(to: Double.self)
}

// MARK: - Hypergradient descent

/// Before an update: shows the hypergradient controller the gradient g of this update and the update direction u
/// before it, where x = x - lr u was made. The rates of this update change.
///
/// A number that is not finite changes nothing. STEPSIZE_ERROR_ORDER: the scheduler has another controller.
/// STEPSIZE_ERROR_ARGUMENT: a norm below 0, or a wrong number of products.
/// - Parameter scheduler: What to show it to.
/// - Parameter dots: Dot products g.u: of all groups together (count 1), or one for each group; 0 at first.
/// - Parameter norms: Products of the norms |g||u|, alike; may be NULL unless the variant is "multiplicative".
/// - Parameter dot_count: 1 or the number of groups.
/// - Parameter lrs: Receives the rates for the present update, one for each group; may be NULL with count 0.
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

/// Before an update: begins a line search on its batch and answers the rates of the first trial.
///
/// Make the step x - lr g, find the loss of the same batch there, and call stepsize_scheduler_report; then
/// stepsize_scheduler_step. A loss or norm that is not finite fails at once. STEPSIZE_ERROR_ORDER: the scheduler has no
/// line search. STEPSIZE_ERROR_ARGUMENT: a square below 0, or a wrong number of them.
/// - Parameter scheduler: What searches.
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
/// - Parameter scheduler: What searches.
/// - Parameter loss: Loss of the batch after the step that was tried; one that is not finite is rejected.
/// - Parameter squared_distances: |x+ - x|^2 of the step that was made after the projection, one for each group; not
///   read unless the search is projected.
/// - Parameter distance_count: The number of groups, or 0.
/// - Parameter trial: Receives STEPSIZE_TRIAL_ACCEPTED, _RETRY or _FAILED.
/// - Parameter lrs: Receives the rates of the next trial, or those that were accepted; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_ORDER without a propose for this update, STEPSIZE_ERROR_ARGUMENT for a distance
///   below 0.
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

/// How often the line search has asked for a loss: the work that it cost.
/// - Parameter scheduler: What to ask.
/// - Returns: The number of trials; 0 if scheduler is NULL.
@c public func stepsize_scheduler_trial_count(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.trialCount ?? 0
}

/// The caller's numbers as they are.
private func numbers(
  _ pointer: UnsafePointer<Double>?, _ count: UInt
) throws(ConfigurationError) -> UnsafeBufferPointer<Double> {
  guard isUsable(pointer, count) else {
    throw ConfigurationError(.argument, "an array is NULL, not aligned or too long")
  }
  return UnsafeBufferPointer(start: count == 0 ? nil : pointer, count: Int(count))
}

// MARK: - Asking schedulers

/// Goes to any update, forwards or back. The controller's state stays as it is.
/// - Parameter scheduler: What to set.
/// - Parameter step: The update that the next rates are for, >= 0.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a step before 0.
@c public func stepsize_scheduler_set_step(_ scheduler: SchedulerInOut, _ step: Int64) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try scheduler.value.pointee.setStep(step) }
}

/// The update that the present rates are for.
/// - Parameter scheduler: What to ask.
/// - Returns: The update, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_get_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.step ?? -1
}

/// The step of the schedule now: the update that the present rates are for, and what the phases that were ended early
/// had left. stepsize_schedule_extend with STEPSIZE_EXTEND_CONTINUE starts from it.
/// - Parameter scheduler: What to ask.
/// - Returns: The step, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_schedule_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.scheduleStep ?? -1
}

/// Goes on by another schedule from the present update on, such as a longer one than was planned. Controllers and what
/// they know, base rates, bounds, record and gradient norms stay.
///
/// The schedule is counted as the one before it: its value at stepsize_scheduler_schedule_step is the next one. What is
/// saved from now on is the state of a scheduler with this schedule. Of a record with more than 65536 phases under earlier
/// schedules the names of these are forgotten.
/// - Parameter scheduler: What to extend; as it was on failure.
/// - Parameter schedule: May be destroyed afterwards. NULL for a constant 1.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT if it lacks the phase that a settling is to end.
@c public func stepsize_scheduler_extend(
  _ scheduler: SchedulerInOut, _ schedule: ScheduleIn, _ error: ErrorOut
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    try scheduler.value.pointee.extend(to: schedule?.value.pointee.schedule)
  }
}

/// The base rate of a group as the scheduler was made with it, which no controller has moved.
/// - Parameter scheduler: What to ask.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or has no such group.
@c public func stepsize_scheduler_base_lr(_ scheduler: SchedulerIn, _ group: UInt) -> Double {
  guard let scheduler, let group = Int(exactly: group) else { return .nan }
  return scheduler.value.pointee.baseLR(ofGroup: group) ?? .nan
}

/// What the controller did with the last loss, and why.
/// - Parameter scheduler: What to ask.
/// - Returns: STEPSIZE_DECISION_...; STEPSIZE_DECISION_NONE if scheduler is NULL.
@c public func stepsize_scheduler_decision(_ scheduler: SchedulerIn) -> stepsize_decision {
  guard let scheduler else { return Int32(STEPSIZE_DECISION_NONE) }
  return scheduler.value.pointee.decision.rawValue
}

/// The number of parameter groups.
/// - Parameter scheduler: What to ask.
/// - Returns: The number; 0 if scheduler is NULL.
@c public func stepsize_scheduler_group_count(_ scheduler: SchedulerIn) -> UInt {
  UInt(scheduler?.value.pointee.groupCount ?? 0)
}

/// Whether the schedule has an end and it is reached.
/// - Parameter scheduler: What to ask.
/// - Returns: Whether it is; false if scheduler is NULL.
@c public func stepsize_scheduler_finished(_ scheduler: SchedulerIn) -> Bool {
  scheduler?.value.pointee.isFinished ?? false
}

/// Why the training can stop.
/// - Parameter scheduler: What to ask.
/// - Returns: STEPSIZE_STOP_...; STEPSIZE_STOP_NONE if it need not, and if scheduler is NULL.
@c public func stepsize_scheduler_stop_reason(_ scheduler: SchedulerIn) -> stepsize_stop {
  scheduler?.value.pointee.stopReason?.rawValue ?? Int32(STEPSIZE_STOP_NONE)
}

/// The canonical text form of the controllers and the schedule; base rates and bounds are not in it.
/// - Parameter scheduler: What to print.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_scheduler_print(
  _ scheduler: SchedulerIn, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return give(scheduler.value.pointee.plan.text, buffer, capacity, size)
}

/// Frees a scheduler. NULL is allowed.
/// - Parameter scheduler: Not to be used afterwards.
@c public func stepsize_scheduler_destroy(_ scheduler: SchedulerInOut) {
  destroyHandle(scheduler, of: Scheduler.self)
}
