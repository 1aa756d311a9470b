@_exported import CStepsize
@_exported import StepsizeBase

// All unsafe code for crossing into C, for the C layers of both libraries: handles, statuses, error texts and sized
// structs.

public typealias ErrorOut = UnsafeMutablePointer<stepsize_error>?
public typealias BytesIn = UnsafePointer<UInt8>?

/// Statuses of the boundary itself; the core's errors are mapped in `status`.
package func fail(_ status: Int, _ message: StaticString, _ error: ErrorOut) -> stepsize_status {
  message.withUTF8Buffer { report(Int32(status), $0, offset: -1, error) }
}

/// Runs the core, guarded, and turns a thrown error into a status and a text.
package func boundary(_ error: ErrorOut, _ body: () throws(ConfigurationError) -> Void) -> stepsize_status {
  let result = guarded {
    do throws(ConfigurationError) {
      try body()
      return Int32(STEPSIZE_OK)
    } catch let failure {
      let (message, offset) = (failure.message, failure.offset.map { Int64($0) } ?? -1)
      return message.withUnsafeBufferPointer { report(status(of: failure.kind), $0, offset: offset, error) }
    }
  }
  return result == STEPSIZE_ERROR_MEMORY ? fail(STEPSIZE_ERROR_MEMORY, "out of memory", error) : result
}

private func status(of kind: ConfigurationError.Kind) -> stepsize_status {
  switch kind {
  case .null: Int32(STEPSIZE_ERROR_NULL)
  case .argument: Int32(STEPSIZE_ERROR_ARGUMENT)
  case .name: Int32(STEPSIZE_ERROR_NAME)
  case .syntax: Int32(STEPSIZE_ERROR_SYNTAX)
  case .limit: Int32(STEPSIZE_ERROR_LIMIT)
  case .size: Int32(STEPSIZE_ERROR_SIZE)
  case .order: Int32(STEPSIZE_ERROR_ORDER)
  case .state: Int32(STEPSIZE_ERROR_STATE)
  case .version: Int32(STEPSIZE_ERROR_VERSION)
  case .mismatch: Int32(STEPSIZE_ERROR_MISMATCH)
  case .memory: Int32(STEPSIZE_ERROR_MEMORY)
  case .noSuggestion: Int32(STEPSIZE_ERROR_NO_SUGGESTION)
  }
}

// Inlined, it would be most of the code of many functions.
@inline(never)
private func report(
  _ status: Int32, _ message: UnsafeBufferPointer<UInt8>, offset: Int64, _ error: ErrorOut
) -> stepsize_status {
  guard let error else { return status }
  error.pointee.status = status
  error.pointee.reserved = 0
  error.pointee.offset = offset
  withUnsafeMutableBytes(of: &error.pointee.text) {
    copy(message, to: $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
  }
  return status
}

/// Copies what fits, truncated between characters, and terminates it.
package func copy(_ text: [UInt8], to buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int) {
  text.withUnsafeBufferPointer { copy($0, to: buffer, capacity) }
}

private func copy(
  _ text: UnsafeBufferPointer<UInt8>, to buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int
) {
  guard let buffer, capacity > 0 else { return }
  var count = min(text.count, capacity - 1)
  while count > 0 && count < text.count && text[count] & 0xC0 == 0x80 { count -= 1 }
  UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(
    from: .init(UnsafeBufferPointer(rebasing: text[..<count])))
  buffer[count] = 0
}

// MARK: - Handles

/// A handle is the address of the Swift value that it stands for.
package func makeHandle<Tag, Value: ~Copyable>(_ value: consuming Value, as tag: Tag.Type)
  -> UnsafeMutablePointer<
    Tag
  >
{
  let address = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  address.initialize(to: value)
  return UnsafeMutableRawPointer(address).assumingMemoryBound(to: Tag.self)
}

package func destroyHandle<Tag, Value: ~Copyable>(_ handle: UnsafeMutablePointer<Tag>?, of type: Value.Type) {
  guard let handle else { return }
  let address = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: Value.self)
  address.deinitialize(count: 1)
  address.deallocate()
}

