// Section 2: Non-negative matrix factorization

import CStepsizeLearn
import StepsizeLearn
import StepsizeBoundary

public typealias NMFIn = UnsafePointer<stepsize_nmf>?
public typealias NMFInOut = UnsafeMutablePointer<stepsize_nmf>?
public typealias Matrix = UnsafePointer<Double>?

extension UnsafePointer<stepsize_nmf> {
  fileprivate var value: UnsafePointer<Factorization> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Factorization.self)
  }
}

extension UnsafeMutablePointer<stepsize_nmf> {
  fileprivate var value: UnsafeMutablePointer<Factorization> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Factorization.self)
  }
}

/// The caller's matrix; nil if it is empty, too large, NULL, not aligned, or its rows overlap.
private func matrix(_ x: Matrix, _ rows: UInt, _ columns: UInt, _ stride: UInt) -> UnsafeBufferPointer<
  Double
>? {
  let limit = UInt(Factorization.maximumSize)
  guard rows >= 1, rows <= limit, columns >= 1, columns <= limit, stride >= columns else { return nil }
  let (product, isHuge) = (rows - 1).multipliedReportingOverflow(by: stride)
  guard !isHuge, product <= UInt(Int.max) - columns, isUsable(x, product + columns), let x else { return nil }
  return UnsafeBufferPointer(start: x, count: Int(product + columns))
}

// MARK: - Making factorizations

/// Fills the options with the defaults: batches of all rows, alternating steps, absolute rates bounded by the state.
/// - Parameter options: Receives the defaults; its rank must be set.
/// - Parameter size: sizeof(stepsize_nmf_options).
/// - Returns: A status.
@c public func stepsize_nmf_defaults(
  _ options: UnsafeMutablePointer<stepsize_nmf_options>?, _ size: UInt
) -> stepsize_status {
  giveDefaults(stepsize_nmf_options(Factorization.Configuration()), to: options, size)
}

