import Records
import Tensors

/// Inception-v3, run by any device: 2048 pooled features and logits an image, from weights that the user has
/// (`tools/convert-inception`).
///
/// Which network it is follows from the file: that of the FID papers with 1008 classes, or torchvision's with 1000.
/// Images are resized to 299 x 299; grey ones count as three equal channels.
public final class Inception: FeatureExtractor {
  public let suffix: String
  public let identity: [(name: String, value: String)]
  public let width = InceptionNetwork.features
  public let classes: Int

  private let network: InceptionNetwork
  private let resizer: Resizer
  private let scaling: InceptionScaling
  private let device: Device
  /// By the units' names, batch norm folded in: filters [rows][columns][in][out] and biases.
  private let units: [String: (filter: Tensor, bias: Tensor)]
  /// The fully connected layer's matrix, [classes][features], and its bias where the logits have one.
  private let head: (matrix: Tensor, bias: Tensor?)
  /// Images that go through the network at one time: few, so that on a processor more of a layer stays in its caches.
  private static let batch = 8

  /// Reads a file of weights: what `tools/convert-inception` writes, or any safetensors file with the tensors of a
  /// PyTorch state dict.
  ///
  /// - Parameters:
  ///   - resizer: How images get their size; by default as the network's port does it, TensorFlow's way for the FID
  ///     papers' and PyTorch's for torchvision's.
  ///   - isBiased: Whether logits have the bias of the fully connected layer; by default they have in torchvision's
  ///     network only: the Inception Score is taken without (torch-fidelity's `logits_unbiased`).
  /// - Throws: `FeatureError` where there is no such file, or not of this network: names the first tensor that is not
  ///   as it should be.
  public convenience init(
    contentsOf path: String, resizer: Resizer? = nil, isBiased: Bool? = nil, on device: Device
  ) throws(FeatureError) {
    let file: SafetensorsFile
    do throws(RecordError) { file = try SafetensorsFile(readingFrom: path) } catch {
      throw FeatureError("\(error); \(Self.remedy)")
    }
    try self.init(file, named: path, resizer: resizer, isBiased: isBiased, on: device)
  }

  convenience init(
    _ file: SafetensorsFile, named path: String, resizer: Resizer? = nil, isBiased: Bool? = nil, on device: Device
  ) throws(FeatureError) {
    let classes = file["fc.weight"]?.shape.first
    let network = InceptionNetwork.allCases.first { $0.classes == classes } ?? .fid
    let weights = try Self.weights(of: network, in: file, path)
    let source = file.metadata["sha256"]
    let hash = source ?? Self.hash(of: network, weights)
    let isKnown = network == .fid && source?.hasPrefix(Self.knownHash) == true
    self.init(
      network, suffix: isKnown ? "" : "inception-" + hash.prefix(8), weights: hash, resizer: resizer,
      isBiased: isBiased, on: device
    ) { name, shape in
      guard let values = weights[name] else { preconditionFailure("\(name) was checked") }
      return Tensor(values, shape: shape, on: device)
    }
  }

  /// The network of the FID papers with random weights that keep the size of what they see (He et al. 2015): features
  /// without any file, and what speed is measured on.
  public convenience init(untrained seed: UInt64, resizer: Resizer? = nil, on device: Device) {
    let random = RandomStream(seed: seed, stream: 0)
    var drawn = 0
    self.init(
      .fid, suffix: "inception-untrained", weights: "random, seed \(seed)", resizer: resizer, isBiased: nil, on: device
    ) { name, shape in
      guard shape.rank > 1 else {
        return Tensor(name.hasSuffix("bn.weight") || name.hasSuffix("running_var") ? 1 : 0, shape: shape, on: device)
      }
      drawn += 1
      let inputs = Double(shape.count / shape[0])
      return random.normal(shape, step: drawn, on: device) * (2 / inputs).squareRoot()
    }
  }

