// Section 3: Schedules

import CStepsize
import Stepsize

public typealias ScheduleIn = UnsafePointer<stepsize_schedule>?
public typealias ScheduleOut = UnsafeMutablePointer<UnsafeMutablePointer<stepsize_schedule>?>?

/// Makes a schedule and returns it in *out; on failure *out is NULL.
private func make(
  _ out: ScheduleOut, _ error: ErrorOut, _ body: () throws(ConfigurationError) -> Schedule
) -> stepsize_status {
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  out.pointee = nil
  return boundary(error) { () throws(ConfigurationError) in
    out.pointee = makeHandle(ScheduleBox(schedule: try body()), as: stepsize_schedule.self)
  }
}

/// A schedule of the catalogue.
private func make(
  _ out: ScheduleOut, _ error: ErrorOut, _ kind: Kind, _ values: @autoclosure () -> [Value?]
) -> stepsize_status {
  make(out, error) { () throws(ConfigurationError) in try Schedule(kind, values()) }
}

/// A schedule made from others.
private func make(_ out: ScheduleOut, _ error: ErrorOut, _ combination: Combination) -> stepsize_status {
  out?.pointee = nil
  guard let a = combination.parts.0, let b = combination.parts.1 else {
    return fail(STEPSIZE_ERROR_NULL, "a schedule is NULL", error)
  }
  return make(out, error) { () throws(ConfigurationError) in
    let (first, second) = (a.value.pointee.schedule, b.value.pointee.schedule)
    return switch combination {
    case .sequence: try .sequence([first, second])
    case .product: try .product([first, second])
    case .scale(_, let factor): try first.scaled(by: factor)
    case .clamp(_, let low, let high): try first.clamped(min: low, max: high)
    case .extend(_, let total, let policy, let step): try first.extended(to: total, policy, at: step)
    }
  }
}

private enum Combination {
  case sequence(ScheduleIn, ScheduleIn)
  case product(ScheduleIn, ScheduleIn)
  case scale(ScheduleIn, Double)
  case clamp(ScheduleIn, Double, Double)
  case extend(ScheduleIn, Int64, ExtensionPolicy, Int64)

  /// The schedules it is made from; the same one twice if it is only one.
  var parts: (ScheduleIn, ScheduleIn) {
    switch self {
    case .sequence(let a, let b), .product(let a, let b): (a, b)
    case .scale(let a, _), .clamp(let a, _, _), .extend(let a, _, _, _): (a, a)
    }
  }
}

// MARK: - Making schedules

/// A schedule from its text form, such as "warmup(500) >> cosine(9500, floor=0.1)".
///
/// Errors: STEPSIZE_ERROR_SYNTAX, STEPSIZE_ERROR_NAME (with the nearest known name), STEPSIZE_ERROR_ARGUMENT,
/// STEPSIZE_ERROR_LIMIT; error->offset is the position in the text.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter size: Bytes of the text.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_parse(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  parse(text, size, nil, out, error)
}

/// A schedule from a text whose numbers of updates may be shares of a total that is known now: percentages, and "rest" for
/// what the others leave, as in "warmup(10%) >> cosine(90%)" and "warmup(500) >> cosine(rest)".
///
/// The parts of a sequence are rounded where they end: parts of 100% make up the total. What is printed has absolute
/// numbers. For the text of a scheduler there is `total` in stepsize_scheduler_options.
///
/// Errors: as stepsize_schedule_parse, and STEPSIZE_ERROR_ARGUMENT where the schedule is longer than the total.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter size: Bytes of the text.
/// - Parameter total: Updates in the whole, >= 1.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_bind(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ total: Int64, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  parse(text, size, total, out, error)
}

private func parse(
  _ text: UnsafePointer<CChar>?, _ size: UInt, _ total: Int64?, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard out != nil else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  return parsing(text, size, error) { (bytes) throws(ConfigurationError) in
    let schedule = try Schedule(parsing: bytes, total: total)
    out?.pointee = makeHandle(ScheduleBox(schedule: schedule), as: stepsize_schedule.self)
  }
}

