import Testing

@testable import Evaluation

/// Normal numbers on a line: N(mean, 1), [count, 1].
private func line(_ mean: Double, _ stream: UInt32, on device: Device) -> IndependentCritic.Samples {
  { draw, count in RandomStream(seed: 5, stream: stream).normal([count, 1], step: draw, on: device) + mean }
}

/// An objective between N(0, 1) and N(d, 1), and its divergence.
struct KnownDivergence: Sendable, CustomTestStringConvertible {
  let objective: String
  let distance: Double
  let expected: Double
  var tolerance = 0.01
  var testDescription: String { "\(objective) at \(distance)" }
}

/// By quadrature: JSD, 1 - TV, triangular discrimination, JSD(P x G, G x P), KL; of Wasserstein critics by their closed
/// form, a slope of 1 + W / (2 lambda).
@Test(arguments: [
  KnownDivergence(objective: "non-saturating", distance: 0.5, expected: 0.030312),
  KnownDivergence(objective: "non-saturating", distance: 1, expected: 0.111421),
  KnownDivergence(objective: "minimax", distance: 2, expected: 0.336831),
  KnownDivergence(objective: "minimax", distance: 3, expected: 0.526777),
  KnownDivergence(objective: "hinge", distance: 0.8, expected: 1 - 1.378313 / 2, tolerance: 0.02),
  KnownDivergence(objective: "least-squares", distance: 0.8, expected: 2 - 8 * 0.215162),
  KnownDivergence(objective: "relativistic", distance: 1, expected: 0.693147 - 0.491802),
  KnownDivergence(objective: "preference", distance: 1, expected: 0.693147 - 0.491802),
  KnownDivergence(objective: "semi-supervised", distance: 1, expected: 0.111421),
  KnownDivergence(objective: "fgan-kl", distance: 1, expected: 0.5, tolerance: 0.03),
  KnownDivergence(objective: "wasserstein", distance: 1, expected: 1.05, tolerance: 0.02),
  KnownDivergence(objective: "non-saturating", distance: 0, expected: 0),
  KnownDivergence(objective: "hinge", distance: 0, expected: 0, tolerance: 0.02),
  KnownDivergence(objective: "least-squares", distance: 0, expected: 0),
  KnownDivergence(objective: "preference", distance: 0, expected: 0),
  KnownDivergence(objective: "semi-supervised", distance: 0, expected: 0),
  KnownDivergence(objective: "fgan-kl", distance: 0, expected: 0),
  KnownDivergence(objective: "wasserstein", distance: 0, expected: 0, tolerance: 0.02),
])
func divergencesOfGaussiansAreKnown(_ row: KnownDivergence) throws {
  let device = try Device.cpu(threads: 1)
  var critic = IndependentCritic.points(try #require(Objective.named(row.objective)), width: 32)
  (critic.batch, critic.steps, critic.readings, critic.optimizer.rate) = (512, 600, 128, 3e-3)
  let fake = line(row.distance, 2, on: device)
  let trained = try critic.trained(real: line(0, 1, on: device), fake: fake)
  let value = try trained.value(real: line(0, 1, on: device), fake: fake)
  #expect(abs(value.mean - row.expected) < row.tolerance, "\(value.mean) ± \(value.error), not \(row.expected)")
  #expect(value.values.count == 128 && value.error < row.tolerance)
}

/// Images of 32 x 32 x 3 whose bytes are uniform on a range, in [-1, 1].
private func noise(
  _ bytes: ClosedRange<Int>, _ stream: UInt32, on device: Device
) -> IndependentCritic.Samples {
  let images: IndependentCritic.Samples = { draw, count in
    let u = RandomStream(seed: 6, stream: stream).uniform([count, 32, 32, 3], step: draw, on: device)
    return ((Double(bytes.count) * u).floor() + Double(bytes.lowerBound)) / 127.5 - 1
  }
  return IndependentCritic.dequantised(images, seed: 6, stream: stream + 100)
}

/// The anchor of the authors' own test: reals from 0 to 245, fakes from 10 to 255.
@Test(arguments: [
  // W = sqrt(3072) 10 / 128, and with the penalty W + W² / 40.
  ("linear", 4.799, 0.1),
  ("convolutional", 5.5, 1.5),
])
func neuralNetworkDivergenceOfNoise(kind: String, expected: Double, tolerance: Double) throws {
  let device = try Device.cpu()
  var critic = IndependentCritic.neuralNetworkDivergence(size: 32)
  (critic.steps, critic.emaDecay, critic.readings, critic.optimizer.rate) = (100, 0.9, 10, 2e-4)
  if kind == "linear" {
    critic.layers = IndependentCritic.linear
    (critic.steps, critic.optimizer.rate) = (300, 1e-3)
  }
  let (real, fake) = (noise(0...245, 1, on: device), noise(10...255, 2, on: device))
  let value = try critic.trained(real: real, fake: fake).value(real: real, fake: fake)
  #expect(abs(value.mean - expected) < tolerance, "\(value.mean) ± \(value.error)")
}

/// The authors' code adds 1e-8 under the root: a critic that is 0 everywhere pays (1e-4 - 1)² ten times.
@Test func theExactPenaltyHasThePublishedNumberUnderItsRoot() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  var critic = IndependentCritic.neuralNetworkDivergence(size: 32, exact: true)
  critic.layers = Sequential([Dense(1, initializer: .constant(0))])
  (critic.batch, critic.steps, critic.readings, critic.optimizer.rate) = (4, 1, 1, 0)
  let samples: IndependentCritic.Samples = { draw, count in
    RandomStream(seed: 1, stream: 1).normal([count, 3], step: draw, on: device)
  }
  let value = try critic.trained(real: samples, fake: samples).value(real: samples, fake: samples).mean
  #expect(abs(value + 9.9980001) < 1e-9, "\(value)")
}

