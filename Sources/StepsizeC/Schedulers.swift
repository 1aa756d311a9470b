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
/// - Parameter size: sizeof(stepsize_scheduler_options), which says which fields the caller has.
/// - Returns: A status.
@c public func stepsize_scheduler_defaults(
  _ options: UnsafeMutablePointer<stepsize_scheduler_options>?, _ size: UInt
) -> stepsize_status {
  giveDefaults(stepsize_scheduler_options(), to: options, size)
}

/// A scheduler. It has the rates for update 0 at once.
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
    try checkArray(
      given.early_stops, given.early_stop_count, limit: Plan.maximumEarlyStopCount,
      "scheduler: early_stops is NULL, not aligned or has more than 16")
    for i in 0..<given.early_stop_count {
      guard let rule = given.early_stops?[i] else {
        throw ConfigurationError(.null, "scheduler: early_stops: one of them is NULL")
      }
      guard rule.value.pointee.kind == .earlyStop else {
        throw ConfigurationError(.argument, "scheduler: early_stops: one of them is not an early stop rule")
      }
      controllers.append(rule.value.pointee)
    }
    guard given.schedule_count != 0 else {
      return try Plan(controllers, given.schedule?.value.pointee.schedule)
    }
    guard given.schedule == nil else {
      throw ConfigurationError(.argument, "scheduler: schedule and schedules are both set")
    }
    return try Plan(controllers, schedules(given.schedules, given.schedule_count))
  }
}

/// A scheduler from the text form of its controllers and schedule, such as
/// "greedy(patience=10) * (warmup(500) >> linear(9500))".
///
/// Errors: as stepsize_scheduler_create and stepsize_schedule_parse.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter size: Bytes of the text.
/// - Parameter options: As for stepsize_scheduler_create, with schedule, controller and early_stops unset.
/// - Parameter out: Receives the scheduler, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_scheduler_parse(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ options: UnsafePointer<stepsize_scheduler_options>?,
  _ out: SchedulerOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  var plan: Plan?
  // Wrong options are refused below.
  let total = options.flatMap { read($0, over: stepsize_scheduler_options()) }?.total ?? 0
  let status = parsing(text, size, error) { (bytes) throws(ConfigurationError) in
    plan = try Plan(parsing: bytes, total: total == 0 ? nil : total)
  }
  guard status == STEPSIZE_OK, let plan else { return status }
  return make(options, out, error) { (given) throws(ConfigurationError) in
    guard given.schedule == nil, given.schedule_count == 0, given.controller == nil,
      given.early_stop_count == 0
    else {
      throw ConfigurationError(
        .argument,
        "scheduler: schedule, schedules, controller and early_stops must not be set, since the text gives them"
      )
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
    return fail(STEPSIZE_ERROR_SIZE, "scheduler: size is not that of stepsize_scheduler_options", error)
  }
  guard given.record == 0 || given.record == 1 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "scheduler: record is invalid, expected 0 or 1", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    let limit = Scheduler.maximumGroupCount
    let baseLRs = try array(given.base_lr, given.group_count, limit: limit, unusableBaseLRs)
    let bounds: StaticString = "scheduler: min_lr or max_lr is NULL, not aligned or too long"
    let minLRs = try array(given.min_lr, given.min_lr_count, limit: limit, bounds)
    let maxLRs = try array(given.max_lr, given.max_lr_count, limit: limit, bounds)
    let scheduler = try Scheduler(
      baseLRs: baseLRs, plan: try plan(given), minLRs: minLRs, maxLRs: maxLRs, records: given.record == 1,
      normCapacity: Int(clamping: given.norm_capacity))
    out.pointee = makeHandle(scheduler, as: stepsize_scheduler.self)
  }
}

// MARK: - Training

// These write the rates into the caller's array. Nothing changes unless the status is STEPSIZE_OK.

/// The rates for the current update.
/// - Parameter scheduler: The scheduler.
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
    return Int32(STEPSIZE_OK)
  }
}

/// Goes to the next update. Call it after an update.
///
/// STEPSIZE_ERROR_OBSERVATION_REQUIRED: the scheduler has a line search or a hypergradient controller, which has not
/// observed this update (stepsize_scheduler_propose, stepsize_scheduler_observe_gradient; the first update of a
/// hypergradient needs none). stepsize_scheduler_advance is for an update without.
/// - Parameter scheduler: One that needs no loss; otherwise STEPSIZE_ERROR_LOSS_REQUIRED.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_step(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    if try scheduler.value.pointee.stepAtOnce(into: rates) { return Int32(STEPSIZE_OK) }
    return step(scheduler, lrs, count)
  }
}

