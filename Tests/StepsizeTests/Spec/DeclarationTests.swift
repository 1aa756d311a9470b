import Foundation
import XCTest

@testable import Stepsize

/// The declarations of schedules and controllers, as they are read.
final class DeclarationTests: XCTestCase {
  private func declarations() -> [(String, Entry)] {
    Kind.allCases.map { (text($0.name), $0.entry) }
      + ControllerKind.allCases.map { (text($0.name), $0.entry) }
  }

  /// Every line becomes what it declares: none is left out because it is written wrongly.
  func testEveryLineIsRead() {
    for (name, entry) in declarations() {
      let signature = entry.signature()
      var lines = 0
      var reader = Lines(entry.declaration)
      while reader.next() != nil { lines += 1 }
      let besides = 2 + (signature.source.isEmpty ? 0 : 1)
      XCTAssertEqual(signature.parameters.count, lines - besides, name)
      XCTAssertEqual(Set(signature.parameters.map { text($0.name) }).count, signature.parameters.count, name)
      for parameter in signature.parameters {
        XCTAssertGreaterThan(parameter.note.count, 2, "\(name) \(text(parameter.name))")
        XCTAssertFalse(parameter.expected.isEmpty)
        if case .word(let words) = parameter.kind {
          XCTAssertGreaterThan(words.count, 1, name)
          // llm.c has no default either.
          XCTAssertTrue(parameter.defaultValue != nil || name == "llmc", name)
        }
      }
    }
  }

  /// What is measured in updates says so where programs read it, not only in its note.
  func testUnits() {
    var others: Set<String> = []
    for (name, entry) in declarations() {
      for parameter in entry.signature().parameters {
        let note = text(parameter.note)
        switch parameter.kind {
        case .count, .counts, .real, .reals:
          if note.hasPrefix("updates") || note.hasPrefix("step") {
            XCTAssertEqual(parameter.unit, .updates, "\(name) \(text(parameter.name))")
          } else {
            XCTAssertEqual(parameter.unit, .none, "\(name) \(text(parameter.name))")
          }
          if case .count = parameter.kind, parameter.unit == .none { others.insert(text(parameter.name)) }
        default: XCTAssertEqual(parameter.unit, .none, "\(name) \(text(parameter.name))")
        }
      }
    }
    XCTAssertEqual(
      others,
      [
        "accumulation", "cooldown", "count", "cycles", "epochs", "max_trials", "model_size", "patience",
        "reset_start",
        "seed",
        "warmup", "window",
      ])
    let odd = Parameter(declared: Array("x: real of epochs > 0; odd".utf8), variant: nil)
    XCTAssertNil(odd)
    XCTAssertEqual(text(Parameter.Unit.updates.text), "updates")
  }

  /// Every word of every controller makes one: the enums have a case for each.
  func testEveryWordIsKnown() throws {
    for kind in ControllerKind.allCases {
      for (i, parameter) in kind.signature.parameters.enumerated() {
        guard case .word(let words) = parameter.kind else { continue }
        for word in words where text(word) != "custom" {
          var given: [Value?] = Array(repeating: nil, count: i)
          given.append(.word(word))
          XCTAssertNoThrow(try Controller(kind, given), "\(text(kind.name)) \(text(word))")
        }
      }
    }
  }

  /// The same for the schedules, with other values at random until they fit together.
  func testEveryWordOfAScheduleIsKnown() {
    var random = RandomSchedules(seed: 31)
    for kind in Kind.allCases {
      let parameters = kind.signature.parameters
      for (i, parameter) in parameters.enumerated() {
        guard case .word(let words) = parameter.kind else { continue }
        for word in words {
          let isMade = (0..<2000).contains { _ in
            var given: [Value?] = parameters.map {
              $0.defaultValue == nil || Bool.random(using: &random.random) ? random.value($0, 4) : nil
            }
            given[i] = .word(word)
            return (try? Schedule(kind, given)) != nil
          }
          XCTAssertTrue(isMade, "\(text(kind.name)) \(text(word))")
        }
      }
    }
  }