@Test func bytesAreDequantisedAsPublished() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let bytes = [0.0, 1, 128, 255]
  let images: IndependentCritic.Samples = { _, _ in
    Tensor(bytes.map { $0 / 127.5 - 1 }, shape: [4, 1], on: device)
  }
  let seen = try IndependentCritic.dequantised(images, seed: 1, stream: 1)(1, 4).scalars(as: Double.self)
  for (byte, seen) in zip(bytes, seen) {
    let noise = seen - (byte - 128) / 128
    #expect(noise > 0 && noise < 1.0 / 128)
  }
}

// MARK: Memorising

/// A generator beside 50 training samples: whether it repeats them, and what must show.
@Test(arguments: [true, false], [true, false])
func memorisingShowsAsAGap(isMemoriser: Bool, isShared: Bool) throws {
  let device = try Device.cpu(threads: 1)
  func fresh(_ stream: UInt32) -> IndependentCritic.Samples {
    { draw, count in RandomStream(seed: 7, stream: stream).normal([count, 16], step: draw, on: device) }
  }
  let images = try fresh(1)(1, 50)
  func repeated(_ stream: UInt32) -> IndependentCritic.Samples {
    { draw, count in
      images.gathered(50 * RandomStream(seed: 7, stream: stream).uniform([count], step: draw, on: device))
    }
  }
  var critic = IndependentCritic.points(try #require(Objective.named("non-saturating")))
  (critic.steps, critic.batch) = (400, 128)
  let fake = isMemoriser ? repeated(2) : fresh(2)
  let judgement =
    isShared
    ? try critic.judge(fake: fake, fitting: fresh(3), train: repeated(4), heldOut: fresh(5))
    // As many held-out samples as training ones, where both are learned by heart.
    : try critic.judge(fake: fake, train: repeated(4)) {
      try Tensor(fresh(8)(1, 50).scalars(as: Double.self), shape: [50, 16], on: device).gathered(
        50 * RandomStream(seed: 7, stream: 9).uniform([$1], step: $0, on: device))
    }
  let gap = judgement.gap
  if isMemoriser {
    #expect(gap > 0.1 && gap > 5 * judgement.gapError, "\(gap) ± \(judgement.gapError)")
    #expect(judgement.train.mean < 0.03)
  } else if isShared {
    #expect(abs(gap) < 0.1, "\(gap) ± \(judgement.gapError)")
  } else {
    #expect(abs(gap) < 0.05, "\(gap) ± \(judgement.gapError)")
  }
}

// MARK: What cannot be judged

@Test(arguments: [
  ("semi-supervised", "a logit for each class"), ("ebgan", "[2], an autoencoder"),
])
func unfitCriticsAreRefused(name: String, words: String) throws {
  let device = try Device.cpu(threads: 1)
  let critic = IndependentCritic(try #require(Objective.named(name)), layers: IndependentCritic.linear)
  let points: IndependentCritic.Samples = { _, count in Tensor(0, shape: [count, 2], on: device) }
  #expect { try critic.trained(real: points, fake: points) } throws: { "\($0)".contains(words) }
}

@Test func termsOfGeneratorsAreRefused() throws {
  let device = try Device.cpu(threads: 1)
  var critic = IndependentCritic.points(.wasserstein)
  critic.regularizers = [(try #require(Regularizer.named("feature-matching")), 1)]
  #expect { try critic.trained(real: line(0, 1, on: device), fake: line(0, 2, on: device)) } throws: {
    "\($0)".contains("feature-matching")
  }
}

@Test(arguments: [28, 32, 64])
func imagesHaveCriticsOfEverySize(size: Int) throws {
  let device = try Device.cpu(threads: 1)
  var critic = try IndependentCritic.images(.wasserstein, size: size, channels: 1, width: 2)
  (critic.steps, critic.readings, critic.batch) = (2, 2, 2)
  let images: IndependentCritic.Samples = { draw, count in
    RandomStream(seed: 1, stream: 1).uniform([count, size, size, 1], step: draw, on: device)
  }
  let value = try critic.trained(real: images, fake: images).value(real: images, fake: images)
  #expect(value.mean == 0 && value.standardDeviation == 0)
}
