/// What has a name in the text form: kinds of schedules and of controllers.
protocol Named: CaseIterable {
  /// The noun for error messages.
  static var what: StaticString { get }

  var entry: Entry { get }

  /// The kind that had this name in an earlier version, whose texts and saved states remain readable.
  static func formerly(named name: some Collection<UInt8>) -> Self?
}

extension Named {
  /// Throws for an unknown name, with the nearest known one.
  init(known name: ArraySlice<UInt8>) throws(ConfigurationError) {
    guard let one = Self(named: name) else {
      throw ConfigurationError(unknown: Self.what, name, among: Self.names)
    }
    self = one
  }

  init?(named name: some Collection<UInt8>) {
    for one in Self.allCases where one.entry.isNamed(name) {
      self = one
      return
    }
    guard let one = Self.formerly(named: name) else { return nil }
    self = one
  }

  static var names: [[UInt8]] {
    var names: [[UInt8]] = []
    for one in allCases { names.append(one.entry.name) }
    return names
  }
}

extension Kind: Named {
  static var what: StaticString { "schedule" }

  static func formerly(named name: some Collection<UInt8>) -> Kind? { nil }

  /// The kind of that name; throws for an unknown name, with the nearest known one.
  public init(known name: [UInt8]) throws(ConfigurationError) { try self.init(known: name[...]) }

  public var name: [UInt8] { entry.name }

  /// Name, parameters and formula.
  public var signature: Signature { entry.signature() }
}

extension ControllerKind: Named {
  static var what: StaticString { "controller" }

  static func formerly(named name: some Collection<UInt8>) -> ControllerKind? {
    name.elementsEqual(("settle" as StaticString).bytes) ? .earlyStop : nil  // in 0.1
  }

  /// The kind of that name; throws for an unknown name, with the nearest known one.
  public init(known name: [UInt8]) throws(ConfigurationError) { try self.init(known: name[...]) }

  public var name: [UInt8] { entry.name }

  /// Name, parameters and the defaults of the first variant.
  public var signature: Signature { entry.signature() }
}

extension Signature {
  /// The index of a parameter; throws for an unknown name, with the nearest known one.
  public func index(of name: [UInt8]) throws(ConfigurationError) -> Int {
    for i in parameters.indices where parameters[i].name == name { return i }
    throw ConfigurationError(unknown: "parameter", name[...], among: parameters.map { $0.name })
  }
}

extension ConfigurationError {
  init(unknown what: StaticString, _ name: ArraySlice<UInt8>, among known: [[UInt8]]) {
    var text = ("unknown " as StaticString).bytes + what.bytes
    text.write(" ")
    text += Lexer.quoted(name)
    if let nearest = nearest(to: name, among: known) {
      text.write(", did you mean \"")
      text += nearest
      text.write("\"?")
    }
    self.init(.name, text)
  }
}
