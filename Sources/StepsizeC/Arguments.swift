import CStepsize
import Stepsize

// Named values from C: an array of stepsize_argument becomes the values of a schedule's or a controller's parameters.

/// The caller's arguments by the parameters of a signature.
///
/// Throws for an unknown name, with the nearest known one, as in the text form.
func values(
  _ arguments: UnsafePointer<stepsize_argument>?, _ count: UInt, for signature: Signature
) throws(ConfigurationError) -> [Value?] {
  let parameters = signature.parameters
  try checkArray(
    arguments, Int(clamping: count), limit: parameters.count, "arguments is NULL, not aligned or too long")
  var values: [Value?] = Array(repeating: nil, count: parameters.count)
  for i in 0..<Int(count) {
    guard let argument = arguments?[i] else { continue }
    let name = try terminated(argument.name)
    let index = try signature.index(of: name)
    guard values[index] == nil else {
      throw ConfigurationError(.argument, signature.name, "given twice: ", name)
    }
    values[index] = try value(of: argument, signature.name, name)
  }
  return values
}

private func value(
  of argument: stepsize_argument, _ owner: [UInt8], _ name: [UInt8]
) throws(ConfigurationError) -> Value {
  guard argument.reserved == 0 else {
    throw ConfigurationError(.argument, owner, "reserved is not 0 in the argument ", name)
  }
  let kind = Int(argument.kind)
  switch kind {
  case STEPSIZE_VALUE_NONE: return .none
  case STEPSIZE_VALUE_INTEGER: return .integer(argument.integer)
  case STEPSIZE_VALUE_REAL: return .real(argument.real)
  case STEPSIZE_VALUE_FLAG where argument.integer == 0 || argument.integer == 1:
    return .flag(argument.integer == 1)
  case STEPSIZE_VALUE_WORD:
    if let data = argument.data { return .word(try terminated(data.assumingMemoryBound(to: CChar.self))) }
  case STEPSIZE_VALUE_INTEGERS:
    if let list: [Int64] = list(argument) { return .integers(list) }
  case STEPSIZE_VALUE_REALS:
    if let list: [Double] = list(argument) { return .reals(list) }
  case STEPSIZE_VALUE_SCHEDULE:
    if let schedule = argument.data?.assumingMemoryBound(to: stepsize_schedule.self) {
      return .schedule(schedule.value.pointee.schedule)
    }
  default: break
  }
  let isNull = argument.data == nil && kind >= STEPSIZE_VALUE_WORD && kind <= STEPSIZE_VALUE_SCHEDULE
  throw ConfigurationError(
    isNull ? .null : .argument, owner, "invalid kind or data of the argument ", name)
}

private func list<T>(_ argument: stepsize_argument) -> [T]? {
  let data = argument.data?.assumingMemoryBound(to: T.self)
  guard argument.count >= 0, argument.count <= Schedule.maximumTableCount,
    isUsable(data, UInt(argument.count))
  else {
    return nil
  }
  return Array(UnsafeBufferPointer(start: argument.count == 0 ? nil : data, count: argument.count))
}

/// The text of a terminated name or word; only the beginning of one that is longer than any known.
func terminated(_ text: UnsafePointer<CChar>?) throws(ConfigurationError) -> [UInt8] {
  guard let text else { throw ConfigurationError(.null, "a name is NULL") }
  var bytes: [UInt8] = []
  while bytes.count < 128, text[bytes.count] != 0 { bytes.append(UInt8(bitPattern: text[bytes.count])) }
  return bytes
}

extension ConfigurationError {
  /// "cosine: …"
  fileprivate init(_ kind: Kind, _ owner: [UInt8], _ message: StaticString, _ rest: [UInt8] = []) {
    self.init(kind, "", owner + (": " as StaticString).bytes + message.bytes + rest)
  }
}
