// Section 8: Linear-decay theory

import CStepsize
import Stepsize

public typealias NormLogIn = UnsafePointer<stepsize_norm_log>?
public typealias NormLogInOut = UnsafeMutablePointer<stepsize_norm_log>?
public typealias NormLogOut = UnsafeMutablePointer<UnsafeMutablePointer<stepsize_norm_log>?>?
public typealias DoublesIn = UnsafePointer<Double>?
public typealias DoublesOut = UnsafeMutablePointer<Double>?

extension UnsafePointer<stepsize_norm_log> {
  fileprivate var value: UnsafePointer<GradientNormLog> {
    UnsafeRawPointer(self).assumingMemoryBound(to: GradientNormLog.self)
  }
}

extension UnsafeMutablePointer<stepsize_norm_log> {
  fileprivate var value: UnsafeMutablePointer<GradientNormLog> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: GradientNormLog.self)
  }
}

/// STEPSIZE_OK for an array of numbers that is usable; otherwise the status.
private func checked(_ pointer: DoublesIn, _ count: UInt, _ error: ErrorOut) -> stepsize_status {
  guard pointer != nil || count == 0 else { return fail(STEPSIZE_ERROR_NULL, "an array is NULL", error) }
  guard isUsable(pointer, count), count <= UInt(Schedule.maximumTableCount) else {
    return fail(STEPSIZE_ERROR_SIZE, "an array has more than 16777216 numbers or is not aligned", error)
  }
  return Int32(STEPSIZE_OK)
}

// MARK: - Refinement

/// A running median: out[i] is the median of values[i - h] to values[i + h], 2h + 1 = 2 floor(floor(tau count)/2) + 1.
///
/// The first value is repeated on the left; on the right the values are mirrored without repeating the last one.
/// - Parameter values: `count` numbers, none of them NaN.
/// - Parameter count: 0 to 16777216.
/// - Parameter tau: Width of the window as a fraction of `count`, in [0, 1].
/// - Parameter out: Receives `count` numbers; may be `values`.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_median_filter(
  _ values: DoublesIn, _ count: UInt, _ tau: Double, _ out: DoublesOut, _ error: ErrorOut
) -> stepsize_status {
  var status = checked(values, count, error)
  if status == STEPSIZE_OK { status = checked(out, count, error) }
  guard status == STEPSIZE_OK else { return status }
  return boundary(error) { () throws(ConfigurationError) in
    let filter = try MedianFilter(tau: tau, count: Int(count))
    guard let values, let out else { return }
    guard !UnsafeBufferPointer(start: values, count: Int(count)).contains(where: { $0.isNaN }) else {
      throw ConfigurationError(.argument, "median_filter: a value is NaN")
    }
    out.update(from: values, count: Int(count))
    var span = MutableSpan(_unsafeStart: out, count: Int(count))
    filter.smooth(&span)
  }
}

/// Fills the options with the defaults: SGD, tau 0.1, as many values as norms, no floor, not capped, distance 1.
/// - Parameter options: Receives the defaults.
/// - Parameter size: sizeof(stepsize_refine_options).
/// - Returns: A status.
@c public func stepsize_refine_defaults(
  _ options: UnsafeMutablePointer<stepsize_refine_options>?, _ size: UInt
) -> stepsize_status {
  giveDefaults(stepsize_refine_options(Refinement.Configuration()), to: options, size)
}

