/// The catalogue: every schedule that has a name.
public enum Kind: CaseIterable, Sendable {
  case constant, linear, cosine, polynomial, cooldown, rex, tanh, geometric, ramp, warmup
  case step, multistep, piecewise
  case exponential, inverseTime, powerLaw, inverseSqrt, noam, sigmoid
  case chebyshev, cyclic, sine, restarts, rangeTest
  case knots, table, noise, random

  case halflife, wsd, warmupLinear, warmupCosine, cosineHold, cosineCycles, oneCycle, noamHold, t5
  case sqrtAnnealing, squareAnnealing, triStage, swa, powerScheduler

  case clamp, `repeat`, shift, stretch, take

  /// Name, parameters and formula.
  public var signature: Signature { entry.signature }

  var entry: Entry {
    switch self {
    case .constant: Constant.entry
    case .linear: Linear.entry
    case .cosine: Cosine.entry
    case .polynomial: Polynomial.entry
    case .cooldown: Cooldown.entry
    case .rex: Rex.entry
    case .tanh: Tanh.entry
    case .geometric: Geometric.entry
    case .ramp: Ramp.entry
    case .warmup: Warmup.entry
    case .step: Step.entry
    case .multistep: Multistep.entry
    case .piecewise: Piecewise.entry
    case .exponential: Exponential.entry
    case .inverseTime: InverseTime.entry
    case .powerLaw: PowerLaw.entry
    case .inverseSqrt: InverseSqrt.entry
    case .noam: Noam.entry
    case .sigmoid: Sigmoid.entry
    case .chebyshev: Chebyshev.entry
    case .cyclic: Cyclic.entry
    case .sine: Sine.entry
    case .restarts: Restarts.entry
    case .rangeTest: RangeTest.entry
    case .knots: Knots.entry
    case .table: Table.entry
    case .noise: Noise.entry
    case .random: Random.entry
    case .halflife: HalfLife.entry
    case .wsd: WarmupStableDecay.entry
    case .warmupLinear: WarmupLinear.entry
    case .warmupCosine: WarmupCosine.entry
    case .cosineHold: CosineHold.entry
    case .cosineCycles: CosineCycles.entry
    case .oneCycle: OneCycle.entry
    case .noamHold: NoamHold.entry
    case .t5: T5.entry
    case .sqrtAnnealing: SqrtAnnealing.entry
    case .squareAnnealing: SquareAnnealing.entry
    case .triStage: TriStage.entry
    case .swa: WeightAveraging.entry
    case .powerScheduler: PowerScheduler.entry
    case .clamp: Clamp.entry
    case .repeat: Repeat.entry
    case .shift: Shift.entry
    case .stretch: Stretch.entry
    case .take: Take.entry
    }
  }
}

extension Kind: Word {
  /// The entry's name, without making the entry: a parser compares with all of them.
  public var name: StaticString {
    switch self {
    case .constant: Constant.name
    case .linear: Linear.name
    case .cosine: Cosine.name
    case .polynomial: Polynomial.name
    case .cooldown: Cooldown.name
    case .rex: Rex.name
    case .tanh: Tanh.name
    case .geometric: Geometric.name
    case .ramp: Ramp.name
    case .warmup: Warmup.name
    case .step: Step.name
    case .multistep: Multistep.name
    case .piecewise: Piecewise.name
    case .exponential: Exponential.name
    case .inverseTime: InverseTime.name
    case .powerLaw: PowerLaw.name
    case .inverseSqrt: InverseSqrt.name
    case .noam: Noam.name
    case .sigmoid: Sigmoid.name
    case .chebyshev: Chebyshev.name
    case .cyclic: Cyclic.name
    case .sine: Sine.name
    case .restarts: Restarts.name
    case .rangeTest: RangeTest.name
    case .knots: Knots.name
    case .table: Table.name
    case .noise: Noise.name
    case .random: Random.name
    case .halflife: HalfLife.name
    case .wsd: WarmupStableDecay.name
    case .warmupLinear: WarmupLinear.name
    case .warmupCosine: WarmupCosine.name
    case .cosineHold: CosineHold.name
    case .cosineCycles: CosineCycles.name
    case .oneCycle: OneCycle.name
    case .noamHold: NoamHold.name
    case .t5: T5.name
    case .sqrtAnnealing: SqrtAnnealing.name
    case .squareAnnealing: SquareAnnealing.name
    case .triStage: TriStage.name
    case .swa: WeightAveraging.name
    case .powerScheduler: PowerScheduler.name
    case .clamp: Clamp.name
    case .repeat: Repeat.name
    case .shift: Shift.name
    case .stretch: Stretch.name
    case .take: Take.name
    }
  }
}