/// A schedule of the catalogue from its name and the values of its parameters; parameters not given have their
/// defaults.
///
/// Errors: STEPSIZE_ERROR_NAME for an unknown schedule or parameter (with the nearest known name),
/// STEPSIZE_ERROR_ARGUMENT for a value outside its range or a required one that is missing.
/// - Parameter name: Such as "cosine"; terminated.
/// - Parameter arguments: `count` named values in any order; copied. May be NULL where count is 0.
/// - Parameter count: The number of arguments.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_create(
  _ name: UnsafePointer<CChar>?, _ arguments: UnsafePointer<stepsize_argument>?, _ count: UInt,
  _ out: ScheduleOut,
  _ error: ErrorOut
) -> stepsize_status {
  make(out, error) { () throws(ConfigurationError) in
    let kind = try Kind(known: terminated(name))
    return try Schedule(kind, values(arguments, count, for: kind.signature))
  }
}

/// A constant multiplier.
/// - Parameter length: Updates, >= 0, or STEPSIZE_NEVER for no end.
/// - Parameter value: The multiplier, finite, >= 0.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_constant(
  _ length: Int64, _ value: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .constant, [length == Int64.max ? Value.none : .integer(length), .real(value)])
}

/// Linear decay: floor + (1 - floor) (1 - step/total).
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter floor: The lowest value, in [0, 1].
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_linear(
  _ total: Int64, _ floor: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .linear, [.integer(total), .real(floor)])
}

/// Cosine decay: floor + (1 - floor) (1 + cos(pi step/total)) / 2.
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter floor: The lowest value, in [0, 1].
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_cosine(
  _ total: Int64, _ floor: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .cosine, [.integer(total), .real(floor)])
}

/// Polynomial decay: floor + (1 - floor) (1 - step/total)^power.
/// - Parameter total: Updates until the floor is reached, >= 1.
/// - Parameter floor: The lowest value, in [0, 1].
/// - Parameter power: The exponent, > 0; 1 is linear.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_polynomial(
  _ total: Int64, _ floor: Double, _ power: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .polynomial, [.integer(total), .real(power), .real(floor)])
}

/// Linear warm-up: min(1, (step + 1)/steps).
/// - Parameter steps: Updates of the warm-up, >= 0.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_warmup(_ steps: Int64, _ out: ScheduleOut, _ error: ErrorOut)
  -> stepsize_status
{
  make(out, error, .warmup, [.integer(steps)])
}

/// A list of multipliers, one for each update; the last one is held.
/// - Parameter values: `count` multipliers, finite, >= 0; copied.
/// - Parameter count: 1 to 16777216.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_table(
  _ values: UnsafePointer<Double>?, _ count: UInt, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error) { () throws(ConfigurationError) in
    let values = try array(
      values, Int(clamping: count), limit: Schedule.maximumTableCount,
      "values is NULL, not aligned, or has more than 16777216 numbers")
    return try Schedule(.table, [.reals(values)])
  }
}

/// A schedule of llm.c, with the arguments of its lr_scheduler_init in their order: the rate of update t, in double
/// precision, is learning_rate times its value.
///
/// The schedules of other C and C++ trainers, as stepsize_schedule_parse and stepsize_schedule_create take them:
///
///     darknet    darknet("steps", burn_in=1000, steps=[40000, 45000], scales=[0.1, 0.1])
///     llama.cpp  llama_cpp(1e-5, lr_min=1e-7, epochs=3, updates_per_epoch=1000)
///     LibTorch   StepLR: step(30, factor=0.1); ReduceLROnPlateau: the controller plateau("pytorch")
///     dlib       set_learning_rate_schedule: shift(table([0.1, 0.01]), 1), with a base rate of 1
///     fastText   linear(1000000), asked for the number of tokens that are done
///
/// - Parameter scheduler_type: "cosine", "linear", "constant" or "wsd"; terminated.
/// - Parameter warmup_iterations: Updates of the rise, >= 0.
/// - Parameter train_num_batches: Updates of the whole, >= 1.
/// - Parameter final_learning_rate_frac: The lowest value, in [0, 1].
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_llmc(
  _ scheduler_type: UnsafePointer<CChar>?, _ warmup_iterations: Int64, _ train_num_batches: Int64,
  _ final_learning_rate_frac: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error) { () throws(ConfigurationError) in
    try Schedule(
      .llmc,
      [
        .word(terminated(scheduler_type)), .integer(warmup_iterations), .integer(train_num_batches),
        .real(final_learning_rate_frac),
      ])
  }
}

