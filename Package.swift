// swift-tools-version: 6.2
import PackageDescription

// The trait `Embedded` compiles the same sources as Embedded Swift: no Swift runtime is needed then,
// only libc and libm. That is how the shipped libstepsize is built (`make lib`).
let embedded: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"]))
]

let package = Package(
  name: "Stepsize",
  products: [
    // For Swift packages.
    .library(name: "Stepsize", targets: ["Stepsize"]),
    // For everyone else: the C interface.
    .library(name: "stepsize-c", type: .dynamic, targets: ["StepsizeC"]),
  ],
  traits: [
    .trait(name: "Embedded", description: "Compile as Embedded Swift, without the Swift runtime.")
  ],
  targets: [
    // Public targets.
    .target(name: "Stepsize", dependencies: ["CMathShims"], swiftSettings: embedded),
    .target(
      name: "StepsizeC",
      dependencies: ["Stepsize", "CStepsize"],
      exclude: ["Introduction.h", "exports.map"],
      swiftSettings: embedded),

    // Implementation details: not API.
    .target(name: "CMathShims", linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CStepsize"),

    // Tests.
    .testTarget(name: "StepsizeTests", dependencies: ["Stepsize"]),
  ],
  cLanguageStandard: .c99
)
