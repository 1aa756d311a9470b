import CStepsize
import StepsizeBase

// The caller's growable structs: their first field is a uint32_t, their size in bytes. The caller's struct may be
// shorter than ours (an older program) or longer (a newer one); nothing beyond its size is ever touched.

/// Larger than any struct will ever be: a size beyond it was not set.
private var largestSize: Int { 65536 }

/// The caller's options. Fields that an older caller does not have keep their defaults; fields of a newer caller that
/// this library does not know must be 0. nil if they are not, or if the size is not that of any version.
package func read<T>(_ pointer: UnsafePointer<T>, over defaults: T, minimum: Int = MemoryLayout<T>.size) -> T?
{
  let bytes = UnsafeRawPointer(pointer)
  let size = Int(bytes.loadUnaligned(as: UInt32.self))
  guard size >= minimum, size <= largestSize else { return nil }
  let known = min(size, MemoryLayout<T>.size)
  for i in known..<size where bytes.load(fromByteOffset: i, as: UInt8.self) != 0 { return nil }
  var value = defaults
  withUnsafeMutableBytes(of: &value) {
    $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: known))
  }
  return value
}

/// Whether a result can be written into the caller's struct.
package func isWritable<T>(_ pointer: UnsafePointer<T>, minimum: Int = MemoryLayout<T>.size) -> Bool {
  let size = Int(UnsafeRawPointer(pointer).loadUnaligned(as: UInt32.self))
  return size >= minimum && size <= largestSize
}

/// Writes the fields of a result that the caller has; those that this library does not know become 0. `size` is kept.
package func write<T>(_ value: T, to pointer: UnsafeMutablePointer<T>) {
  let size = UnsafeRawPointer(pointer).loadUnaligned(as: UInt32.self)
  let bytes = UnsafeMutableRawBufferPointer(start: pointer, count: Int(size))
  withUnsafeBytes(of: value) {
    let known = min($0.count, bytes.count)
    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<known]))
    for i in known..<bytes.count { bytes[i] = 0 }
  }
  UnsafeMutableRawPointer(pointer).storeBytes(of: size, as: UInt32.self)
}

/// Fills the caller's options with defaults, and with the size that the caller gives.
package func giveDefaults<T>(
  _ value: T, to pointer: UnsafeMutablePointer<T>?, _ size: UInt, minimum: Int = MemoryLayout<T>.size
) -> stepsize_status {
  guard let pointer else { return Int32(STEPSIZE_ERROR_NULL) }
  guard size >= UInt(minimum), size <= UInt(largestSize) else { return Int32(STEPSIZE_ERROR_SIZE) }
  UnsafeMutableRawPointer(pointer).storeBytes(of: UInt32(size), as: UInt32.self)
  write(value, to: pointer)
  return Int32(STEPSIZE_OK)
}
