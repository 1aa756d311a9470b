/// When an observation was made, and of how many groups.
struct Moment: Sendable {
  let step: Int64
  /// The values of the schedule for this update, of the first group, and for the one before it.
  let multiplier: Double
  let previousMultiplier: Double
  let isFinite: Bool
  /// 1, or the number of groups.
  let count: Int
  /// The places between the numbers of two groups.
  let stride: Int

  /// What is observed of a group, or of all together.
  func observation(ofGroup index: Int, _ total: Observation, _ numbers: Span<Double>) -> Observation {
    count == 1 ? total : Observation(total.given, numbers, at: index, stride: stride)
  }
}

extension Scheduler {
  /// Before an update: shows the controller what is known of it. The rates of this update change.
  ///
  /// Once for each update; a step follows. Only the numbers that the controller `needs` are read. One that is not finite
  /// changes nothing; the decision is then `ignored`. The rate of a controller that needs observations is 0 before the first
  /// one.
  ///
  /// - Parameter observations: One of all groups together, or one of each, which all give the same numbers.
  ///
  /// Throws `.order` where the controller observes nothing but the loss of an update, or a number that it needs is not given;
  /// `.argument` for a norm below 0, a wrong number of observations, and what the controller cannot use; `.size` for too
  /// short a span.
  public mutating func observe(
    _ observations: [Observation], into rates: consuming MutableSpan<Double>
  ) throws(ConfigurationError) {
    var numbers: [Double] = []
    guard var first = observations.first else { throw ObservationFailure.count(0).error }
    for one in observations {
      first.given.formIntersection(one.given)
      for i in one.numbers.indices { numbers.append(one.numbers[i]) }
    }
    do {
      try observe(first, numbers.span, stride: Observation.count, count: observations.count, into: rates)
    } catch { throw error.error }
  }

  /// The same without an array and without messages, for the C layer: it asks for no memory.
  ///
  /// - Parameters:
  ///   - first: Of all groups, or of the first one; `given` is what all of them give.
  ///   - numbers: Of all observations, `stride` apart.
  package mutating func observe(
    _ first: Observation, _ numbers: Span<Double>, stride: Int, count: Int,
    into rates: consuming MutableSpan<Double>
  ) throws(ObservationFailure) {
    guard rates.count == 0 || rates.count >= groups.count else { throw .size }
    let scalars = controller.scalars
    if scalars.isEmpty { throw .isNotObserved }
    guard count == groups.count || count == 1 && !scalars.contains(.eachGroup) else { throw .count(count) }
    if count > 1 {
      var total = first
      let isFinite = try Self.add(&total, numbers, stride, count, scalars)
      return try observe(total, isFinite, numbers, stride, count, rates)
    }
    try observe(first, try first.check(scalars), numbers, stride, count, rates)
  }

  private mutating func observe(
    _ total: Observation, _ isFinite: Bool, _ numbers: Span<Double>, _ stride: Int, _ count: Int,
    _ rates: consuming MutableSpan<Double>
  ) throws(ObservationFailure) {
    let (scalars, needs) = (controller.scalars, controller.needs)
    let isCommon = groupSchedules.isEmpty
    let looksBack = needs.contains(.gradient) && scalars.contains(.dotUpdate)
    if looksBack && !isCommon { throw .ownSchedules }
    let moment = Moment(
      step: time &- lead,
      multiplier: isCommon ? Self.value(schedule, at: time) : groupSchedules[0].value(at: time),
      previousMultiplier: looksBack ? Self.value(schedule, at: Swift.max(time - 1, 0)) : 0,
      isFinite: isFinite,
      count: count, stride: stride)
    controller.observe(total, numbers, moment, &groups)
    observed = moment.step
    if rates.count > 0 { write(rates) }
  }

  /// The observations of several groups. Returns whether all is finite.
  @inline(never)
  private static func add(
    _ total: inout Observation, _ numbers: Span<Double>, _ stride: Int, _ count: Int, _ scalars: Needs
  ) throws(ObservationFailure) -> Bool {
    _ = try total.check(scalars)
    for i in 1..<Swift.max(count, 1) {
      let one = Observation(total.given, numbers, at: i, stride: stride)
      _ = try one.check(scalars)
      total.add(one)
    }
    return try total.check(scalars)
  }

  // Not a method: called on a noncopyable value that is being changed, it would copy it first.
  @inline(__always)
  private static func value(_ schedule: Node, at time: Int64) -> Double {
    schedule.immediateValue(at: time) ?? laterValue(schedule, at: time)
  }

  @inline(never)
  private static func laterValue(_ schedule: Node, at time: Int64) -> Double { schedule.value(at: time) }
}