@inline(never)
private func step(
  _ scheduler: UnsafeMutablePointer<stepsize_scheduler>, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Shows the loss of the last update to the controller and goes to the next update.
/// - Parameter scheduler: The scheduler; one that needs no loss ignores it. STEPSIZE_ERROR_OBSERVATION_REQUIRED as
///   stepsize_scheduler_step.
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
    if try scheduler.value.pointee.stepAtOnce(loss: loss, into: rates) { return Int32(STEPSIZE_OK) }
    return step(scheduler, loss, lrs, count)
  }
}

@inline(never)
private func step(
  _ scheduler: UnsafeMutablePointer<stepsize_scheduler>, _ loss: Double, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.step(loss: loss, into: rates) { scheduler in
      guarded {
        scheduler.reserveController()
        return Int32(STEPSIZE_OK)
      } == STEPSIZE_OK
    }
    return Int32(STEPSIZE_OK)
  }
}

/// Goes to the next update without showing a loss to the controller, or any other observation: for the updates between
/// two evaluations.
/// - Parameter scheduler: The scheduler.
/// - Parameter lrs: Receives the rates for the next update, one for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@_optimize(speed)
@c public func stepsize_scheduler_advance(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    if try scheduler.value.pointee.advanceAtOnce(into: rates) { return Int32(STEPSIZE_OK) }
    return advance(scheduler, lrs, count)
  }
}

