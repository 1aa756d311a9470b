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
          XCTAssertNotNil(parameter.defaultValue, name)
        }
      }
    }
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

  /// The defaults of each variant, as the peers and papers have them.
  func testDefaultsOfTheVariants() throws {
    let expected = [
      "greedy()":
        "variant=\"default\" mode=\"min\" factor=0.95 patience=10 threshold=1e-06 threshold_mode=\"abs\" "
        + "cooldown=0 warmup=0 min_lr=none max_lr=none eps=1e-08 smooth=true window=50 reset_start=500",
      "greedy(\"huggingface\")":
        "variant=\"huggingface\" mode=\"min\" factor=0.95 patience=10 threshold=1e-06 "
        + "threshold_mode=\"abs\" cooldown=0 warmup=0 min_lr=none max_lr=none eps=1e-08 smooth=false window=50 "
        + "reset_start=500",
      "greedy(\"paper\")":
        "variant=\"paper\" mode=\"min\" factor=0.95 patience=0 threshold=0 threshold_mode=\"abs\" "
        + "cooldown=0 warmup=0 min_lr=none max_lr=none eps=0 smooth=false window=50 reset_start=none",
      "plateau()":
        "counting=\"pytorch\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 threshold_mode=\"rel\" "
        + "extra_threshold=0 cooldown=0 min_lr=none eps=1e-08 accumulation=1",
      "plateau(\"keras\")": "counting=\"keras\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 "
        + "threshold_mode=\"abs\" extra_threshold=0 cooldown=0 min_lr=none eps=0 accumulation=1",
      "plateau(\"optax\")": "counting=\"optax\" mode=\"min\" factor=0.1 patience=10 threshold=0.0001 "
        + "threshold_mode=\"rel\" extra_threshold=0 cooldown=0 min_lr=none eps=0 accumulation=1",
      "hypergradient()": "variant=\"sgd\" beta=1e-06 min_lr=none max_lr=none",
      "hypergradient(\"adam\")": "variant=\"adam\" beta=1e-08 min_lr=none max_lr=none",
      "hypergradient(\"multiplicative\")": "variant=\"multiplicative\" beta=0.02 min_lr=none max_lr=none",
      "line_search()": "c=0.1 backtrack=0.9 reset=\"grow\" gamma=2 batches_per_epoch=500 max_trials=100 "
        + "tolerance=1e-08 projected=false min_lr=none max_lr=none",
      "settle()": "phase=none mode=\"min\" patience=100 threshold=0.001 threshold_mode=\"rel\" window=1",
      "learned()": "policy=\"nmf\" total=0 adapt=0 parameters=none",
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
