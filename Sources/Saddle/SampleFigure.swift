import Adversaries
import Datasets

/// A way of looking at a trained generator: a row of `SampleFigure.all`, a picture in the run's report.
public struct SampleFigure: Sendable {
  /// What it is asked for by: `saddle sample RUN --show interpolation`.
  public let name: String
  public let title: String
  /// What is seen, in a line.
  public let caption: String
  /// Whether a run draws it by itself at every checkpoint, for its report.
  let isAutomatic: Bool
  /// Why it cannot be drawn of a run, as it completes "... cannot be shown: "; nil where it can.
  let obstacle: @Sendable (Configuration) -> String?
  let draw: @Sendable (Subject) throws -> SampleGrid

  /// What figures are drawn from.
  struct Subject {
    let trainer: Trainer
    let configuration: Configuration
    let directory: RunDirectory
    /// Of the latents; nil is the run's own.
    let seed: UInt64?
  }

  /// Draws the picture of a generator as it stands.
  ///
  /// - Parameters:
  ///   - trainer: Whose generator is shown.
  ///   - configuration: The run's.
  ///   - directory: The run's.
  ///   - seed: Of the latents; the run's own where it is nil.
  /// - Throws: `SampleFigureError` where this run has nothing of the kind; `DatasetError`, `RecordError`, `DeviceError`.
  public func picture(
    of trainer: Trainer, _ configuration: Configuration, in directory: RunDirectory, seed: UInt64? = nil
  ) throws -> SampleGrid {
    if let obstacle = obstacle(configuration) { throw SampleFigureError(figure: name, obstacle: obstacle) }
    return try draw(Subject(trainer: trainer, configuration: configuration, directory: directory, seed: seed))
  }

  /// Whether one of the pictures that `drawAll` draws is not there, or of another step.
  static func isMissing(at step: Int, _ configuration: Configuration, in directory: RunDirectory) -> Bool {
    all.contains { figure in
      figure.isAutomatic && figure.obstacle(configuration) == nil
        && (try? directory.picture(of: figure.name))?.step != step
    }
  }

  /// Draws the pictures of a run's report that can be drawn of it, each into `pictures/`.
  static func drawAll(of trainer: Trainer, _ configuration: Configuration, in directory: RunDirectory) throws {
    for figure in all where figure.isAutomatic && figure.obstacle(configuration) == nil {
      try figure.picture(of: trainer, configuration, in: directory)
        .writePNG(to: directory.placePicture(of: figure.name, step: trainer.step), scale: configuration.pictureScale)
    }
  }
}

/// A picture that a run has nothing for.
public struct SampleFigureError: Error, CustomStringConvertible {
  let figure, obstacle: String
  public var description: String { "\(figure) cannot be shown: \(obstacle)." }
}

extension Configuration {
  /// Times a pixel is enlarged in pictures; nil leaves it to them.
  public var pictureScale: Int? { output.scale == 0 ? nil : output.scale }
}

extension SampleFigure.Subject {
  /// Latents a launch: what fits wherever the run was trained.
  private static let page = 64

  /// A grid of samples of latents [N, latent], with their class numbers.
  func grid(_ latents: Tensor, labels: [Int], columns: Int) throws -> SampleGrid {
    let count = latents.shape[0]
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: count, by: Self.page) {
      let size = min(Self.page, count - start)
      let known =
        trainer.game.classes > 0
        ? Tensor(labels[start..<start + size].map { Double($0) }, shape: [size], on: latents.device) : nil
      bytes += try trainer.samples(
        latents.rows(from: start, count: size), labels: known, configuration.samplingMode
      ).imageBytes()
    }
    return grid(bytes, count: count, columns: columns)
  }

  /// A grid of images of the run's own size.
  func grid(_ bytes: [UInt8], count: Int, columns: Int) -> SampleGrid {
    let shape = configuration.sampleShape
    return SampleGrid(
      pixels: bytes, count: count, height: shape[0], width: shape[1], channels: shape[2], columns: columns)
  }
}
