import Testing

@testable import Adversaries

private let random = RandomStream(seed: 6, stream: 11)

/// What an augmentation makes of one image, by its draws: plain loops over [row][column][channel].
private struct Image {
  let height, width, channels: Int
  var values: [Double]

  subscript(h: Int, w: Int, c: Int) -> Double {
    get { values[(h * width + w) * channels + c] }
    set { values[(h * width + w) * channels + c] = newValue }
  }

  /// Each element as a function of its place.
  func mapped(_ f: (_ h: Int, _ w: Int, _ c: Int) -> Double) -> Image {
    var image = self
    for h in 0..<height { for w in 0..<width { for c in 0..<channels { image[h, w, c] = f(h, w, c) } } }
    return image
  }

  func augmented(_ name: String, _ u: [Double]) -> Image {
    switch name {
    case "brightness":
      return mapped { self[$0, $1, $2] + u[0] - 0.5 }
    case "saturation":
      return mapped { h, w, c in
        let mean = (0..<channels).reduce(0) { $0 + self[h, w, $1] } / Double(channels)
        return (self[h, w, c] - mean) * (2 * u[0]) + mean
      }
    case "contrast":
      let mean = values.reduce(0, +) / Double(values.count)
      return mapped { (self[$0, $1, $2] - mean) * (u[0] + 0.5) + mean }
    case "color":
      return augmented("brightness", [u[0]]).augmented("saturation", [u[1]]).augmented("contrast", [u[2]])
    case "translation":
      let most = (Int(Double(height) * 0.125 + 0.5), Int(Double(width) * 0.125 + 0.5))
      let shift = (
        Int(u[0] * Double(2 * most.0 + 1)) - most.0, Int(u[1] * Double(2 * most.1 + 1)) - most.1
      )
      return mapped { h, w, c in
        let from = (h - shift.0, w - shift.1)
        return (0..<height).contains(from.0) && (0..<width).contains(from.1) ? self[from.0, from.1, c] : 0
      }
    default:
      let size = (Int(Double(height) * 0.5 + 0.5), Int(Double(width) * 0.5 + 0.5))
      let offset = (
        Int(u[0] * Double(height + 1 - size.0 % 2)), Int(u[1] * Double(width + 1 - size.1 % 2))
      )
      let rows = offset.0 - size.0 / 2..<offset.0 - size.0 / 2 + size.0
      let columns = offset.1 - size.1 / 2..<offset.1 - size.1 / 2 + size.1
      return mapped { rows.contains($0) && columns.contains($1) ? 0 : self[$0, $1, $2] }
    }
  }
}

@Test(arguments: Augmentation.all.map(\.name), [[40, 8, 8, 3], [40, 5, 13, 1], [40, 1, 2, 2]] as [[Int]])
func augmentationsAgreeWithTheirDefinitions(name: String, sizes: [Int]) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let shape = Shape(sizes)
  let policy = try AugmentationPolicy(name, sample: Shape(Array(sizes.dropFirst())))
  let draws = policy.augmentations.map(\.draws).reduce(0, +)
  let u: [Double] = try random.uniform([sizes[0], draws], step: 8, on: device).scalars()
  let images = 2 * random.uniform(shape, step: 1, on: device) - 1
  let (x, y): ([Double], [Double]) = (
    try images.scalars(), try policy(images, random: random, step: 8).scalars()
  )
  let count = shape.count / sizes[0]
  var changed = 0
  for n in 0..<sizes[0] {
    let image = Image(
      height: sizes[1], width: sizes[2], channels: sizes[3], values: Array(x[(n * count)..<((n + 1) * count)]))
    let expected = image.augmented(name, Array(u[(n * draws)..<((n + 1) * draws)])).values
    for i in 0..<count { #expect(abs(y[n * count + i] - expected[i]) < 1e-12, "image \(n), element \(i)") }
    if expected != image.values { changed += 1 }
  }
  // One channel has no saturation; edges under four pixels do not move.
  let isIdle = (name == "saturation" && sizes[3] == 1) || (name == "translation" && sizes[2] < 4)
  #expect(isIdle ? changed == 0 : changed > 10)
}

/// The same stream and step give the same changes, to real and generated images apart; other ones, others.
@Test func drawsAreAFunctionOfStreamAndStep() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let policy = try AugmentationPolicy(" color, translation,cutout ", sample: [8, 8, 3])
  #expect(policy.augmentations.map(\.name) == ["color", "translation", "cutout"])
  let images = random.uniform([4, 8, 8, 3], step: 1, on: device)
  func changed(_ stream: UInt32, _ step: Int) throws -> [Double] {
    try policy(images, random: RandomStream(seed: 6, stream: stream), step: step).scalars()
  }
  let first = try changed(1, 1)
  #expect(try changed(1, 1) == first)
  #expect(try changed(2, 1) != first)
  #expect(try changed(1, 2) != first)
  let nothing = try AugmentationPolicy("", sample: [2])
  #expect(try nothing(images, random: random, step: 1).scalars(as: Double.self) == images.scalars())
}

/// Half the mean squared norm of a discriminator's gradient by images before their augmentation: R1.
private func penalty(_ discriminator: Network, _ policy: AugmentationPolicy, _ x: Tensor, _ weights: [Tensor]) -> Tensor
{
  let logits = discriminator(policy(x, random: random, step: 2), weights: weights, mode: .training)
  let slopes = gradient(of: logits.summed(), wrt: [x], createGraph: true)[0]
  return 0.5 * slopes.squared().summed(over: [1, 2, 3]).mean()
}

