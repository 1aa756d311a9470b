/// The controllers that find the rate by themselves, from what is observed of each update: their parameters, what they
/// remember, and what they have in common. The rules are in `DoG`, `DAdaptation`, `Polyak` and `Auto`.
///
/// They set base rates, from 0 before the first observation; those given at the start are factors, so that groups keep their
/// ratios.
struct Automatic: ~Copyable, Sendable, Observing {
  private let kind: ControllerKind
  let scalars: Needs
  /// The values of the parameters in the order of the declaration: a flag or a word is 0 or its index, none is NaN. Behind them
  /// what the rule remembers, at first 0.
  private var numbers: FixedBuffer
  private(set) var decision = Decision.none

  private static var memory: Int { 16 }

  /// nil, or another kind: not in use.
  init(_ kind: ControllerKind?, _ a: Arguments, groupCount: Int) {
    var count = 0
    switch kind {
    case .dog: count = DoG.width * groupCount
    case .dadapt: count = DAdaptation.width
    case .polyak: count = Polyak.width
    case .auto: count = Auto.width
    default: break
    }
    var numbers = FixedBuffer(count: count > 0 ? Self.memory + count : 0)
    if count > 0 { for i in a.values.indices { numbers[i] = a.number(i) } }
    // From here on it is Polyak's rule, with more to remember.
    var kind = kind
    if kind == .auto {
      Auto.arrange(&numbers)
      kind = .polyak
    }
    scalars =
      switch kind {
      case .dadapt: DAdaptation.scalars
      case .polyak: Polyak.scalars(numbers)
      default: DoG.scalars(numbers)
      }
    self.kind = kind ?? .dog
    self.numbers = numbers
  }

  mutating func observe(
    _ total: Observation, _ all: Span<Double>, _ moment: Moment, _ groups: inout [Group]
  ) {
    decision = .ignored
    // What is not finite in one group is not in their total.
    guard moment.isFinite else { return }
    let isApart = scalars.contains(.eachGroup)
    var rate = Double.nan
    for i in groups.indices {
      if isApart || i == 0 {
        rate = find(isApart ? moment.observation(ofGroup: i, total, all) : total, moment, isApart ? i : 0)
      }
      // Something overflowed; nothing has changed.
      if rate.isNaN { return }
      if decision == .ignored { decision = .kept }
      if rate >= 0 { set(rate, &groups[i]) }
    }
    guard rate >= 0, let first = groups.first else { return }
    // What the update will teach, by the rate that it really has.
    switch kind {
    case .dadapt: DAdaptation.learn(total, first.rate(moment.multiplier), &numbers, Self.memory)
    case .polyak: Polyak.learn(first.base, &numbers, Self.memory)
    default: break
    }
  }

  /// The rate by what is observed; below 0 for no change, NaN where a number overflows.
  private mutating func find(_ seen: Observation, _ moment: Moment, _ group: Int) -> Double {
    switch kind {
    case .dadapt: DAdaptation.rate(seen, &numbers, Self.memory)
    case .polyak: Polyak.rate(seen, moment.step, &numbers, Self.memory)
    default: DoG.rate(seen, &numbers, Self.memory + DoG.width * group)
    }
  }

  /// The first group that moves determines the decision.
  private mutating func set(_ rate: Double, _ group: inout Group) {
    var (wanted, cap) = (rate * group.initial, numbers[capPlace])
    if kind == .polyak, Polyak.isMomo(numbers) {
      wanted = rate
      cap = Swift.min(group.initial, cap.isNaN ? group.initial : cap)
    }
    let old = group.base
    group.base = bounded(wanted, 0, cap.isNaN ? Double.greatestFiniteMagnitude : cap)
    if decision == .raised || decision == .cut { return }
    if group.base != old {
      decision = group.base > old ? .raised : .cut
    } else if wanted > group.base {
      decision = .heldAtBound
    }
  }

  /// The parameter max_lr is the last one.
  private var capPlace: Int {
    switch kind {
    case .dadapt: 2
    case .polyak: 10
    default: 4
    }
  }

  mutating func adopt(_ other: inout Automatic, _ origins: [Int], _ groups: [Group]) {
    guard kind == .dog else { return }
    // What all groups have in common is kept where the first one would have its own.
    let isApart = scalars.contains(.eachGroup)
    for i in 0..<(isApart ? origins.count : 1) {
      let origin = isApart ? origins[i] : 0
      if origin < 0 { continue }
      for k in 0..<DoG.width {
        other.numbers[Self.memory + DoG.width * i + k] = numbers[Self.memory + DoG.width * origin + k]
      }
    }
    swap(&numbers, &other.numbers)
  }

  func isAtBottom(_ groups: [Group]) -> Bool { false }

  mutating func transfer(_ state: inout StateCoder) {
    // Those that may be below 0.
    let signed =
      switch kind {
      case .dadapt: DAdaptation.signed
      case .polyak: Polyak.signed
      default: 0
      }
    for i in 0..<Swift.max(numbers.count - Self.memory, 0) {
      var number = numbers[Self.memory + i]
      state.transfer(&number)
      numbers[Self.memory + i] = number
      if !number.isFinite || number < 0 && signed >> i & 1 == 0 { state.reject() }
    }
    state.transfer(&decision)
  }
}

/// A rule of `Automatic`.
protocol Estimating {
  static var declaration: StaticString { get }
}

extension Estimating {
  static var needs: Needs { .observation }

  static func check(_ a: Arguments) throws(ConfigurationError) {}
}