// MARK: - Combining schedules

/// A sequence: `first` runs for its length, then `then` starts at its own step 0.
/// - Parameter first: Must have an end. It may be destroyed afterwards.
/// - Parameter then: What follows. It may be destroyed afterwards.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_sequence(
  _ first: ScheduleIn, _ then: ScheduleIn, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .sequence(first, then))
}

/// The product of two schedules at the same step.
/// - Parameter a: A factor. It may be destroyed afterwards.
/// - Parameter b: A factor. It may be destroyed afterwards.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_product(
  _ a: ScheduleIn, _ b: ScheduleIn, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .product(a, b))
}

/// The values of a schedule times a number.
/// - Parameter schedule: The schedule. It may be destroyed afterwards.
/// - Parameter factor: Finite, >= 0.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_scale(
  _ schedule: ScheduleIn, _ factor: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .scale(schedule, factor))
}

/// The values of a schedule clamped to [min, max].
/// - Parameter schedule: The schedule. It may be destroyed afterwards.
/// - Parameter min: Lowest multiplier, finite, >= 0.
/// - Parameter max: Highest multiplier, finite, >= min.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_schedule_clamp(
  _ schedule: ScheduleIn, _ min: Double, _ max: Double, _ out: ScheduleOut, _ error: ErrorOut
) -> stepsize_status {
  make(out, error, .clamp(schedule, min, max))
}

/// The schedule with another length, for a run that is to end earlier or later than planned.
/// - Parameter schedule: Must have an end. It may be destroyed afterwards.
/// - Parameter total: The new length, >= 1.
/// - Parameter policy: STEPSIZE_EXTEND_RESCALE, _HOLD or _CONTINUE.
/// - Parameter step: The current update, which STEPSIZE_EXTEND_CONTINUE starts from: >= 0, below both lengths.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_NAME for an unknown policy.
@c public func stepsize_schedule_extend(
  _ schedule: ScheduleIn, _ total: Int64, _ policy: stepsize_extension, _ step: Int64, _ out: ScheduleOut,
  _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let policy = ExtensionPolicy(rawValue: policy) else {
    return fail(STEPSIZE_ERROR_NAME, "extend: policy is unknown, expected STEPSIZE_EXTEND_...", error)
  }
  return make(out, error, .extend(schedule, total, policy, step))
}

// MARK: - Querying schedules

/// The multiplier for an update.
/// - Parameter schedule: The schedule; any number of threads may use it at a time.
/// - Parameter step: The update, from 0; a negative one counts as 0, after the end the last value is held.
/// - Returns: The multiplier, finite, >= 0; NaN if schedule is NULL.
@_optimize(speed)
@c public func stepsize_schedule_at(_ schedule: ScheduleIn, _ step: Int64) -> Double {
  guard let schedule else { return Double.nan }
  return schedule.value.pointee.value(at: step)
}

/// Rates for many updates: out[i] = base_lr times the multiplier for update first + i stride.
/// - Parameter schedule: The schedule.
/// - Parameter first: The first update.
/// - Parameter stride: Updates between two values; may be 0 or negative.
/// - Parameter base_lr: The full rate, finite, >= 0; 1 for the multipliers themselves.
/// - Parameter out: Receives `count` rates; may be NULL where count is 0.
/// - Parameter count: Rates to write.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_schedule_fill(
  _ schedule: ScheduleIn, _ first: Int64, _ stride: Int64, _ base_lr: Double,
  _ out: UnsafeMutablePointer<Double>?, _ count: UInt
) -> stepsize_status {
  let status = filling(schedule, base_lr, out, count)
  guard status == STEPSIZE_OK, let schedule, let out, count > 0 else { return status }
  var span = MutableSpan(_unsafeStart: out, count: Int(count))
  schedule.value.pointee.schedule.fill(&span, from: first, stride: stride, base: base_lr)
  return status
}

