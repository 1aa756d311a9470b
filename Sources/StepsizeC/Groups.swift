// Section 11: Base rates, groups and their schedules

import CStepsize
import Stepsize

// These change a scheduler that runs. Its step, what its controller knows, the record and the gradient norms are kept; on a
// failure nothing has changed. The rates afterwards: stepsize_scheduler_rates. States saved from now on are those of a
// scheduler that was made so.

// MARK: - Base rates

/// New base rates from the current update on. What the controller has made of the old ones keeps its proportion: after a
/// cut to a tenth, the rates are a tenth of what the new ones alone would give. Where bounds of a controller are relative
/// to the base rates, they follow.
///
/// To resume with other rates than the saved ones: stepsize_scheduler_restore, then this.
/// - Parameter scheduler: The scheduler.
/// - Parameter base_lr: Finite, >= 0; copied.
/// - Parameter count: 1 for all groups, or the number of groups.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a rate outside its range or the bounds of the controller.
@c public func stepsize_scheduler_set_base_lrs(
  _ scheduler: SchedulerInOut, _ base_lr: UnsafePointer<Double>?, _ count: UInt, _ error: ErrorOut
) -> stepsize_status {
  regroup(scheduler, error) { (scheduler) throws(ConfigurationError) in
    try scheduler.pointee.rebasing(
      array(base_lr, Int(clamping: count), limit: Scheduler.maximumGroupCount, unusableBaseLRs))
  }
}

/// For an array of base rates that is not usable.
var unusableBaseLRs: StaticString {
  "scheduler: base_lr is NULL, not aligned, or has more than 1048576 groups"
}

// MARK: - Groups

/// Adds a parameter group after the others, such as one whose training begins now.
///
/// A record has the rate 0 for it in the updates before. A controller whose min_lr or max_lr is a list with a number for
/// each group takes no further one: STEPSIZE_ERROR_ARGUMENT.
/// - Parameter scheduler: The scheduler.
/// - Parameter base_lr: Its base rate, which the controller moves from now on: finite, >= 0.
/// - Parameter min_lr: The lowest rate returned, >= 0.
/// - Parameter max_lr: The highest rate returned; INFINITY for none.
/// - Parameter schedule: Its own schedule, which is evaluated at stepsize_scheduler_schedule_step like the others; may be
///   destroyed afterwards. NULL: that of all groups or, where each has its own, that of the first one.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_LIMIT for more than 1048576 groups.
@c public func stepsize_scheduler_add_group(
  _ scheduler: SchedulerInOut, _ base_lr: Double, _ min_lr: Double, _ max_lr: Double, _ schedule: ScheduleIn,
  _ error: ErrorOut
) -> stepsize_status {
  regroup(scheduler, error) { (scheduler) throws(ConfigurationError) in
    try scheduler.pointee.adding(
      baseLR: base_lr, minLR: min_lr, maxLR: max_lr == Double.infinity ? nil : max_lr,
      schedule: schedule?.value.pointee.schedule)
  }
}

/// Removes a parameter group with its record and its schedule; those after it move up.
/// - Parameter scheduler: One with several groups.
/// - Parameter group: The parameter group, from 0.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for the only group and for one that does not exist, and as
///   stepsize_scheduler_add_group.
@c public func stepsize_scheduler_remove_group(
  _ scheduler: SchedulerInOut, _ group: UInt, _ error: ErrorOut
) -> stepsize_status {
  regroup(scheduler, error) { (scheduler) throws(ConfigurationError) in
    try scheduler.pointee.removing(Int(clamping: group))
  }
}

/// Prepares other groups, guarded, and puts them in place.
private func regroup(
  _ scheduler: SchedulerInOut, _ error: ErrorOut,
  _ prepare: (UnsafeMutablePointer<Scheduler>) throws(ConfigurationError) -> Scheduler.Regrouping
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  var prepared: Scheduler.Regrouping?
  let status = boundary(error) { () throws(ConfigurationError) in prepared = try prepare(scheduler.value) }
  if let prepared { scheduler.value.pointee.apply(prepared) }
  return status
}

// MARK: - A schedule for each group

/// The number of schedules that a scheduler has.
/// - Parameter scheduler: The scheduler.
/// - Returns: 0 without one, 1 for one that all groups have in common, or the number of groups, where each has its own; 0 if
///   scheduler is NULL.
@c public func stepsize_scheduler_schedule_count(_ scheduler: SchedulerIn) -> UInt {
  UInt(scheduler?.value.pointee.plan.schedules.count ?? 0)
}

/// The schedule of a group.
/// - Parameter scheduler: The scheduler.
/// - Parameter group: The parameter group, from 0.
/// - Parameter out: Receives the schedule, to be destroyed by the caller; NULL if it has none.
/// - Returns: A status; STEPSIZE_ERROR_ARGUMENT for a group that does not exist.
@c public func stepsize_scheduler_group_schedule(
  _ scheduler: SchedulerIn, _ group: UInt, _ out: ScheduleOut
) -> stepsize_status {
  out?.pointee = nil
  guard let scheduler, let out else { return Int32(STEPSIZE_ERROR_NULL) }
  guard group < UInt(scheduler.value.pointee.groupCount) else { return Int32(STEPSIZE_ERROR_ARGUMENT) }
  return guarded {
    if let schedule = scheduler.value.pointee.plan.schedule(ofGroup: Int(group)) {
      out.pointee = makeHandle(ScheduleBox(schedule: schedule), as: stepsize_schedule.self)
    }
    return Int32(STEPSIZE_OK)
  }
}

/// Switches to another schedule for each group, as stepsize_scheduler_extend does for all of them.
/// - Parameter scheduler: The scheduler.
/// - Parameter schedules: May be destroyed afterwards.
/// - Parameter count: The number of groups.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status, as of stepsize_scheduler_extend.
@c public func stepsize_scheduler_extend_groups(
  _ scheduler: SchedulerInOut, _ schedules: UnsafePointer<ScheduleIn>?, _ count: UInt, _ error: ErrorOut
) -> stepsize_status {
  guard let scheduler else { return fail(STEPSIZE_ERROR_NULL, "scheduler is NULL", error) }
  return extend(scheduler, error) { () throws(ConfigurationError) in
    try StepsizeC.schedules(schedules, Int(clamping: count))
  }
}

/// The caller's schedules, one for each group.
func schedules(
  _ handles: UnsafePointer<ScheduleIn>?, _ count: Int
) throws(ConfigurationError) -> [Schedule] {
  try checkArray(
    handles, count, limit: Scheduler.maximumGroupCount,
    "scheduler: schedules is NULL, not aligned, or has more than 1048576")
  var schedules: [Schedule] = []
  for i in 0..<count {
    guard let handle = handles?[i] else {
      throw ConfigurationError(.null, "scheduler: schedules: one of them is NULL")
    }
    schedules.append(handle.value.pointee.schedule)
  }
  return schedules
}

/// Prepares another plan, guarded, and puts it in place.
func extend(
  _ scheduler: UnsafeMutablePointer<stepsize_scheduler>, _ error: ErrorOut,
  _ schedules: () throws(ConfigurationError) -> [Schedule]
) -> stepsize_status {
  var prepared: Scheduler.Extension?
  var status = boundary(error) { () throws(ConfigurationError) in
    prepared = try scheduler.value.pointee.extending(to: schedules())
  }
  guard let prepared else { return status }
  status = boundary(error) { () throws(ConfigurationError) in scheduler.value.pointee.reserve(for: prepared) }
  if status == STEPSIZE_OK { scheduler.value.pointee.apply(prepared) }
  return status
}
