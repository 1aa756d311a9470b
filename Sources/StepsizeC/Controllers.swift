// Section 5: Controllers

import CStepsize
import Stepsize

public typealias ControllerOut = UnsafeMutablePointer<UnsafeMutablePointer<stepsize_controller>?>?

/// Makes a controller and hands it out.
private func make(
  _ out: ControllerOut, _ error: ErrorOut, _ body: () throws(ConfigurationError) -> Controller
) -> Int32 {
  boundary(error) { () throws(ConfigurationError) in
    out?.pointee = makeHandle(try body(), as: stepsize_controller.self)
  }
}

/// The enum that a number of the C interface stands for.
private func word<W: RawRepresentable<Int32>>(
  _ number: Int32, _ unknown: StaticString
) throws(ConfigurationError) -> W {
  guard let word = W(rawValue: number) else { throw ConfigurationError(.name, unknown) }
  return word
}

// MARK: - GreedyLR

/// Fills the options with the defaults of a variant.
/// - Parameter options: Receives the defaults and its own size.
/// - Parameter variant: STEPSIZE_GREEDY_DEFAULT, _HUGGINGFACE or _PAPER.
/// - Returns: A status; STEPSIZE_ERROR_NAME for an unknown variant.
@c public func stepsize_greedy_defaults(
  _ options: UnsafeMutablePointer<stepsize_greedy_options>?, _ variant: Int32
) -> Int32 {
  guard let options else { return Int32(STEPSIZE_ERROR_NULL) }
  guard let variant = GreedyLR.Variant(rawValue: variant) else { return Int32(STEPSIZE_ERROR_NAME) }
  options.pointee = stepsize_greedy_options(GreedyLR.Configuration(variant))
  return Int32(STEPSIZE_OK)
}

/// GreedyLR: raises the base rates while the loss improves and cuts them when it does not
/// (arXiv 2512.14527).
///
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size`, STEPSIZE_ERROR_NAME for an unknown variant or mode,
/// STEPSIZE_ERROR_ARGUMENT for a value outside its range. Bounds are compared with the base rates when a
/// scheduler is made.
/// - Parameter options: From stepsize_greedy_defaults; copied.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_greedy(
  _ options: UnsafePointer<stepsize_greedy_options>?, _ out: ControllerOut, _ error: ErrorOut
) -> Int32 {
  out?.pointee = nil
  guard out != nil else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  let defaults = stepsize_greedy_options(GreedyLR.Configuration())
  guard let given = read(options, over: defaults, minimum: MemoryLayout<stepsize_greedy_options>.size) else {
    return fail(STEPSIZE_ERROR_SIZE, "greedy: size is none of stepsize_greedy_options", error)
  }
  guard given.reserved == 0, given.smooth == 0 || given.smooth == 1 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "greedy: smooth is neither 0 nor 1, or reserved is not 0", error)
  }
  guard let minLR = array(given.min_lr, given.min_lr_count, limit: Scheduler.maximumGroupCount),
    let maxLR = array(given.max_lr, given.max_lr_count, limit: Scheduler.maximumGroupCount)
  else {
    return fail(STEPSIZE_ERROR_SIZE, "greedy: min_lr or max_lr is NULL, not aligned or too long", error)
  }
  return make(out, error) { () throws(ConfigurationError) in
    var configuration = GreedyLR.Configuration(
      try word(given.variant, "greedy: variant is unknown, expected STEPSIZE_GREEDY_..."))
    configuration.mode = try word(given.mode, "greedy: mode is unknown, expected STEPSIZE_MODE_...")
    configuration.factor = given.factor
    configuration.patience = given.patience
    configuration.threshold = given.threshold
    configuration.thresholdMode = try word(
      given.threshold_mode, "greedy: threshold_mode is unknown, expected STEPSIZE_THRESHOLD_...")
    configuration.cooldown = given.cooldown
    configuration.warmup = given.warmup
    configuration.minLR = minLR
    configuration.maxLR = maxLR
    configuration.eps = given.eps
    configuration.smooth = given.smooth == 1
    configuration.window = given.window
    configuration.resetStart = given.reset_start == Int64.max ? nil : given.reset_start
    let controller = Controller.greedy(configuration)
    try controller.validate()
    return controller
  }
}

extension stepsize_greedy_options {
  fileprivate init(_ configuration: GreedyLR.Configuration) {
    self.init()
    size = UInt32(MemoryLayout<stepsize_greedy_options>.size)
    variant = configuration.variant.rawValue
    mode = configuration.mode.rawValue
    threshold_mode = configuration.thresholdMode.rawValue
    factor = configuration.factor
    threshold = configuration.threshold
    eps = configuration.eps
    patience = configuration.patience
    cooldown = configuration.cooldown
    warmup = configuration.warmup
    window = configuration.window
    reset_start = configuration.resetStart ?? Int64.max
    smooth = configuration.smooth ? 1 : 0
  }
}

// MARK: - Plateau

/// Fills the options with the defaults of a peer.
/// - Parameter options: Receives the defaults and its own size.
/// - Parameter counting: STEPSIZE_PLATEAU_PYTORCH, _KERAS or _OPTAX.
/// - Returns: A status; STEPSIZE_ERROR_NAME for an unknown way of counting.
@c public func stepsize_plateau_defaults(
  _ options: UnsafeMutablePointer<stepsize_plateau_options>?, _ counting: Int32
) -> Int32 {
  guard let options else { return Int32(STEPSIZE_ERROR_NULL) }
  guard let counting = Plateau.Counting(rawValue: counting) else { return Int32(STEPSIZE_ERROR_NAME) }
  options.pointee = stepsize_plateau_options(Plateau.Configuration(counting))
  return Int32(STEPSIZE_OK)
}

/// Cuts the base rates when the metric has stopped improving.
///
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size`, STEPSIZE_ERROR_NAME for an unknown way of counting or mode,
/// STEPSIZE_ERROR_ARGUMENT for a value outside its range.
/// - Parameter options: From stepsize_plateau_defaults; copied.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_plateau(
  _ options: UnsafePointer<stepsize_plateau_options>?, _ out: ControllerOut, _ error: ErrorOut
) -> Int32 {
  out?.pointee = nil
  guard out != nil else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  let defaults = stepsize_plateau_options(Plateau.Configuration())
  guard let given = read(options, over: defaults, minimum: MemoryLayout<stepsize_plateau_options>.size) else {
    return fail(STEPSIZE_ERROR_SIZE, "plateau: size is none of stepsize_plateau_options", error)
  }
  guard let minLR = array(given.min_lr, given.min_lr_count, limit: Scheduler.maximumGroupCount) else {
    return fail(STEPSIZE_ERROR_SIZE, "plateau: min_lr is NULL, not aligned or too long", error)
  }
  return make(out, error) { () throws(ConfigurationError) in
    var configuration = Plateau.Configuration(
      try word(given.counting, "plateau: counting is unknown, expected STEPSIZE_PLATEAU_..."))
    configuration.mode = try word(given.mode, "plateau: mode is unknown, expected STEPSIZE_MODE_...")
    configuration.factor = given.factor
    configuration.patience = given.patience
    configuration.threshold = given.threshold
    configuration.thresholdMode = try word(
      given.threshold_mode, "plateau: threshold_mode is unknown, expected STEPSIZE_THRESHOLD_...")
    configuration.extraThreshold = given.extra_threshold
    configuration.cooldown = given.cooldown
    configuration.minLR = minLR
    configuration.eps = given.eps
    configuration.accumulation = given.accumulation
    let controller = Controller.plateau(configuration)
    try controller.validate()
    return controller
  }
}

