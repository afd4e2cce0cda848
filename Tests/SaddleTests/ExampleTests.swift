// docs/library.md shows this file from the next line to the marker; a test compares the two.
import Saddle

/// Trains a small GAN on a folder of images and writes what it draws.
func trainExample(images: String, picture: String, steps: Int) throws {
  let (device, reason) = try Device.open("auto")
  print(reason)

  // Two networks, each with an optimizer; all random numbers are functions of the seed.
  let random = (generator: RandomStream(seed: 1, stream: 1), discriminator: RandomStream(seed: 1, stream: 2))
  let generator = try Network(
    Sequential([
      Reshape([1, 1, 32]), TransposedConvolution(32, kernel: 8, bias: false, initializer: .dcgan), BatchNormalization(),
      Activation.relu,
      TransposedConvolution(1, kernel: 4, .init(stride: 4), initializer: .dcgan), Activation.tanh,
    ]), input: [32], random: random.generator, on: device)
  let discriminator = try Network(
    Sequential([
      Convolution(32, kernel: 4, .init(stride: 4), initializer: .dcgan), Activation.leakyReLU(), Reshape.flat,
      Dense(1, initializer: .dcgan),
    ]), input: [32, 32, 1], random: random.discriminator, on: device)
  let adam = OptimizerRule.all.first { $0.name == "adam" }!
  let settings = OptimizerSettings(rate: 2e-4)
  let game = Trainer(
    generator: TrainableNetwork(generator, adam, settings),
    discriminator: TrainableNetwork(discriminator, adam, settings),
    game: Game(Objective.named("non-saturating")!), seed: 1)

  // Batches are read in the background.
  let dataset = try openDataset(at: .init(fileURLWithPath: images), size: 32, channels: 1)
  let batches = BatchPrefetcher(dataset, try BatchSampler(count: dataset.count, batchSize: 32, seed: 1))
  for _ in 0..<steps {
    let step = try game.advance {
      Batch(Tensor(imageBytes: try batches.next().bytes, shape: [32, 32, 32, 1], on: device))
    }
    if step.number % 100 == 0 { print(step.number, try step.columns[0].value.scalars(as: Float.self)) }
  }
  let samples = game.samples(game.latents(64), .init(usesEMA: false, usesRunningStatistics: true))
  try SamplePicture(samples).write(to: picture)
}
// end of the example

import Foundation
import Testing

@Test func theLibraryPagesExampleRuns() throws {
  let folder = try TemporaryFolder()
  try trainExample(images: fashion, picture: folder.path + "/samples.png", steps: 2)
  #expect(FileManager.default.fileExists(atPath: folder.path + "/samples.png"))
}

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// A page of docs.
private func page(_ name: String) throws -> String {
  try String(contentsOf: root.appendingPathComponent("docs/\(name).md"), encoding: .utf8)
}

@Test func theLibraryPageShowsTheExample() throws {
  let source = try String(contentsOfFile: #filePath, encoding: .utf8)
  let start = try #require(source.range(of: "import Saddle")?.lowerBound)
  let end = try #require(source.range(of: "// end of the example")?.lowerBound)
  #expect(try page("library").contains(source[start..<end]), "docs/library.md's example is not that of this file")
}

/// The divergence of docs/extend.md is what it says, and the lines are those of the page.
@Test func theExtendPagesDivergence() throws {
  let divergence = try Divergence(
    "my-kl", summary: "u log u", f: { $0 * $0.logarithm() }, conjugate: { ($0 - 1).exponential() }, activation: { $0 })
  let game = Game(.divergence(divergence))
  #expect(game.objective.name == "fgan-my-kl" && abs(divergence.threshold - 1) < 1e-12)
  let source = try String(contentsOfFile: #filePath, encoding: .utf8)
  let lines = source.split(separator: "\n").filter {
    $0.contains("my-kl\", summary") || $0.contains("let game = Game(.div")
  }
  let text = try page("extend")
  for line in lines.prefix(2) { #expect(text.contains(line.drop { $0 == " " })) }
}

/// The other Swift of docs/extend.md, and that of the transcript, stands in the example package.
@Test(arguments: ["extend", "transcripts/a-loss-of-your-own"])
func thePagesShowTheExamplePackage(name: String) throws {
  let folder = root.appendingPathComponent("Examples/OwnRows/Sources/OwnRows")
  let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { folder.path + "/" + $0 }
  func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }
  let compiled = try (files + [#filePath]).flatMap { lines(try String(contentsOfFile: $0, encoding: .utf8)) }
  for block in try page(name).components(separatedBy: "```swift\n").dropFirst() {
    for line in lines(block.components(separatedBy: "```")[0]) {
      #expect(compiled.contains(line), "docs/\(name).md shows a line that is not compiled: \(line)")
    }
  }
}
