// Section 12: Learning-rate finder

import CStepsize
import Stepsize

public typealias FinderIn = UnsafePointer<stepsize_finder>?
public typealias FinderInOut = UnsafeMutablePointer<stepsize_finder>?

extension UnsafePointer<stepsize_finder> {
  fileprivate var value: UnsafePointer<Finder> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Finder.self)
  }
}

extension UnsafeMutablePointer<stepsize_finder> {
  fileprivate var value: UnsafeMutablePointer<Finder> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Finder.self)
  }
}

// MARK: - Learning-rate finder

/// Fills the options with the defaults: 100 rates from 1e-7 to 10, geometric, smoothing 0.98, divergence 4.
/// - Parameter options: Receives the defaults.
/// - Parameter size: sizeof(stepsize_finder_options).
/// - Returns: A status.
@c public func stepsize_finder_defaults(
  _ options: UnsafeMutablePointer<stepsize_finder_options>?, _ size: UInt
) -> stepsize_status {
  giveDefaults(stepsize_finder_options(Finder.Configuration()), to: options, size)
}

/// A learning-rate range test (arXiv 1506.01186), ask and tell:
///
///     for (double rate; !isnan(rate = stepsize_finder_rate(finder));)
///       stepsize_finder_tell(finder, loss of an update with that rate);
///     stepsize_finder_suggest(finder, STEPSIZE_SUGGEST_HALFWAY, &rate, &error);
///
/// The model and the optimizer are the caller's, to be restored afterwards.
///
/// Errors: STEPSIZE_ERROR_ARGUMENT for an option outside its range, STEPSIZE_ERROR_SIZE for a wrong `size`,
/// STEPSIZE_ERROR_NAME for an unknown spacing.
/// - Parameter options: From stepsize_finder_defaults.
/// - Parameter out: Receives the finder, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_finder_create(
  _ options: UnsafePointer<stepsize_finder_options>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<stepsize_finder>?>?, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let options, let out else { return fail(STEPSIZE_ERROR_NULL, "options or out is NULL", error) }
  guard let given = read(options, over: stepsize_finder_options(Finder.Configuration())) else {
    return fail(STEPSIZE_ERROR_SIZE, "finder: size is not that of stepsize_finder_options", error)
  }
  guard let spacing = Finder.Spacing(rawValue: given.spacing) else {
    return fail(STEPSIZE_ERROR_NAME, "finder: spacing is unknown, expected STEPSIZE_SPACING_...", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    var configuration = Finder.Configuration()
    configuration.spacing = spacing
    configuration.count = given.count
    configuration.start = given.start
    configuration.end = given.end
    configuration.smoothing = given.smoothing
    configuration.divergence = given.divergence
    out.pointee = makeHandle(try Finder(configuration), as: stepsize_finder.self)
  }
}

extension stepsize_finder_options {
  fileprivate init(_ configuration: Finder.Configuration) {
    self.init()
    spacing = configuration.spacing.rawValue
    count = configuration.count
    start = configuration.start
    end = configuration.end
    smoothing = configuration.smoothing
    divergence = configuration.divergence
  }
}

/// The rate of the next update.
/// - Parameter finder: The finder.
/// - Returns: The rate; NaN where the test has stopped, or if finder is NULL.
@c public func stepsize_finder_rate(_ finder: FinderIn) -> Double { finder?.value.pointee.rate ?? Double.nan }

/// Takes the loss of the update that was made with stepsize_finder_rate.
///
/// A loss that is not finite stops the test, and is not counted.
/// - Parameter finder: The finder.
/// - Parameter loss: The loss.
/// - Returns: A status; STEPSIZE_ERROR_ORDER where the test has stopped.
@c public func stepsize_finder_tell(_ finder: FinderInOut, _ loss: Double) -> stepsize_status {
  guard let finder else { return Int32(STEPSIZE_ERROR_NULL) }
  return boundary(nil) { () throws(ConfigurationError) in try finder.value.pointee.tell(loss) }
}

