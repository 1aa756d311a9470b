/// Cosine decay, then its floor for the rest.
///
///     cosine_hold(total, hold, floor) = cosine(total - hold, floor) >> constant(hold, value=floor)
enum CosineHold {
  static var name: StaticString { "cosine_hold" }

  static var entry: Entry {
    Entry(
      name, "cosine decay, then its floor",
      formula: "cosine(total-hold, floor) >> constant(hold, value=floor)",
      source: "NeMo's constant_steps",
      [
        .steps("total", "updates of the whole"), .steps("hold", from: 0, "updates at the floor, below total"),
        .floor(),
      ]
    ) { a throws(ConfigurationError) in
      let total = a.count("total")
      let hold = a.count("hold")
      let floor = a.real("floor")
      guard hold < total else { throw a.error("hold", expected: "an integer < total") }
      return Body(
        try .sequence([try .cosine(total - hold, floor: floor), try .constant(hold, value: floor)]))
    }
  }
}
