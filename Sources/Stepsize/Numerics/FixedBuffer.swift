/// Numbers in memory of a fixed size that has one owner.
///
/// An Array asks at every store whether somebody shares it; in the window of a moving average that question
/// costs more than the arithmetic. This is the one place in the core that handles memory itself.
@usableFromInline
struct FixedBuffer: ~Copyable, @unchecked Sendable {
  let count: Int
  @usableFromInline let numbers: UnsafeMutablePointer<Double>

  /// `count` zeros, at least one.
  init(count: Int) {
    self.count = Swift.max(count, 1)
    numbers = UnsafeMutablePointer.allocate(capacity: self.count)
    numbers.initialize(repeating: 0, count: self.count)
  }

  @inlinable deinit { numbers.deallocate() }

  /// An index outside is brought back inside: nothing here can touch other memory.
  subscript(index: Int) -> Double {
    @inline(__always) get { numbers[inside(index)] }
    @inline(__always) set { numbers[inside(index)] = newValue }
  }

  @inline(__always)
  private func inside(_ index: Int) -> Int {
    UInt(bitPattern: index) < UInt(bitPattern: count) ? index : 0
  }
}
