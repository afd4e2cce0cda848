import Adversaries
import Datasets

extension SampleFigure {
  public static let all = [interpolation, classes, truncation, neighbours, history]

  private static let images: @Sendable (Configuration) -> String? = {
    $0.sampleShape.rank == 3 ? nil : "\($0.model.architecture) makes points, no images"
  }
  private static let columns = 10

  /// Every latent is a way of its own: where images change in jumps, the generator has learned single images.
  private static let interpolation = SampleFigure(
    name: "interpolation", title: "Interpolation",
    caption: "Each row goes from one sample to another, along the sphere of their latents.", isAutomatic: true,
    obstacle: images
  ) { subject in
    let rows = 6
    let ends = subject.trainer.latents(2 * rows, seed: subject.seed)
    let between = Trainer.between(
      ends.rows(from: 0, count: rows), ends.rows(from: rows, count: rows), steps: columns)
    let labels = (0..<rows * columns).map { $0 / columns % max(1, subject.trainer.game.classes) }
    return try subject.grid(between, labels: labels, columns: columns)
  }

  /// At most so many, from the first on.
  private static let mostClasses = 16

  private static let classes = SampleFigure(
    name: "classes", title: "Classes",
    caption: "One class a row, the same latents in every row.", isAutomatic: true,
    obstacle: { images($0) ?? ($0.model.conditioning == .none ? "this generator knows no classes" : nil) }
  ) { subject in
    let rows = min(mostClasses, subject.configuration.model.classes)
    let latents = subject.trainer.latents(columns, seed: subject.seed)
    let repeated = Tensor.concatenated(Array(repeating: latents, count: max(2, rows)), axis: 0)
    return try subject.grid(
      repeated.rows(from: 0, count: rows * columns), labels: (0..<rows * columns).map { $0 / columns }, columns: columns
    )
  }

  /// Bounds of the latents, from few kinds of samples to all of them.
  private static let bounds: [Double?] = [0.5, 0.75, 1, 1.5, 2, nil]

  /// Brock et al. 2019, figure 2.
  private static let truncation = SampleFigure(
    name: "truncation", title: "Truncation",
    caption: "Latents bounded by 0.5, 0.75, 1, 1.5, 2, and free in the last row: from likeness to variety.",
    isAutomatic: false, obstacle: images
  ) { subject in
    let rows = bounds.map { bound in
      bound.map { subject.trainer.latents(columns, seed: subject.seed, truncatedAt: $0) }
        ?? subject.trainer.latents(columns, seed: subject.seed)
    }
    let labels = (0..<rows.count * columns).map { $0 % columns % max(1, subject.trainer.game.classes) }
    return try subject.grid(Tensor.concatenated(rows, axis: 0), labels: labels, columns: columns)
  }

  /// A generator that repeats its training images shows the same picture twice.
  private static let neighbours = SampleFigure(
    name: "neighbours", title: "Nearest training images",
    caption: "Samples in the first column; right of each, the training images nearest to it, by pixels.",
    isAutomatic: false, obstacle: images
  ) { subject in
    let (rows, nearest) = (6, columns - 1)
    let shape = subject.configuration.sampleShape
    let dataset = try subject.configuration.openData()
    let labels = (0..<rows).map { $0 % max(1, subject.trainer.game.classes) }
    let samples = try subject.grid(subject.trainer.latents(rows, seed: subject.seed), labels: labels, columns: 1)
    let found = try PixelNeighbours(of: samples.pixels, count: rows, among: dataset, nearest: nearest)
    var bytes: [UInt8] = []
    for row in 0..<rows {
      bytes += samples.pixels[row * shape.count..<(row + 1) * shape.count]
      bytes += try dataset.read(found.indices[row])
    }
    return subject.grid(bytes, count: rows * (nearest + 1), columns: nearest + 1)
  }

  /// What stands in `samples/` already, so that no checkpoint is needed.
  private static let history = SampleFigure(
    name: "history", title: "Through training",
    caption: "The same latents from the first step to the last, one a row.", isAutomatic: true, obstacle: { _ in nil }
  ) { subject in
    let steps = try subject.directory.sampledSteps()
    guard !steps.isEmpty else {
      throw SampleFigureError(
        figure: "history",
        obstacle: "\(subject.directory.samples) has no pictures (output.sample-every=0)")
    }
    let (configuration, shape) = (subject.configuration, subject.configuration.sampleShape)
    let isPoints = shape.rank == 1
    let most = isPoints ? 6 : columns
    let chosen = Report.spread(steps, over: most)
    let count = chosen.count
    let side = SamplePicture.side
    let grids = try chosen.map { step in
      isPoints
        ? try SampleGrid(
          readingFrom: subject.directory.sample(step: step), count: 1, height: side, width: side, channels: 1,
          scale: configuration.pictureScale)
        : try SampleGrid(
          readingFrom: subject.directory.sample(step: step), count: configuration.output.grid, height: shape[0],
          width: shape[1], channels: shape[2], columns: configuration.gridColumns, scale: configuration.pictureScale)
    }
    let rows = min(6, grids[0].count)
    let size = grids[0].height * grids[0].width * grids[0].channels
    var bytes: [UInt8] = []
    for row in 0..<rows { for grid in grids { bytes += grid.pixels[row * size..<(row + 1) * size] } }
    return SampleGrid(
      pixels: bytes, count: rows * count, height: grids[0].height, width: grids[0].width, channels: grids[0].channels,
      columns: isPoints ? 3 : count)
  }
}
