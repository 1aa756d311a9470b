/// One cycle (Smith and Topin, arXiv 1708.07120), with the knots of PyTorch's OneCycleLR.
///
///     onecycle(total, …) = take(knots([0, p - 1, total - 1], [low, 1, last], anneal), total)
///     three_phase          take(knots([0, p - 1, 2p - 2, total - 1], [low, 1, low, last], anneal), total)
///
/// p = pct_start·total, low = 1/div_factor, last = low/final_div_factor. The base rate is the peak.
///
/// Examples, to step 1000:
///
///     onecycle(1000)
///     onecycle(1000, anneal="linear")
///     onecycle(1000, three_phase=true)
enum OneCycle {
  static var declaration: StaticString {
    """
    onecycle: one rise and one long fall
    formula: take(knots([0, p-1, total-1], [low, 1, last], anneal), total), p = pct_start total, low = \
    1/div_factor, last = low/final_div_factor; three_phase: [0, p-1, 2p-2, total-1], [low, 1, low, last]
    source: arXiv 1708.07120
    total: count of updates from 1; updates in total
    pct_start: real in (0, 1) = 0.3; fraction of total at which the peak is reached
    div_factor: real >= 1 = 25; peak over the first rate
    final_div_factor: real > 0 = 10000; first rate over the last
    anneal: word cosine|linear = cosine; curve between the knots
    three_phase: flag = false; whether the fall mirrors the rise, followed by a last decay
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let total = a.count("total")
    let top = a.real("pct_start") * Double(total)
    let low = 1 / a.real("div_factor")
    let last = finite(low / a.real("final_div_factor"))
    let end = Double(total) - 1
    var steps = [0, top - 1]
    var values = [low, 1]
    if a.flag("three_phase") {
      steps.append(2 * top - 2)
      values.append(low)
    }
    steps.append(end)
    values.append(last)
    guard end <= largestCount else { throw a.error("total", expected: "an integer up to 2^63 - 1024") }
    for i in steps.indices.dropFirst() where !(steps[i] > steps[i - 1]) {
      throw a.error(
        "pct_start",
        expected:
          "a fraction with the peak after update 0 and before the last, in three phases before the middle")
    }
    var text = Template(a)
    text.set("steps", .reals(steps))
    text.set("values", .reals(values))
    text.add("take(knots({steps}, {values}, {anneal}), {total})")
    return try text.body()
  }
}
