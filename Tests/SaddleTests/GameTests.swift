import Foundation
import Testing

@testable import Saddle

/// An objective for each kind of discriminator, with what it asks of the networks.
private let discriminators = [
  ["objective.name=non-saturating"], ["objective.name=relativistic"], ["objective.name=preference"],
  ["objective.name=ebgan", "model.architecture=autoencoder", "model.size=32"],
  ["objective.name=began", "model.architecture=autoencoder", "model.size=32"],
  ["objective.name=semi-supervised", "model.classes=3"],
]

/// The configuration of some assignments; nil where it is refused in a sentence that names one of them.
private func allowed(_ assignments: [String]) throws -> Configuration? {
  do {
    return try Configuration(assignments: assignments)
  } catch {
    guard let refusal = error as? ConfigurationError, case .contradiction(let sentence) = refusal else { throw error }
    let keys = assignments.compactMap { $0.split(separator: "=").first.map(String.init) }
    let isNamed = keys.contains { key in
      sentence.contains(key) || key.split(separator: ".").allSatisfy { sentence.contains($0) }
    }
    #expect(isNamed, "names none of \(keys): \(sentence)")
    return nil
  }
}

/// Every kind of discriminator with every term and view: what the configuration's checks let through can be played, and
/// what they do not is told in a sentence. Without a term every kind takes noise and augmentation.
@Test(arguments: discriminators, [[]] + Regularizer.all.map { ["regularizers.\($0.name)=1"] })
func whatIsAllowedCanBePlayed(discriminator: [String], term: [String]) throws {
  let networks = ["model.architecture=mlp", "model.size=28", "model.channels=1", "model.width=4", "model.latent=8"]
  let extras: [[String]] = [
    [], ["input.noise-std=1", "input.noise=diagonal"], ["input.noise-std=1", "input.noise=bounded"],
    ["input.augment=color,translation,cutout"], ["input.pack=2"], ["training.batch=1"], ["training.unroll=1"],
    ["model.classes=3", "model.conditioning=auxiliary"], ["model.classes=3", "model.conditioning=projection"],
    ["model.categories=2", "model.continuous-codes=1"],
  ]
  var rehearsed = 0
  for extra in extras {
    guard let configuration = try allowed(networks + ["training.batch=4"] + discriminator + term + extra) else {
      continue
    }
    rehearsed += 1
    try expectWholeStep(configuration.dryRun())
  }
  #expect(rehearsed >= 4 || !term.isEmpty)
}

/// A column of a run's metrics.
private func column(_ name: String, _ run: TrainingRun) throws -> [Double] {
  try String(contentsOfFile: run.directory.metrics, encoding: .utf8).split(separator: "\n").compactMap { line in
    (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?[name] as? Double
  }
}

/// The classifier of the preset for few labels names the classes of images whose labels it was never told.
@Test func classesAreLearnedFromFewLabels() throws {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(
    from: "semi-supervised",
    assignments: [
      "model.width=64", "training.steps=300", "output.sample-every=0",
      "output.log-every=1",
    ])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: .cpu())
  #expect(try run.train(progress: .silent) == .finished)
  let shares = try column("class_accuracy", run)
  let last = shares.suffix(20).reduce(0, +) / 20
  #expect(shares[0] < 0.35 && last > 0.6, "\(shares[0]), then \(last)")
}

/// A run's points can be drawn again: by their batch's number, from the first on; another seed has others.
@Test func pointsCanBeDrawnAgain() throws {
  let device = try Device.cpu()
  let run = PointSource(.ring, batch: 10, seed: 3, on: device)
  for draw in 1...3 {
    let batch: [Float] = try run.next().samples.scalars()
    let again = PointSource(.ring, batch: 7, seed: 3, on: device)
    #expect(try again.points(10, draw: draw).samples.scalars() == batch)
    #expect(try again.points(4, draw: draw).samples.scalars() == Array(batch.prefix(8)))
    let other = PointSource(.ring, batch: 10, seed: 4, on: device)
    #expect(try other.points(10, draw: draw).samples.scalars(as: Float.self).allSatisfy { !batch.contains($0) })
  }
}

/// A game that goes wrong says so. Samples of one latent number lie on a curve, which a discriminator learns to tell
/// from the ring without error: the saturating loss has no gradient left then, the other one has.
@Test(arguments: [("minimax", true), ("non-saturating", false)])
func aVanishedGradientIsTold(objective: String, isTold: Bool) throws {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(
    from: "ring",
    assignments: [
      "objective.name=\(objective)", "model.latent=1", "optimizer.generator-lr=1e-6", "optimizer.discriminator-lr=1e-2",
      "training.discriminator-steps=5", "training.steps=400", "training.batch=64", "output.log-every=5",
      "output.sample-every=0",
    ])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: .cpu())
  #expect(try run.train(progress: .silent) == .finished)
  let warnings = (try? String(contentsOfFile: run.directory.warnings, encoding: .utf8)) ?? ""
  let words = ["vanishing gradient", "objective.name=non-saturating"]
  #expect(words.allSatisfy { warnings.contains($0) == isTold }, "\(warnings)")
}
