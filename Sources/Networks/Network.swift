/// Layers with their weights. All parameters lie in one flat tensor, so that one launch updates them.
public struct Network {
  public let layer: any Layer
  /// Shapes without the batch axis.
  public let input: Shape
  public let output: Shape
  public let parameters: [Parameter]
  public let statistics: [Statistic]
  /// How many classes the layers tell apart; where it is not nil, modes must have labels.
  public let classes: Int?
  /// Every parameter, one after the other.
  public let weights: Tensor
  /// Every running average, one after the other.
  public let runningStatistics: Tensor

  /// Builds a network and draws its initial weights.
  ///
  /// - Parameters:
  ///   - input: The shape of one input, without the batch axis.
  ///   - random: Where the weights are drawn: parameter i at step i, the statistics after them.
  /// - Throws: `NetworkError` where a layer cannot take its inputs; `DeviceError` where an initializer must read what
  ///   it drew.
  public init(_ layer: any Layer, input: Shape, random: RandomStream, on device: Device) throws {
    var declarations = Declarations(input: input)
    output = try layer.declare(input, &declarations)
    (self.layer, self.input) = (layer, input)
    (parameters, statistics, classes) = (declarations.parameters, declarations.statistics, declarations.classes)
    weights = Tensor(0, shape: [parameters.map(\.shape.count).reduce(0, +)], on: device)
    runningStatistics = Tensor(0, shape: [statistics.map(\.shape.count).reduce(0, +)], on: device)
    let initializers = parameters.map(\.initializer) + statistics.map(\.initializer)
    for (number, (initializer, view)) in zip(initializers, views(of: weights) + statisticViews).enumerated() {
      view.assign(try initializer.draw(view.shape, random, step: number, on: device))
    }
  }

  /// Outputs [N, ...] for inputs [N, ...].
  ///
  /// - Parameter weights: The parameters to use, such as `watched(on:)` ones or an average's; else the network's own.
  public func callAsFunction(_ x: Tensor, weights: [Tensor]? = nil, mode: Mode) -> Tensor {
    evaluate(x, weights: weights, mode: mode).output
  }

  /// Outputs [N, ...] for inputs [N, ...], and what the last `FeatureMark` saw, if there is one.
  ///
  /// - Parameter weights: As for a call.
  public func evaluate(_ x: Tensor, weights: [Tensor]? = nil, mode: Mode) -> (output: Tensor, features: Tensor?) {
    precondition(
      Shape(Array(x.shape.sizes.dropFirst())) == input, "the network takes inputs [N] + \(input), not \(x.shape)")
    var pass = Pass(
      parameters: weights ?? views(of: self.weights), declared: parameters, statistics: statisticViews, mode: mode,
      input: x)
    let output = layer.apply(x, &pass)
    return (output, pass.features)
  }

  /// The parameters as variables of a tape.
  public func watched(on tape: Tape) -> [Tensor] { views(of: weights).map(tape.watch) }

  /// The parts of a flat tensor that correspond to the parameters: of the weights, an average, a gradient.
  public func views(of flat: Tensor) -> [Tensor] { views(parameters.map(\.shape), of: flat) }

  /// Gradients of the parameters, one after the other in one flat tensor.
  public func flattened(_ gradients: [Tensor]) -> Tensor {
    let flat = Tensor(uninitialized: weights.shape, on: weights.device)
    flat.assign(joining: gradients)
    return flat
  }

  private var statisticViews: [Tensor] { views(statistics.map(\.shape), of: runningStatistics) }

  private func views(_ shapes: [Shape], of flat: Tensor) -> [Tensor] {
    var start = 0
    return shapes.map { shape in
      defer { start += shape.count }
      return flat.view(from: start, shape: shape)
    }
  }
}
