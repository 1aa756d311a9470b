/// What a rule has found: it becomes the rate of all groups, or of one.
enum Finding {
  /// In the unit of the base rates, which are factors.
  case rate(Double)
  /// No reason for a change.
  case kept
  /// Something overflowed; nothing has changed.
  case ignored
}

/// The controllers that find the rate by themselves, from what is observed of each update: their parameters, the numbers
/// that they remember, and what they have in common. The rules are in `DoG`, `DAdaptation` and `Polyak`.
///
/// They set base rates, from 0 before the first observation; those given at the start are factors, so that groups keep their
/// ratios.
struct Automatic: ~Copyable, Sendable, Observing {
  enum Rule { case dog, dadapt, polyak }

  private let rule: Rule
  let scalars: Needs
  private let parameters: Parameters
  private let caps: [Double]
  private var memory: FixedBuffer
  private(set) var decision = Decision.none

  /// The values of the parameters in the order of the declaration: of a flag or a word 0 or its index, of none NaN.
  struct Parameters: Sendable {
    private let numbers: [Double]

    init(_ a: Arguments) {
      var numbers: [Double] = []
      numbers.reserveCapacity(a.values.count)
      for i in a.values.indices { numbers.append(a.number(i)) }
      self.numbers = numbers
    }

    subscript(index: Int) -> Double { numbers.indices.contains(index) ? numbers[index] : Double.nan }
  }

  /// nil: not in use.
  init(_ rule: Rule?, _ a: Arguments, bases: [Double]) throws(ConfigurationError) {
    let parameters = Parameters(a)
    let rule = rule ?? .dog
    let (scalars, width): (Needs, Int) =
      switch rule {
      case .dog: (DoG.scalars(parameters), DoG.width)
      case .dadapt: (DAdaptation.scalars, DAdaptation.width)
      case .polyak: (Polyak.scalars(parameters), Polyak.width)
      }
    let isMomo = rule == .polyak && Polyak.isMomo(parameters)
    let caps = try Bounds.each(
      "controller", "max_lr", a.perGroup("max_lr"), bases, times: isMomo ? 1 : 0,
      plus: isMomo ? 0 : Double.greatestFiniteMagnitude)
    self.rule = rule
    self.scalars = scalars
    self.parameters = parameters
    self.caps = caps
    memory = FixedBuffer(count: width * (scalars.contains(.eachGroup) ? bases.count : 1))
  }

  mutating func observe(
    _ total: Observation, _ numbers: Span<Double>, _ moment: Moment, _ groups: inout [Group]
  ) throws(ConfigurationError) {
    if rule == .polyak { try Polyak.check(total, parameters) }
    // What is not finite in one group is not in their total.
    guard total.isFinite(scalars) else {
      decision = .ignored
      return
    }
    var decision = Decision.kept
    let isApart = scalars.contains(.eachGroup)
    var finding = isApart ? .kept : find(total, moment, 0)
    for i in groups.indices {
      if isApart { finding = find(moment.observation(ofGroup: i, total, numbers), moment, i) }
      switch finding {
      case .kept: break
      case .ignored: decision = .ignored
      case .rate(let rate):
        let factor = rule == .polyak && Polyak.isMomo(parameters) ? 1 : groups[i].initial
        groups[i].set(factor * rate, atMost: caps[i], &decision)
      }
    }
    self.decision = decision
    guard case .rate = finding, let first = groups.first else { return }
    // What the update will teach, by the rate that it really has.
    switch rule {
    case .dog: break
    case .dadapt: DAdaptation.learn(total, first.rate(moment.multiplier), parameters, &memory)
    case .polyak: Polyak.learn(first.base, parameters, &memory)
    }
  }

  private mutating func find(_ seen: Observation, _ moment: Moment, _ group: Int) -> Finding {
    switch rule {
    case .dog: DoG.find(seen, parameters, &memory, at: DoG.width * group)
    case .dadapt: DAdaptation.find(seen, parameters, &memory)
    case .polyak: Polyak.find(seen, moment, parameters, &memory)
    }
  }

  func isAtBottom(_ groups: [Group]) -> Bool { false }

  mutating func transfer(_ state: inout StateCoder) {
    for i in 0..<memory.count {
      state.transfer(&memory[i])
      if !memory[i].isFinite { state.reject() }
    }
    state.transfer(&decision)
  }
}

extension Group {
  /// Sets the base rate. The first group that moves determines the decision.
  mutating func set(_ rate: Double, atMost cap: Double, _ decision: inout Decision) {
    let old = base
    base = bounded(rate, 0, cap)
    if decision == .raised || decision == .cut { return }
    if base != old {
      decision = base > old ? .raised : .cut
    } else if rate > base {
      decision = .heldAtBound
    }
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
