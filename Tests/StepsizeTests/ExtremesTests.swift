import Stepsize
import XCTest

/// Numbers and sizes beside all ranges, through the public interface: errors, never a trap.
final class ExtremesTests: XCTestCase {
  private let integers: [Int64] = [Int64.min, -1, 0, 1, Int64.max]
  private let reals: [Double] = [
    -Double.infinity, -1, -0.0, 0, Double.leastNonzeroMagnitude, 0.5, Double.greatestFiniteMagnitude,
    .infinity,
    .nan,
  ]

  func testGroupsThatAreNotThere() throws {
    let scheduler = try Scheduler(baseLRs: [0.1, 0.2])
    for group in [Int.min, -1, 2, Int.max] {
      XCTAssertNil(scheduler.baseLR(ofGroup: group))
      var out = [7.0]
      var span = out.mutableSpan
      XCTAssertEqual(scheduler.copyRecord(ofGroup: group, from: 0, to: &span), 0)
      XCTAssertEqual(failure { _ = try scheduler.replay(ofGroup: group) }?.kind, .argument)
    }
    XCTAssertEqual(scheduler.baseLR(ofGroup: 1), 0.2)
    let controller = try Controller.greedy()
    for index in [Int.min, -1, controller.signature.parameters.count, Int.max] {
      XCTAssertEqual(controller.valueText(index), [])
    }
  }

  func testSchedulersOfExtremeSizes() throws {
    for base in reals { _ = try? Scheduler(baseLRs: [base], minLRs: [base], maxLRs: [base]) }
    for capacity in [Int.min, -1, 1, Int.max] {
      let plan = try Plan([], nil)
      XCTAssertEqual(
        failure { _ = try Scheduler(baseLRs: [1], plan: plan, normCapacity: capacity) }?.kind, .argument)
      XCTAssertNotNil(failure { _ = try GradientNormLog(capacity: capacity) })
    }
    XCTAssertNotNil(failure { _ = try Scheduler(baseLRs: Array(repeating: 1, count: 1_048_577)) })
  }

  func testStepsAtTheEndOfTime() throws {
    let plan = try Plan(
      "early_stop(\"a\", patience=1) * (constant(9223372036854775800, phase=\"a\") >> linear(5))")
    for start in [0, Int64.max - 9, Int64.max - 1, Int64.max] {
      var scheduler = try Scheduler(baseLRs: [1], plan: plan, records: true)
      try scheduler.setStep(start)
      for _ in 0..<20 { try scheduler.step(loss: .nan, into: MutableSpan()) }
      _ = (scheduler.phase, scheduler.stopReason, scheduler.step, scheduler.scheduleStep)
      XCTAssertEqual(scheduler.recorded.count, 20)
      _ = try? scheduler.replay(ofGroup: 0)
      try scheduler.extend(to: Schedule.linear(9).named("a"))
      for first in integers {
        var out = [Double](repeating: 7, count: 30)
        var span = out.mutableSpan
        let written = scheduler.copyRecord(ofGroup: 0, from: first, to: &span)
        XCTAssertEqual(written, first < 0 ? 20 : max(0, 20 - Int(min(first, 20))))
      }
      _ = try Scheduler.restored(from: scheduler.saved())
    }
  }

  func testTheAlgebra() throws {
    for schedule in try [Schedule.linear(10), .constant(), .constant(0), .linear(Int64.max), .table([1])] {
      for n in integers {
        for made in [
          try? schedule.shifted(by: n), try? schedule.taking(n), try? schedule.repeated(n),
          try? schedule.extended(to: n, .rescale), try? schedule.extended(to: n, .hold),
          try? schedule.extended(to: n, .continue, at: n), try? schedule.extended(to: 5, .continue, at: n),
        ] {
          for step in integers {
            _ = (made?.value(at: step), made?.phase(at: step))
          }
        }
      }
      for x in reals {
        for made in [
          try? schedule.scaled(by: x), try? schedule.stretched(by: x), try? schedule.clamped(min: x, max: x),
        ] {
          for step in integers {
            let value = made?.value(at: step) ?? 0
            XCTAssertTrue(value >= 0 && value.isFinite)
          }
        }
        var singles = [Float](repeating: 0, count: 3)
        var span = singles.mutableSpan
        schedule.fill(&span, from: Int64.max, stride: Int64.min, base: x)
      }
    }
    XCTAssertNotNil(failure { _ = try Schedule.sequence([]) })
    XCTAssertNotNil(failure { _ = try Schedule.product([]) })
  }

