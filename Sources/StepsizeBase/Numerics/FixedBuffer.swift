/// Numbers in memory of fixed size with a single owner.
///
/// An Array checks at every store whether it is shared; in the window of a moving average that check costs
/// more than the arithmetic. This is the only place in the core that handles memory itself.
@usableFromInline
package struct FixedBuffer: ~Copyable, @unchecked Sendable {
  package let count: Int
  @usableFromInline package let numbers: UnsafeMutablePointer<Double>

  /// `count` zeros, at least one.
  package init(count: Int) {
    self.count = Swift.max(count, 1)
    numbers = UnsafeMutablePointer.allocate(capacity: self.count)
    numbers.initialize(repeating: 0, count: self.count)
  }

  @inlinable deinit { numbers.deallocate() }

  /// The numbers that there are, then zeros, `count` of them if that is more.
  package mutating func grow(to count: Int) {
    guard count > self.count else { return }
    let larger = FixedBuffer(count: count)
    larger.numbers.update(from: numbers, count: self.count)
    self = larger
  }

  /// An index outside is brought back inside: nothing here can touch other memory.
  package subscript(index: Int) -> Double {
    @inline(__always) get { numbers[inside(index)] }
    @inline(__always) set { numbers[inside(index)] = newValue }
  }

  @inline(__always)
  private func inside(_ index: Int) -> Int {
    UInt(bitPattern: index) < UInt(bitPattern: count) ? index : 0
  }

  /// For an index that the caller has compared with `count`.
  package subscript(unchecked index: Int) -> Double {
    @inline(__always) get { numbers[index] }
    @inline(__always) set { numbers[index] = newValue }
  }

  // For loops that do nothing but arithmetic: the caller has checked `holds` before the loop.

  /// Whether `length` numbers from `start` on are inside.
  @inline(__always)
  package func holds(_ start: Int, _ length: Int) -> Bool {
    start >= 0 && length >= 0 && start <= count &- length
  }

  @inline(__always)
  package func vector<V: SIMD<Double>>(_ start: Int, as type: V.Type) -> V {
    UnsafeRawPointer(numbers + start).loadUnaligned(as: V.self)
  }

  @inline(__always)
  package mutating func store<V: SIMD<Double>>(_ vector: V, _ start: Int) {
    UnsafeMutableRawPointer(numbers + start).storeBytes(of: vector, as: V.self)
  }

  @inline(__always)
  package mutating func add(_ vector: SIMD4<Double>, _ start: Int) {
    store(self.vector(start, as: SIMD4<Double>.self) + vector, start)
  }

  /// Copies the caller's numbers; those outside either range are left out.
  package mutating func copy(_ source: Span<Double>, _ range: Range<Int>, to start: Int) {
    guard !range.isEmpty, holds(start, range.count), range.lowerBound >= 0, range.upperBound <= source.count
    else { return }
    source.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      (numbers + start).update(from: base + range.lowerBound, count: range.count)
    }
  }

  package mutating func set(_ value: Double, _ start: Int, _ length: Int) {
    guard holds(start, length) else { return }
    (numbers + start).update(repeating: value, count: length)
  }
}
