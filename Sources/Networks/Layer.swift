@_exported import Tensors

/// A part of a network: what it declares, and what it computes. A layer is a value without weights; they lie in its
/// `Network`.
///
/// Shapes leave out the batch axis. A layer asks for its parameters in `apply` in the order in which it declared them
/// in `declare`.
public protocol Layer: Sendable {
  /// Declares parameters and statistics for inputs of this shape, and returns the shape of the outputs.
  ///
  /// - Throws: `NetworkError` where the layer cannot take such inputs.
  func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape
  /// The outputs [N, ...] for inputs [N, ...].
  func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor
  /// This layer and the one after it as one that reads memory less often, or nil where there is no such.
  func fused(with next: any Layer) -> (any Layer)?
}

extension Layer {
  public func fused(with next: any Layer) -> (any Layer)? { nil }
}

/// Layers that do not fit together, or an architecture that cannot be built: what, where, and what would do.
public struct NetworkError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// A trained tensor of a network.
public struct Parameter: Sendable {
  /// A path of layer numbers and a name, as in PyTorch: "3.weight".
  public let name: String
  public let shape: Shape
  let initializer: Initializer
  /// The axis that counts outputs where the parameter is the weight of a linear map, counted from the end.
  package let outputAxis: Int?
  /// Whether layers see it divided by its spectral norm.
  package let isSpectral: Bool
}

/// What a layer keeps beside its parameters and no gradient moves, such as a running average.
public struct Statistic: Sendable {
  public let name: String
  public let shape: Shape
  let initializer: Initializer
}

/// Collects what the layers of a network declare.
public struct Declarations {
  public private(set) var parameters: [Parameter] = []
  public private(set) var statistics: [Statistic] = []
  /// The shape of the network's own inputs, for layers that read them (`Pass.input`).
  public let input: Shape
  /// How many classes the layers that need labels tell apart; nil where there are no such layers.
  public private(set) var classes: Int?
  private var path: [String] = []
  private var isSpectral = false

  package init(input: Shape) { self.input = input }

  /// Declares a trained tensor.
  ///
  /// - Parameter outputAxis: Where it is the weight of a linear map, the axis that counts outputs, from the end (-1 is
  ///   the last): spectral normalization and orthogonal regularization see the weight as a matrix.
  public mutating func parameter(_ name: String, _ shape: Shape, _ initializer: Initializer, outputAxis: Int? = nil) {
    let isSpectral = isSpectral && outputAxis != nil
    parameters.append(
      Parameter(
        name: full(name), shape: shape, initializer: initializer, outputAxis: outputAxis, isSpectral: isSpectral))
    if isSpectral, let outputAxis {
      statistic(name + "_u", [shape[outputAxis]], .normal(standardDeviation: 1))
    }
  }

  public mutating func statistic(_ name: String, _ shape: Shape, _ initializer: Initializer) {
    statistics.append(Statistic(name: full(name), shape: shape, initializer: initializer))
  }

  /// Declarations of a part whose linear maps are divided by their spectral norms.
  mutating func spectral<Result>(
    _ body: (inout Declarations) throws(NetworkError) -> Result
  ) throws(NetworkError) -> Result {
    let outer = isSpectral
    isSpectral = true
    defer { isSpectral = outer }
    return try body(&self)
  }

  /// Declares that a layer reads `Pass.labels`, which are below `classes`.
  ///
  /// - Throws: `NetworkError` where there are no classes, or another number of them than in an earlier layer.
  public mutating func labels(classes: Int) throws(NetworkError) {
    guard classes > 0 else { throw NetworkError("\(place): there must be at least one class, not \(classes)") }
    guard self.classes ?? classes == classes else {
      throw NetworkError("\(place): it tells \(classes) classes apart, an earlier layer \(self.classes ?? 0)")
    }
    self.classes = classes
  }

  /// Declarations of a part, under its name.
  public mutating func nested<Result>(
    _ name: String, _ body: (inout Declarations) throws(NetworkError) -> Result
  ) throws(NetworkError) -> Result {
    path.append(name)
    defer { path.removeLast() }
    return try body(&self)
  }

  /// Where in the network the declarations are, for errors.
  var place: String { path.isEmpty ? "the network" : "layer " + path.joined(separator: ".") }

  private func full(_ name: String) -> String { (path + [name]).joined(separator: ".") }
}

/// How a network is run.
public struct Mode {
  public enum Statistics: Sendable {
    /// Normalize by the batch's own moments; update the running averages too, or not.
    case batch(updating: Bool)
    /// Normalize by the running averages.
    case running
  }

  public var statistics: Statistics
  /// The batch is this many equal parts, one after the other, each normalized by its own moments.
  public var groups = 1
  /// Where dropout draws its masks, and at which step; no dropout where it is nil.
  public var dropout: (random: RandomStream, step: Int)?
  /// The class of each input, [N]: whole numbers from 0 on, as reals. Networks that are conditioned on classes need it.
  public var labels: Tensor?

  public init(
    statistics: Statistics, groups: Int = 1, dropout: (random: RandomStream, step: Int)? = nil, labels: Tensor? = nil
  ) {
    (self.statistics, self.groups, self.dropout, self.labels) = (statistics, groups, dropout, labels)
  }

  /// Whether running averages are to be moved.
  var isUpdating: Bool { if case .batch(updating: true) = statistics { true } else { false } }

  /// Batch moments, running averages updated, no dropout.
  public static var training: Mode { Mode(statistics: .batch(updating: true)) }
  /// Running averages.
  public static var inference: Mode { Mode(statistics: .running) }
}

/// One run through a network: hands each layer its parameters and statistics in turn.
public struct Pass {
  private var parameters: ArraySlice<Tensor>
  private var declared: ArraySlice<Parameter>
  private var statistics: ArraySlice<Tensor>
  public let mode: Mode
  /// The network's own input [N, ...]: latents may enter at several layers.
  public let input: Tensor
  /// What the last `FeatureMark` so far saw.
  var features: Tensor?
  /// How many of the first samples are the reference batch of the `Referenced` around the layer.
  var references = 0
  private var draws = 0

  init(parameters: [Tensor], declared: [Parameter], statistics: [Tensor], mode: Mode, input: Tensor) {
    (self.parameters, self.declared, self.statistics) = (parameters[...], declared[...], statistics[...])
    (self.mode, self.input) = (mode, input)
  }

  /// The next declared parameter, as the layer is to use it.
  public mutating func parameter() -> Tensor {
    let (weight, parameter) = (parameters.removeFirst(), declared.removeFirst())
    guard let outputAxis = parameter.outputAxis, parameter.isSpectral else { return weight }
    return weight.spectrallyNormalized(outputAxis: outputAxis, vector: statistic(), isUpdating: mode.isUpdating)
  }
  /// The next declared statistic, to be read or written in place.
  public mutating func statistic() -> Tensor { statistics.removeFirst() }
  /// The class of each input, [N].
  ///
  /// - Precondition: The mode has labels, one for each input.
  public var labels: Tensor {
    guard let labels = mode.labels else {
      preconditionFailure("the network is conditioned on classes: its mode needs labels [N]")
    }
    precondition(
      labels.shape == [input.shape[0]],
      "the labels' shape must be [\(input.shape[0])], a number for each input, not \(labels.shape)")
    return labels
  }
  /// Numbers the draws of one run, so that no two layers drop alike.
  public mutating func draw() -> Int {
    draws += 1
    return draws - 1
  }
}