/// Takes the loss of an update with a rate of the caller's, such as one from a log.
/// - Parameter finder: The finder.
/// - Parameter rate: Finite, above the rate before, otherwise STEPSIZE_ERROR_ARGUMENT.
/// - Parameter loss: The loss.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ORDER where the test has stopped.
@c public func stepsize_finder_tell_at(
  _ finder: FinderInOut, _ rate: Double, _ loss: Double, _ error: ErrorOut
) -> stepsize_status {
  guard let finder else { return fail(STEPSIZE_ERROR_NULL, "finder is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    try finder.value.pointee.tell(loss, at: rate)
  }
}

/// Why the test has stopped.
/// - Parameter finder: The finder.
/// - Returns: STEPSIZE_STOP_END after the last rate, STEPSIZE_STOP_DIVERGED, or STEPSIZE_STOP_NONE; this also if finder
///   is NULL.
@c public func stepsize_finder_stop_reason(_ finder: FinderIn) -> Int32 {
  switch finder?.value.pointee.stop {
  case .end: Int32(STEPSIZE_STOP_END)
  case .diverged: Int32(STEPSIZE_STOP_DIVERGED)
  case nil: Int32(STEPSIZE_STOP_NONE)
  }
}

/// The number of losses that were told and are finite.
/// - Parameter finder: The finder.
/// - Returns: The number, 0 if finder is NULL.
@c public func stepsize_finder_count(_ finder: FinderIn) -> UInt {
  UInt(finder?.value.pointee.points.count ?? 0)
}

/// The curve so far.
/// - Parameter finder: The finder.
/// - Parameter rates: Receives stepsize_finder_count rates; may be NULL.
/// - Parameter losses: Receives as many losses; may be NULL.
/// - Parameter smoothed: Receives as many smoothed losses; may be NULL.
/// - Parameter count: Numbers that fit into each, at least that many.
/// - Returns: A status; nothing is written unless it is STEPSIZE_OK.
@c public func stepsize_finder_curve(
  _ finder: FinderIn, _ rates: DoublesOut, _ losses: DoublesOut, _ smoothed: DoublesOut, _ count: UInt
) -> stepsize_status {
  guard let finder else { return Int32(STEPSIZE_ERROR_NULL) }
  let needed = UInt(finder.value.pointee.points.count)
  guard count >= needed, rates == nil || isUsable(rates, needed), losses == nil || isUsable(losses, needed),
    smoothed == nil || isUsable(smoothed, needed)
  else { return Int32(STEPSIZE_ERROR_SIZE) }
  return guarded {
    let averages = finder.value.pointee.smoothed()
    for i in averages.indices {
      let point = finder.value.pointee.points[i]
      rates?[i] = point.rate
      losses?[i] = point.loss
      smoothed?[i] = averages[i]
    }
    return Int32(STEPSIZE_OK)
  }
}

/// The rate that the losses suggest.
///
/// STEPSIZE_ERROR_NO_SUGGESTION, and `error` says why, where they suggest none: there are fewer than 10, they do not fall, the
/// fall reaches the first or the last rate, or, for STEPSIZE_SUGGEST_HALFWAY, is not above the noise.
/// - Parameter finder: The finder, stopped or not.
/// - Parameter method: STEPSIZE_SUGGEST_..., otherwise STEPSIZE_ERROR_NAME.
/// - Parameter rate: Receives the rate; NaN on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_finder_suggest(
  _ finder: FinderIn, _ method: stepsize_suggest, _ rate: DoublesOut, _ error: ErrorOut
) -> stepsize_status {
  rate?.pointee = Double.nan
  guard let finder, let rate else { return fail(STEPSIZE_ERROR_NULL, "finder or rate is NULL", error) }
  guard let method = Finder.Method(rawValue: method) else {
    return fail(STEPSIZE_ERROR_NAME, "finder: method is unknown, expected STEPSIZE_SUGGEST_...", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    rate.pointee = try finder.value.pointee.suggestion(method)
  }
}

/// Frees a finder. NULL is allowed.
/// - Parameter finder: Not to be used afterwards.
@c public func stepsize_finder_destroy(_ finder: FinderInOut) { destroyHandle(finder, of: Finder.self) }
