// swift-tools-version: 6.2
// Imports go down the list of targets only; README.md names each dependency with its reason.
import PackageDescription

let package = Package(
  name: "saddle",
  products: [
    .library(name: "Saddle", targets: ["Saddle"]),
    .library(name: "SaddleCLI", targets: ["SaddleCLI"]),
    .executable(name: "saddle", targets: ["SaddleCommand"]),
    // GPUs that are not here, for tests and tools: loaded in place of OpenCL, linked to nothing.
    .library(name: "RecordingOpenCL", type: .dynamic, targets: ["RecordingOpenCL"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The arithmetic: OpenCL C text, embedded for OpenCL devices and compiled for the host.
    .target(
      name: "Kernels", path: "Kernels",
      exclude: ["README.md", "cl"],
      publicHeadersPath: "include"),

    // C libraries that are loaded at run time, so that a machine without them still starts.
    .target(name: "COpenCL"),
    .target(name: "CImages"),
    .target(name: "CLAPACK"),

    .target(name: "Devices", dependencies: ["Kernels", "COpenCL"]),
    .target(name: "Tensors", dependencies: ["Devices"]),
    .target(name: "Networks", dependencies: ["Tensors"]),
    .target(name: "Adversaries", dependencies: ["Networks"]),
    .target(name: "Baselines", dependencies: ["Networks"]),
    .target(name: "Records", dependencies: ["CImages"]),
    .target(name: "Datasets", dependencies: ["CImages", "Devices", "Records"]),
    .target(name: "Features", dependencies: ["Networks", "Records"]),
    .target(name: "Evaluation", dependencies: ["Adversaries", "CLAPACK", "Datasets", "Features", "Records"]),
    .target(name: "Interop", dependencies: ["Networks", "Records"]),
    .target(name: "Saddle", dependencies: ["Baselines", "Evaluation", "Interop", "Records", "Yams"]),
    .target(name: "Benchmarks", dependencies: ["Features", "Saddle"]),
    .target(name: "Laboratory", dependencies: ["Saddle"]),
    // The command line as a library, for users who bring rows of their own; and the command of Saddle itself.
    .target(
      name: "SaddleCLI",
      dependencies: ["Benchmarks", "Laboratory", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(name: "SaddleCommand", dependencies: ["SaddleCLI"]),

    // The sources of the example package, so that the tests need not build Saddle a second time.
    .executableTarget(name: "OwnRows", dependencies: ["SaddleCLI"], path: "Examples/OwnRows/Sources/OwnRows"),

    // Readers under inputs that are nearly right: tools/fuzz, and a share of it in the tests.
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CImages", "Devices", "Saddle", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Fuzz", resources: [.copy("Corpus")]),
    .testTarget(name: "FuzzTests", dependencies: ["Fuzz", "SaddleCLI", "SaddleCommand"]),

    .target(name: "RecordingOpenCL", path: "Tests/RecordingOpenCL"),

    // What tests of several targets share: a comparator that NaN does not pass.
    .target(name: "Comparison", path: "Tests/Comparison"),
    .testTarget(name: "KernelsTests", dependencies: ["Devices"]),
    .testTarget(name: "DevicesTests", dependencies: ["Devices"]),
    .testTarget(name: "TensorsTests", dependencies: ["Comparison", "Tensors"]),
    .testTarget(name: "NetworksTests", dependencies: ["Networks"], resources: [.copy("Reference")]),
    .testTarget(name: "AdversariesTests", dependencies: ["Adversaries"], resources: [.copy("Reference")]),
    .testTarget(name: "BaselinesTests", dependencies: ["Baselines", "Comparison"], resources: [.copy("Reference")]),
    .testTarget(name: "DatasetsTests", dependencies: ["Datasets"]),
    .testTarget(
      name: "FeaturesTests", dependencies: ["Comparison", "Datasets", "Evaluation", "Features"],
      resources: [.copy("Reference")]),
    .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"], resources: [.copy("Reference")]),
    .testTarget(name: "InteropTests", dependencies: ["Interop"]),
    .testTarget(name: "RecordsTests", dependencies: ["Records"], resources: [.copy("Reference")]),
    .testTarget(name: "SaddleTests", dependencies: ["Laboratory", "Saddle"]),
    .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks"]),
    .testTarget(name: "LaboratoryTests", dependencies: ["Laboratory"]),
    .testTarget(name: "SaddleCLITests", dependencies: ["OwnRows", "SaddleCLI", "SaddleCommand"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)

// Optimized is what runs in every step or loops over bytes and numbers. Of what only calls it, and of most tests,
// optimization would take a third of the build's time and give little.
let hot: Set = [
  "Adversaries", "Baselines", "Datasets", "Devices", "Evaluation", "Interop", "Features", "Networks", "Records",
  "Tensors",
  "TensorsTests",
]
for target in package.targets where !hot.contains(target.name) {
  target.swiftSettings = [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}
