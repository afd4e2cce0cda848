// The code of the documentation (Sources/Saddle/Saddle.docc), compiled and run: a test compares it with the pages, line
// by line.
import Foundation
import Saddle
import Testing

// MARK: The tutorial

/// Trains on a folder of pictures, and draws from what was learned.
func train(onPicturesIn folder: String, run: String, steps: Int) throws {
  let outline = try DatasetOutline(at: .init(fileURLWithPath: folder))
  let choice = PresetChoice(for: outline)
  for line in choice.reasons + choice.cautions { print(line) }

  let configuration = try Configuration(
    from: choice.preset,
    assignments: choice.assignments + ["data.path=\(folder)", "training.steps=\(steps)"])

  let (device, reason) = try Device.open("auto")
  print(reason)
  let estimate = try configuration.estimate(images: outline.count)
  print("memory \(Estimate.text(estimate.memoryBytes)), disk \(Estimate.text(estimate.diskBytes))")
  for shortage in configuration.shortages(estimate, .init(device, folder: run)) { print(shortage) }

  let training = try TrainingRun(configuration, in: run, on: device)
  let ending = try training.train()

  let trainer = training.trainer
  let samples = trainer.samples(trainer.latents(64), configuration.samplingMode)
  try SamplePicture(samples).write(to: run + "/picture.png")
  let summary = try RunSummary(of: run)
  print("\(ending): \(summary.step) of \(summary.steps) steps, \(summary.warnings) warnings")
}

@Test func theTutorialTrainsOnPictures() throws {
  let folder = try TemporaryFolder()
  let pictures = folder.path + "/pictures"
  try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
  for number in 0..<3 {
    let pixels = (0..<64 * 70 * 3).map { UInt8(truncatingIfNeeded: $0 * (number + 1)) }
    try SampleGrid(pixels: pixels, count: 1, height: 70, width: 64, channels: 3)
      .writePNG(to: "\(pictures)/\(number).png", scale: 1)
  }
  try train(onPicturesIn: pictures, run: folder.path + "/run", steps: 1)
  #expect(FileManager.default.fileExists(atPath: folder.path + "/run/picture.png"))
}

// MARK: The articles

/// The same bits.
@Test func theArticleOfBits() throws {
  let folder = try TemporaryFolder().path
  let configuration = try Configuration(
    from: "ring", assignments: ["training.steps=3", "training.batch=16", "model.width=16"])
  let runs = try [Device.cpu(threads: 1), Device.cpu(threads: 2)].enumerated().map { index, device in
    let run = try TrainingRun(configuration, in: "\(folder)/\(index)", on: device)
    _ = try run.train(progress: .silent)
    return try run.trainer.generator.network.weights.scalars(as: Float.self)
  }
  print(runs[0] == runs[1])  // true
  #expect(runs[0] == runs[1])
}

@Test func theArticleOfTheTape() throws {
  let device = try Device.cpu()
  do {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3], shape: [3], on: device))
    let y = (x * x * x).summed()
    let slope = gradient(of: y, wrt: [x], createGraph: true)[0]  // 3 x^2
    let bend = gradient(of: slope, wrt: [x])[0]  // 6 x
    #expect(try slope.scalars(as: Double.self) == [3, 12, 27] && bend.scalars(as: Double.self) == [6, 12, 18])
  }
  let tape = Tape()
  let samples = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
  func discriminator(_ x: Tensor) -> Tensor { x.squared().summed(over: [1]) }
  let real = tape.watch(samples)
  let slopes = gradient(of: discriminator(real), wrt: [real], createGraph: true)[0]
  let penalty = 0.5 * slopes.squared().summed() / Double(samples.shape[0])
  // Half the mean of 4 x^2 + 4 y^2.
  #expect(try penalty.scalars(as: Double.self) == [30])
}

@Test func theArticleOfGames() throws {
  let device = try Device.cpu()
  let logarithmic = Objective(
    name: "logarithmic", summary: "the minimax game without its saturation", estimates: "2 JS(P, G) - log 4",
    discriminatorLoss: { ((-$0.realLogits).softplus() + $0.fakeLogits.softplus()).mean() },
    generatorLoss: { (-$0.fakeLogits).softplus().mean() })
  let drift = Regularizer(
    name: "drift", summary: "E D(x)^2 at real samples", discriminatorPasses: [.real],
    discriminator: { $0.realLogits.squared().mean() })
  let dimmed = InputTransform(name: "dimmed") { samples, context in samples * (context.step < 1000 ? 0.5 : 1) }

  let configuration = try Configuration(from: "ring", assignments: ["model.width=16"])
  let players = try Trainer(configuration, on: device)
  let (generator, discriminator) = (players.generator, players.discriminator)
  let source = PointSource(.ring, batch: 16, seed: 1, on: device)
  func nextSamples() throws -> Tensor { source.next().samples }
  var game = Game(logarithmic)
  game.regularizers = [(drift, 0.001)]
  game.inputTransforms = [dimmed]
  game.training.discriminatorSteps = 2
  let trainer = Trainer(generator: generator, discriminator: discriminator, game: game, seed: 1)
  let step = try trainer.advance { Batch(try nextSamples()) }
  #expect(step.number == 1 && trainer.drawn == 2)
}