extension stepsize_plateau_options {
  fileprivate init(_ configuration: Plateau.Configuration) {
    self.init()
    size = UInt32(MemoryLayout<stepsize_plateau_options>.size)
    counting = configuration.counting.rawValue
    mode = configuration.mode.rawValue
    threshold_mode = configuration.thresholdMode.rawValue
    factor = configuration.factor
    threshold = configuration.threshold
    extra_threshold = configuration.extraThreshold
    eps = configuration.eps
    patience = configuration.patience
    cooldown = configuration.cooldown
    accumulation = configuration.accumulation
  }
}

// MARK: - Controllers

/// A controller from its text form, such as "hypergradient(beta=1e-4)" or "line_search(c=0.1)".
///
/// Errors: STEPSIZE_ERROR_SYNTAX, STEPSIZE_ERROR_NAME (with the nearest known name), STEPSIZE_ERROR_ARGUMENT;
/// error->offset says where in the text.
/// - Parameter text: UTF-8; need not be terminated.
/// - Parameter length: Bytes of the text.
/// - Parameter out: Receives the controller, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_controller_parse(
  _ text: UnsafePointer<CChar>?, _ length: UInt, _ out: ControllerOut, _ error: ErrorOut
) -> Int32 {
  out?.pointee = nil
  guard out != nil else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  return parsing(text, length, error) { (bytes) throws(ConfigurationError) in
    out?.pointee = makeHandle(try Controller(parsing: bytes), as: stepsize_controller.self)
  }
}

/// The canonical text form of a controller; parsing it gives the same controller again.
/// - Parameter controller: What to print.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter length: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE if a buffer was given and the text did not fit.
@c public func stepsize_controller_print(
  _ controller: UnsafePointer<stepsize_controller>?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ length: UnsafeMutablePointer<UInt>?
) -> Int32 {
  guard let controller else { return Int32(STEPSIZE_ERROR_NULL) }
  return give(controller.value.pointee.text, buffer, capacity, length)
}

/// What the library says of a parameter of a controller, and the value that it has here.
/// - Parameter controller: What to ask.
/// - Parameter parameter: Which one, from 0; STEPSIZE_ERROR_ARGUMENT says that there are no more.
/// - Parameter what: STEPSIZE_TEXT_NAME, _SUMMARY, _KIND, _RANGE, _DEFAULT (of the variant) or _VALUE.
/// - Parameter buffer: Receives as much as fits, terminated; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter length: Receives the bytes of the whole text without the terminator; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_NAME for a wrong `what`.
@c public func stepsize_controller_parameter(
  _ controller: UnsafePointer<stepsize_controller>?, _ parameter: UInt, _ what: Int32,
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt, _ length: UnsafeMutablePointer<UInt>?
) -> Int32 {
  guard let controller else { return Int32(STEPSIZE_ERROR_NULL) }
  let signature = controller.value.pointee.signature
  guard parameter < UInt(signature.parameters.count) else { return Int32(STEPSIZE_ERROR_ARGUMENT) }
  let text =
    what == STEPSIZE_TEXT_VALUE
    ? controller.value.pointee.valueText(Int(parameter)) : signature.parameters[Int(parameter)].text(what)
  guard let text else { return Int32(STEPSIZE_ERROR_NAME) }
  return give(text, buffer, capacity, length)
}

/// Frees a controller's configuration. Schedulers made from it go on. NULL is allowed.
/// - Parameter controller: Not to be used afterwards.
@c public func stepsize_controller_destroy(_ controller: UnsafeMutablePointer<stepsize_controller>?) {
  destroyHandle(controller, of: Controller.self)
}
