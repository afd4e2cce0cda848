import Networks

/// A differentiable change of images before the discriminator sees them: a row of `Augmentation.all` (Zhao et al. 2020,
/// "Differentiable Augmentation for Data-Efficient GAN Training").
///
/// Real and generated images pass through the same kinds of change, and gradients of any order through them: the
/// discriminator cannot memorise few images, and the generator does not learn the changes. Images [N, H, W, C] lie in
/// [-1, 1].
public struct Augmentation: Sendable {
  public let name: String
  /// One line for people.
  public let summary: String
  /// Uniform numbers that one image needs.
  let draws: Int
  /// Changes images by draws [N, draws], uniform on (0, 1).
  let apply: @Sendable (_ images: Tensor, _ draws: Tensor) -> Tensor

  public static let brightness = Augmentation(
    name: "brightness", summary: "adds a number from (-0.5, 0.5)", draws: 1
  ) { x, u in
    x + (each(u) - 0.5)
  }

  public static let saturation = Augmentation(
    name: "saturation", summary: "multiplies what channels differ from their pixel's mean by a number from (0, 2)",
    draws: 1
  ) { x, u in
    scaled(x, about: [3], by: 2 * each(u))
  }

  public static let contrast = Augmentation(
    name: "contrast", summary: "multiplies what an image differs from its mean by a number from (0.5, 1.5)", draws: 1
  ) { x, u in
    scaled(x, about: [1, 2, 3], by: each(u) + 0.5)
  }

  public static let translation = Augmentation(
    name: "translation", summary: "moves by at most an eighth of each edge; zeros move in", draws: 2
  ) { x, u in
    let most = [1, 2].map { Int(Double(x.shape[$0]) / 8 + 0.5) }
    return x.translated(by: whole(u, most.map { -$0...$0 }))
  }

  public static let cutout = Augmentation(
    name: "cutout", summary: "sets a rectangle of half the edges to 0, about any place of the image", draws: 2
  ) { x, u in
    let edges = [x.shape[1], x.shape[2]]
    let sizes = edges.map { Int(Double($0) / 2 + 0.5) }
    // The rectangle at the top left, then moved; an even one's centre lies between pixels, or on the image's border.
    let corner = Tensor(1, shape: [x.shape[0], sizes[0], sizes[1], 1], on: x.device)
      .padded(to: [x.shape[0], edges[0], edges[1], 1], at: [0, 0, 0, 0])
    let places = zip(edges, sizes).map { edge, size in -(size / 2)...(edge - size % 2 - size / 2) }
    return x * (1 - corner.translated(by: whole(u, places)))
  }

  /// Brightness, saturation and contrast, one after the other.
  public static let color = Augmentation(
    name: "color", summary: "brightness, saturation and contrast", draws: 3
  ) { x, u in
    [brightness, saturation, contrast].enumerated().reduce(x) { $1.element.apply($0, columns(u, $1.offset, 1)) }
  }

  public static let all: [Augmentation] = [brightness, saturation, contrast, color, translation, cutout]
}

/// A policy that is no list of augmentations, or does not fit the samples.
public struct AugmentationError: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// Augmentations one after the other, named by a text such as "color,translation,cutout".
public struct AugmentationPolicy: Sendable {
  public let augmentations: [Augmentation]

  /// - Parameters:
  ///   - text: Names of rows of `Augmentation.all`, separated by commas; none where it is empty.
  ///   - sample: The shape of one sample.
  /// - Throws: `AugmentationError` that tells the unknown name and the known ones, or that samples must be images.
  public init(_ text: String, sample: Shape) throws(AugmentationError) {
    var augmentations: [Augmentation] = []
    for word in text.split(separator: ",") {
      let name = word.drop { $0 == " " }.prefix { $0 != " " }
      guard let row = Augmentation.all.first(where: { $0.name == name }) else {
        let known = Augmentation.all.map(\.name).joined(separator: ", ")
        throw AugmentationError(description: "no augmentation is called '\(name)'; there are \(known)")
      }
      augmentations.append(row)
    }
    guard augmentations.isEmpty || sample.rank == 3 else {
      throw AugmentationError(
        description: "augmentation takes images [height, width, channels], not samples \(sample): leave it out")
    }
    self.augmentations = augmentations
  }

  /// The images [N, H, W, C] changed, each by draws of its own.
  ///
  /// The draws are a function of the stream and the step: the same for two batches where both are, so that a batch can
  /// be changed again in the same way; real and generated images get independent changes by two streams.
  public func callAsFunction(_ images: Tensor, random: RandomStream, step: Int) -> Tensor {
    let count = augmentations.map(\.draws).reduce(0, +)
    if count == 0 { return images }
    let draws = random.uniform([images.shape[0], count], step: step, on: images.device)
    var first = 0
    return augmentations.reduce(images) { x, augmentation in
      defer { first += augmentation.draws }
      return augmentation.apply(x, columns(draws, first, augmentation.draws))
    }
  }
}

private func columns(_ draws: Tensor, _ first: Int, _ count: Int) -> Tensor {
  draws.sliced(from: [0, first], shape: [draws.shape[0], count])
}

/// One number for each image, [N, 1, 1, 1].
private func each(_ draws: Tensor) -> Tensor { draws.reshaped(to: [draws.shape[0], 1, 1, 1]) }

/// Whole numbers [N, 2], the first of each pair uniform on one range, the second on the other.
private func whole(_ draws: Tensor, _ ranges: [ClosedRange<Int>]) -> Tensor {
  let numbers = ranges.enumerated().map { i, range in
    ((Double(range.count) * columns(draws, i, 1)).floor() + Double(range.lowerBound))
      .padded(to: draws.shape, at: [0, i])
  }
  return numbers[0] + numbers[1]
}

/// Differences from the mean over axes, times a factor for each image.
private func scaled(_ x: Tensor, about axes: [Int], by factor: Tensor) -> Tensor {
  let kept = Shape(x.shape.sizes.enumerated().map { axes.contains($0) ? 1 : $1 })
  let mean = x.mean(over: axes).reshaped(to: kept)
  return (x - mean) * factor + mean
}