@Test func theArticleOfJudging() throws {
  let device = try Device.cpu()
  let configuration = try Configuration(from: "fashion", assignments: ["model.width=8", "data.path=\(fashion)"])
  let trainer = try Trainer(configuration, on: device)
  let url = URL(fileURLWithPath: fashion)
  let images = try openDataset(at: url, size: 32, channels: 1)
  let heldOut = try openDataset(at: url, split: .heldOut, size: 32, channels: 1)
  let objective = try #require(Objective.named("hinge"))
  func judge() throws -> Judgement {
    var critic = try IndependentCritic.images(objective, size: 32, channels: 1)
    (critic.steps, critic.readings, critic.batch) = (2, 2, 8)
    let halves = try heldOut.divided(share: 0.5)
    let judgement = try critic.judge(
      fake: IndependentCritic.samples(of: trainer, configuration.samplingMode, seed: 1),
      fitting: IndependentCritic.samples(of: halves.share, seed: 1, on: device),
      train: IndependentCritic.samples(of: images, seed: 1, on: device),
      heldOut: IndependentCritic.samples(of: halves.rest, seed: 1, on: device))
    print(judgement.heldOut.mean, judgement.gap, judgement.gapError)
    return judgement
  }
  #expect(try judge().gap.isFinite)
}

@Test func theLandingPage() throws {
  let temporary = try TemporaryFolder()
  let folder = URL(fileURLWithPath: fashion)
  let choice = PresetChoice(for: try DatasetOutline(at: folder))
  let configuration = try Configuration(
    from: choice.preset, assignments: choice.assignments + ["data.path=\(folder.path)"])
  #expect(choice.preset == "acgan" && configuration.model.size == 32)
  let small = try Configuration(from: "ring", assignments: ["training.steps=1"])
  let run = try TrainingRun(small, in: temporary.path + "/first", on: Device.open("auto").device)
  _ = try run.train(progress: .silent)
}

// MARK: The pages

private let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Sources/Saddle/Saddle.docc").path

private func trimmedLines(_ text: some StringProtocol) -> [String] {
  text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
}

/// What the landing page writes more shortly than a test can: it trains in the reader's own folder.
private let abridged = [
  "let run = try TrainingRun(configuration, in: \"runs/first\", on: Device.open(\"auto\").device)",
  "_ = try run.train()", "let critic = try IndependentCritic.images(objective, size: 32, channels: 1)",
]

@Test(arguments: [
  "Saddle.md", "Articles/SameBits.md", "Articles/TheTape.md", "Articles/AGameOfOnesOwn.md",
  "Articles/JudgingAGenerator.md",
])
func thePagesShowThisCode(page: String) throws {
  let code = trimmedLines(try String(contentsOfFile: #filePath, encoding: .utf8))
  let text = try String(contentsOfFile: "\(reference)/\(page)", encoding: .utf8)
  let blocks = text.components(separatedBy: "```swift\n").dropFirst().compactMap {
    $0.components(separatedBy: "```").first
  }
  #expect(!blocks.isEmpty)
  for line in blocks.flatMap(trimmedLines) where !abridged.contains(line) {
    #expect(code.contains(line), "\(page) shows a line that is not compiled: \(line)")
  }
}

/// Each step of the tutorial is the beginning of the next, and the last is the function above.
@Test func theTutorialShowsThisCode() throws {
  func lines(_ name: String) throws -> [String] {
    let text = try String(contentsOfFile: "\(reference)/Resources/\(name)", encoding: .utf8)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast(1)
  }
  let whole = try lines("pictures-5.swift")
  let source = try String(contentsOfFile: #filePath, encoding: .utf8)
  #expect(source.contains(whole.dropFirst(2).joined(separator: "\n")))
  for step in 1...4 {
    let part = try lines("pictures-\(step).swift")
    #expect(part.last == "}" && whole.starts(with: part.dropLast()), "step \(step)")
  }
  let shell = try lines("terminal-4.sh")
  for step in 1...3 { #expect(shell.starts(with: try lines("terminal-\(step).sh")), "step \(step)") }
}

/// A change that moves a bit gets a number of its own; the rules say which number is theirs.
@Test func theRulesAreThoseOfTheContract() throws {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
  let rules = try String(contentsOf: root.appendingPathComponent("Kernels/README.md"), encoding: .utf8)
  #expect(rules.contains("\n## The numerical contract, number \(NumericalContract.strict)\n"))
}
