/// Why a schedule, a controller or a scheduler could not be made, or why a call failed.
public struct ConfigurationError: Error, Sendable {
  public enum Kind: Sendable {
    /// A pointer of C that must not be NULL.
    case null
    /// A number or a list is outside its range.
    case argument
    /// An unknown schedule, parameter, kind or mode.
    case name
    /// A text that is not in the text form.
    case syntax
    /// Too many nodes or levels, or a length that does not fit in 63 bits.
    case limit
    /// An array that is too short.
    case size
    /// A call that this scheduler does not support, or not at this point.
    case order
    /// Bytes that are a damaged state, or not a state.
    case state
    /// A saved state of a newer format.
    case version
    /// A saved state of a differently configured scheduler.
    case mismatch
    /// Memory ran out in a library that this one calls.
    case memory
    /// Losses that suggest no rate.
    case noSuggestion
  }

  public let kind: Kind
  /// One sentence in UTF-8 that names the field, the value and what is allowed.
  public let message: [UInt8]
  /// Byte offset in the text that was parsed.
  public package(set) var offset: Int?

  package init(_ kind: Kind, _ message: [UInt8], at offset: Int? = nil) {
    self.kind = kind
    self.message = message
    self.offset = offset
  }

  public init(_ kind: Kind, _ message: StaticString, _ rest: [UInt8] = [], at offset: Int? = nil) {
    self.init(kind, message.bytes + rest, at: offset)
  }

  /// "linear: total = -5, expected an integer from 1 to 9223372036854775807"; `value` is the text of the value.
  package init(_ owner: [UInt8], _ field: [UInt8], _ value: [UInt8], expected: [UInt8]) {
    var text = owner
    text.write(": ")
    text += field
    text.write(" = ")
    text += value
    text.write(", expected ")
    text += expected
    self.init(.argument, text)
  }

  package init(_ owner: StaticString, _ field: StaticString, _ value: [UInt8], expected: [UInt8]) {
    self.init(owner.bytes, field.bytes, value, expected: expected)
  }

  package init(_ owner: StaticString, _ field: StaticString, _ value: [UInt8], expected: StaticString) {
    self.init(owner.bytes, field.bytes, value, expected: expected.bytes)
  }
}
