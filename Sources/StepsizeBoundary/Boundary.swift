import CStepsize
import Stepsize

// Everything that is unsafe about crossing into C: handles, statuses, error texts and sized structs.

public typealias ErrorOut = UnsafeMutablePointer<stepsize_error>?

/// Statuses of the boundary itself; the core's errors are mapped in `status`.
func fail(_ status: Int, _ message: StaticString, _ error: ErrorOut) -> Int32 {
  report(Int32(status), message.bytes, offset: -1, error)
}

/// Runs the core and turns what it throws into a status and a text.
func boundary(_ error: ErrorOut, _ body: () throws(ConfigurationError) -> Void) -> Int32 {
  do {
    try body()
    return Int32(STEPSIZE_OK)
  } catch let failure {
    let offset = failure.offset.map { Int64($0) } ?? -1
    return report(status(of: failure.kind), failure.message, offset: offset, error)
  }
}

private func status(of kind: ConfigurationError.Kind) -> Int32 {
  switch kind {
  case .argument: Int32(STEPSIZE_ERROR_ARGUMENT)
  case .name: Int32(STEPSIZE_ERROR_NAME)
  case .syntax: Int32(STEPSIZE_ERROR_SYNTAX)
  case .limit: Int32(STEPSIZE_ERROR_LIMIT)
  case .order: Int32(STEPSIZE_ERROR_ORDER)
  case .state: Int32(STEPSIZE_ERROR_STATE)
  case .version: Int32(STEPSIZE_ERROR_VERSION)
  case .mismatch: Int32(STEPSIZE_ERROR_MISMATCH)
  }
}

// Inlined, it would be most of the code of many functions.
@inline(never)
private func report(_ status: Int32, _ message: [UInt8], offset: Int64, _ error: ErrorOut) -> Int32 {
  guard let error else { return status }
  // The text is the last field.
  let header = MemoryLayout<stepsize_error>.size - MemoryLayout.size(ofValue: error.pointee.text)
  guard Int(error.pointee.size) > header else { return status }
  error.pointee.status = status
  error.pointee.offset = offset
  let capacity = Int(error.pointee.size) - header
  copy(message, to: (UnsafeMutableRawPointer(error) + header).assumingMemoryBound(to: CChar.self), capacity)
  return status
}

/// Copies what fits, cut between characters, and terminates it.
func copy(_ text: [UInt8], to buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int) {
  guard let buffer, capacity > 0 else { return }
  var count = min(text.count, capacity - 1)
  while count > 0 && count < text.count && text[count] & 0xC0 == 0x80 { count -= 1 }
  for i in 0..<count { buffer[i] = CChar(bitPattern: text[i]) }
  buffer[count] = 0
}

// MARK: - Handles

/// A handle is the address of the Swift value that it stands for.
func makeHandle<Tag, Value: ~Copyable>(_ value: consuming Value, as tag: Tag.Type) -> UnsafeMutablePointer<
  Tag
> {
  let address = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  address.initialize(to: value)
  return UnsafeMutableRawPointer(address).assumingMemoryBound(to: Tag.self)
}

func destroyHandle<Tag, Value: ~Copyable>(_ handle: UnsafeMutablePointer<Tag>?, of type: Value.Type) {
  guard let handle else { return }
  let address = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: Value.self)
  address.deinitialize(count: 1)
  address.deallocate()
}

/// What a schedule's handle points to. It cannot be copied: asking it then counts no references.
struct ScheduleBox: ~Copyable {
  let schedule: Schedule

  @_optimize(speed)
  func value(at step: Int64) -> Double { schedule.value(at: step) }
}

extension UnsafePointer<stepsize_schedule> {
  var value: UnsafePointer<ScheduleBox> { UnsafeRawPointer(self).assumingMemoryBound(to: ScheduleBox.self) }
}

extension UnsafePointer<stepsize_controller> {
  var value: UnsafePointer<Controller> { UnsafeRawPointer(self).assumingMemoryBound(to: Controller.self) }
}

extension UnsafePointer<stepsize_scheduler> {
  var value: UnsafePointer<Scheduler> { UnsafeRawPointer(self).assumingMemoryBound(to: Scheduler.self) }
}

