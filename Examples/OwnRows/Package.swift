// swift-tools-version: 6.2
// A package of one's own: a network, an objective, a divergence, a regularizer, a metric and a preset beside Saddle's.
import PackageDescription

let package = Package(
  name: "own-rows",
  // In a package of yours: .package(url: "https://...", branch: "main")
  dependencies: [.package(name: "saddle", path: "../..")],
  targets: [
    .executableTarget(name: "OwnRows", dependencies: [.product(name: "SaddleCLI", package: "saddle")])
  ]
)