// MARK: - Arrays and structs

/// Whether the caller's array is usable: empty, or not NULL, aligned, and of a possible size.
package func isUsable<T>(_ pointer: UnsafePointer<T>?, _ count: UInt) -> Bool {
  guard count > 0 else { return true }
  guard let pointer else { return false }
  return UInt(bitPattern: pointer) % UInt(MemoryLayout<T>.alignment) == 0
    && count <= UInt(Int.max) / UInt(MemoryLayout<T>.stride)
}

package func isUsable<T>(_ pointer: UnsafeMutablePointer<T>?, _ count: UInt) -> Bool {
  isUsable(UnsafePointer(pointer), count)
}

/// Throws `.null` where the caller's array is NULL and not empty, `.size` where it is not usable otherwise or longer than
/// `limit`.
///
/// Swift sees the size_t of a C struct as Int: a count beyond Int.max comes out negative.
package func checkArray<T>(
  _ pointer: UnsafePointer<T>?, _ count: Int, limit: Int, _ message: StaticString
) throws(ConfigurationError) {
  if count >= 0, count <= limit, isUsable(pointer, UInt(count)) { return }
  throw ConfigurationError(pointer == nil ? .null : .size, message)
}

/// A copy of the caller's array.
package func array(
  _ pointer: UnsafePointer<Double>?, _ count: Int, limit: Int, _ message: StaticString
) throws(ConfigurationError) -> [Double] {
  try checkArray(pointer, count, limit: limit, message)
  return Array(UnsafeBufferPointer(start: count == 0 ? nil : pointer, count: count))
}

/// Returns a text by the two-call convention.
package func give(
  _ text: [UInt8], _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  size?.pointee = UInt(text.count)
  guard capacity > 0 else { return Int32(STEPSIZE_OK) }
  guard let buffer else { return Int32(STEPSIZE_ERROR_NULL) }
  copy(text, to: buffer, Int(min(capacity, UInt(Int.max))))
  return Int32(UInt(text.count) < capacity ? STEPSIZE_OK : STEPSIZE_ERROR_SIZE)
}

/// Copies bytes into the caller's buffer, if there is one.
package func written(
  _ bytes: [UInt8], _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  size?.pointee = UInt(bytes.count)
  guard let buffer, capacity > 0 else { return Int32(STEPSIZE_OK) }
  guard UInt(bytes.count) <= capacity else { return Int32(STEPSIZE_ERROR_SIZE) }
  copy(bytes, to: buffer)
  return Int32(STEPSIZE_OK)
}

// In one go: optimized for size, an array's own way to copy takes its bytes one by one.

/// All of the bytes into a buffer that has room for them.
package func copy(_ bytes: [UInt8], to buffer: UnsafeMutablePointer<UInt8>) {
  bytes.withUnsafeBytes {
    UnsafeMutableRawBufferPointer(start: buffer, count: $0.count).copyMemory(from: $0)
  }
}

/// The caller's bytes; none where the pointer is NULL.
package func copied(_ pointer: UnsafeRawPointer?, _ count: UInt) -> [UInt8] {
  guard let pointer else { return [] }
  let source = UnsafeRawBufferPointer(start: pointer, count: Int(clamping: count))
  return Array(unsafeUninitializedCapacity: source.count) { buffer, initialized in
    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
    initialized = source.count
  }
}

/// The policy that the caller's bytes are; damaged ones are refused.
package func readPolicy(_ bytes: BytesIn, _ size: UInt) throws(ConfigurationError) -> Policy {
  guard let bytes, size <= UInt(Policy.maximumByteCount) else {
    throw ConfigurationError(.state, "the state is not that of a policy: it is empty or too long")
  }
  return try Policy(state: StateBytes(bytes, count: size))
}
