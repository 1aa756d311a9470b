/// Cosine cycles of listed lengths with decaying peaks.
///
/// Cycle i is ramp(lengths[i], start=max(decay^i, floor), end=floor, shape="cosine"); one follows the other.
///
/// Examples, to step 1000:
///
///     cosine_cycles([200, 300, 500], decay=0.8)
enum CosineCycles {
  static var declaration: StaticString {
    """
    cosine_cycles: cosine cycles of listed lengths
    formula: sequence of ramp(lengths[i], max(decay^i, floor), floor, "cosine")
    source: arXiv 1608.03983
    lengths: reals of updates in [1, 9223372036854774784]; updates of each cycle, whole numbers >= 1
    decay: real in (0, 1] = 1; each peak over the previous one
    floor
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let lengths = a.reals("lengths")
    let decay = a.real("decay")
    let floor = a.real("floor")
    guard !lengths.isEmpty, lengths.count < Schedule.maximumNodeCount else {
      throw a.error("lengths", expected: "1 to 65535 whole numbers")
    }
    // Not through a text (`Template`), which would be scanned for each of many cycles.
    var parts: [Schedule] = []
    for i in lengths.indices {
      guard let length = Int64(whole: lengths[i]) else {
        throw a.error("lengths", expected: "whole numbers >= 1")
      }
      let peak = max(raise(decay, to: Double(i)), floor)
      parts.append(try Schedule(.ramp, [.integer(length), .real(peak), .real(floor), .word("cosine")]))
    }
    return Body(try .sequence(parts))
  }
}
