/// The controllers that find the rate by themselves, from what is observed of each update: their parameters, what they
/// remember, and what they have in common. The rules are in `DoG`, `DAdaptation`, `Polyak` and `Auto`.
///
/// They set base rates, from 0 before the first observation; those given at the start are factors, so that groups keep their
/// ratios.
struct Automatic: ~Copyable, Sendable, Observing {
  private let kind: ControllerKind
  let scalars: Needs
  private var numbers: RuleNumbers
  /// The parameter max_lr, and whether the base rates are bounds as well.
  private let cap: Double
  private let isBounded: Bool
  private(set) var decision = Decision.none

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
    var numbers = RuleNumbers(rememberedCount: count)
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
    // The last parameter.
    let place =
      switch kind {
      case .dadapt: 2
      case .polyak: 10
      default: 4
      }
    cap = numbers[place].isNaN ? Double.greatestFiniteMagnitude : numbers[place]
    isBounded = kind == .polyak && Polyak.isMomo(numbers)
    self.kind = kind ?? .dog
    self.numbers = numbers
  }

  mutating func observe(_ seen: Span<Double>, _ moment: Moment, _ groups: inout [Group]) {
    decision = .ignored
    guard moment.isFinite else { return }
    if scalars.contains(.eachGroup) { return observeEach(seen, moment, &groups) }
    let rate =
      switch kind {
      case .dadapt: DAdaptation.rate(seen, &numbers)
      case .polyak: Polyak.rate(seen, moment.step, &numbers)
      default: DoG.rate(seen, &numbers, 0)
      }
    // Something overflowed; nothing has changed.
    if rate.isNaN { return }
    decision = .kept
    // Below 0 for no change.
    guard rate >= 0 else { return }
    for i in groups.indices { set(rate, &groups[i]) }
    // What the update will teach, by the rate that it really has.
    guard let first = groups.first else { return }
    switch kind {
    case .dadapt: DAdaptation.learn(seen, first.rate(moment.multiplier), &numbers)
    case .polyak: Polyak.learn(first.base, &numbers)
    default: break
    }
  }

  /// Each group by what is observed of it alone.
  @inline(never)
  private mutating func observeEach(_ all: Span<Double>, _ moment: Moment, _ groups: inout [Group]) {
    for i in groups.indices {
      let rate = DoG.rate(all.extracting(moment.places(ofGroup: i)), &numbers, DoG.width &* i)
      if rate.isNaN { return }
      if decision == .ignored { decision = .kept }
      if rate >= 0 { set(rate, &groups[i]) }
    }
  }

  /// The first group that moves determines the decision.
  private mutating func set(_ rate: Double, _ group: inout Group) {
    // MoMo's base rate is a bound.
    let wanted = isBounded ? rate : rate * group.initial
    let old = group.base
    group.base = bounded(wanted, 0, isBounded ? Swift.min(group.initial, cap) : cap)
    if decision == .raised || decision == .cut { return }
    if group.base != old {
      decision = group.base > old ? .raised : .cut
    } else if wanted > group.base {
      decision = .heldAtBound
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
        other.numbers[remembered: DoG.width * i + k] = numbers[remembered: DoG.width * origin + k]
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
    for i in 0..<numbers.rememberedCount {
      var number = numbers[remembered: i]
      state.transfer(&number)
      numbers[remembered: i] = number
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
