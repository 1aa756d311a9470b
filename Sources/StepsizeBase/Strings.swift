#if !hasFeature(Embedded)

  extension ConfigurationError: CustomStringConvertible {
    /// The message, and the position in the parsed text: "unknown schedule "liner", did you mean "linear"? (byte 0)".
    public var description: String {
      let sentence = String(decoding: message, as: UTF8.self)
      return offset.map { "\(sentence) (byte \($0))" } ?? sentence
    }
  }

#endif
