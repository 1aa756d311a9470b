/// The learning rate policies of darknet (pjreddie/darknet, src/network.c), with the names of its configuration files.
///
///     b < burn_in   (b/burn_in)^power
///     constant      1
///     step          scale^⌊b/step⌋
///     steps         the product of scales[i] over steps[i] <= b
///     exp           gamma^b
///     poly          (1 - b/max_batches)^power
///     sigmoid       1 / (1 + e^(gamma (b - step)))
///     random        u^power,   u evenly distributed in (0, 1), not by darknet's generator
///
/// b = t + 1: darknet has counted the batch of an update when it asks for the rate. After max_batches, where darknet's poly
/// is negative or no number, it is 0. Its phase is "warmup", where there is a burn_in.
///
/// Examples, to step 1000:
///
///     darknet("steps", burn_in=100, steps=[400, 700], scales=[0.1, 0.1])
///     darknet("poly", burn_in=100, max_batches=1000)
///     darknet("step", step=200, scale=0.5)
///     darknet("exp", gamma=0.995)
///     darknet("sigmoid", step=500, gamma=0.02)
///     darknet("constant", burn_in=400, power=2)
enum Darknet {
  enum Policy: Int32 {
    case constant, step, steps, exp, poly, sigmoid, random
  }

  static var declaration: StaticString {
    """
    darknet: the learning rate policies of darknet
    formula: (b/burn_in)^power for b < burn_in; constant 1; step scale^floor(b/step); steps product of scales[i] over \
    steps[i] <= b; exp gamma^b; poly (1 - b/max_batches)^power; sigmoid 1/(1 + e^(gamma (b-step))); random u^power; \
    b = t+1
    source: pjreddie/darknet, src/network.c
    policy: word constant|step|steps|exp|poly|sigmoid|random = constant; curve after burn_in
    burn_in: count of updates from 0 = 0; updates of the rise
    power: real > 0 = 4; exponent of burn_in, poly and random
    step: count of updates from 1 = 1; updates between cuts; the middle of sigmoid
    scale: real >= 0 = 1; multiplier at each cut
    steps: counts of updates = none; updates at which steps cuts
    scales: reals >= 0 = none; multiplier at each of them
    gamma: real > 0 = 1; base of exp, steepness of sigmoid
    max_batches: count of updates from 1 = none; updates of poly
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let policy = Policy(rawValue: a.wordIndex("policy")) ?? .constant
    let burnIn = max(a.count("burn_in"), 1)
    let scales = a.reals("scales")
    guard policy != .steps || (scales.count == a.counts("steps").count && !scales.isEmpty) else {
      throw a.error("scales", expected: "a number for each of steps, which the policy steps needs")
    }
    guard policy != .poly || a.optionalCount("max_batches") != nil else {
      throw a.error("max_batches", expected: "an integer >= 1, which the policy poly needs")
    }
    var products = [1.0]
    for i in scales.indices { products.append(finite(products[i] * scales[i])) }
    var text = Template(a)
    text.set("rise", .integer(burnIn - 1))
    text.set("back", .integer(-burnIn))
    text.set("products", .reals(products))
    text.add(
      "take(warmup({burn_in}, shape=\"power\", power={power}), {rise}, phase=\"warmup\")", if: burnIn > 1)
    let curve: StaticString =
      switch policy {
      case .constant: "constant()"
      case .step: "shift(step({step}, {scale}), {back})"
      case .steps: "shift(piecewise({steps}, {products}), {back})"
      case .exp: "shift(exponential({gamma}), {back})"
      case .poly: "shift(polynomial({max_batches}, {power}), {back})"
      case .sigmoid: "shift(sigmoid({step}, {gamma}), {back})"
      case .random: "shift(random({power}), {back})"
      }
    text.add(curve)
    return try text.body()
  }
}
