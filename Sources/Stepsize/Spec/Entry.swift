/// The declaration of a schedule or of a controller: one text in its file, from which the parser, the catalogue, the
/// bindings' constructors and the documentation all come.
///
///     cosine: cosine decay to a floor                              name, and a summary in one line
///     formula: floor + (1 - floor) …                               what it computes
///     source: arXiv 1608.03983                                     paper or origin; optional
///     total: count from 1; updates until the end                   a parameter (`Parameter`) on each further line
///     floor = 0.1                                                  a shared one (`SharedParameters`) with its own
///     default
///
/// It is data, read when it is needed: a static text costs its bytes and no time at start.
struct Entry {
  let declaration: StaticString

  init(_ declaration: StaticString) { self.declaration = declaration }

  /// Whether the declaration begins with this name.
  func isNamed(_ name: some Collection<UInt8>) -> Bool {
    declaration.withUTF8Buffer {
      $0.count > name.count && $0[name.count] == UInt8(ascii: ":") && $0.starts(with: name)
    }
  }

  var name: [UInt8] { declaration.withUTF8Buffer { Array($0.prefix { $0 != UInt8(ascii: ":") }) } }

  /// The declaration read, with the defaults of a controller's variant (nil: of the first one).
  func signature(variant: [UInt8]? = nil) -> Signature {
    var lines = Lines(declaration)
    var parameters: [Parameter] = []
    let source = ("source:" as StaticString).bytes
    _ = lines.next(named: ("formula" as StaticString).bytes)
    while let line = lines.next(where: { !($0.starts(with: source)) }) {
      if let parameter = Parameter(declared: line, variant: variant) { parameters.append(parameter) }
    }
    return Signature(entry: self, name: name, parameters: parameters)
  }

  /// What follows the name and a colon in the line that begins with it; empty where there is none.
  func field(_ name: some Collection<UInt8>) -> [UInt8] {
    var lines = Lines(declaration)
    return Array(lines.next(named: name)?.dropFirst(name.count + 2) ?? [])
  }
}

/// The lines of a declaration.
struct Lines: IteratorProtocol {
  private let text: StaticString
  private var offset = 0

  init(_ text: StaticString) { self.text = text }

  mutating func next() -> [UInt8]? { next { _ in true } }

  /// The next one that is accepted; only it is copied.
  mutating func next(where isAccepted: (UnsafeBufferPointer<UInt8>) -> Bool) -> [UInt8]? {
    text.withUTF8Buffer { bytes in
      while offset < bytes.count {
        let start = offset
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
        let line = UnsafeBufferPointer(rebasing: bytes[start..<offset])
        offset += 1
        if isAccepted(line) { return Array(line) }
      }
      return nil
    }
  }

  /// The next one of this name, which a colon follows.
  mutating func next(named name: some Collection<UInt8>) -> [UInt8]? {
    next { $0.count > name.count && $0[name.count] == UInt8(ascii: ":") && $0.starts(with: name) }
  }
}
