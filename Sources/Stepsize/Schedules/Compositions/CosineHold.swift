/// Cosine decay, then the floor for the rest.
///
///     cosine_hold(total, hold, floor) = cosine(total - hold, floor) >> constant(hold, value=floor)
///
/// Examples, to step 1000:
///
///     cosine_hold(1000, 300, floor=0.1)
enum CosineHold {
  static var declaration: StaticString {
    """
    cosine_hold: cosine decay, then its floor
    formula: cosine(total-hold, floor) >> constant(hold, value=floor)
    source: NeMo's constant_steps
    total: count of updates from 1; updates in total
    hold: count of updates from 0; updates at the floor, < total
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    guard a.count("hold") < a.count("total") else { throw a.error("hold", expected: "an integer < total") }
    var text = Template(a)
    text.set("rest", .integer(a.count("total") - a.count("hold")))
    text.add("cosine({rest}, {floor})")
    text.add("constant({hold}, {floor})")
    return try text.body()
  }
}
