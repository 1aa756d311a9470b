/// A learning-rate schedule: an immutable, pure function from the step to a multiplier of the base rate.
///
/// The step is the number of the optimizer update, 64 bits, counted from 0. Before 0 a schedule has its
/// value at 0; after its end it holds its value at `length`. Every value is finite. A schedule may be used
/// from any number of threads.
public struct Schedule: Sendable {
  /// How a schedule is computed.
  let node: Node
  /// How it was written, for printing.
  let form: Form
  /// Number of updates that the schedule describes; nil if it has no end.
  public let length: Int64?
  /// The name given by `phase="…"`, or nil.
  public let phase: [UInt8]?
  /// Nested levels and number of nodes, both bounded: evaluation is recursive.
  let depth: Int
  let nodeCount: Int
  /// Closed forms that are evaluated for one value, at most.
  let evaluationCount: Int
  /// The first step with a phase's name, cached because repeats look it up often.
  private(set) var firstName = NextName.notBefore(0)

  static let maximumDepth = 64
  static let maximumNodeCount = 65_536

  /// The multiplier for update number `step`.
  @_optimize(speed)
  public func value(at step: Int64) -> Double {
    node.value(at: max(step, 0))
  }

  init(_ body: Body, form: Form, phase: [UInt8]? = nil) throws(ConfigurationError) {
    // The innermost schedule is not a level of its own.
    guard body.depth - 1 <= Self.maximumDepth else {
      throw ConfigurationError(.limit, "schedule: nested more than 64 levels deep")
    }
    guard body.nodeCount <= Self.maximumNodeCount else {
      throw ConfigurationError(.limit, "schedule: more than 65536 nodes")
    }
    guard body.evaluationCount <= Self.maximumNodeCount else {
      throw ConfigurationError(.limit, "schedule: more than 65536 evaluations for a value")
    }
    node = body.node
    // The largest Int64 means "no end" in the C interface, so it does here.
    length = body.length == Int64.max ? nil : body.length
    depth = body.depth
    nodeCount = body.nodeCount
    evaluationCount = body.evaluationCount
    self.form = form
    self.phase = phase
    firstName = nextName(from: 0)
  }

  /// A schedule of the catalogue. Values are in the order of its parameters; nil, or a value missing at the end, takes
  /// the default.
  ///
  /// Throws `.argument` for a value outside its range, a required value that is missing, or too many values.
  public init(_ kind: Kind, _ given: [Value?]) throws(ConfigurationError) {
    try self.init(kind, kind.signature, given)
  }

  /// The same for a caller that has parsed the declaration.
  init(_ kind: Kind, _ signature: Signature, _ given: [Value?]) throws(ConfigurationError) {
    let arguments = try signature.bind(given)
    let body = try kind.make(arguments)
    try self.init(body, form: .call(kind, arguments, body.expansion))
  }
}

/// The result of a constructor: the computation and its extent.
struct Body {
  let node: Node
  let length: Int64?
  var depth = 1
  var nodeCount = 1
  var evaluationCount = 1
  /// What a named composition stands for.
  private(set) var expansion: Schedule?

  init(_ node: Node, length: Int64?) {
    self.node = node
    self.length = length
  }

  init(_ node: Node, length: Int64?, around parts: [Schedule]) {
    self.init(node, length: length)
    evaluationCount = parts.reduce(0) { $0 + $1.evaluationCount }
    for part in parts {
      depth = max(depth, part.depth + 1)
      nodeCount += part.nodeCount
    }
  }

  /// A named composition is computed as the schedule it stands for.
  init(_ schedule: Schedule) {
    node = schedule.node
    length = schedule.length
    depth = schedule.depth
    nodeCount = schedule.nodeCount
    evaluationCount = schedule.evaluationCount
    expansion = schedule
  }
}

/// How a schedule was written; printing starts from here.
indirect enum Form: Sendable {
  /// A schedule of the catalogue; a composition is followed by what it stands for.
  case call(Kind, Arguments, Schedule?)
  case sequence(Parts)
  case product([Schedule])
  case scale(Double, Schedule)
  /// Brackets around a schedule that carry a name.
  case group(Schedule)
}

// MARK: - Limits

extension Schedule {
  /// Bytes of a text that is parsed.
  public static var maximumTextLength: Int { Parser.maximumLength }
  /// Values of a table.
  public static var maximumTableCount: Int { Table.maximumCount }

  /// Whether a number can be a base rate: finite, >= 0.
  public static func isBase(_ rate: Double) -> Bool { Interval.nonNegative.contains(rate) }
}
