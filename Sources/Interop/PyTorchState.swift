import Networks
import Records

/// A network's weights and statistics in the names and layouts of PyTorch's state dicts.
///
/// Layers are called as in an `nn.Sequential` called `main`, as in PyTorch's DCGAN example; what a module's `forward`
/// would say without a module (reshaping, labels beside inputs) has no number. Filters are OIHW, weights of dense
/// layers [out, in], and where a dense layer's features are the pixels of an image, they are in the order channels,
/// rows, columns. Spectral norms are those of `torch.nn.utils.spectral_norm`.
///
/// Sources: https://github.com/pytorch/examples/blob/main/dcgan/main.py,
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html.
public struct PyTorchState {
  /// A tensor of the state dict.
  struct Entry {
    /// The first is the name that is written; the others are read too.
    let names: [String]
    let shape: [Int]
    let content: Content
  }

  enum Content {
    /// Where each element lies among the network's weights.
    case weights([Int])
    /// Where each element lies among the network's statistics.
    case statistics([Int])
    /// The right singular vector of the spectral norm of a parameter, with the order of its elements. It follows from
    /// the others.
    case rightVector(parameter: Int, order: [Int])
    /// How many batches a normalization has seen.
    case batches
  }

  let network: Network
  let entries: [Entry]

  /// - Throws: `NetworkError` where the network's layers do not fit, which those of a `Network` do.
  public init(of network: Network) throws {
    self.network = network
    let modules = try Modules(network)
    var entries: [Entry] = []
    var start = 0
    for (number, parameter) in network.parameters.enumerated() {
      let layout = modules.layout(of: parameter)
      let name = modules.name(parameter.name)
      let order = layout.order.map { start + $0 }
      start += parameter.shape.count
      guard parameter.isSpectral else {
        entries.append(Entry(names: [name], shape: layout.shape, content: .weights(order)))
        continue
      }
      let names = SpectralNames(name)
      entries.append(Entry(names: names.weight, shape: layout.shape, content: .weights(order)))
      entries.append(
        Entry(
          names: names.right, shape: [layout.rightOrder.count],
          content: .rightVector(parameter: number, order: layout.rightOrder)))
    }
    start = 0
    for statistic in network.statistics {
      let name = modules.name(statistic.name)
      let range = start..<start + statistic.shape.count
      start = range.upperBound
      if let prefix = name.removing(suffix: "running_moments") {
        let channels = statistic.shape[1]
        for (row, name) in ["running_mean", "running_var"].enumerated() {
          let order = Array(range.dropFirst(row * channels).prefix(channels))
          entries.append(Entry(names: [prefix + name], shape: [channels], content: .statistics(order)))
        }
        entries.append(Entry(names: [prefix + "num_batches_tracked"], shape: [], content: .batches))
      } else {
        let names = name.removing(suffix: "_u").map { SpectralNames($0).left } ?? [name]
        entries.append(Entry(names: names, shape: statistic.shape.sizes, content: .statistics(Array(range))))
      }
    }
    self.entries = entries
  }

  /// The state dict, as `safetensors.torch.load_file` gives it.
  ///
  /// - Parameters:
  ///   - weights: Flat, such as a moving average; else the network's own.
  ///   - batches: How many batches the network's running averages have seen.
  /// - Throws: The device's first failure.
  public func tensors(weights: Tensor? = nil, batches: Int) throws -> [SafetensorsFile.Tensor] {
    let weights = weights ?? network.weights
    let (values, statistics): ([Float], [Float]) = (
      try weights.scalars(), try network.runningStatistics.scalars()
    )
    // A pass of Saddle takes a step of the power iteration, PyTorch's in eval mode none: it is given what the step
    // makes.
    var left: [String: [Float]] = [:]
    var tensors: [SafetensorsFile.Tensor] = []
    for entry in entries {
      let content: SafetensorsFile.Values
      switch entry.content {
      case .weights(let order): content = .float32(order.map { values[$0] })
      case .statistics(let order): content = .float32(left[entry.names[0]] ?? order.map { statistics[$0] })
      case .rightVector(let number, let order):
        let (u, v) = try singularVectors(number, weights)
        left[SpectralNames(right: entry.names[0]).left[0]] = u
        content = .float32(order.map { v[$0] })
      case .batches: content = .int64([Int64(batches)])
      }
      tensors.append(.init(entry.names[0], shape: entry.shape, content))
    }
    return tensors
  }

