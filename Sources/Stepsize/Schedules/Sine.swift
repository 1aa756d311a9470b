/// Half sine waves.
///
///     value(t) = floor + (1 - floor) |sin(πt/period)| k
///     k = 1, 2^-⌊t/period⌋ (sine2) or gamma^t (exp_sine)
///
/// The floor at t = 0, 1 at t = period/2.
///
/// Examples, to step 1000:
///
///     sine(250)
///     sine(250, mode="sine2")
///     sine(250, mode="exp_sine", gamma=0.998)
struct Sine: Sendable {
  enum Mode: Int32 {
    case sine, sine2, expSine
  }

  let period: Int64
  let floor: Double
  let fading: Fading

  static var declaration: StaticString {
    """
    sine: half sine waves
    formula: floor + (1 - floor) |sin(pi t/period)| k; k = 1, 2^-floor(t/period) for sine2, gamma^t for exp_sine
    source: ParameterSchedulers.jl
    period: count of updates from 1; updates from zero to zero
    floor = 0.1
    mode: word sine|sine2|exp_sine = sine; how the height decays
    gamma
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let fading: Fading =
      switch try a.word("mode", as: Mode.self) {
      case .sine: .none
      case .sine2: .halving
      case .expSine: .power(a.real("gamma"))
      }
    return Body(
      .sine(Sine(period: a.count("period"), floor: a.real("floor"), fading: fading)), length: nil)
  }

  func value(at t: Int64) -> Double {
    let period = Swift.max(UInt64(bitPattern: period), 1)
    let (cycle, y) = UInt64(bitPattern: t).quotientAndRemainder(dividingBy: period)
    let height = sinHalfPi(Pair(2 &* Swift.min(y, period &- y), over: period))
    return floor + (1 - floor) * (height * fading.value(at: t, cycle: cycle))
  }
}