/// Begins a factorization X = W*H without negative entries, with random factors.
///
/// The loss of a batch B of rows is ||X_B - W_B*H||^2/2. Factors stay positive (entries that are 0 in theory are
/// 1e-10 of the first factors' scale) and within ||W||^2, ||H||^2 <= sqrt(rank)*||X||, Frobenius norms, which contains
/// a best factorization. A row of zeros makes a row of W that is nearly 0; X = 0 makes factors of zeros. Memory: the
/// factors, twice H, and three times the rows of W in a batch; X is not copied.
///
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size` or a matrix that is empty, not aligned, too large (2^31 - 1
/// rows or columns), or with a stride below the columns; STEPSIZE_ERROR_NAME for an unknown order or bound;
/// STEPSIZE_ERROR_ARGUMENT for a value outside its range: a rank larger than the matrix (with `norm`: than its
/// columns), an entry of x that is negative, not finite or beyond 1e100, a largest entry below 1e-100 that is not 0.
/// - Parameter options: From stepsize_nmf_defaults; copied.
/// - Parameter x: The matrix, row by row; it stays the caller's and is needed for the calls below.
/// - Parameter rows: At least 1.
/// - Parameter columns: At least 1.
/// - Parameter row_stride: Numbers from the start of a row to that of the next, at least `columns`.
/// - Parameter out: Receives the factorization, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_nmf_create(
  _ options: UnsafePointer<stepsize_nmf_options>?, _ x: Matrix, _ rows: UInt, _ columns: UInt,
  _ row_stride: UInt, _ out: UnsafeMutablePointer<UnsafeMutablePointer<stepsize_nmf>?>?, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  guard x != nil else { return fail(STEPSIZE_ERROR_NULL, "x is NULL", error) }
  let defaults = stepsize_nmf_options(Factorization.Configuration())
  guard let given = read(options, over: defaults) else {
    return fail(STEPSIZE_ERROR_SIZE, "nmf: size is not that of stepsize_nmf_options", error)
  }
  guard let data = matrix(x, rows, columns, row_stride) else { return failMatrix(error) }
  guard let order = Factorization.Order(rawValue: given.order), let bound = Bound(rawValue: given.bound)
  else {
    return fail(STEPSIZE_ERROR_NAME, "nmf: order or bound is unknown, expected STEPSIZE_NMF_...", error)
  }
  guard given.relative == 0 || given.relative == 1 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "nmf: relative is invalid, expected 0 or 1", error)
  }
  var configuration = Factorization.Configuration()
  configuration.rank = given.rank
  configuration.batchSize = given.batch_size
  configuration.seed = given.seed
  configuration.order = order
  configuration.bound = bound
  configuration.theta = given.theta
  configuration.isRelative = given.relative == 1
  configuration.wSteps = given.w_steps
  configuration.hSteps = given.h_steps
  configuration.norm = given.norm
  return boundary(error) { () throws(ConfigurationError) in
    let made = try Factorization(
      configuration, data.span, rows: Int(rows), columns: Int(columns), stride: Int(row_stride))
    out.pointee = makeHandle(made, as: stepsize_nmf.self)
  }
}

extension stepsize_nmf_options {
  fileprivate init(_ configuration: Factorization.Configuration) {
    self.init()
    order = configuration.order.rawValue
    bound = configuration.bound.rawValue
    relative = configuration.isRelative ? 1 : 0
    rank = configuration.rank
    batch_size = configuration.batchSize
    seed = configuration.seed
    w_steps = configuration.wSteps
    h_steps = configuration.hSteps
    theta = configuration.theta
    norm = configuration.norm
  }
}

// MARK: - Updates

/// One update on the next batch: a projected gradient step with the rate min(learning_rate, bound), or
/// min(learning_rate, 1)*bound where rates are relative.
///
/// Batches come from a random permutation of the rows, a new one for each pass; a seed makes the same ones
/// everywhere. With batch_size 0 an update uses all rows. A rate of 0 leaves the factors unchanged and returns what an
/// update would find.
///
/// On failure nothing has changed, and the same batch comes next. Errors: STEPSIZE_ERROR_SIZE for an x that is not
/// aligned, a row_stride that is too small or a wrong `size`; STEPSIZE_ERROR_ARGUMENT for a rate, or an entry of the
/// batch, that is negative or not finite, or an entry beyond 1e100.
/// - Parameter nmf: The factorization.
/// - Parameter x: The matrix that it was made from.
/// - Parameter row_stride: Row stride of this array; at least the columns.
/// - Parameter learning_rate: Finite, >= 0.
/// - Parameter update: Receives the result; may be NULL.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_nmf_step(
  _ nmf: NMFInOut, _ x: Matrix, _ row_stride: UInt, _ learning_rate: Double,
  _ update: UnsafeMutablePointer<stepsize_nmf_update>?, _ error: ErrorOut
) -> stepsize_status {
  guard let nmf, x != nil else { return fail(STEPSIZE_ERROR_NULL, "nmf or x is NULL", error) }
  guard let data = matrix(x, of: nmf, row_stride) else { return failMatrix(error) }
  guard update == nil || update.map({ isWritable(UnsafePointer($0)) }) == true else {
    return fail(STEPSIZE_ERROR_SIZE, "nmf: size is not that of stepsize_nmf_update", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    let done = try nmf.value.pointee.step(data.span, stride: Int(row_stride), rate: learning_rate)
    if let update { write(stepsize_nmf_update(done), to: update) }
  }
}

extension stepsize_nmf_update {
  fileprivate init(_ done: FactorizationUpdate) {
    self.init()
    clipped = done.isClipped ? 1 : 0
    loss = done.loss
    squares = done.squares
    w_rate = done.wRate
    h_rate = done.hRate
    w_bound = done.wBound
    h_bound = done.hBound
    w_gradient = done.wGradient
    h_gradient = done.hGradient
    rows = Int64(done.rows)
  }
}

private func failMatrix(_ error: ErrorOut) -> stepsize_status {
  fail(STEPSIZE_ERROR_SIZE, "nmf: x is empty, not aligned or too large, or its row_stride too small", error)
}

private func matrix(_ x: Matrix, of nmf: UnsafeMutablePointer<stepsize_nmf>, _ stride: UInt)
  -> UnsafeBufferPointer<Double>?
{
  matrix(x, UInt(nmf.value.pointee.rows), UInt(nmf.value.pointee.columns), stride)
}

/// The loss of all rows, ||X - W*H||^2/2, from sums of squares: values below 1e-15*||X||^2 are rounding errors.
/// - Parameter nmf: The factorization; no other thread may use it meanwhile.
/// - Parameter x: The matrix that it was made from.
/// - Parameter row_stride: Row stride of this array; at least the columns.
/// - Parameter loss: Receives the loss.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; errors as for stepsize_nmf_step.
@c public func stepsize_nmf_loss(
  _ nmf: NMFInOut, _ x: Matrix, _ row_stride: UInt, _ loss: UnsafeMutablePointer<Double>?, _ error: ErrorOut
) -> stepsize_status {
  guard let nmf, let loss, x != nil else { return fail(STEPSIZE_ERROR_NULL, "nmf, x or loss is NULL", error) }
  guard let data = matrix(x, of: nmf, row_stride) else { return failMatrix(error) }
  return boundary(error) { () throws(ConfigurationError) in
    loss.pointee = try nmf.value.pointee.loss(data.span, stride: Int(row_stride))
  }
}

/// The bound that holds before the first update, theta/((3*sqrt(rank) + 1)*||X||).
/// - Parameter nmf: The factorization.
/// - Returns: The bound; 0 if X is 0, or nmf is NULL.
@c public func stepsize_nmf_apriori_bound(_ nmf: NMFIn) -> Double {
  nmf?.value.pointee.aprioriBound ?? 0
}

// MARK: - Factors

/// Copies the factors out, row by row.
/// - Parameter nmf: The factorization.
/// - Parameter w: Receives rows*rank numbers; NULL with count 0 for none.
/// - Parameter w_count: rows*rank or 0; otherwise STEPSIZE_ERROR_SIZE.
/// - Parameter h: Receives rank*columns numbers; NULL with count 0 for none.
/// - Parameter h_count: rank*columns or 0; otherwise STEPSIZE_ERROR_SIZE.
/// - Returns: A status.
@c public func stepsize_nmf_get_factors(
  _ nmf: NMFIn, _ w: UnsafeMutablePointer<Double>?, _ w_count: UInt, _ h: UnsafeMutablePointer<Double>?,
  _ h_count: UInt
) -> stepsize_status {
  guard let nmf, w != nil || w_count == 0, h != nil || h_count == 0 else {
    return Int32(STEPSIZE_ERROR_NULL)
  }
  guard isFactor(w, w_count, nmf.value.pointee.rows, nmf),
    isFactor(h, h_count, nmf.value.pointee.columns, nmf)
  else { return Int32(STEPSIZE_ERROR_SIZE) }
  if let w, w_count > 0 {
    var span = MutableSpan(_unsafeStart: w, count: Int(w_count))
    nmf.value.pointee.write(w: &span)
  }
  if let h, h_count > 0 {
    var span = MutableSpan(_unsafeStart: h, count: Int(h_count))
    nmf.value.pointee.write(h: &span)
  }
  return Int32(STEPSIZE_OK)
}

/// Replaces factors. Entries below the floor are raised to it, and a factor outside the ball is scaled into it.
/// - Parameter nmf: The factorization; unchanged on failure.
/// - Parameter w: rows*rank numbers in [0, 1e100], row by row; copied. NULL with count 0 keeps W.
/// - Parameter w_count: rows*rank or 0; otherwise STEPSIZE_ERROR_SIZE.
/// - Parameter h: rank*columns numbers, in the same way.
/// - Parameter h_count: rank*columns or 0; otherwise STEPSIZE_ERROR_SIZE.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_nmf_set_factors(
  _ nmf: NMFInOut, _ w: Matrix, _ w_count: UInt, _ h: Matrix, _ h_count: UInt, _ error: ErrorOut
) -> stepsize_status {
  guard let nmf, w != nil || w_count == 0, h != nil || h_count == 0 else {
    return fail(STEPSIZE_ERROR_NULL, "nmf, w or h is NULL", error)
  }
  let value = UnsafePointer(nmf)
  guard isFactor(w, w_count, value.value.pointee.rows, value),
    isFactor(h, h_count, value.value.pointee.columns, value)
  else { return fail(STEPSIZE_ERROR_SIZE, "nmf: w or h is not aligned or of another size", error) }
  return boundary(error) { () throws(ConfigurationError) in
    try nmf.value.pointee.replace(
      w: UnsafeBufferPointer(start: w, count: Int(w_count)).span,
      h: UnsafeBufferPointer(start: h, count: Int(h_count)).span)
  }
}

private func isFactor(
  _ numbers: Matrix, _ count: UInt, _ length: Int, _ nmf: UnsafePointer<stepsize_nmf>
) -> Bool {
  count == 0 || (count == UInt(length) * UInt(nmf.value.pointee.rank) && isUsable(numbers, count))
}

/// W for rows and a given H: `steps` projected gradient steps with the largest safe rate.
///
/// Errors: STEPSIZE_ERROR_SIZE for arrays as in stepsize_nmf_create; STEPSIZE_ERROR_ARGUMENT for a rank outside
/// 1 to 4096, steps outside 1 to 10000, an entry that is negative, not finite or beyond 1e100, or a largest entry of x
/// below 1e-100 that is not 0.
/// - Parameter h: rank*columns numbers, row by row.
/// - Parameter rank: Rows of h.
/// - Parameter columns: Columns of h and of x.
/// - Parameter x: The rows to transform.
/// - Parameter rows: At least 1.
/// - Parameter row_stride: Row stride of x; at least `columns`.
/// - Parameter steps: Number of steps; 200 are usually enough.
/// - Parameter w: Receives rows*rank numbers, row by row.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_nmf_transform(
  _ h: Matrix, _ rank: UInt, _ columns: UInt, _ x: Matrix, _ rows: UInt, _ row_stride: UInt, _ steps: Int64,
  _ w: UnsafeMutablePointer<Double>?, _ error: ErrorOut
) -> stepsize_status {
  guard let w, h != nil, x != nil else { return fail(STEPSIZE_ERROR_NULL, "h, x or w is NULL", error) }
  guard let data = matrix(x, rows, columns, row_stride), let parts = matrix(h, rank, columns, columns),
    rows.multipliedReportingOverflow(by: rank).overflow == false, isUsable(w, rows * rank)
  else { return fail(STEPSIZE_ERROR_SIZE, "nmf: h, x or w is empty, not aligned or too large", error) }
  return boundary(error) { () throws(ConfigurationError) in
    var out = MutableSpan(_unsafeStart: w, count: Int(rows * rank))
    try Factorization.transform(
      data.span, rows: Int(rows), columns: Int(columns), stride: Int(row_stride), h: parts.span,
      rank: Int64(rank),
      steps: steps, into: &out)
  }
}

/// Frees a factorization. NULL is allowed.
/// - Parameter nmf: Not to be used afterwards.
@c public func stepsize_nmf_destroy(_ nmf: NMFInOut) {
  destroyHandle(nmf, of: Factorization.self)
}
