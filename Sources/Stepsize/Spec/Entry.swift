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

  /// The whole declaration, with the defaults of a controller's variant (nil: of the first one).
  func signature(variant: [UInt8]? = nil) -> Signature {
    var lines = Lines(declaration)
    let (name, summary) = Self.field(lines.next() ?? [])
    let (_, formula) = Self.field(lines.next() ?? [])
    var source: [UInt8] = []
    var parameters: [Parameter] = []
    while let line = lines.next() {
      if ("source: " as StaticString).begins(line) {
        source = Self.field(line).value
      } else if let parameter = Parameter(declared: line, variant: variant) {
        parameters.append(parameter)
      }
    }
    return Signature(name: name, summary: summary, formula: formula, source: source, parameters: parameters)
  }

  /// The texts before the first colon, and after it and a space.
  private static func field(_ line: [UInt8]) -> (name: [UInt8], value: [UInt8]) {
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    return (Array(line[..<colon]), Array(line[colon...].dropFirst(2)))
  }
}

/// The lines of a declaration.
struct Lines: IteratorProtocol {
  private let text: [UInt8]
  private var offset = 0

  init(_ text: StaticString) { self.text = text.bytes }

  mutating func next() -> [UInt8]? {
    guard offset < text.count else { return nil }
    let end = text[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
    defer { offset = end + 1 }
    return Array(text[offset..<end])
  }
}
