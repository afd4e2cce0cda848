import ArgumentParser
import Foundation
import Saddle

struct Judge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Judges a run by an independent critic, trained from scratch.",
    discussion: """
      The critic estimates how far the run's samples are from its training images, and from images that it never saw.
      A generator that repeats its training images is near to those only: the gap shows it.
        saddle judge runs/fashion
        saddle judge runs/fashion --objective wasserstein --steps 4000
        saddle judge runs/fashion --nnd
      One critic learns from half of the held-out images and is read on the other half and on training images. With
      --nnd (Gulrajani, Raffel and Metz 2019) there are two, each read on the images that it learned from.
      A run of points (ring, grid) is judged by the points that it was trained on, and by others of the same mixture.
      """)

  @Argument(help: "The run's folder.", completion: .directory) var folder: String
  @Option(help: ArgumentHelp("The run's images; those it was trained on by default.", valueName: "path"))
  var data: String?
  @Option(
    help: ArgumentHelp("Images that it was not trained on; the data's own test part by default.", valueName: "path"))
  var heldOut: String?
  @Option("Holds this share of --data out, which the run must not have seen.", .share, valueName: "share")
  var split: Double?
  @Option(
    help: ArgumentHelp("What the critic is trained for: a row of objective.name.", valueName: "name"),
    completion: Completions.objectives)
  var objective = Objective.standardName
  @Flag(help: "The neural-network divergence, in a size that takes minutes.") var nnd = false
  @Flag(help: "With --nnd: its paper's size, 100,000 steps of 256 images, which takes days on a processor.") var exact =
    false
  @Option("Steps of the critic.", .whole(1...100_000_000)) var steps: Int?
  @Option("Images of each kind that a number is averaged over.", .whole(2...10_000_000)) var samples = 2048
  @Option("The seed of the critic, of latents and of the images' order.", .seed) var seed: UInt64 = 1
  @Option(help: ArgumentHelp("The checkpoint, such as step-00000500; the latest by default.", valueName: "checkpoint"))
  var from: String?
  @Flag(help: "Prints JSON.") var json = false
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if split != nil && heldOut != nil { throw ValidationError("Give --held-out or --split, not both.") }
    if exact && !nnd { throw ValidationError("--exact goes with --nnd.") }
    if let number = Setting<String>.wrongNumber(in: objective) {
      throw ValidationError("--objective is '\(objective)'; it must be \(number).")
    }
    guard let row = registry.objective(objective) else {
      let names = registry.objectives.map(\.name)
      let hint =
        nearest(to: objective, among: names).map { "did you mean \($0)?" }
        ?? "there are \(names.joined(separator: ", "))."
      throw ValidationError("No objective is called '\(objective)': \(hint)")
    }
    if nnd && ![Objective.wasserstein.name, Objective.standardName].contains(row.name) {
      throw ValidationError("--nnd has an objective of its own; leave --objective away.")
    }
  }

  func run() throws {
    let run = try SavedRun(opening: folder, from: from, registry: registry)
    let configuration = run.configuration
    let isOfImages = configuration.sampleShape.rank == 3
    if !isOfImages { try checkPoints(folder) }
    let images = isOfImages ? try openImages(configuration) : nil
    let critic = try self.critic(of: configuration.sampleShape)
    let device = try deviceOptions.open()
    let trainer = try run.trainer(on: device)
    let reals = try images.map { try samples(of: $0, on: device) } ?? points(configuration, trainer, critic)

    let status = StatusLine()
    let start = ContinuousClock.now
    let judgement = try judge(critic, trainer, configuration.samplingMode, reals) { step, steps in
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      status.show(
        "critic: step \(step) of \(steps)  \(ProgressLine.duration(seconds * Double(steps - step) / Double(step))) left"
      )
    }
    status.clear()
    let report = JudgeReport(
      judgement, critic, isDivergenceOfNetworks: nnd, run: folder, step: run.step,
      weights: trainer.generator.ema == nil ? "raw" : configuration.sampling.weights.rawValue,
      statistics: configuration.sampling.statistics.rawValue, kind: isOfImages ? "images" : "points",
      names: reals.names, counts: reals.counts,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    try show(json ? try report.json() : report.text)
  }

  private func critic(of sample: Shape) throws -> IndependentCritic {
    guard let row = registry.objective(objective) else { preconditionFailure("validate() knows the objective") }
    var critic =
      if nnd {
        IndependentCritic.neuralNetworkDivergence(size: sample[0], exact: exact)
      } else if sample.rank == 3 {
        try IndependentCritic.images(row, size: sample[0], channels: sample[2])
      } else {
        IndependentCritic.points(row, coordinates: sample.count)
      }
    if let steps { critic.steps = steps }
    if !exact { critic.readings = max(2, samples / critic.batch) }
    critic.seed = seed
    // Asked now: whether the critic fits is known without a sample.
    try critic.check(sample: sample)
    return critic
  }

  /// What the critic is to know from generated samples.
  struct Reals {
    let train: IndependentCritic.Samples
    /// What the critic learns from.
    let fitting: IndependentCritic.Samples
    let heldOut: IndependentCritic.Samples
    /// Where the two kinds come from.
    let names: (train: String, heldOut: String)
    let counts: (train: Int, fitting: Int, heldOut: Int)
  }

  // MARK: Images

  private struct Images {
    let train: any ImageDataset
    /// What the critic learns from.
    let fitting: any ImageDataset
    let heldOut: any ImageDataset
    /// Where the two kinds come from.
    let names: (train: String, heldOut: String)
  }

  private func openImages(_ configuration: Saddle.Configuration) throws -> Images {
    let path = data ?? configuration.data.path
    var train = try configuration.openData(at: path)
    let held: any ImageDataset
    if let split {
      let parts = try train.divided(share: split)
      (train, held) = (parts.rest, parts.share)
    } else {
      held = try heldOut.map { try configuration.openData(at: $0) } ?? configuration.openData(.heldOut, at: path)
    }
    let place = split.map { "\($0) of \(path)" } ?? heldOut ?? path
    if nnd {
      // Both critics learn by heart alike only from as many images.
      let count = min(train.count, held.count)
      func some(_ images: any ImageDataset) throws -> any ImageDataset {
        images.count == count ? images : try images.divided(share: Double(count) / Double(images.count)).share
      }
      let (train, held) = (try some(train), try some(held))
      return Images(train: train, fitting: held, heldOut: held, names: (path, place))
    }
    let halves = try held.divided(share: 0.5)
    return Images(train: train, fitting: halves.share, heldOut: halves.rest, names: (path, place))
  }

  private func samples(of images: Images, on device: Device) throws -> Reals {
    func draws(_ images: any ImageDataset) throws -> IndependentCritic.Samples {
      try IndependentCritic.samples(of: images, seed: seed, on: device)
    }
    return Reals(
      train: try draws(images.train), fitting: try draws(images.fitting), heldOut: try draws(images.heldOut),
      names: images.names, counts: (images.train.count, images.fitting.count, images.heldOut.count))
  }

  private func judge(
    _ critic: IndependentCritic, _ trainer: Trainer, _ sampling: Trainer.Sampling, _ reals: Reals,
    progress: (Int, Int) -> Void
  ) throws -> Judgement {
    let fake = IndependentCritic.samples(of: trainer, sampling, seed: seed)
    guard nnd else {
      return try critic.judge(
        fake: fake, fitting: reals.fitting, train: reals.train, heldOut: reals.heldOut, progress: progress)
    }
    func dequantised(_ samples: @escaping IndependentCritic.Samples, _ stream: UInt32) -> IndependentCritic.Samples {
      IndependentCritic.dequantised(samples, seed: seed, stream: stream)
    }
    return try critic.judge(
      fake: dequantised(fake, 1), train: dequantised(reals.train, 2), heldOut: dequantised(reals.heldOut, 3),
      progress: progress)
  }
}
