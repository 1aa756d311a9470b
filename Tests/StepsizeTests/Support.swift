@_exported import TestSupport

@testable import Stepsize

func parse(_ text: String) throws -> Schedule { try Schedule(parsing: Array(text.utf8)) }

// Steps whose rates are asked for afterwards.
extension Scheduler {
  func rates() throws -> [Double] {
    var lrs = Array(repeating: 0.0, count: groupCount)
    try rates(into: lrs.mutableSpan)
    return lrs
  }

  mutating func step(loss: Double) throws { try step(loss: loss, into: MutableSpan()) }

  mutating func advance() throws { try advance(into: MutableSpan()) }
}
