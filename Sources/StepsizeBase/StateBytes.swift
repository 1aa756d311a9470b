/// The bytes of a state where they are, in an array or in the caller's memory, for as long as the call lasts that was given
/// them: to copy them would take longer than their checksum. Nothing outside of them is read or written.
package struct StateBytes {
  private let start: UnsafeMutableRawPointer?
  package let count: Int

  package init() {
    start = nil
    count = 0
  }

  /// The first `count` of them.
  func first(_ count: Int) -> StateBytes {
    StateBytes(start, Swift.min(count, self.count))
  }

  private init(_ start: UnsafeMutableRawPointer?, _ count: Int) {
    self.start = start
    self.count = start == nil ? 0 : count
  }

  /// To be written.
  package init(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
    self.init(UnsafeMutableRawPointer(bytes.baseAddress), bytes.count)
  }

  /// To be read alone.
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.init(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Those of the caller; none where the pointer is NULL.
  package init(_ start: UnsafePointer<UInt8>?, count: UInt) {
    self.init(UnsafeMutableRawPointer(mutating: start), Int(clamping: count))
  }

  /// Where so many bytes begin; nil where they are not all inside.
  @inline(__always)
  private func place(_ offset: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, offset >= 0, offset <= count &- size else { return nil }
    return start.map { $0 + offset }
  }

  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: place(offset, 8)?.loadUnaligned(as: UInt64.self) ?? 0)
  }

  func store(_ word: UInt64, at offset: Int) {
    place(offset, 8)?.storeBytes(of: word.littleEndian, as: UInt64.self)
  }

  /// Numbers or text: so many of them, as they are in memory.
  func list<Element: StateElement>(_ count: Int, at offset: Int) -> [Element] {
    guard let place = place(offset, MemoryLayout<Element>.stride &* count) else { return [] }
    return Array(unsafeUninitializedCapacity: count) { list, initialized in
      let bytes = UnsafeMutableRawBufferPointer(list)
      bytes.copyMemory(from: .init(start: place, count: MemoryLayout<Element>.stride &* count))
      swapBytes(of: Element.self, bytes.baseAddress, count)
      initialized = count
    }
  }

  func store<Element: StateElement>(_ list: [Element], at offset: Int) {
    guard let place = place(offset, MemoryLayout<Element>.stride &* list.count) else { return }
    list.withUnsafeBytes {
      place.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(place), byteCount: $0.count)
    }
    swapBytes(of: Element.self, place, list.count)
  }

  /// Nothing for text, nor where the processor has words in a state's order.
  private func swapBytes<Element>(of _: Element.Type, _ start: UnsafeMutableRawPointer?, _ count: Int) {
    guard 1.littleEndian != 1, MemoryLayout<Element>.stride == 8, let start else { return }
    for i in 0..<count {
      let word = start.loadUnaligned(fromByteOffset: 8 &* i, as: UInt64.self)
      start.storeBytes(of: word.littleEndian, toByteOffset: 8 &* i, as: UInt64.self)
    }
  }

  /// That of the bytes from `offset` on, after those that `sum` is of.
  func add(to sum: inout Checksum, from offset: Int, to end: Int) {
    guard let place = place(offset, end &- offset) else { return }
    sum.add(RawSpan(_unsafeStart: place, byteCount: end &- offset))
  }
}

/// What lists in a state are of: eight bytes each, or one.
protocol StateElement: BitwiseCopyable {}

extension Double: StateElement {}

extension UInt64: StateElement {}

extension UInt8: StateElement {}