/// A schedule from the gradient norms of an earlier run (arXiv 2310.07831):
///
///     w = norm^-p,  value[t] = w[t] (w[t+1] + ... + w[T-1]) / the largest,  p = 2 for SGD, 1 for Adam
///
/// The norms are smoothed by a running median. Constant norms give linear decay; the last value is 0; a single one is
/// 1. Norms that are NaN or infinite are interpolated between their neighbours, a norm of 0 counts as 0.001 of the
/// median.
///
/// Errors: STEPSIZE_ERROR_ARGUMENT for a norm below 0, norms that are all 0, or an option outside its range;
/// STEPSIZE_ERROR_SIZE for a wrong `size` or array; STEPSIZE_ERROR_NAME for an unknown optimizer.
/// - Parameter options: From stepsize_refine_defaults.
/// - Parameter norms: `count` norms, >= 0, in the order of the updates, of every update or of every k-th.
/// - Parameter count: 1 to 16777216.
/// - Parameter values: Receives the multipliers, the largest of them 1; must not overlap `norms`.
/// - Parameter value_count: options->total, or `count` where that is 0.
/// - Parameter result: Receives the findings; may be NULL.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_refine(
  _ options: UnsafePointer<stepsize_refine_options>?, _ norms: DoublesIn, _ count: UInt, _ values: DoublesOut,
  _ value_count: UInt, _ result: UnsafeMutablePointer<stepsize_refine_result>?, _ error: ErrorOut
) -> stepsize_status {
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  let defaults = stepsize_refine_options(Refinement.Configuration())
  guard let given = read(options, over: defaults),
    result.map({ isWritable(UnsafePointer($0)) }) ?? true
  else {
    return fail(
      STEPSIZE_ERROR_SIZE, "refine: size is not that of stepsize_refine_options or stepsize_refine_result",
      error)
  }
  guard given.reserved == 0, given.capped == 0 || given.capped == 1 else {
    return fail(
      STEPSIZE_ERROR_ARGUMENT, "refine: capped or reserved is invalid, expected 0 or 1, and 0", error)
  }
  guard let optimizer = Refinement.Optimizer(rawValue: given.optimizer) else {
    return fail(
      STEPSIZE_ERROR_NAME, "refine: optimizer is unknown, expected STEPSIZE_OPTIMIZER_...", error)
  }
  var status = checked(norms, count, error)
  if status == STEPSIZE_OK { status = checked(values, value_count, error) }
  guard status == STEPSIZE_OK else { return status }
  return boundary(error) { () throws(ConfigurationError) in
    var configuration = Refinement.Configuration()
    configuration.optimizer = optimizer
    configuration.tau = given.tau
    configuration.total = given.total
    configuration.floor = given.floor
    configuration.isCapped = given.capped == 1
    configuration.distance = given.distance
    let total = try Refinement.total(Int(count), configuration)
    guard let norms, let values, UInt(total) == value_count else {
      throw ConfigurationError(.argument, "refine: value_count is not the number of values")
    }
    let input = Span(_unsafeStart: norms, count: Int(count))
    var output = MutableSpan(_unsafeStart: values, count: Int(value_count))
    let refinement = try Refinement(input, configuration, into: &output)
    if let result { write(stepsize_refine_result(refinement), to: result) }
  }
}

extension stepsize_refine_options {
  fileprivate init(_ configuration: Refinement.Configuration) {
    self.init()
    optimizer = configuration.optimizer.rawValue
    tau = configuration.tau
    total = configuration.total
    floor = configuration.floor
    distance = configuration.distance
    capped = configuration.isCapped ? 1 : 0
  }
}

extension stepsize_refine_result {
  fileprivate init(_ refinement: Refinement) {
    self.init()
    collapsed = refinement.isCollapsed ? 1 : 0
    warmup = refinement.warmup
    anneal_start = refinement.annealStart
    repaired_count = refinement.repairedCount
    zero_count = refinement.zeroCount
    raised_count = refinement.raisedCount
    floor = refinement.floor
    suggested_floor = refinement.suggestedFloor
    median = refinement.median
    base_lr = refinement.baseLR ?? Double.nan
    bound = refinement.bound ?? Double.nan
  }
}

/// A schedule of knots with straight lines between them that follows a list of values, such as a refinement.
///
/// The first and the last value are met exactly. For a schedule of all values use stepsize_schedule_table.
/// - Parameter values: `count` multipliers, finite, >= 0; copied.
/// - Parameter count: 1 to 16777216.
/// - Parameter tolerance: The largest error allowed at any update, in [1e-9, 1].
/// - Parameter max_error: Receives the largest error of the schedule, measured at every update; may be NULL.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_fit(
  _ values: DoublesIn, _ count: UInt, _ tolerance: Double, _ max_error: DoublesOut, _ out: ScheduleOut,
  _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  let status = checked(values, count, error)
  guard status == STEPSIZE_OK else { return status }
  return boundary(error) { () throws(ConfigurationError) in
    let input = Span(
      _unsafeElements: UnsafeBufferPointer(start: values, count: values == nil ? 0 : Int(count)))
    let fit = try Schedule.knots(following: input, within: tolerance)
    out.pointee = makeHandle(ScheduleBox(schedule: fit.schedule), as: stepsize_schedule.self)
    max_error?.pointee = fit.error
  }
}

