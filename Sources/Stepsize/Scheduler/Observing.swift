/// When an observation was made, and of what.
struct Moment: Sendable {
  let step: Int64
  /// The values of the schedule for this update, of the first group, and for the one before it.
  let multiplier: Double
  let previousMultiplier: Double
  let isFinite: Bool
  /// The places between the numbers of two groups; 0 where there is one observation of all together.
  let stride: Int

  /// The places of what is observed of a group.
  func places(ofGroup index: Int) -> Range<Int> {
    let start = index &* stride
    return Range(uncheckedBounds: (start, start &+ Observation.count))
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
      try observe(
        given: first.given, numbers.span, stride: Observation.count, count: observations.count, into: rates)
    } catch { throw error.error }
  }

  // The same without an array and without messages, for the C layer: it asks for no memory.

  /// With one observation, the commonest.
  ///
  /// - Parameters:
  ///   - given: What it gives.
  ///   - numbers: All of its numbers.
  @inline(__always)
  package mutating func observe(
    given: Needs, _ numbers: Span<Double>, into rates: consuming MutableSpan<Double>
  ) throws(ObservationFailure) {
    let scalars = controller.scalars
    let isMissing = groups.count > 1 && scalars.contains(.eachGroup)
    if isMissing || scalars.isEmpty || rates.count < groups.count && rates.count > 0 {
      throw Self.failure(scalars, isMissing ? 1 : groups.count, groups.count)
    }
    try observe(try Observation.check(numbers, given: given, scalars), numbers, 0, rates)
  }

  /// Why an observation cannot be.
  private static func failure(_ scalars: Needs, _ count: Int, _ groupCount: Int) -> ObservationFailure {
    scalars.isEmpty ? .isNotObserved : count == groupCount ? .size : .count(count)
  }

  /// - Parameters:
  ///   - given: What all observations give.
  ///   - numbers: Those of all observations, `stride` apart.
  package mutating func observe(
    given: Needs, _ numbers: Span<Double>, stride: Int, count: Int, into rates: consuming MutableSpan<Double>
  ) throws(ObservationFailure) {
    if count == 1 { return try observe(given: given, numbers, into: rates) }
    let scalars = controller.scalars
    guard rates.count == 0 || rates.count >= groups.count, !scalars.isEmpty, count == groups.count else {
      throw Self.failure(scalars, count, groups.count)
    }
    var total = Observation(given, numbers)
    for i in 0..<count {
      _ = try Observation.check(numbers, at: i * stride, given: given, scalars)
      if i > 0 { total.add(numbers, at: i * stride) }
    }
    // What is not finite in one group is not in their total.
    let isFinite = try Observation.check(total.numbers.span, given: given, scalars)
    // A controller that can use those of each group gets them, others the total.
    if scalars.contains(.eachGroup) || controller.needs.contains(.gradient) {
      try observe(isFinite, numbers, stride, rates)
    } else {
      try observe(isFinite, total.numbers.span, 0, rates)
    }
  }

  @inline(never)
  @_optimize(speed)
  private mutating func observe(
    _ isFinite: Bool, _ numbers: Span<Double>, _ stride: Int, _ rates: consuming MutableSpan<Double>
  ) throws(ObservationFailure) {
    let isCommon = groupSchedules.isEmpty
    let looksBack = controller.needs.contains(.gradient) && controller.scalars.contains(.dotUpdate)
    if looksBack && !isCommon { throw .ownSchedules }
    let multiplier =
      isCommon ? Self.value(schedule, at: time) : Self.laterValue(groupSchedules[0], at: time)
    let moment = Moment(
      step: time &- lead, multiplier: multiplier,
      previousMultiplier: looksBack ? Self.laterValue(schedule, at: Swift.max(time - 1, 0)) : 0,
      isFinite: isFinite, stride: stride)
    controller.observe(numbers, moment, &groups)
    observed = moment.step
    if rates.count == 0 { return }
    if isCommon {
      Self.write(multiplier, groups, rates)
    } else {
      Self.writeEach(groupSchedules, at: time, groups, rates)
    }
  }

  // Not a method: called on a noncopyable value that is being changed, it would copy it first.
  @inline(__always)
  private static func value(_ schedule: Node, at time: Int64) -> Double {
    schedule.immediateValue(at: time) ?? laterValue(schedule, at: time)
  }

  @inline(never)
  private static func laterValue(_ schedule: Node, at time: Int64) -> Double { schedule.value(at: time) }
}
