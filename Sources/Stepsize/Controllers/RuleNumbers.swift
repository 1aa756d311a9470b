/// What a rule of `Automatic` works with: the values of its parameters in the order of the declaration (a flag or a word is 0 or
/// its index, none is NaN), from place `memory` on what it remembers, at first 0.
struct RuleNumbers: ~Copyable, Sendable {
  private var buffer: FixedBuffer
  /// How many numbers are remembered.
  var rememberedCount: Int { Swift.max(buffer.count - Self.memory, 0) }

  static var memory: Int { 16 }

  init(rememberedCount: Int) {
    // A rule that is not in use takes no memory.
    buffer = FixedBuffer(count: rememberedCount > 0 ? Self.memory + rememberedCount : 0)
  }

  /// A parameter, or what is remembered of all groups in common.
  subscript(place: Int) -> Double {
    @inline(__always) get { buffer[place] }
    @inline(__always) set { buffer[place] = newValue }
  }

  /// Any of what is remembered, counted from 0.
  subscript(remembered index: Int) -> Double {
    @inline(__always) get { buffer[Self.memory &+ index] }
    @inline(__always) set { buffer[Self.memory &+ index] = newValue }
  }
}
