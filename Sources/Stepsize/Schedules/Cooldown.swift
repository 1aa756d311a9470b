/// A fall to a floor in one of the shapes: the last phase of warm-up–stable–decay.
///
///     value(t) = floor + (1 - floor) fall(t/total)
///
/// 1 at t = 0, floor at total and after. With the shape 1-sqrt it is the cooldown of Hägele et al.
///
/// Examples, to step 1000:
///
///     cooldown(1000, shape="linear")
///     cooldown(1000, shape="cosine")
///     cooldown(1000, shape="1-sqrt")
///     cooldown(1000, shape="1-square")
///     cooldown(1000, shape="sqrt")
///     cooldown(1000, shape="square")
///     cooldown(1000, shape="exponential")
///     cooldown(1000, shape="mirror-cosine")
///     cooldown(1000, shape="1-power", power=3)
///     cooldown(1000, shape="power", power=3)
struct Cooldown: Sendable {
  let total: Int64
  let floor: Double
  let fall: Fall

  static var declaration: StaticString {
    """
    cooldown: a fall to a floor in a shape of choice
    formula: floor + (1 - floor) fall(x), x = t/total; linear 1-x, cosine (1+cos(pi x))/2, 1-sqrt 1-sqrt(x), \
    1-square 1-x^2, 1-power 1-x^power, sqrt sqrt(1-x), square (1-x)^2, power (1-x)^power, exponential \
    (q^x-q)/(1-q), mirror-cosine 2(1-x)-(1+cos(pi x))/2
    source: Hägele et al., arXiv 2405.18392; exponential: Megatron-LM
    total: count of updates from 1; updates until the floor is reached
    shape
    floor
    power
    q
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let cooldown = Cooldown(total: total, floor: a.real("floor"), fall: try Fall(a))
    return Body(.cooldown(cooldown), length: total)
  }

  func value(at t: Int64) -> Double {
    floor + (1 - floor) * fall.value(at: Progress(t, of: total))
  }
}