  func testClosedForms() {
    for t in integers {
      for total in integers {
        for x in reals {
          for y in reals {
            let values = [
              ClosedForms.linear(step: t, total: total, base: x, floor: y),
              ClosedForms.cosine(step: t, total: total, base: x, floor: y),
              ClosedForms.polynomial(step: t, total: total, power: y, base: x, floor: 0),
              ClosedForms.warmup(step: t, steps: total, base: x),
            ]
            for value in values { XCTAssertTrue(value.isNaN || (value >= 0 && value.isFinite)) }
          }
        }
      }
    }
  }

  /// Whatever combines schedules has a limit of its depth: printing and freeing go down into them.
  func testNestingHasALimit() throws {
    let combinations: [(Schedule) throws -> Schedule] = [
      { try $0.named("a") }, { try $0.scaled(by: 0.5) }, { try $0.taking(5) }, { try $0.shifted(by: 1) },
      { try .sequence([$0.named("a"), .linear(2)]).named("b") },
      { try .product([.linear(3), $0.named("c")]) },
    ]
    for combine in combinations {
      var schedule = try Schedule.linear(5)
      let error = failure {
        for _ in 0..<100 { schedule = try combine(schedule) }
      }
      XCTAssertEqual(error?.kind, .limit)
      XCTAssertEqual(try Schedule(schedule.description).text, schedule.text)
    }
  }

  func testValuesThatDoNotFitTheirKind() {
    let values: [Value?] = [
      nil, Value.none, .integer(Int64.min), .integer(Int64.max), .real(.nan), .real(-0.0), .flag(true),
      .word([]),
      .word([0, 255, 34]), .integers([]), .integers([3, Int64.min]), .reals([]), .reals([.nan, .infinity]),
    ]
    for kind in Kind.allCases {
      for value in values {
        for count in [0, 1, 3, 100] {
          guard let made = try? Schedule(kind, Array(repeating: value, count: count)) else { continue }
          for step in integers { XCTAssertTrue(made.value(at: step).isFinite) }
        }
      }
      let tooMany: [Value?] = Array(repeating: nil, count: kind.signature.parameters.count + 1)
      XCTAssertEqual(failure { _ = try Schedule(kind, tooMany) }?.kind, .argument)
    }
    for kind in ControllerKind.allCases {
      for value in values {
        for count in [0, 1, 3, 100] { _ = try? Controller(kind, Array(repeating: value, count: count)) }
      }
    }
  }

  func testTheory() throws {
    for x in reals {
      let norms = [x, 1, x]
      for total in integers {
        var configuration = Refinement.Configuration()
        configuration.total = total
        configuration.tau = x
        configuration.floor = x
        configuration.distance = x
        _ = try? Refinement.total(Int.min, configuration)
        _ = try? Refinement.total(Int.max, configuration)
        configuration.tau = 1
        configuration.floor = 0
        configuration.distance = 1
        var values = [Double](repeating: 0, count: 3)
        var span = values.mutableSpan
        _ = try? Refinement(norms.span, configuration, into: &span)
        let length = min(total, 1000)
        _ = try? Score(.linear(3), total: length, norms: norms.span, distance: x)
      }
      _ = try? Schedule.knots(following: norms.span, within: x)
      for count in [Int.min, -1, 0, 1, 2, 3, Int.max] {
        var values = norms
        var span = values.mutableSpan
        try? MedianFilter(tau: 1, count: count).smooth(&span)
        XCTAssertNil(try? MedianFilter(tau: .nan, count: count))
      }
      for n in integers { _ = try? Policy(every: n, limit: x, units: n) }
    }
  }
}
