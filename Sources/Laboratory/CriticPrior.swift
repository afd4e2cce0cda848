import Foundation
import Saddle

extension Experiment {
  /// A learned divergence sees what its critic can see: the same generator against a critic of convolutions and one
  /// of dense layers with as many weights; more critic steps; and both players at once.
  ///
  /// Judged by the Fréchet distance between 2,000 held-out images and as many generated ones, on 64 features of a network
  /// of convolutions with random weights that no run trains: Gaussian fits to them are compared as FID's are. It is no
  /// FID, and comparable with nothing but itself. Beside it stands the same on pixels, averaged over 4 x 4.
  static let criticPrior = Experiment(
    "critic-prior", "what a critic is made of shows in the images: convolutions or not, its steps, the order of play"
  ) { lab in
    let judge = try FashionJudge(lab, count: lab.count(2000, atLeast: 100))
    let steps = lab.count(800, atLeast: 6)
    var simultaneous = try Game(objective("non-saturating"))
    simultaneous.order = .simultaneous
    var five = try Game(objective("non-saturating"))
    five.criticSteps = 5
    let runs: [(name: String, critic: String, game: Game)] = [
      ("convolutions", "dcgan", try Game(objective("non-saturating"))),
      ("dense layers", "mlp", try Game(objective("non-saturating"))),
      ("five critic steps", "dcgan", five),
      ("both at once", "dcgan", simultaneous),
    ]

    let floor = try judge.distances(to: judge.training)
    lab.record("training images: distance from held-out ones", floor.features)
    var distances: [String: Double] = [:]
    var grids: [(title: String, grid: SampleGrid)] = [("data", try judge.grid(judge.training))]
    var curves: [Plot.Mark] = [.horizontal(nil, at: floor.features)]
    for run in runs {
      let images = try FashionImages(batch: FashionDCGAN.batch, seed: lab.seed, on: lab.device)
      let trainer = Trainer(
        generator: try adamPlayer(FashionDCGAN.generator(lab.random(1), on: lab.device), rate: 2e-4),
        critic: try adamPlayer(FashionDCGAN.critic(run.critic, "spectral", lab.random(2), on: lab.device), rate: 2e-4),
        game: run.game, seed: lab.seed)
      let samples = {
        trainer.samples(trainer.latents(judge.count), .init(usesAverage: false, usesRunningStatistics: true))
      }
      var points: [Plot.Point] = []
      while trainer.step < steps {
        if trainer.step % 10 == 0 { lab.progress("\(run.name): step \(trainer.step) of \(steps)") }
        _ = try trainer.advance(measuring: false) { Batch(try images.next()) }
        if trainer.step % max(steps / 8, 1) == 0 {
          points.append((Double(trainer.step), try judge.distances(to: samples()).features))
        }
      }
      let (features, pixels) = try judge.distances(to: samples())
      lab.record("\(run.name): Fréchet distance on random features", features)
      lab.record("\(run.name): Fréchet distance on 8 x 8 pixels", pixels)
      lab.expect("\(run.name): its distance / that of training images", features / floor.features, atLeast: 2)
      distances[run.name] = features
      curves.append(.line(run.name, points))
      grids.append((run.name, try judge.grid(samples())))
    }
    let ratio = { (a: String, b: String) in (distances[a] ?? .nan) / (distances[b] ?? .nan) }
    // No theory gives these ratios: they are told, not judged.
    lab.record("distance by convolutions / by dense layers", ratio("convolutions", "dense layers"))
    lab.record("distance by five critic steps / by one", ratio("five critic steps", "convolutions"))
    lab.record("distance by moving at once / in turn", ratio("both at once", "convolutions"))
    try lab.figure("samples", grids, columns: 3)
    lab.figure(
      "distances",
      Plot(
        "Fréchet distance on random features (dashed: training images)", x: "steps of the generator",
        y: .logarithmic("distance"), curves))
  }
}

extension FashionDCGAN {
  /// A critic of convolutions or dense layers with as many weights, 42,000, both normalized in the same way.
  static func critic(_ name: String, _ norm: String, _ random: RandomStream, on device: Device) throws -> Network {
    var options = options(criticNormalization: norm)
    options.initializer = .he
    if name == "mlp" { options.width = 40 }
    return try Network(architecture(name).critic(options), input: [32, 32, 1], random: random, on: device)
  }
}

/// Distances of images from held-out ones.
private struct FashionJudge {
  let count: Int
  /// Training images, as many.
  let training: Tensor
  private let network: Network
  private let heldOut: (features: FeatureMoments, pixels: FeatureMoments)

  init(_ lab: Lab, count: Int) throws {
    self.count = count
    training = try FashionImages(batch: count, seed: lab.seed, on: lab.device).next()
    network = try FashionDCGAN.critic("dcgan", "none", RandomStream(seed: 0, stream: 0), on: lab.device)
    let images = try FashionImages(.heldOut, batch: count, seed: lab.seed, on: lab.device).next()
    heldOut = try Self.summaries(of: images, network)
  }

  func distances(to images: Tensor) throws -> (features: Double, pixels: Double) {
    let own = try Self.summaries(of: images, network)
    return (
      try frechetDistance(own.features, heldOut.features).value, try frechetDistance(own.pixels, heldOut.pixels).value
    )
  }

  /// The first 36.
  func grid(_ images: Tensor) throws -> SampleGrid {
    let shown = images.rows(from: 0, count: 36)
    return SampleGrid(pixels: try shown.imageBytes(), count: 36, height: 32, width: 32, channels: 1)
  }

  /// 64 numbers of each image: the mean of each of the last feature maps, and of each square of 4 x 4 pixels.
  private static func summaries(
    of images: Tensor, _ network: Network
  ) throws -> (features: FeatureMoments, pixels: FeatureMoments) {
    guard let maps = network.evaluate(images, mode: .inference).features else {
      throw LaboratoryError("the judging network has no features")
    }
    func moments(_ x: Tensor) throws -> FeatureMoments {
      FeatureMoments(Features(count: x.shape[0], width: x.shape.count / x.shape[0], values: try x.scalars()))
    }
    let squares = images.reshaped(to: [images.shape[0], 8, 4, 8, 4]).mean(over: [2, 4])
    return (try moments(maps.mean(over: [1, 2])), try moments(squares))
  }
}
