import Foundation
import Saddle

extension Experiment {
  /// A learned divergence sees what its critic can see: the same generator against a critic of convolutions and one
  /// of dense layers with as many weights; more critic steps; and both players at once.
  ///
  /// Judged by the Fréchet distance between 2,000 held-out images and as many generated ones, on 64 features of a
  /// network of convolutions with random weights that no run trains: Gaussian fits to them are compared as FID's are.
  /// It is no FID, and comparable with nothing but itself. Beside it stands the same on pixels, averaged over 4 x 4.
  static let criticPrior = Experiment(
    "critic-prior", "what a critic is made of shows in the images: convolutions or not, its steps, the order of play"
  ) { lab in
    let judge = try FashionJudge(lab, count: lab.count(2000, atLeast: 100))
    try judge.expectClosedForms(lab)
    let steps = lab.count(500, atLeast: 6)
    // Five critic steps and one of the generator are as many as three of each.
    let equalWork = max(steps / 3, 1)
    var simultaneous = try Game(objective("non-saturating"))
    simultaneous.training.order = .simultaneous
    var five = try Game(objective("non-saturating"))
    five.training.discriminatorSteps = 5
    let runs: [(name: String, critic: String, game: Game)] = [
      ("convolutions", "dcgan", try Game(objective("non-saturating"))),
      ("dense layers", "mlp", try Game(objective("non-saturating"))),
      ("five critic steps", "dcgan", five),
      ("both at once", "dcgan", simultaneous),
    ]

    let floor = try judge.distances(to: judge.training)
    lab.record("training images: distance from held-out ones", floor.features)
    let seeds = lab.seeds(3)
    var found: [String: [(features: Double, pixels: Double)]] = [:]
    var grids: [(title: String, grid: SampleGrid)] = [("data", try judge.grid(judge.training))]
    var curves: [Plot.Mark] = [.horizontal(nil, at: floor.features)]
    for run in runs {
      for seed in seeds {
        let random = { (stream: UInt32) in RandomStream(seed: seed, stream: stream) }
        let images = try FashionImages(batch: FashionDCGAN.batch, seed: seed, on: lab.device)
        let trainer = Trainer(
          generator: try adamPlayer(FashionDCGAN.generator(random(1), on: lab.device), rate: 2e-4),
          discriminator: try adamPlayer(
            FashionDCGAN.critic(run.critic, "spectral", random(2), on: lab.device), rate: 2e-4),
          game: run.game, seed: seed)
        let samples = {
          trainer.samples(trainer.latents(judge.count), .init(usesEMA: false, usesRunningStatistics: true))
        }
        var points: [Plot.Point] = []
        while trainer.step < steps {
          if trainer.step % 10 == 0 { lab.progress("\(run.name), seed \(seed): step \(trainer.step) of \(steps)") }
          _ = try trainer.advance(measuring: false) { Batch(try images.next()) }
          if seed == lab.seed && trainer.step % max(steps / 8, 1) == 0 {
            points.append((Double(trainer.step), try judge.distances(to: samples()).features))
          }
          if trainer.step == equalWork && run.name == "five critic steps" {
            found["five critic steps, equal work", default: []].append(try judge.distances(to: samples()))
          }
        }
        found[run.name, default: []].append(try judge.distances(to: samples()))
        guard seed == lab.seed else { continue }
        curves.append(.line(run.name, points))
        grids.append((run.name, try judge.grid(samples())))
      }
    }
    report(lab, found, steps, equalWork)
    try lab.figure("samples", grids, columns: 3)
    lab.figure(
      "distances",
      Plot(
        "Fréchet distance on random features (dashed: training images)", x: "steps of the generator",
        y: .logarithmic("distance"), curves))
  }

