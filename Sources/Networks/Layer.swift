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
}

/// A running average that a layer keeps beside its parameters.
public struct Statistic: Sendable {
  public let name: String
  public let shape: Shape
  let initial: [Double]
}

/// Collects what the layers of a network declare.
public struct Declarations {
  public private(set) var parameters: [Parameter] = []
  public private(set) var statistics: [Statistic] = []
  private var path: [String] = []

  public mutating func parameter(_ name: String, _ shape: Shape, _ initializer: Initializer) {
    parameters.append(Parameter(name: full(name), shape: shape, initializer: initializer))
  }

  public mutating func statistic(_ name: String, _ shape: Shape, _ initial: [Double]) {
    statistics.append(Statistic(name: full(name), shape: shape, initial: initial))
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
  public var parts = 1
  /// Where dropout draws its masks, and at which step; no dropout where it is nil.
  public var dropout: (random: RandomStream, step: Int)?
  /// Class numbers of the inputs, [N].
  public var labels: Tensor?

  public init(statistics: Statistics, parts: Int = 1, dropout: (random: RandomStream, step: Int)? = nil) {
    (self.statistics, self.parts, self.dropout) = (statistics, parts, dropout)
  }

  /// Batch moments, running averages updated, no dropout.
  public static var training: Mode { Mode(statistics: .batch(updating: true)) }
  /// Running averages.
  public static var inference: Mode { Mode(statistics: .running) }
}

/// One run through a network: hands each layer its parameters and statistics in turn.
public struct Pass {
  private var parameters: ArraySlice<Tensor>
  private var statistics: ArraySlice<Tensor>
  public let mode: Mode
  private var draws = 0

  init(parameters: [Tensor], statistics: [Tensor], mode: Mode) {
    (self.parameters, self.statistics, self.mode) = (parameters[...], statistics[...], mode)
  }

  /// The next declared parameter.
  public mutating func parameter() -> Tensor { parameters.removeFirst() }
  /// The next declared statistic, to be read or written in place.
  public mutating func statistic() -> Tensor { statistics.removeFirst() }
  /// Numbers the draws of one run, so that no two layers drop alike.
  public mutating func draw() -> Int {
    draws += 1
    return draws - 1
  }
}