/// The same in single precision. A rate above 0 is never rounded to 0.
/// - Parameter schedule: The schedule.
/// - Parameter first: The first update.
/// - Parameter stride: Updates between two values; may be 0 or negative.
/// - Parameter base_lr: The full rate, finite, >= 0; 1 for the multipliers themselves.
/// - Parameter out: Receives `count` rates; may be NULL where count is 0.
/// - Parameter count: Rates to write.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_schedule_fill_float(
  _ schedule: ScheduleIn, _ first: Int64, _ stride: Int64, _ base_lr: Double,
  _ out: UnsafeMutablePointer<Float>?, _ count: UInt
) -> stepsize_status {
  let status = filling(schedule, base_lr, out, count)
  guard status == STEPSIZE_OK, let schedule, let out, count > 0 else { return status }
  return guarded {
    var span = MutableSpan(_unsafeStart: out, count: Int(count))
    schedule.value.pointee.schedule.fill(&span, from: first, stride: stride, base: base_lr)
    return Int32(STEPSIZE_OK)
  }
}

/// Whether an array can be filled.
private func filling<T>(
  _ schedule: ScheduleIn, _ base: Double, _ out: UnsafeMutablePointer<T>?, _ count: UInt
) -> stepsize_status {
  guard schedule != nil, out != nil || count == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isUsable(out, count) else { return Int32(STEPSIZE_ERROR_SIZE) }
  return Int32(Schedule.isBase(base) ? STEPSIZE_OK : STEPSIZE_ERROR_ARGUMENT)
}

/// The rates of one update for several parameter groups: base_lrs[i] times the value of schedules[i].
///
/// Groups with the same schedule next to each other cost one evaluation.
/// - Parameter schedules: `count` schedules, none of them NULL; the same one may occur several times.
/// - Parameter base_lrs: `count` rates, finite, >= 0.
/// - Parameter count: The number of groups.
/// - Parameter step: The update, from 0; a negative one counts as 0.
/// - Parameter lrs: Receives `count` rates.
/// - Returns: A status; STEPSIZE_ERROR_SIZE for an array that is not aligned, STEPSIZE_ERROR_ARGUMENT for a base rate
///   outside its range. Nothing is written unless it is STEPSIZE_OK.
@_optimize(speed)
@c public func stepsize_schedule_rates(
  _ schedules: UnsafePointer<ScheduleIn>?, _ base_lrs: UnsafePointer<Double>?, _ count: UInt, _ step: Int64,
  _ lrs: UnsafeMutablePointer<Double>?
) -> stepsize_status {
  guard count > 0 else { return Int32(STEPSIZE_OK) }
  guard let schedules, let base_lrs, let lrs else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isUsable(schedules, count), isUsable(base_lrs, count), isUsable(lrs, count) else {
    return Int32(STEPSIZE_ERROR_SIZE)
  }
  for i in 0..<Int(count) where schedules[i] == nil { return Int32(STEPSIZE_ERROR_NULL) }
  for i in 0..<Int(count) where !Schedule.isBase(base_lrs[i]) { return Int32(STEPSIZE_ERROR_ARGUMENT) }
  var last: ScheduleIn = nil
  var value = 0.0
  for i in 0..<Int(count) {
    if let schedule = schedules[i], schedule != last {
      value = schedule.value.pointee.value(at: step)
      last = schedule
    }
    lrs[i] = Schedule.rate(base: base_lrs[i], value)
  }
  return Int32(STEPSIZE_OK)
}

/// How many updates a schedule describes.
/// - Parameter schedule: The schedule.
/// - Returns: The length; STEPSIZE_NEVER if it has no end (2^63 - 1 updates count as no end); -1 if schedule is NULL.
@c public func stepsize_schedule_length(_ schedule: ScheduleIn) -> Int64 {
  guard let schedule else { return -1 }
  return schedule.value.pointee.schedule.length ?? Int64.max
}

/// The canonical text form; parsing it gives the same schedule again.
///
/// Call it with capacity 0 to learn the length, then with a buffer of at least length + 1 bytes.
/// - Parameter schedule: The schedule.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_schedule_print(
  _ schedule: ScheduleIn, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let schedule else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { give(schedule.value.pointee.schedule.text, buffer, capacity, size) }
}

/// Frees a schedule. NULL is allowed.
/// - Parameter schedule: Not to be used afterwards.
@c public func stepsize_schedule_destroy(_ schedule: UnsafeMutablePointer<stepsize_schedule>?) {
  destroyHandle(schedule, of: ScheduleBox.self)
}