  /// No theory gives these distances: they are told, not judged, and the notes say what they bear out.
  private static func report(
    _ lab: Lab, _ found: [String: [(features: Double, pixels: Double)]], _ steps: Int, _ equalWork: Int
  ) {
    for (name, values) in found.sorted(by: { $0.key < $1.key }) {
      for (what, values) in [
        ("random features", values.map(\.features)), ("8 x 8 pixels", values.map(\.pixels)),
      ] {
        lab.record("\(name): Fréchet distance on \(what)", values.mean)
        if values.count > 1 {
          lab.record("\(name): Fréchet distance on \(what), deviation", values.variance.squareRoot())
        }
      }
    }
    lab.note(
      "Nothing here is expected of the generators, and the rows that are judged only check the measure itself: no theory "
        + "orders these games after \(steps) steps of small networks. Networks for which critics of convolutions are known "
        + "to make better images are many times as wide and trained far longer.")
    // By the same seed: the data and the generator's first weights are then the same.
    func compare(_ a: String, _ b: String) -> String {
      let (x, y) = ((found[a] ?? []).map(\.features), (found[b] ?? []).map(\.features))
      let nearer = zip(x, y).count { $0 < $1 }
      return "\(a) against \(b): nearer to the data in \(nearer) of \(x.count) seeds, distance "
        + "\(Finding.number((x.mean / y.mean * 100).rounded() / 100)) times as large in the mean."
    }
    lab.note(
      [
        compare("dense layers", "convolutions"), compare("five critic steps", "convolutions"),
        compare("five critic steps, equal work", "convolutions"), compare("both at once", "convolutions"),
      ].map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " "))
    lab.note(
      "Five critic steps cost three times as many updates as one at the same number of generator steps; \"equal work\" "
        + "is that run after \(equalWork) generator steps, when it has made about as many updates of both players "
        + "together as the others at their end. Each distance is one reading with the last weights, and the deviation is over "
        + "\(found.values.map(\.count).max() ?? 0) seeds only.")
  }
}

extension FashionDCGAN {
  /// A critic of convolutions or dense layers with as many weights, 42,000, both normalized in the same way.
  static func critic(_ name: String, _ norm: String, _ random: RandomStream, on device: Device) throws -> Network {
    var options = options(criticNormalization: norm)
    options.initializer = .he
    if name == "mlp" { options.width = 40 }
    return try Network(architecture(name).discriminator(options), input: [32, 32, 1], random: random, on: device)
  }
}

/// Distances of images from held-out ones.
struct FashionJudge {
  let count: Int
  /// Training images, as many.
  let training: Tensor
  private let network: Network
  private let heldOutImages: Tensor
  private let heldOut: (features: FeatureMoments, pixels: FeatureMoments)

  init(_ lab: Lab, count: Int) throws {
    self.count = count
    training = try FashionImages(batch: count, seed: lab.seed, on: lab.device).next()
    network = try FashionDCGAN.critic("dcgan", "none", RandomStream(seed: 0, stream: 0), on: lab.device)
    heldOutImages = try FashionImages(.heldOut, batch: count, seed: lab.seed, on: lab.device).next()
    heldOut = try Self.summaries(of: heldOutImages, network)
  }

  /// Two distances on pixels that are known: brighter images have another mean, and images of half the contrast have
  /// half of everything, so that the distance is a quarter of E ‖x‖².
  func expectClosedForms(_ lab: Lab) throws {
    let brighter = try distances(to: heldOutImages + 0.1).pixels
    lab.expect("held-out images and the same, brighter by 0.1: distance on pixels", brighter, 0.64, within: 6.4e-3)
    let square = try Self.squares(heldOutImages).squared().mean().scalars(as: Double.self)[0] * 64
    let fainter = try distances(to: 0.5 * heldOutImages).pixels
    lab.expect(
      "held-out images and half of them: distance on pixels / E ‖x‖² / 4", fainter / (square / 4), 1, within: 0.02)
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
    return (try moments(maps.mean(over: [1, 2])), try moments(squares(images)))
  }

  /// Means of 4 x 4 pixels, [N, 8, 8].
  private static func squares(_ images: Tensor) -> Tensor {
    images.reshaped(to: [images.shape[0], 8, 4, 8, 4]).mean(over: [2, 4])
  }
}