  private func singularVectors(_ number: Int, _ weights: Tensor) throws -> (u: [Float], v: [Float]) {
    let parameter = network.parameters[number]
    var start = 0
    for statistic in network.statistics {
      if statistic.name == parameter.name + "_u" { break }
      start += statistic.shape.count
    }
    let outputAxis = parameter.outputAxis ?? -1
    let u = network.runningStatistics.view(from: start, shape: [parameter.shape[outputAxis]])
    let next = network.views(of: weights)[number].powerIteration(outputAxis: outputAxis, from: u)
    return (try next.u.scalars(), try next.v.scalars())
  }
}

/// What the tensors of a spectrally normalized weight are called, by `spectral_norm` and by its newer form.
private struct SpectralNames {
  let name: String
  /// Of the weight, such as "main.0.weight".
  init(_ name: String) { self.name = name }
  init(right: String) { name = right.removing(suffix: "_v") ?? right }

  private var newer: String { name.removing(suffix: "weight").map { $0 + "parametrizations.weight" } ?? name }
  var weight: [String] { [name + "_orig", newer + ".original"] }
  var left: [String] { [name + "_u", newer + ".0._u"] }
  var right: [String] { [name + "_v", newer + ".0._v"] }
}

/// The modules that PyTorch would have for a network's layers.
private struct Modules {
  private let layers: [any Layer]
  /// Of top-level layers, by number: the images whose pixels are their inputs or their outputs.
  private var inputImages: [Int: Shape] = [:]
  private var outputImages: [Int: Shape] = [:]

  init(_ network: Network) throws {
    layers = ((network.layer as? Sequential)?.layers ?? []).map { ($0 as? SpectralNormalization)?.layer ?? $0 }
    var declarations = Declarations(input: network.input)
    var shape = network.input
    for (number, layer) in layers.enumerated() {
      let before = shape
      shape = try layer.declare(before, &declarations)
      guard layer is Reshape else { continue }
      func isLinear(_ number: Int) -> Bool { layers[number] is Dense || layers[number] is ProjectionHead }
      if before.rank == 3 && shape.rank == 1 {
        inputImages[layers.indices[number...].first(where: isLinear) ?? -1] = before
      } else if before.rank == 1 && shape.rank == 3 {
        outputImages[layers.indices[..<number].last(where: isLinear) ?? -1] = shape
      }
    }
  }

  /// Ours, a path of layers' numbers, as PyTorch numbers them.
  func name(_ path: String) -> String {
    let parts = path.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let number = Int(parts[0]), layers.indices.contains(number) else { return "main." + path }
    // These are said in `forward`.
    let unnumbered = layers[..<number].count {
      $0 is Reshape || $0 is FeatureMark || $0 is Slice || $0 is LabelConcatenation
    }
    return "main.\(number - unnumbered).\(parts[1])"
  }

  struct Layout {
    let shape: [Int]
    /// Where each element lies in ours.
    let order: [Int]
    /// The same for the right singular vector of its spectral norm: all but the outputs' axis.
    let rightOrder: [Int]
  }

  func layout(of parameter: Parameter) -> Layout {
    let (shape, outputAxis) = (parameter.shape, parameter.outputAxis)
    let number = parameter.name.split(separator: ".").first.flatMap { Int($0) } ?? -1
    let axes =
      [2: outputAxis == -1 ? [1, 0] : [0, 1], 3: [2, 0, 1], 4: [3, 2, 0, 1]][shape.rank] ?? Array(0..<shape.rank)
    let outputs = outputAxis.map { shape.rank + $0 }
    let indices = shape.sizes.enumerated().map { axis, size in
      guard shape.rank <= 2 else { return Array(0..<size) }
      let isOutput = shape.rank == 1 || axis == outputs
      return pixels(of: isOutput ? outputImages[number] : outputs == nil ? nil : inputImages[number], count: size)
    }
    var right = (indices: indices, axes: axes)
    if let outputs {
      // As a matrix [everything else, outputs], of which the vector has the rows, in our order.
      right.axes = axes.filter { $0 != outputs }.map { $0 > outputs ? $0 - 1 : $0 }
      right.indices.remove(at: outputs)
    }
    return Layout(
      shape: axes.map { shape[$0] }, order: elementOrder(shape.sizes, axes, indices),
      rightOrder: outputs == nil ? [] : elementOrder(right.indices.map(\.count), right.axes, right.indices))
  }

  /// Features that are an image's pixels in PyTorch's order, by their places in ours; others follow as they are.
  private func pixels(of image: Shape?, count: Int) -> [Int] {
    guard let image, image.count <= count else { return Array(0..<count) }
    return elementOrder(image.sizes, [2, 0, 1]) + Array(image.count..<count)
  }
}

extension String {
  func removing(suffix: String) -> String? { hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil }
}
