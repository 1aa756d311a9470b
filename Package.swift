// swift-tools-version: 6.2
import PackageDescription

// The trait `Embedded` compiles the same sources as Embedded Swift: no Swift runtime is needed then,
// only libc. The shipped libstepsize is built in that way, by dev/build_library.sh (`make lib`).
let embedded: [SwiftSetting] =
  [.enableExperimentalFeature("Embedded", .when(traits: ["Embedded"]))]
  // For the tests, which take long otherwise, and are themselves compiled fast (dev/test.py). Not for packages that use
  // this one: they may not set such flags.
  + (Context.environment["STEPSIZE_OPTIMIZED"] == nil ? [] : [.unsafeFlags(["-O"])])

let package = Package(
  name: "Stepsize",
  products: [
    // For Swift packages. The second one calls the first as C programs do, hence StepsizeC.
    .library(name: "Stepsize", targets: ["Stepsize"]),
    .library(name: "StepsizeLearn", targets: ["StepsizeLearn", "StepsizeC"]),
    // For everyone else: the C interfaces of libstepsize and libstepsize-learn.
    .library(name: "stepsize-c", type: .dynamic, targets: ["StepsizeC"]),
    .library(name: "stepsize-learn-c", type: .dynamic, targets: ["StepsizeLearnC"]),
  ],
  traits: [
    .default(enabledTraits: ["Runtime"]),
    .trait(
      name: "Runtime",
      description: "Compile for the Swift runtime, which calls libm for the errno of a square root."),
    .trait(name: "Embedded", description: "Compile as Embedded Swift, without the Swift runtime."),
  ],
  targets: [
    // Public targets.
    .target(
      name: "Stepsize", dependencies: ["StepsizeBase"], exclude: ["README.md"], swiftSettings: embedded),
    .target(
      name: "StepsizeLearn", dependencies: ["StepsizeBase", "CStepsizeLearn"], exclude: ["README.md"],
      swiftSettings: embedded),
    .target(
      name: "StepsizeC",
      dependencies: ["Stepsize", "StepsizeBoundary"],
      exclude: ["Introduction.h", "README.md", "exports.map"],
      swiftSettings: embedded),
    .target(
      name: "StepsizeLearnC",
      dependencies: ["StepsizeLearn", "StepsizeBoundary", "CStepsizeLearn"],
      exclude: ["Introduction.h", "README.md", "exports.map"],
      swiftSettings: embedded),

    // Implementation details that both libraries have a copy of: not API, but for the types that Stepsize exports.
    .target(
      name: "StepsizeBase", exclude: ["README.md"], swiftSettings: embedded,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux], traits: ["Runtime"]))]),
    .target(
      name: "StepsizeBoundary", dependencies: ["StepsizeBase", "CStepsize"], exclude: ["README.md"],
      swiftSettings: embedded),
    // In the Embedded build its Guard.c takes the place of the runtime's allocator.
    .target(
      name: "CStepsize", exclude: ["README.md"],
      cSettings: [.define("STEPSIZE_EMBEDDED", .when(traits: ["Embedded"]))]),
    .target(name: "CStepsizeLearn", dependencies: ["CStepsize"], exclude: ["README.md"]),

    // The example of docs/swift.md, which its test runs.
    .executableTarget(name: "training-example", dependencies: ["Stepsize"], path: "Examples/swift"),

    // Tests.
    .testTarget(name: "ExampleTests", dependencies: ["training-example"]),
    .target(name: "TestSupport", dependencies: ["StepsizeBase"], path: "Tests/TestSupport"),
    .testTarget(name: "StepsizeTests", dependencies: ["Stepsize", "TestSupport"]),
    .testTarget(
      name: "StepsizeLearnTests", dependencies: ["StepsizeLearn", "Stepsize", "StepsizeC", "TestSupport"]),
  ],
  cLanguageStandard: .c99
)
