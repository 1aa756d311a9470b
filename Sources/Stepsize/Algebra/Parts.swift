/// The parts of a sequence as a balanced tree (AVL, the parts are the leaves). Two sequences are joined in the time of
/// its height, and share what they are joined from: a sequence that grows part by part costs no more than one that is
/// read as a whole.
///
/// Each tree knows what else would have to be looked for in its parts.
final class Parts: Sendable {
  enum Content {
    case part(Schedule)
    case pair(Parts, Parts)
  }

  let content: Content
  let count: Int
  let height: Int
  /// The computation, for times from the beginning of the first part on.
  let node: Node
  /// Where the last part ends; nil if it has no end.
  let length: Int64?
  /// Of the parts: the most levels, the most evaluations, and all nodes.
  let depth: Int
  let evaluationCount: Int
  let nodeCount: Int
  /// The first name before the end, from the beginning on.
  let firstName: NextName
  /// The name that each of the parts carries; nil if they do not all carry the same.
  let name: [UInt8]?
  /// Whether nothing in them but that has a name.
  let isPlain: Bool

  init(_ part: Schedule) {
    content = .part(part)
    count = 1
    height = 0
    node = part.node
    length = part.length
    depth = part.depth
    evaluationCount = part.evaluationCount
    nodeCount = part.nodeCount
    firstName = part.firstName.before(part.length)
    name = part.phase
    // Steps that nothing is seen of cannot interrupt it either.
    isPlain = part.length == 0 || part.phase != nil && part.innerName(from: 0).step == nil
  }

  private init(_ first: Parts, _ second: Parts) {
    content = .pair(first, second)
    count = first.count + second.count
    height = max(first.height, second.height) + 1
    let middle = first.length ?? Int64.max
    node = .sequence(first.node, middle, second.node)
    // Who joins them has seen that the sum does not overflow.
    length = second.length.map { middle &+ $0 }
    depth = max(first.depth, second.depth)
    evaluationCount = max(first.evaluationCount, second.evaluationCount)
    nodeCount = first.nodeCount + second.nodeCount
    firstName = first.firstName.step != nil ? first.firstName : second.firstName.moved(by: middle)
    name = first.name == second.name ? first.name : nil
    isPlain = first.isPlain && second.isPlain
  }

  /// One after the other. The first must have an end, and the lengths a sum.
  static func joined(_ first: Parts, _ second: Parts) -> Parts {
    if first.height > second.height + 1, case .pair(let left, let right) = first.content {
      return balanced(left, joined(right, second))
    }
    if second.height > first.height + 1, case .pair(let left, let right) = second.content {
      return balanced(joined(first, left), right)
    }
    return Parts(first, second)
  }

  /// Of two whose heights differ by two at most.
  private static func balanced(_ first: Parts, _ second: Parts) -> Parts {
    if first.height > second.height + 1, case .pair(let left, let right) = first.content {
      if right.height > left.height, case .pair(let a, let b) = right.content {
        return Parts(Parts(left, a), Parts(b, second))
      }
      return Parts(left, Parts(right, second))
    }
    if second.height > first.height + 1, case .pair(let left, let right) = second.content {
      if left.height > right.height, case .pair(let a, let b) = left.content {
        return Parts(Parts(first, a), Parts(b, right))
      }
      return Parts(Parts(first, left), right)
    }
    return Parts(first, second)
  }

  /// All of the lists, at least one, as they stand.
  static func joined(_ lists: ArraySlice<Parts>) -> Parts {
    if lists.count == 1 { return lists[lists.startIndex] }
    let middle = lists.startIndex + lists.count / 2
    return joined(joined(lists[..<middle]), joined(lists[middle...]))
  }

  // MARK: - Asking

  /// The parts in order.
  var all: [Schedule] {
    var parts: [Schedule] = []
    parts.reserveCapacity(count)
    add(to: &parts)
    return parts
  }

  private func add(to parts: inout [Schedule]) {
    switch content {
    case .part(let part): parts.append(part)
    case .pair(let first, let second):
      first.add(to: &parts)
      second.add(to: &parts)
    }
  }

  /// A part and the step at which it begins; `index` is in 0..<count.
  func part(_ index: Int) -> (schedule: Schedule, start: Int64) {
    var (tree, index, start) = (self, index, Int64(0))
    while true {
      switch tree.content {
      case .part(let part): return (part, start)
      case .pair(let first, let second):
        if index < first.count {
          tree = first
        } else {
          index -= first.count
          start = start &+ (first.length ?? 0)
          tree = second
        }
      }
    }
  }

  /// The place of the part that a step is in, which is the last one from its beginning on.
  func index(at t: Int64) -> Int {
    var (tree, index, t) = (self, 0, t)
    while case .pair(let first, let second) = tree.content {
      if t < first.length ?? Int64.max {
        tree = first
      } else {
        index += first.count
        t = t &- (first.length ?? 0)
        tree = second
      }
    }
    return index
  }

  /// The first name from `t` on, for a sequence that ends with these parts or, where `isLast` is false, continues after
  /// them. Before 0 is the beginning.
  func name(from t: Int64, isLast: Bool = true) -> NextName {
    if t <= 0 && !isLast { return firstName }
    switch content {
    case .part(let part):
      let next = t > 0 ? part.name(from: t) : part.firstName
      return isLast ? next : next.before(length)
    case .pair(let first, let second):
      let middle = first.length ?? Int64.max
      if t < middle {
        let next = first.name(from: t, isLast: false)
        if next.step != nil { return next }
      }
      return second.name(from: t - middle, isLast: isLast).moved(by: middle)
    }
  }

  // MARK: - Neighbours of one name

  /// How many updates before the part `index` carry that name, in parts that follow one another; and whether those are
  /// all parts.
  func run(of name: [UInt8], before index: Int) -> (length: Int64, isWhole: Bool) {
    if index <= 0 { return (0, true) }
    if index >= count, let mine = self.name { return mine == name ? (length ?? 0, true) : (0, false) }
    guard case .pair(let first, let second) = content else { return (0, false) }
    let end = second.run(of: name, before: index - first.count)
    guard end.isWhole else { return end }
    let start = first.run(of: name, before: min(index, first.count))
    return (start.length &+ end.length, start.isWhole)
  }

  /// Lengthens a phase over the parts from `index` on, as long as they carry its name; false where one does not.
  ///
  /// `until` continues where the phase is seen: as long as nothing inside has a name.
  func extend(_ phase: inout Phase, from index: Int, isLast: Bool = true) -> Bool {
    if index >= count { return true }
    guard let end = phase.end else { return true }
    if index <= 0, !isLast, let name {
      guard name == phase.name else { return false }
      let isSeen = phase.until == end
      if isPlain || !isSeen {
        phase.end = end &+ (length ?? 0)
        if isSeen { phase.until = phase.end }
        return true
      }
    }
    switch content {
    case .part(let part):
      guard part.phase == phase.name else { return false }
      phase.extend(over: part, length: isLast ? nil : length)
      return true
    case .pair(let first, let second):
      return first.extend(&phase, from: index, isLast: false)
        && second.extend(&phase, from: index - first.count, isLast: isLast)
    }
  }
}
