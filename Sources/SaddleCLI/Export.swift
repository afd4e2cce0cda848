import ArgumentParser
import Foundation
import Saddle

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a run's network for other programs.",
    discussion: """
      onnx      a graph with its weights, opset \(ONNXModel.opset): latents [batch, n]
                (and labels, int64 [batch]) to samples
                [batch, channels, height, width] in -1 ... 1
      pytorch   a state dict in safetensors, named as in PyTorch's DCGAN example
        saddle export runs/fashion --format onnx --out fashion.onnx
        saddle export runs/a --format pytorch --player discriminator \\
          --out d.safetensors
      Batch normalization takes its running averages; spectral norms are divided out
      (onnx) or stand beside the weights (pytorch).
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case onnx, pytorch }
  enum Side: String, CaseIterable, ExpressibleByArgument { case generator, discriminator }
  enum Weights: String, CaseIterable, ExpressibleByArgument { case raw, ema }

  @Argument(help: "The run's folder.") var folder: String
  @Option(help: "The format.") var format: Format
  @Option(help: "The network to export.") var player = Side.generator
  @Option(help: "The generator's last weights or their moving average; as the run's samples by default.")
  var weights: Weights?
  @Option(help: ArgumentHelp("The file.", valueName: "file")) var out: String
  @Option(
    help: ArgumentHelp(
      "Also writes eight inputs and what Saddle makes of them, to check a client by: a safetensors file.",
      valueName: "file"))
  var example: String?
  @Option(help: ArgumentHelp("The checkpoint, such as step-00000500; the latest by default.", valueName: "checkpoint"))
  var from: String?
  @OptionGroup var deviceOptions: DeviceOptions

  func run() throws {
    let run = try SavedRun(opening: folder, from: from, registry: registry)
    let configuration = run.configuration
    let trainer = try run.trainer(on: try deviceOptions.open())
    let ema = try chosenEMA(trainer, configuration)
    if player == .generator, configuration.sampling.statistics == .batch {
      tell(
        "note: the run's own samples are normalized by their batch (sampling.statistics=batch); the file's are by the "
          + "running averages")
    }

    let network = (player == .generator ? trainer.generator : trainer.discriminator).network
    let metadata = [
      "producer": "saddle", "step": "\(run.step)", "player": player.rawValue,
      "weights": ema == nil ? "raw" : "ema", "architecture": configuration.model.architecture,
    ]
    let names =
      player == .generator
      ? (input: "latents", output: "samples")
      : (input: "samples", output: network.output.rank == 3 ? "reconstructions" : "logits")
    switch format {
    case .onnx:
      var model = try ONNXModel(of: network, weights: ema, input: names.input, output: names.output)
      model.metadata = metadata
      try model.write(to: out)
    case .pytorch:
      let tensors = try PyTorchState(of: network).tensors(weights: ema, batches: run.step)
      // PyTorch's own files say so; some readers ask for it.
      try SafetensorsFile(tensors: tensors, metadata: metadata.merging(["format": "pt"]) { $1 }).write(to: out)
    }
    if let example { try writeExample(network, ema, trainer.seed, names, to: example) }
    tell(
      "\(out): the \(player.rawValue) after step \(run.step), \(ema == nil ? "raw" : "averaged") weights, "
        + (format == .onnx ? "ONNX opset \(ONNXModel.opset)" : "a state dict for PyTorch"))
  }

  /// The moving average, where it is asked for, or the run's samples are drawn with it.
  private func chosenEMA(_ trainer: Trainer, _ configuration: Saddle.Configuration) throws -> Tensor? {
    if player == .discriminator && weights == .ema {
      throw ValidationError("Only the generator has a moving average: leave --weights away.")
    }
    let isAsked = weights == .ema || (weights == nil && configuration.sampling.weights == .ema)
    guard player == .generator, isAsked else { return nil }
    guard let ema = trainer.generator.ema else {
      throw ValidationError("\(folder) keeps no moving average (ema.decay is 0): leave --weights away.")
    }
    return ema
  }

  /// Eight inputs, normal numbers for a generator and uniform ones for a discriminator, and what the network makes of
  /// them.
  private func writeExample(
    _ network: Network, _ weights: Tensor?, _ seed: UInt64, _ names: (input: String, output: String), to path: String
  ) throws {
    let (count, device) = (8, network.weights.device)
    let shape = Shape([count] + network.input.sizes)
    let random = RandomStream(seed: seed, stream: 0)
    let x =
      player == .generator
      ? random.normal(shape, step: 0, on: device) : 2 * random.uniform(shape, step: 0, on: device) - 1
    let classes = network.classes.map { classes in (0..<count).map { $0 % classes } }
    let labels = classes.map { Tensor($0.map(Double.init), shape: [count], on: device) }
    let y = network(x, weights: weights.map(network.views), mode: Mode(statistics: .running, labels: labels))
    var tensors = try [(names.input, x), (names.output, y)].map { name, tensor in
      let tensor = tensor.shape.rank == 4 ? tensor.transposed([0, 3, 1, 2]) : tensor
      return SafetensorsFile.Tensor(name, shape: tensor.shape.sizes, .float32(try tensor.scalars()))
    }
    if let classes { tensors.append(.init("labels", shape: [count], .int64(classes.map { Int64($0) }))) }
    try SafetensorsFile(tensors: tensors).write(to: path)
  }
}
