import Datasets
import Features
import Records

extension Classifier {
  /// Told which step of how many is done.
  public typealias Progress = (_ step: Int, _ steps: Int) -> Void

  /// Whether these images can be learned from, without reading one.
  ///
  /// - Throws: `FeatureError` where they have no labels, or too few of them.
  public static func check(_ images: any ImageDataset, _ settings: Settings = Settings()) throws {
    guard images.labels != nil else {
      throw FeatureError(
        "\(images.name) has no labels for the classifier to learn: give data with labels (IDX, CIFAR-10, or a folder for "
          + "each class), or other features, such as --features random")
    }
    guard images.classNames.count >= 2 else {
      throw FeatureError("\(images.name) has one class only, so that a classifier learns nothing: give other features")
    }
    guard images.count >= settings.batch else {
      throw FeatureError(
        "\(images.name) has \(images.count) images, too few for a classifier (\(settings.batch) at least): give other "
          + "features")
    }
    guard min(images.height, images.width) >= 7 else {
      throw FeatureError(
        "images of \(images.height) x \(images.width) are too small for the classifier (7 x 7 at least): give other "
          + "features, such as --features pixels")
    }
  }

  /// Trains a classifier from its first weights, in about a minute on a processor.
  ///
  /// - Parameters:
  ///   - images: What it learns.
  ///   - heldOut: What its accuracy is told on.
  /// - Throws: As `check`; `DatasetError`, `NetworkError`, the device's first failure.
  public static func trained(
    on images: any ImageDataset, heldOut: any ImageDataset, _ settings: Settings = Settings(), on device: Device,
    progress: Progress = { _, _ in }
  ) throws -> Classifier {
    try check(images, settings)
    let network = try network(for: images, settings, on: device)
    var optimizer = OptimizerSettings(rate: settings.rate)
    optimizer.beta1 = 0.9
    var player = TrainableNetwork(network, .adam, optimizer)
    let sampler = try BatchSampler(count: images.count, batchSize: settings.batch, seed: settings.seed)
    let labels = images.labels ?? []
    var order: [Int] = []
    for step in 1...max(settings.steps, 1) {
      let (epoch, batch) = (step - 1).quotientAndRemainder(dividingBy: sampler.batchesPerEpoch)
      if batch == 0 { order = sampler.order(epoch: epoch) }
      let indices = Array(order[batch * settings.batch..<(batch + 1) * settings.batch])
      let shape = Shape([settings.batch] + network.input.sizes)
      let samples = Tensor(imageBytes: try images.read(indices), shape: shape, on: device)
      let truth = Tensor(indices.map { Double(labels[$0]) }, shape: [settings.batch], on: device)

      player.optimizer.settings.rate = settings.rate * (1 - Double(step - 1) / Double(settings.steps))
      let tape = Tape()
      let weights = network.watched(on: tape)
      player.minimize(
        Regularizer.crossEntropy(network(samples, weights: weights, mode: .training), truth).mean(), by: weights)
      if step % 20 == 0 {
        try device.synchronize()
        progress(step, settings.steps)
      }
    }
    let classifier = try Classifier(network, settings, classNames: images.classNames, accuracy: .nan)
    return try Classifier(
      network, settings, classNames: images.classNames, accuracy: classifier.measuredAccuracy(on: heldOut))
  }

  /// The share of images whose class has the largest logit.
  private func measuredAccuracy(on images: any ImageDataset) throws -> Double {
    guard let labels = images.labels else { return .nan }
    var right = 0
    for start in stride(from: 0, to: images.count, by: Self.page) {
      let seen = try features(of: images.bytes(start..<min(start + Self.page, images.count)))
      right += zip(seen.guesses, labels[start...]).count { $0 == $1 }
    }
    return Double(right) / Double(images.count)
  }

  private static func network(
    for images: any ImageDataset, _ settings: Settings, on device: Device
  ) throws -> Network {
    let input: Shape = [images.height, images.width, images.channels]
    return try Network(
      layers(input, settings, classes: images.classNames.count), input: input,
      random: RandomStream(seed: settings.seed, stream: RandomUse.discriminatorWeights.rawValue), on: device)
  }
}

// MARK: - The cache

extension Classifier {
  /// The classifier that learned these images before, else one that learns them now and is kept.
  ///
  /// - Parameter folder: Where classifiers are kept; nil keeps none.
  /// - Throws: As `trained`.
  package static func opened(
    for images: any ImageDataset, heldOut: any ImageDataset, _ settings: Settings = Settings(),
    in folder: CacheFolder? = .user, on device: Device, progress: Progress = { _, _ in }
  ) throws -> Classifier {
    try check(images, settings)
    let name = "classifier-\(try key(images, heldOut, settings).prefix(16)).safetensors"
    if let folder, let kept = try? reading(name, in: folder, for: images, settings, on: device) { return kept }
    let classifier = try trained(on: images, heldOut: heldOut, settings, on: device, progress: progress)
    if let folder {
      // What cannot be kept is learned again next time: no reason to fail.
      try? folder.write(to: name) { try classifier.write(to: $0) }
    }
    return classifier
  }

  /// The hash of all that decides the weights.
  private static func key(
    _ images: any ImageDataset, _ heldOut: any ImageDataset, _ settings: Settings
  ) throws -> String {
    let labels = [images, heldOut].map { "\($0.labels ?? [])" }
    let groups = try ["classifier 1", "\(settings)", images.sha256(), heldOut.sha256()] + labels + images.classNames
    return SHA256.digest(of: groups.joined(separator: "\n").utf8).description
  }

  private func write(to path: String) throws {
    func tensor(_ name: String, _ tensor: Tensor) throws -> SafetensorsFile.Tensor {
      .init(name, shape: tensor.shape.sizes, .float32(try tensor.scalars()))
    }
    try SafetensorsFile(
      tensors: [tensor("weights", network.weights), tensor("statistics", network.runningStatistics)],
      metadata: ["accuracy": "\(accuracy)"]
    ).write(to: path)
  }

  private static func reading(
    _ name: String, in folder: CacheFolder, for images: any ImageDataset, _ settings: Settings, on device: Device
  ) throws -> Classifier? {
    guard let bytes = folder.read(name) else { return nil }
    let file = try SafetensorsFile(bytes: bytes, path: folder.file(name), strict: true)
    let network = try network(for: images, settings, on: device)
    for (name, tensor) in [("weights", network.weights), ("statistics", network.runningStatistics)] {
      tensor.write(try file.float32(name, shape: tensor.shape.sizes))
    }
    guard let accuracy = file.metadata["accuracy"].flatMap(Double.init) else { return nil }
    return try Classifier(network, settings, classNames: images.classNames, accuracy: accuracy)
  }
}