/// R1 through each augmentation: its gradient along a random direction of the images and the discriminator's weights,
/// against a central difference in double.
@Test(arguments: Augmentation.all.map(\.name) + ["color,translation,cutout"])
func penaltiesPassThroughAugmentations(text: String) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let sample: Shape = [6, 5, 2]
  let policy = try AugmentationPolicy(text, sample: sample)
  let layers: [any Layer] = [
    Convolution(3, kernel: 3, initializer: .he), Activation.tanh, Reshape.flat, Dense(1, initializer: .he),
  ]
  let discriminator = try Network(Sequential(layers), input: sample, random: random, on: device)
  let start = [random.normal([3, 6, 5, 2], step: 100, on: device)] + discriminator.views(of: discriminator.weights)
  let direction = start.enumerated().map { random.normal($1.shape, step: 200 + $0, on: device) }
  func watched(_ t: Double) -> [Tensor] {
    let tape = Tape()
    return zip(start, direction).map { tape.watch($0 + t * $1) }
  }
  let variables = watched(0)
  let gradients = gradient(
    of: penalty(discriminator, policy, variables[0], Array(variables.dropFirst())), wrt: variables)
  let analytic = try zip(gradients, direction).reduce(0) { try $0 + ($1.0 * $1.1).summed().scalars(as: Double.self)[0] }
  let h = 1e-4
  let values = try [-2, -1, 1, 2].map { step in
    let moved = watched(step * h)
    return try penalty(discriminator, policy, moved[0], Array(moved.dropFirst())).scalars(as: Double.self)[0]
  }
  let numeric = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
  #expect(abs(analytic - numeric) <= 1e-7 * abs(numeric) && numeric != 0, "\(analytic), by differences \(numeric)")
}

@Test(
  arguments: [
    ("color,blur", [28, 28, 1], ["'blur'", "brightness, saturation"]), ("cutout", [2], ["[2]", "leave it out"]),
  ] as [(String, [Int], [String])])
func policiesThatCannotBeAreNamed(text: String, sample: [Int], words: [String]) throws {
  let error = #expect(throws: AugmentationError.self) { try AugmentationPolicy(text, sample: Shape(sample)) }
  for word in words { #expect(error?.description.contains(word) == true) }
}

/// A discriminator of pairs sees each image as it would alone, whatever is beside it: views come before the pairing.
/// Here its logit is a weighted sum of the first image.
@Test(arguments: Augmentation.all.map(\.name) + InputTransform.Noise.allCases.map(\.rawValue), [true, false])
func viewsChangeImagesBeforeTheyArePaired(name: String, isJoint: Bool) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let sample: Shape = [6, 5, 3]
  let view =
    try InputTransform.Noise(rawValue: name).map { InputTransform.noise($0, standardDeviation: 0.5) }
    ?? .augmentation(AugmentationPolicy(name, sample: sample), probability: 1)
  var game = Game(try #require(Objective.named("preference")))
  game.inputTransforms = [view]
  func player(_ layers: [any Layer], _ input: Shape) throws -> TrainableNetwork {
    TrainableNetwork(
      try Network(Sequential(layers), input: input, random: random, on: device),
      try #require(OptimizerRule.all.first { $0.name == "sgd" }), OptimizerSettings(rate: 1))
  }
  let trainer = Trainer(
    generator: try player([Dense(90, initializer: .he), Reshape(sample)], [2]),
    discriminator: try player([Reshape.flat, Dense(1, initializer: .he)], [6, 5, 6]), game: game, seed: 4)
  // Channels 0 to 2 of a pair are the first image's; nothing is added.
  let weights: [Double] = try random.normal([90], step: 5, on: device).scalars()
  var spread = [Double](repeating: 0, count: 181)
  for pixel in 0..<30 { for channel in 0..<3 { spread[6 * pixel + channel] = weights[3 * pixel + channel] } }
  trainer.discriminator.network.weights.write(spread)
  let (real, fake) = (
    random.uniform([3, 6, 5, 3], step: 1, on: device), 2 * random.uniform([3, 6, 5, 3], step: 2, on: device) - 1
  )
  let microBatch = MicroBatch(Batch(real), latents: Tensor(0, shape: [3, 2], on: device), draw: 1)
  let context = trainer.lossContext(
    microBatch, fake: fake, isJoint: isJoint, .discriminator, LossContext.Moving(tape: Tape()),
    discriminatorWeights: nil)
  context.run([.pairs])
  let logits = try context.pairLogits.realFirst.scalars(as: Double.self) + context.pairLogits.fakeFirst.scalars()

  let place = InputTransform.Context(step: 0, random: StepRandom(seed: 4, step: 1), real: real)
  let seen: [Double] =
    isJoint
    ? try view.apply(real.concatenated(with: fake, axis: 0), place).scalars()
    : try view.apply(real, place).scalars() + view.apply(fake, place).scalars()
  #expect(logits.count == 6 && seen.count == 540)
  for (i, logit) in logits.enumerated() {
    let expected = zip(seen[(90 * i)...], weights).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(logit - expected) < 1e-12, "image \(i): \(logit), not \(expected)")
  }
}