@inline(never)
private func advance(
  _ scheduler: UnsafeMutablePointer<stepsize_scheduler>, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.advance(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Goes so many updates on without showing losses to the controller: the same state, record and rates as by one
/// stepsize_scheduler_advance for each, at once. A record takes the time of that many steps, up to the end of the schedule.
/// - Parameter scheduler: The scheduler.
/// - Parameter updates: How many, >= 0.
/// - Parameter lrs: Receives the rates for the update that is then current; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a negative number, and for one that leads beyond 2^63 - 1.
@c public func stepsize_scheduler_advance_by(
  _ scheduler: SchedulerInOut, _ updates: Int64, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.advance(by: updates, into: rates) { _ in reserve(scheduler) }
    return Int32(STEPSIZE_OK)
  }
}

// For loops and callbacks that have one place to ask, before each update.

/// The rate of one group for the current update, as a number: for a loop that takes a step after each update.
///
///     for (int t = 0; t < 10000; t++) {
///       double loss = train(stepsize_scheduler_lr(scheduler, 0));
///       if (stepsize_scheduler_step_with_loss(scheduler, loss, NULL, 0)) return 1;
///     }
///
/// - Parameter scheduler: What to ask.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or has no such group.
@c public func stepsize_scheduler_lr(_ scheduler: SchedulerIn, _ group: UInt) -> Double {
  guard let scheduler, let group = Int(exactly: group) else { return .nan }
  return scheduler.value.pointee.rate(ofGroup: group) ?? .nan
}

/// The same in single precision. A rate above 0 is never rounded to 0.
/// - Parameter scheduler: What to ask.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or has no such group.
@c public func stepsize_scheduler_lr_float(_ scheduler: SchedulerIn, _ group: UInt) -> Float {
  single(stepsize_scheduler_lr(scheduler, group))
}

/// The rates for the current update, which then counts as made: the first call gives those for update 0, each further one
/// those for the next update. Nothing is to be called after an update; saved and restored, the next call continues.
///
///     double lr;
///     for (int t = 0; t < 10000 && stepsize_scheduler_next(scheduler, &lr, 1) == STEPSIZE_OK; t++)
///       train(lr);
///
/// - Parameter scheduler: What to ask: one that needs no loss; errors as stepsize_scheduler_step.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@c public func stepsize_scheduler_next(
  _ scheduler: SchedulerInOut, _ lrs: Rates, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.next(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// The same in single precision. A rate above 0 is never rounded to 0.
/// - Parameter scheduler: What to ask: one that needs no loss; errors as stepsize_scheduler_step.
/// - Parameter lrs: Receives one rate for each group; may be NULL with count 0.
/// - Parameter count: Numbers that fit into lrs, at least the number of groups.
/// - Returns: A status.
@c public func stepsize_scheduler_next_float(
  _ scheduler: SchedulerInOut, _ lrs: UnsafeMutablePointer<Float>?, _ count: UInt
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  guard hasMemory(scheduler) else { return Int32(STEPSIZE_ERROR_MEMORY) }
  return withRates(scheduler, lrs, count) { (rates) throws(StepFailure) in
    try scheduler.value.pointee.next(into: rates)
    return Int32(STEPSIZE_OK)
  }
}

/// Whether a step has the memory that it needs: it asks for none itself.
@inline(__always)
private func hasMemory(_ scheduler: UnsafeMutablePointer<stepsize_scheduler>) -> Bool {
  scheduler.value.pointee.hasReserve || reserve(scheduler)
}

@inline(never)
private func reserve(_ scheduler: UnsafeMutablePointer<stepsize_scheduler>) -> Bool {
  // One after the other: each is whole, whatever becomes of the next.
  for part in 0..<scheduler.value.pointee.reserveCount {
    let status = guarded {
      scheduler.value.pointee.reserve(part)
      return Int32(STEPSIZE_OK)
    }
    guard status == STEPSIZE_OK else { return false }
  }
  scheduler.value.pointee.countReserve()
  return true
}

/// Calls the core with the caller's array of rates.
@inline(__always)
private func withRates<Rate>(
  _ scheduler: UnsafePointer<stepsize_scheduler>, _ lrs: UnsafeMutablePointer<Rate>?, _ count: UInt,
  _ body: (consuming MutableSpan<Rate>) throws(StepFailure) -> stepsize_status
) -> stepsize_status {
  guard lrs != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  // The place is looked at, not the pointer: then the span does not look again.
  let start = place(lrs, scheduler)
  guard isAligned(start), (lrs == nil) == (count == 0), count <= UInt(Int.max) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  do {
    return try body(MutableSpan(_unsafeStart: start, count: Int(count)))
  } catch {
    return switch error {
    case .size: Int32(STEPSIZE_ERROR_SIZE)
    case .count: Int32(STEPSIZE_ERROR_ARGUMENT)
    case .lossRequired: Int32(STEPSIZE_ERROR_LOSS_REQUIRED)
    case .observationRequired: Int32(STEPSIZE_ERROR_OBSERVATION_REQUIRED)
    case .memory: Int32(STEPSIZE_ERROR_MEMORY)
    }
  }
}

/// The same for a call that may fail in other ways.
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
private func isAligned<Rate>(_ lrs: UnsafeMutablePointer<Rate>?) -> Bool {
  UInt(bitPattern: lrs) % UInt(MemoryLayout<Rate>.alignment) == 0
}

/// An empty span needs an address, too: the scheduler's will do. A single call with any span, instead of one for each
/// case, is inlined.
@inline(__always)
private func place<Rate>(
  _ lrs: UnsafeMutablePointer<Rate>?, _ scheduler: UnsafePointer<stepsize_scheduler>
) -> UnsafeMutablePointer<Rate> {
  lrs ?? UnsafeMutableRawPointer(mutating: scheduler).assumingMemoryBound(to: Rate.self)
}

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
@c public func stepsize_scheduler_observe(
  _ scheduler: SchedulerInOut, _ observations: UnsafePointer<stepsize_observation>?,
  _ observation_count: UInt,
  _ lrs: Rates, _ count: UInt, _ error: ErrorOut
) -> stepsize_status {
  guard let observations, let scheduler, lrs != nil || count == 0 else {
    return fail(STEPSIZE_ERROR_NULL, "observe: scheduler, observations or lrs is NULL", error)
  }
  let (first, last) = (UnsafeRawPointer(observations), Int(clamping: observation_count) - 1)
  let size = Int(first.loadUnaligned(as: UInt32.self))
  // A struct of this version is not copied once more to be looked at.
  guard isUsable(observations, observation_count), last >= 0, last < Scheduler.maximumGroupCount,
    isAligned(lrs), (lrs == nil) == (count == 0), count <= UInt(Int.max),
    size == MemoryLayout<stepsize_observation>.size || isReadable(observations)
  else {
    return fail(
      STEPSIZE_ERROR_SIZE, "observe: an array is not aligned, or its count or a size is wrong", error)
  }
  var seen = first.loadUnaligned(as: Observation.self)
  if last > 0, !haveSameSize(first, size, last, &seen) {
    return fail(STEPSIZE_ERROR_SIZE, "observe: a size is wrong", error)
  }
  // From the first number of the first one to the last number of the last one.
  let numbers = Span(
    _unsafeStart: (first + 8).assumingMemoryBound(to: Double.self),
    count: last * (size / 8) + MemoryLayout<stepsize_observation>.size / 8 - 1)
  do {
    try scheduler.value.pointee.observe(
      seen, numbers, stride: size / 8, count: last + 1,
      into: MutableSpan(_unsafeStart: place(lrs, scheduler), count: Int(count)))
    return Int32(STEPSIZE_OK)
  } catch let failure {
    // A message needs memory.
    return boundary(error) { () throws(ConfigurationError) in throw failure.error }
  }
}

@inline(never)
private func isReadable(_ one: UnsafePointer<stepsize_observation>) -> Bool {
  read(one, over: stepsize_observation()) != nil
}

/// Whether the observations behind the first one have its size; what all of them give.
private func haveSameSize(_ first: UnsafeRawPointer, _ size: Int, _ count: Int, _ seen: inout Observation)
  -> Bool
{
  guard size % 8 == 0 else { return false }
  for i in 1...count {
    let one = (first + i * size).assumingMemoryBound(to: stepsize_observation.self)
    guard Int(one.pointee.size) == size, isReadable(one) else { return false }
    seen.restrict(to: Needs(rawValue: one.pointee.given))
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

// MARK: - Querying schedulers

/// Goes to any update, forwards or back. The controller's state does not change.
/// - Parameter scheduler: The scheduler.
/// - Parameter step: The update that the next rates are for, >= 0.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a negative step.
@c public func stepsize_scheduler_set_step(_ scheduler: SchedulerInOut, _ step: Int64) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try scheduler.value.pointee.setStep(step) }
}

/// The update that the current rates are for.
/// - Parameter scheduler: The scheduler.
/// - Returns: The update, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_get_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.step ?? -1
}

/// The current step of the schedule: the update that the current rates are for, plus the updates that were left of
/// phases that ended early. stepsize_schedule_extend with STEPSIZE_EXTEND_CONTINUE starts from it.
/// - Parameter scheduler: The scheduler.
/// - Returns: The step, from 0; -1 if scheduler is NULL.
@c public func stepsize_scheduler_schedule_step(_ scheduler: SchedulerIn) -> Int64 {
  scheduler?.value.pointee.scheduleStep ?? -1
}

/// Switches to another schedule from the current update on, such as a longer one. Controllers and their states, base
/// rates, bounds, record and gradient norms are kept.
///
/// The step count continues: the new schedule's value at stepsize_scheduler_schedule_step is the next one. States saved
/// from now on are those of a scheduler with this schedule. A record keeps the names of at most 65536 phases under earlier
/// schedules; beyond that it keeps none of them.
/// - Parameter scheduler: The scheduler; unchanged on failure.
/// - Parameter schedule: May be destroyed afterwards. NULL for a constant 1.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT if it lacks the phase of an early stop rule.
@c public func stepsize_scheduler_extend(
  _ scheduler: SchedulerInOut, _ schedule: ScheduleIn, _ error: ErrorOut
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return extend(scheduler, error) { schedule.map { [$0.value.pointee.schedule] } ?? [] }
}

/// The base rate that a group was given last, unaffected by the controller.
/// - Parameter scheduler: The scheduler.
/// - Parameter group: The parameter group, from 0.
/// - Returns: The rate; NaN if scheduler is NULL or the group does not exist.
@c public func stepsize_scheduler_base_lr(_ scheduler: SchedulerIn, _ group: UInt) -> Double {
  guard let scheduler, let group = Int(exactly: group) else { return .nan }
  return scheduler.value.pointee.baseLR(ofGroup: group) ?? .nan
}

/// What the controller did with the last loss, and why.
/// - Parameter scheduler: The scheduler.
/// - Returns: STEPSIZE_DECISION_...; STEPSIZE_DECISION_NONE if scheduler is NULL.
@c public func stepsize_scheduler_decision(_ scheduler: SchedulerIn) -> stepsize_decision {
  guard let scheduler else { return Int32(STEPSIZE_DECISION_NONE) }
  return scheduler.value.pointee.decision.rawValue
}

/// The number of parameter groups.
/// - Parameter scheduler: The scheduler.
/// - Returns: The number; 0 if scheduler is NULL.
@c public func stepsize_scheduler_group_count(_ scheduler: SchedulerIn) -> UInt {
  UInt(scheduler?.value.pointee.groupCount ?? 0)
}

/// Whether the schedule has reached its end.
/// - Parameter scheduler: The scheduler.
/// - Returns: Whether it has; false if scheduler is NULL or the schedule has no end.
@c public func stepsize_scheduler_finished(_ scheduler: SchedulerIn) -> Bool {
  scheduler?.value.pointee.isFinished ?? false
}

/// Why the training can stop.
/// - Parameter scheduler: The scheduler.
/// - Returns: STEPSIZE_STOP_...; STEPSIZE_STOP_NONE if there is no reason to, or if scheduler is NULL.
@c public func stepsize_scheduler_stop_reason(_ scheduler: SchedulerIn) -> stepsize_stop {
  scheduler?.value.pointee.stopReason?.rawValue ?? Int32(STEPSIZE_STOP_NONE)
}

/// The canonical text form of the controllers and the schedule, without base rates and bounds.
/// - Parameter scheduler: The scheduler.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_scheduler_print(
  _ scheduler: SchedulerIn, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(scheduler.value.pointee.plan.text, buffer, capacity, size) }
}

/// Frees a scheduler. NULL is allowed.
/// - Parameter scheduler: Not to be used afterwards.
@c public func stepsize_scheduler_destroy(_ scheduler: SchedulerInOut) {
  destroyHandle(scheduler, of: Scheduler.self)
}
