import XCTest

@testable import Stepsize

final class CompositionTests: XCTestCase {
  /// Each named composition is the text it stands for.
  func testCompositionsAreWhatTheySay() throws {
    for (name, meaning) in [
      ("halflife(7)", "exponential(0.5, every=7)"),
      ("wsd(1000, 100)", "warmup(100) >> constant(800) >> cooldown(100)"),
      ("wsd(100, decay=0)", "constant(100)"),
      ("warmup_linear(100, 10, floor=0.1)", "warmup(10) >> linear(90, floor=0.1)"),
      ("warmup_cosine(100, 10, floor=0.1)", "warmup(10) >> cosine(90, floor=0.1)"),
      ("cosine_hold(100, 10, floor=0.1)", "cosine(90, floor=0.1) >> constant(10, value=0.1)"),
      ("onecycle(100)", "take(knots([0, 29, 99], [0.04, 1, 4e-6], \"cosine\"), 100)"),
      ("noam_hold(10, 5)", "clamp(warmup(10, start=0) >> constant(5) >> power_law(10))"),
      ("t5(4)", "0.5 * (constant(4) >> inverse_sqrt(4))"),
      ("sqrt_annealing(10, 0.5)", "clamp(polynomial(10, 0.5), min=0.5)"),
      ("square_annealing(10)", "clamp(polynomial(10, 2))"),
      ("tri_stage(10, 10, 10)", "ramp(10, 0.01) >> constant(10) >> geometric(10, 0.01)"),
      ("swa(10, 0.05)", "ramp(10, 1, 0.05, \"cosine\")"),
      ("power_scheduler(100, 5, 5)", "warmup(5) >> constant(5) >> take(power_law(10, 0.51), 90)"),
      ("power_scheduler(10, 5, 5)", "warmup(5) >> constant(5) >> take(power_law(10, 0.51), 0)"),
    ] {
      let a = try parse(name)
      let b = try parse(meaning)
      XCTAssertEqual(a.length, b.length, name)
      for step in 0...1100 as ClosedRange<Int64> {
        XCTAssertEqual(a.value(at: step), b.value(at: step), name)
      }
      XCTAssertTrue(text(a.text).hasPrefix(name.prefix(5)), "a composition prints as itself")
    }
  }

  func testPowerScheduler() throws {
    let schedule = try parse("power_scheduler(10000, 100, 900, decay=1000)")
    XCTAssertEqual(schedule.length, 10000)
    XCTAssertEqual(schedule.value(at: 99), 1)
    XCTAssertEqual(schedule.value(at: 1000), 1)
    // (t / 1000)^-0.51
    XCTAssertEqual(schedule.value(at: 4000), 0.4931, accuracy: 1e-4)
    XCTAssertEqual(schedule.value(at: 9000), 0.3261, accuracy: 1e-4)
    XCTAssertLessThan(schedule.value(at: 9500), 0.1)
    XCTAssertGreaterThan(schedule.value(at: 9999), 0)
    XCTAssertEqual(schedule.value(at: 10000), 0)
  }

  func testErrorsNameTheField() {
    for (text, field) in [
      ("wsd(100, 101)", "wsd: warmup"), ("wsd(100, 50, 51)", "wsd: decay"),
      ("warmup_linear(10, 10)", "warmup_linear: warmup"), ("warmup_cosine(10, 11)", "warmup_cosine: warmup"),
      ("cosine_hold(10, 10)", "cosine_hold: hold"), ("onecycle(3)", "onecycle: pct_start"),
      ("onecycle(100, 0.6, three_phase=true)", "onecycle: pct_start"), ("onecycle(1)", "onecycle: pct_start"),
      ("noam_hold(0, 1)", "noam_hold: warmup"), ("noam(0)", "noam: warmup"),
      ("noam_hold(1, 1, 0)", "noam_hold: power"), ("cosine_cycles([])", "cosine_cycles: lengths"),
      ("cosine_cycles([1.5])", "cosine_cycles: lengths"), ("cosine_cycles([5, 0])", "cosine_cycles: lengths"),
      ("cosine_cycles([5], decay=0)", "cosine_cycles: decay"), ("restarts(5, decay=0)", "restarts: decay"),
      ("power_scheduler(10, 11, 0)", "power_scheduler: warmup"),
      ("power_scheduler(10, 5, 6)", "power_scheduler: hold"),
      ("power_scheduler(10, 0, 0)", "power_scheduler: hold"),
      ("power_scheduler(10, 5, 4, decay=2)", "power_scheduler: decay"),
      ("step(0)", "step: every"), ("step(2.5)", "step: every"), ("exponential(0.9, 0)", "exponential: every"),
      ("inverse_time(1, 0)", "inverse_time: every"), ("range_test(0)", "range_test: every"),
      ("knots([1, 1], [0, 1])", "knots: steps"), ("knots([], [])", "knots: steps"),
      ("knots([1, 2], [0])", "knots: values"), ("knots([9223372036854775807], [1])", "knots: steps"),
      ("piecewise([5], [1])", "piecewise: values"), ("piecewise([5, 5], [1, 2, 3])", "piecewise: boundaries"),
      ("multistep([5, 4])", "multistep: milestones"), ("chebyshev(5, 2, 1)", "chebyshev: large"),
      ("ramp(5, 0, 1, \"geometric\")", "ramp: start"), ("ramp(5, 1, 0, \"geometric\")", "ramp: end"),
      ("warmup(5, shape=\"constant\")", "warmup: start"), ("warmup(5, 0.1, \"harmonic\")", "warmup: start"),
      ("warmup(5, shape=\"geometric\")", "warmup: start"), ("noise(limit=1.5)", "noise: limit"),
      ("cosine(10, cycles=1e10)", "cosine: cycles"), ("tanh(10, upper=1e4)", "tanh: upper"),
      ("repeat(constant())", "repeat: schedule"), ("repeat(constant(0))", "repeat: schedule"),
      ("stretch(linear(5), 0)", "stretch: factor"), ("take(linear(5), -1)", "take: length"),
    ] {
      let error = failure { _ = try parse(text) }
      XCTAssertEqual(error?.kind, .argument, text)
      let message = error.map { String(decoding: $0.message, as: UTF8.self) } ?? ""
      XCTAssertTrue(message.hasPrefix(field + " = "), "\(text): \(message)")
    }
  }
}
