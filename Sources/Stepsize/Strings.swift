#if !hasFeature(Embedded)

  // Text as String, for Swift programs. The shipped library, which is Embedded Swift, has text only as UTF-8 bytes.

  extension Schedule: CustomStringConvertible {
    /// Reads the text form, such as `warmup(10) >> cosine(90)`.
    ///
    /// Throws as `init(parsing:)`: `.syntax`, `.name` or `.argument` with its byte offset, or `.limit`.
    public init(_ text: String, total: Int64? = nil) throws(ConfigurationError) {
      try self.init(parsing: Array(text.utf8), total: total)
    }

    /// The same schedule under a phase name: 1 to 64 printable ASCII characters without quotes and backslashes.
    public func named(_ phase: String) throws(ConfigurationError) -> Schedule {
      try named(Array(phase.utf8))
    }

    /// The canonical text form, which `init(_:)` reads.
    public var description: String { String(decoding: text, as: UTF8.self) }
  }

  extension Controller: CustomStringConvertible {
    /// Reads the text form, such as `greedy(patience=5, factor=0.9)`; throws as for a schedule.
    public init(_ text: String) throws(ConfigurationError) { try self.init(parsing: Array(text.utf8)) }

    /// The canonical text form, which `init(_:)` reads.
    public var description: String { String(decoding: text, as: UTF8.self) }
  }

  extension Plan: CustomStringConvertible {
    /// Reads the text form, such as `greedy(patience=5) * linear(1000)`; throws as for a schedule.
    public init(_ text: String, total: Int64? = nil) throws(ConfigurationError) {
      try self.init(parsing: Array(text.utf8), total: total)
    }

    /// The canonical text form, which `init(_:)` reads; empty for a constant 1 without controllers.
    public var description: String { String(decoding: text, as: UTF8.self) }
  }

  extension Phase: CustomStringConvertible {
    /// Its name.
    public var description: String { String(decoding: name, as: UTF8.self) }
  }

  extension Kind: CustomStringConvertible {
    /// Its name in the text form.
    public var description: String { String(decoding: name, as: UTF8.self) }
  }

  extension ControllerKind: CustomStringConvertible {
    /// Its name in the text form.
    public var description: String { String(decoding: name, as: UTF8.self) }
  }

#endif
