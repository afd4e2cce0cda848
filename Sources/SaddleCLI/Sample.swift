import ArgumentParser
import Foundation
import Saddle

struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws samples from a run.",
    discussion: """
      How the name of --out ends says what is written:
      .png      a grid
      \(SampleKind.all.map { $0.ending.padding(toLength: 10, withPad: " ", startingAt: 0) + $0.summary }
        .joined(separator: "\n"))
        saddle sample runs/fashion --count 64 --out grid.png
        saddle sample runs/fashion --count 50000 --out samples.zip
        saddle sample runs/fashion --interpolate 8 --out between.png
        saddle sample runs/fashion --show neighbours
      """)

  @Argument(help: "The run's folder.", completion: .directory) var folder: String
  @Option("How many samples.", .samples) var count = 64
  @Option("The seed of the latents; the run's own by default.", .seed) var seed: UInt64?
  @Option(
    "Draws latents beyond this bound again: fewer kinds of samples, each better.", .number(0.1...1000),
    valueName: "bound")
  var truncate: Double?
  @Option(
    "Shows rows of this many steps between pairs of latents, along the sphere.", .whole(2...256), valueName: "steps")
  var interpolate: Int?
  @Option(
    help: ArgumentHelp(
      "Draws a picture for the run's report: \(Self.figures.joined(separator: ", ")).", valueName: "name"))
  var show: String?
  @Option(
    help: ArgumentHelp(
      "The file, or a folder with / at its end; samples.png, or --show's place in the run.", valueName: "file"))
  var out: String?
  @Option(help: ArgumentHelp("The checkpoint, such as step-00000500; the latest by default.", valueName: "checkpoint"))
  var from: String?
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if let out, !out.hasSuffix(".png") && SampleKind.named(out) == nil {
      let kinds = SampleKind.all.map { "\($0.ending) (\($0.summary))" }.joined(separator: ", ")
      throw ValidationError("--out must end in .png (a grid), \(kinds), not '\(out)'.")
    }
    try validateShow()
  }

  /// Latents a launch: what fits everywhere.
  private static let page = 256

  func run() throws {
    if let show { return try draw(show) }
    let out = out ?? "samples.png"
    let run = try SavedRun(opening: folder, from: from, registry: registry)
    let configuration = run.configuration
    try checkSize(configuration, out)
    let device = try deviceOptions.open()
    let trainer = try run.trainer(on: device)

    let latents = try self.latents(trainer)
    let shape = Shape([latents.shape[0]] + configuration.sampleShape.sizes)
    if configuration.sampleShape == [2] {
      guard out.hasSuffix(".png") else {
        throw ValidationError("The run's samples are points: --out must end in .png.")
      }
      try SamplePicture(trainer.samples(latents, configuration.samplingMode)).write(to: out)
      return tell("\(out): \(shape[0]) points after step \(run.step)")
    }
    let output = try SampleKind.named(out)?.open(out, shape[0], configuration.sampleShape)
    let progress = StatusLine()
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: shape[0], by: Self.page) {
      let part = latents.sliced(from: [start, 0], shape: [min(Self.page, shape[0] - start), latents.shape[1]])
      let classes = classes(start..<start + part.shape[0], of: trainer.game.classes)
      let labels = classes.map { Tensor($0.map(Double.init), shape: [$0.count], on: device) }
      let images = try trainer.samples(part, labels: labels, configuration.samplingMode).imageBytes()
      if let output { try output.add(images, classes: classes) } else { bytes += images }
      progress.show("\(start + part.shape[0])/\(shape[0]) samples")
    }
    progress.clear()
    if let output {
      try output.finish()
    } else {
      let scale = configuration.output.scale
      try SampleGrid(
        pixels: bytes, count: shape[0], height: shape[1], width: shape[2], channels: shape[3],
        columns: interpolate ?? configuration.gridColumns
      ).writePNG(to: out, scale: scale == 0 ? nil : scale)
    }
    tell("\(out): \(shape[0]) samples after step \(run.step)")
  }

  /// Asked before anything is drawn: latents are drawn all at once, and a grid is one picture.
  private func checkSize(_ configuration: Saddle.Configuration, _ out: String) throws {
    let most = Self.mostLatents / configuration.model.latent
    guard count <= most else {
      throw ValidationError(
        "--count is \(count); a network with \(configuration.model.latent) latents draws \(most) samples at most in one "
          + "call. Draw the others with another --seed.")
    }
    let shape = configuration.sampleShape
    guard shape.rank == 3, SampleKind.named(out) == nil else { return }
    let columns = interpolate ?? configuration.gridColumns ?? Int(nearest: Double(count).squareRoot().rounded(.up))
    try SampleGrid.check(
      out, count: count, columns: min(columns, count), height: shape[0], width: shape[1], channels: shape[2],
      scale: max(1, configuration.output.scale))
  }

  /// Numbers of latents that are drawn at once: a gigabyte.
  private static let mostLatents = 1 << 28

  /// The classes of samples of these numbers: one after the other, or one for each way from latent to latent.
  private func classes(_ samples: Range<Int>, of count: Int) -> [Int]? {
    count > 0 ? samples.map { $0 / (interpolate ?? 1) % count } : nil
  }

  private func latents(_ trainer: Trainer) throws -> Tensor {
    func draw(_ count: Int) -> Tensor {
      guard let truncate else { return trainer.latents(count, seed: seed) }
      return trainer.latents(count, seed: seed, truncatedAt: truncate)
    }
    guard let interpolate else { return draw(count) }
    let rows = max(1, count / interpolate)
    let ends = draw(2 * rows)
    let (first, second) = (
      ends.sliced(from: [0, 0], shape: [rows, ends.shape[1]]),
      ends.sliced(from: [rows, 0], shape: [rows, ends.shape[1]])
    )
    return Trainer.between(first, second, steps: interpolate)
  }
}