// MARK: - Scoring

/// The bound on the last loss minus the best one that convex theory gives for a schedule (arXiv 2310.07831,
/// Theorem 10), for rates gamma times its values s[t], t = 0 to T - 1:
///
///     omega(gamma) = a/gamma + gamma b,  a = D^2/(2 S[0]),  b = sum of s[t]^2 G[t]^2 / S[min(t + 1, T - 1)] / 2
///
/// with S[t] = s[t] + ... + s[T - 1]. Updates at the end whose rate is 0 do not count. O(total).
/// - Parameter schedule: The schedule.
/// - Parameter total: Updates, 1 to 268435456; 0 for the length of the schedule.
/// - Parameter norms: Bounds G of the gradient norms, finite, >= 0: one for all updates or one for each.
/// - Parameter norm_count: 1 or `total`.
/// - Parameter distance: D, from the start to the solution, finite, > 0.
/// - Parameter result: Receives the score.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_score(
  _ schedule: ScheduleIn, _ total: Int64, _ norms: DoublesIn, _ norm_count: UInt, _ distance: Double,
  _ result: UnsafeMutablePointer<stepsize_score_result>?, _ error: ErrorOut
) -> stepsize_status {
  guard let schedule, let norms, let result else {
    return fail(STEPSIZE_ERROR_NULL, "schedule, norms or result is NULL", error)
  }
  guard isWritable(UnsafePointer(result)) else {
    return fail(STEPSIZE_ERROR_SIZE, "score: size is not that of stepsize_score_result", error)
  }
  guard isUsable(norms, norm_count), norm_count <= UInt(Score.maximumCount) else {
    return fail(STEPSIZE_ERROR_SIZE, "norms: more than 268435456 numbers, or not aligned", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    let score = try Score(
      schedule.value.pointee.schedule, total: total,
      norms: Span(_unsafeStart: norms, count: Int(norm_count)), distance: distance)
    write(stepsize_score_result(score), to: result)
  }
}

extension stepsize_score_result {
  fileprivate init(_ score: Score) {
    self.init()
    a = score.a
    b = score.b
    gamma = score.gamma
    omega = score.omega
    bound = score.bound
    rate = score.rate
    count = score.count
  }
}

/// The bound at another base rate: a/gamma + gamma b.
/// - Parameter a: From stepsize_score.
/// - Parameter b: From stepsize_score.
/// - Parameter gamma: The base rate, > 0.
/// - Returns: The bound; NaN unless all arguments are above 0.
@c public func stepsize_score_at(_ a: Double, _ b: Double, _ gamma: Double) -> Double {
  Score.omega(a: a, b: b, gamma: gamma)
}

// MARK: - Gradient norms of a run

/// A log that keeps the norms of updates 0, k, 2k, ... with a stride k that begins at 1 and doubles when it is full.
/// - Parameter capacity: The largest number of norms that are kept, 2 to 16777216; 0 for 65536.
/// - Parameter out: Receives the log, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_norm_log_create(_ capacity: UInt, _ out: NormLogOut, _ error: ErrorOut)
  -> stepsize_status
{
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    let capacity = capacity == 0 ? GradientNormLog.defaultCapacity : Int(clamping: capacity)
    out.pointee = makeHandle(try GradientNormLog(capacity: capacity), as: stepsize_norm_log.self)
  }
}

/// Adds the norm of the next update.
/// - Parameter log: The log.
/// - Parameter norm: >= 0; NaN and infinity are kept, for a refinement to repair.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a norm below 0, which is not added.
@c public func stepsize_norm_log_add(_ log: NormLogInOut, _ norm: Double) -> stepsize_status {
  guard let log else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try log.value.pointee.add(norm) }
}

/// The number of norms that were added.
/// - Parameter log: The log.
/// - Returns: The number, -1 if log is NULL.
@c public func stepsize_norm_log_count(_ log: NormLogIn) -> Int64 { log?.value.pointee.count ?? -1 }

