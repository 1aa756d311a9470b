/// Cosine cycles of listed lengths, the peaks shrinking.
///
/// Cycle i is ramp(lengths[i], start=max(decay^i, floor), end=floor, shape="cosine"); one follows the other.
enum CosineCycles {
  static var name: StaticString { "cosine_cycles" }

  static var entry: Entry {
    Entry(
      name, "cosine cycles of listed lengths",
      formula: "one after the other ramp(lengths[i], max(decay^i, floor), floor, \"cosine\")",
      source: "arXiv 1608.03983",
      [
        Parameter("lengths", .reals(Interval(1, largestCount)), "updates of each cycle, whole numbers >= 1"),
        Parameter(
          "decay", .real(Interval(0, 1, lowerIsOpen: true)), default: .real(1),
          "each peak over the one before"),
        .floor(),
      ]
    ) { a throws(ConfigurationError) in
      let lengths = a.reals("lengths")
      let decay = a.real("decay")
      let floor = a.real("floor")
      guard !lengths.isEmpty, lengths.count < Schedule.maximumNodeCount else {
        throw a.error("lengths", expected: "1 to 65535 whole numbers")
      }
      var parts: [Schedule] = []
      for i in lengths.indices {
        guard let length = Int64(exactly: lengths[i]) else {
          throw a.error("lengths", expected: "whole numbers >= 1")
        }
        let peak = max(raise(decay, to: Double(i)), floor)
        parts.append(
          try Schedule(.ramp, [.integer(length), .real(peak), .real(floor), .word("cosine")]))
      }
      return Body(try .sequence(parts))
    }
  }
}
