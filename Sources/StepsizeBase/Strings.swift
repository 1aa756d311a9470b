#if !hasFeature(Embedded)

  extension ConfigurationError: CustomStringConvertible {
    /// The message, and the place in the text that was parsed: "unknown schedule "liner", did you mean "linear"? (byte 0)".
    public var description: String {
      let sentence = String(decoding: message, as: UTF8.self)
      return offset.map { "\(sentence) (byte \($0))" } ?? sentence
    }
  }

#endif