  /// Each shared parameter is whole, and at least one declaration has it.
  func testSharedParameters() throws {
    var reader = Lines(SharedParameters.declaration)
    var count = 0
    while let line = reader.next() {
      let parameter = try XCTUnwrap(Parameter(declared: line, variant: nil), text(line))
      XCTAssertNotNil(parameter.defaultValue, text(line))
      XCTAssertEqual(SharedParameters.line(parameter.name), line)
      // Alone it is what is declared; a default of its own changes nothing else.
      let alone = try XCTUnwrap(Parameter(declared: parameter.name, variant: nil))
      XCTAssertEqual(alone.note, parameter.note)
      XCTAssertEqual(alone.defaultText, parameter.defaultText)
      XCTAssertTrue(
        declarations().contains { $0.1.signature().parameters.contains { $0.name == parameter.name } },
        text(parameter.name))
      count += 1
    }
    XCTAssertEqual(count, 11)
    let other = try XCTUnwrap(Parameter(declared: Array("floor = 0.25".utf8), variant: nil))
    XCTAssertEqual(text(other.defaultText), "0.25")
    XCTAssertEqual(text(other.expected), "a number in [0, 1]")
    // A default that its range does not have is none.
    XCTAssertNil(try XCTUnwrap(Parameter(declared: Array("floor = 2".utf8), variant: nil)).defaultValue)
    let words = try XCTUnwrap(
      Parameter(declared: Array("shape: word @shape|log = log; a curve".utf8), variant: nil))
    guard case .word(let all) = words.kind else { return XCTFail("no words") }
    XCTAssertEqual(all.count, 11)
    XCTAssertEqual(text(words.defaultText), "\"log\"")
  }

  /// The defaults of each variant, as the peers and papers have them.
  func testDefaultsOfTheVariants() throws {
    let expected = [
      "greedy()":
        "variant=\"default\" mode=\"min\" factor=0.95 patience=10 threshold=1e-06 threshold_mode=\"abs\" "
        + "cooldown=0 warmup=0 min_lr=none max_lr=none eps=1e-08 smooth=true window=50 reset_start=500 after=0 phase=none "
        + "skip_warmup=false",
      "greedy(\"huggingface\")":
        "variant=\"huggingface\" mode=\"min\" factor=0.95 patience=10 threshold=1e-06 "
        + "threshold_mode=\"abs\" cooldown=0 warmup=0 min_lr=none max_lr=none eps=1e-08 smooth=false window=50 "
        + "reset_start=500 after=0 phase=none skip_warmup=false",
      "greedy(\"paper\")":
        "variant=\"paper\" mode=\"min\" factor=0.95 patience=0 threshold=0 threshold_mode=\"abs\" "
        + "cooldown=0 warmup=0 min_lr=none max_lr=none eps=0 smooth=false window=50 reset_start=none "
        + "after=0 phase=none skip_warmup=false",
      "plateau()":
        "counting=\"default\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 threshold_mode=\"rel\" "
        + "extra_threshold=0 cooldown=0 min_lr=none eps=1e-08 accumulation=1 after=0 phase=none "
        + "skip_warmup=true",
      "plateau(\"keras\")": "counting=\"keras\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 "
        + "threshold_mode=\"abs\" extra_threshold=0 cooldown=0 min_lr=none eps=0 accumulation=1 after=0 phase=none "
        + "skip_warmup=false",
      "plateau(\"optax\")": "counting=\"optax\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 "
        + "threshold_mode=\"rel\" extra_threshold=0 cooldown=0 min_lr=none eps=0 accumulation=1 after=0 phase=none "
        + "skip_warmup=false",
      "hypergradient()": "variant=\"sgd\" beta=1e-06 min_lr=none max_lr=none",
      "hypergradient(\"adam\")": "variant=\"adam\" beta=1e-08 min_lr=none max_lr=none",
      "hypergradient(\"multiplicative\")": "variant=\"multiplicative\" beta=0.02 min_lr=none max_lr=none",
      "line_search()": "c=0.1 backtrack=0.9 reset=\"grow\" gamma=2 batches_per_epoch=500 max_trials=100 "
        + "tolerance=1e-08 projected=false min_lr=none max_lr=none",
      "early_stop()": "phase=none mode=\"min\" patience=100 threshold=0.001 threshold_mode=\"rel\" window=1 "
        + "after=0",
      "learned()": "policy=\"nmf\" total=0 adapt=0 parameters=none after=0 phase=none skip_warmup=false",
    ]
    for (given, values) in expected {
      let controller = try Controller(parsing: Array(given.utf8))
      let found = controller.signature.parameters.indices.map {
        "\(text(controller.signature.parameters[$0].name))=\(text(controller.valueText($0)))"
      }
      // As Swift writes small numbers in the text form.
      XCTAssertEqual(
        found.joined(separator: " "),
        values.replacingOccurrences(of: "e-0", with: "e-"))
      // What is the default is left out of the text.
      XCTAssertEqual(text(controller.text), given)
    }
  }

  func testWhatIsNoParameterIsNotRead() {
    for line in [
      "", "1", "x: integer; no such kind", "x: count from; no number", "x: real in [0 1]; no comma",
      "nowhere",
    ] {
      XCTAssertNil(Parameter(declared: Array(line.utf8), variant: nil), line)
    }
  }
}