/// Updates between two norms that are kept: a power of two.
/// - Parameter log: The log.
/// - Returns: The stride, -1 if log is NULL.
@c public func stepsize_norm_log_stride(_ log: NormLogIn) -> Int64 { log?.value.pointee.stride ?? -1 }

/// The number of norms that are kept.
/// - Parameter log: The log.
/// - Returns: The number, 0 if log is NULL.
@c public func stepsize_norm_log_kept(_ log: NormLogIn) -> UInt {
  UInt(log?.value.pointee.values.count ?? 0)
}

/// The norms that are kept, of updates 0, stride, 2 stride, ...: for stepsize_refine with total = count.
/// - Parameter log: The log.
/// - Parameter out: Receives stepsize_norm_log_kept norms.
/// - Parameter count: Numbers that fit into out, at least that many.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_norm_log_values(_ log: NormLogIn, _ out: DoublesOut, _ count: UInt) -> stepsize_status
{
  guard let log, out != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  let values = log.value.pointee.values
  guard count >= UInt(values.count), isUsable(out, UInt(values.count)) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  for i in values.indices { out?[i] = values[i] }
  return Int32(STEPSIZE_OK)
}

/// The log as bytes, for a checkpoint. Call it with capacity 0 to learn the size, then with a buffer.
/// - Parameter log: The log.
/// - Parameter buffer: Receives the bytes; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the number of bytes; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE, and nothing is written, if a buffer was given and they did not fit.
@c public func stepsize_norm_log_save(
  _ log: NormLogIn, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let log else { return Int32(STEPSIZE_ERROR_NULL) }
  guard buffer != nil || capacity == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  let needed = UInt(log.value.pointee.stateLength)
  guard let buffer, capacity >= needed else {
    size?.pointee = needed
    return Int32(capacity > 0 ? STEPSIZE_ERROR_SIZE : STEPSIZE_OK)
  }
  return guarded { written(log.value.pointee.state(), buffer, capacity, size) }
}

/// The log that stepsize_norm_log_save has written.
/// - Parameter state: Its bytes.
/// - Parameter size: The number of bytes; STEPSIZE_ERROR_STATE for damaged or missing ones.
/// - Parameter out: Receives the log, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_norm_log_restore(
  _ state: UnsafePointer<UInt8>?, _ size: UInt, _ out: NormLogOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let state else { return fail(STEPSIZE_ERROR_NULL, "state is NULL", error) }
  guard size <= UInt(GradientNormLog.maximumStateLength) else {
    return fail(STEPSIZE_ERROR_SIZE, "norm_log: the state is too long", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    out.pointee = makeHandle(
      try GradientNormLog(state: StateBytes(state, count: size)), as: stepsize_norm_log.self)
  }
}

/// Frees a log. NULL is allowed.
/// - Parameter log: Not to be used afterwards.
@c public func stepsize_norm_log_destroy(_ log: NormLogInOut) {
  destroyHandle(log, of: GradientNormLog.self)
}

// MARK: - The log of a scheduler

/// Logs the gradient norm of the current update in the scheduler, which saves the log with its state.
/// - Parameter scheduler: One made with options.norm_capacity.
/// - Parameter norm: >= 0; NaN and infinity are kept, for a refinement to repair.
/// - Returns: A status; STEPSIZE_ERROR_ORDER if it has no log, STEPSIZE_ERROR_ARGUMENT for a norm below 0.
@c public func stepsize_scheduler_log_norm(_ scheduler: SchedulerInOut, _ norm: Double) -> stepsize_status {
  guard let scheduler else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try scheduler.value.pointee.log(norm: norm) }
}

/// The gradient norms that a scheduler has logged so far.
/// - Parameter scheduler: The scheduler.
/// - Parameter out: Receives a copy of the log, to be destroyed by the caller; NULL if it has none.
/// - Returns: A status.
@c public func stepsize_scheduler_norm_log(_ scheduler: SchedulerIn, _ out: NormLogOut) -> stepsize_status {
  out?.pointee = nil
  guard let scheduler, let out else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded {
    if let log = scheduler.value.pointee.norms { out.pointee = makeHandle(log, as: stepsize_norm_log.self) }
    return Int32(STEPSIZE_OK)
  }
}
