/// When an observation was made, and of how many groups.
struct Moment: Sendable {
  let step: Int64
  /// The values of the schedule for this update and for the one before it.
  let multiplier: Double
  let previousMultiplier: Double
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
    var given = observations.first?.given ?? []
    for one in observations {
      given.formIntersection(one.given)
      for i in one.numbers.indices { numbers.append(one.numbers[i]) }
    }
    try observe(given, numbers.span, stride: Observation.count, count: observations.count, into: rates)
  }

  /// The same without an array, for the C layer.
  package mutating func observe(
    _ given: Needs, _ numbers: Span<Double>, stride: Int, count: Int,
    into rates: consuming MutableSpan<Double>
  ) throws(ConfigurationError) {
    let isWritten = try isToBeWrittenAfterwards(rates.count)
    let scalars = controller.scalars
    guard count == groups.count || count == 1 && !scalars.contains(.eachGroup) else {
      throw ConfigurationError(
        .argument,
        "observe: the number of observations is wrong, expected one for each group, or 1 for all: ",
        Decimal.write(Int64(count)))
    }
    var total = Observation(given, numbers, at: 0, stride: stride)
    for i in 0..<count {
      let one = Observation(given, numbers, at: i, stride: stride)
      try one.check(scalars)
      if i > 0 { total.add(one) }
    }
    // Only the hypergradient looks back.
    let before = scalars.contains(.dotUpdate) ? schedule.value(at: Swift.max(time - 1, 0)) : 0
    let moment = Moment(
      step: step, multiplier: schedule.value(at: time), previousMultiplier: before, count: count,
      stride: stride)
    try controller.observe(total, numbers, moment, &groups)
    if isWritten { write(rates) }
  }

  @inline(never)
  private func multiplier(at time: Int64) -> Double { schedule.value(at: time) }
}
