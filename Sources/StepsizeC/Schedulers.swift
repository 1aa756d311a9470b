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