extension UnsafeMutablePointer<stepsize_scheduler> {
  var value: UnsafeMutablePointer<Scheduler> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Scheduler.self)
  }
}

// MARK: - Arrays and structs

/// An array of the caller's that may be used: empty, or not NULL, aligned, and of a size that exists.
func isUsable<T>(_ pointer: UnsafePointer<T>?, _ count: UInt) -> Bool {
  guard count > 0 else { return true }
  guard let pointer else { return false }
  return UInt(bitPattern: pointer) % UInt(MemoryLayout<T>.alignment) == 0
    && count <= UInt(Int.max) / UInt(MemoryLayout<T>.stride)
}

func isUsable<T>(_ pointer: UnsafeMutablePointer<T>?, _ count: UInt) -> Bool {
  isUsable(UnsafePointer(pointer), count)
}

/// A copy of the caller's array; nil if it is not usable or longer than `limit`.
///
/// Swift sees the size_t of a C struct as Int: a count beyond Int.max comes out negative.
func array(_ pointer: UnsafePointer<Double>?, _ count: Int, limit: Int) -> [Double]? {
  guard count >= 0, count <= limit, isUsable(pointer, UInt(count)) else { return nil }
  return Array(UnsafeBufferPointer(start: count == 0 ? nil : pointer, count: count))
}

/// The caller's struct, whose first field is its size; fields that an older caller does not know keep their
/// defaults. nil if the size is none that ever was.
func read<T>(_ pointer: UnsafePointer<T>, over defaults: T, minimum: Int) -> T? {
  let size = Int(UnsafeRawPointer(pointer).loadUnaligned(as: UInt32.self))
  guard size >= minimum, size <= MemoryLayout<T>.size else { return nil }
  var value = defaults
  withUnsafeMutableBytes(of: &value) {
    $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size))
  }
  return value
}

/// Runs the core on the bytes of a text of the caller's.
func parsing(
  _ text: UnsafePointer<CChar>?, _ length: UInt, _ error: ErrorOut,
  _ body: ([UInt8]) throws(ConfigurationError) -> Void
) -> Int32 {
  guard text != nil || length == 0 else { return fail(STEPSIZE_ERROR_NULL, "text is NULL", error) }
  guard length <= UInt(Schedule.maximumTextLength) else {
    return fail(STEPSIZE_ERROR_LIMIT, "a text has more than 268435456 bytes", error)
  }
  let bytes = UnsafeBufferPointer(start: text, count: Int(length)).map { UInt8(bitPattern: $0) }
  return boundary(error) { () throws(ConfigurationError) in try body(bytes) }
}

/// Answers a text by the two-call convention.
func give(
  _ text: [UInt8], _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ length: UnsafeMutablePointer<UInt>?
) -> Int32 {
  length?.pointee = UInt(text.count)
  guard capacity > 0 else { return Int32(STEPSIZE_OK) }
  guard let buffer else { return Int32(STEPSIZE_ERROR_NULL) }
  copy(text, to: buffer, Int(min(capacity, UInt(Int.max))))
  return Int32(UInt(text.count) < capacity ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE)
}

/// Answers a phase as the step `t` sees it.
func give(_ phase: Phase?, at t: Int64, _ out: UnsafeMutablePointer<stepsize_phase>) -> Int32 {
  guard Int(out.pointee.size) == MemoryLayout<stepsize_phase>.size else { return Int32(STEPSIZE_ERROR_SIZE) }
  var answer = stepsize_phase()
  answer.size = out.pointee.size
  answer.length = Int64.max
  if let phase {
    answer.entered = phase.start == t ? 1 : 0
    answer.start = phase.start
    answer.position = max(0, min(t, phase.end ?? Int64.max) - phase.start)
    if let end = phase.end, end > phase.start {
      answer.length = end - phase.start
      answer.progress = Double(answer.position) / Double(answer.length)
    }
    withUnsafeMutableBytes(of: &answer.name) {
      copy(phase.name, to: $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
  }
  out.pointee = answer
  return Int32(STEPSIZE_OK)
}