  /// - Parameters:
  ///   - weights: What names the weights in the identity.
  ///   - tensor: Hands out each tensor of the state dict, by name and shape, in PyTorch's layout.
  private init(
    _ network: InceptionNetwork, suffix: String, weights: String, resizer: Resizer?, isBiased: Bool?,
    on device: Device, _ tensor: (_ name: String, _ shape: Shape) -> Tensor
  ) {
    self.network = network
    (self.suffix, self.device, classes) = (suffix, device, network.classes)
    units = Dictionary(
      uniqueKeysWithValues: network.units.map { unit, inputs in
        // y = gamma (x - mean) / sqrt(variance + 1e-3) + beta.
        let norm = ["weight", "bias", "running_mean", "running_var"].map {
          tensor("\(unit.name).bn.\($0)", [unit.outputs])
        }
        let scale = norm[0] / (norm[3] + 1e-3).squareRoot()
        let filter = tensor(unit.name + ".conv.weight", [unit.outputs, inputs, unit.rows, unit.columns])
          .transposed([2, 3, 1, 0])
        return (unit.name, (filter * scale.broadcast(to: filter.shape), norm[1] - norm[2] * scale))
      })
    let isBiased = isBiased ?? (network == .torchvision)
    head = (
      tensor("fc.weight", [network.classes, InceptionNetwork.features]),
      isBiased ? tensor("fc.bias", [network.classes]) : nil
    )
    let chosen = resizer ?? (network == .fid ? .tensorFlowBilinear : .pytorchBilinear)
    self.resizer = chosen
    scaling = network == .torchvision || chosen.name == Resizer.pytorchBilinear.name ? .whole : .shifted
    identity = [
      ("features", network.rawValue), ("weights' sha256", weights), ("resizer", chosen.name),
      ("scaling", scaling.rawValue), ("logits", isBiased ? "with bias" : "without bias"),
    ]
  }

  public func check(height: Int, width: Int, channels: Int) throws(FeatureError) {
    guard channels == 1 || channels == 3, height > 0, width > 0 else {
      throw FeatureError(
        "images of \(height) x \(width) with \(channels) channels are nothing for Inception-v3, which takes grey or RGB "
          + "images, 1 or 3 channels: convert them first")
    }
  }

  public func features(of images: ImageBytes) throws -> Features {
    try features(of: images, batch: Self.batch) { part in
      let size = (height: InceptionNetwork.size, width: InceptionNetwork.size)
      let x = scaling.apply(try resizer.resize(part, to: size, on: device))
      let pooled = outputs(of: network.steps, x.broadcast(to: x.shape.with(channels: 3))).mean(over: [1, 2])
      let logits = matmul(pooled, head.matrix, transposingB: true)
      return (pooled, head.bias.map { logits.adding(bias: $0) } ?? logits)
    }
  }

  private func outputs(of steps: [InceptionStep], _ x: Tensor) -> Tensor {
    steps.reduce(x) { x, step in
      switch step {
      case .unit(let unit):
        guard let weights = units[unit.name] else { preconditionFailure("\(unit.name) is a unit of the table") }
        return conv2d(
          x, weights.filter, bias: weights.bias, .init(stride: unit.stride, padding: unit.padding), activation: .relu)
      case .averagePool:
        return x.averagePooled(PoolingWindow(3, stride: 1, padding: 1), countsPadding: network.countsPadding)
      case .maximumPool(let stride, let padding):
        return x.maximumPooled(PoolingWindow(3, stride: stride, padding: .init(padding)))
      case .branches(let branches):
        return Tensor.concatenated(branches.map { outputs(of: $0, x) }, axis: -1)
      }
    }
  }
}

/// How levels of 0 ... 255 become what Inception sees.
private enum InceptionScaling: String {
  /// TensorFlow's graph, torch-fidelity, clean-fid.
  case shifted = "(x - 128) / 128"
  /// pytorch-fid; torchvision too: its `transform_input` undoes the normalization of its data sets.
  case whole = "2 x / 255 - 1"

  func apply(_ x: Tensor) -> Tensor {
    switch self {
    case .shifted: (x - 128) * (1.0 / 128)
    case .whole: x * (2.0 / 255) - 1
    }
  }
}

extension Inception {
  private typealias Weights = [String: [Float]]
  /// How the SHA-256 begins of the checkpoint of the FID papers' network, which pytorch-fid and torch-fidelity publish
  /// under names that tell it.
  private static let knownHash = "6726825d"
  private static let remedy =
    "tools/convert-inception makes a file of Inception-v3's weights from pytorch-fid's, torch-fidelity's or "
    + "torchvision's checkpoint"

  private static func weights(
    of network: InceptionNetwork, in file: SafetensorsFile, _ path: String
  ) throws(FeatureError) -> Weights {
    var weights: Weights = [:]
    for (name, shape) in network.tensors {
      do throws(SafetensorsFault) { weights[name] = try file.float32(name, shape: shape) } catch {
        throw FeatureError("\(path) holds the weights of another network than \(network.rawValue): \(error); \(remedy)")
      }
    }
    return weights
  }

  /// The SHA-256 of the elements, where the file does not tell that of the checkpoint it comes from.
  private static func hash(of network: InceptionNetwork, _ weights: Weights) -> String {
    var hash = SHA256()
    for (name, _) in network.tensors { weights[name]?.withUnsafeBytes { hash.add($0) } }
    return hash.digest.description
  }
}

extension Shape {
  /// Images of so many channels.
  fileprivate func with(channels: Int) -> Shape { Shape(sizes.dropLast() + [channels]) }
}
