/// Layers with their weights. All parameters lie in one flat tensor, so that one launch updates them.
public struct Network {
  public let layer: any Layer
  /// Shapes without the batch axis.
  public let input: Shape
  public let output: Shape
  public let parameters: [Parameter]
  public let statistics: [Statistic]
  /// Every parameter, one after the other.
  public let weights: Tensor
  /// Every running average, one after the other.
  public let runningStatistics: Tensor

  /// Builds a network and draws its initial weights.
  ///
  /// - Parameters:
  ///   - input: The shape of one input, without the batch axis.
  ///   - random: Where the weights are drawn: parameter i at step i.
  /// - Throws: `NetworkError` where a layer cannot take its inputs; `DeviceError` where an initializer must read what
  ///   it drew.
  public init(_ layer: any Layer, input: Shape, random: RandomStream, on device: Device) throws {
    var declarations = Declarations()
    output = try layer.declare(input, &declarations)
    (self.layer, self.input) = (layer, input)
    (parameters, statistics) = (declarations.parameters, declarations.statistics)
    weights = Tensor(0, shape: [parameters.map(\.shape.count).reduce(0, +)], on: device)
    runningStatistics = Tensor(
      statistics.flatMap(\.initial), shape: [statistics.map(\.shape.count).reduce(0, +)], on: device)
    for (number, (parameter, view)) in zip(parameters, views(of: weights)).enumerated() {
      view.assign(try parameter.initializer.draw(parameter.shape, random, step: number, on: device))
    }
  }

  /// Outputs [N, ...] for inputs [N, ...].
  ///
  /// - Parameter weights: The parameters to use, such as `watched(on:)` ones or an average's; else the network's own.
  public func callAsFunction(_ x: Tensor, weights: [Tensor]? = nil, mode: Mode) -> Tensor {
    precondition(
      Shape(Array(x.shape.sizes.dropFirst())) == input, "the network takes inputs [N] + \(input), not \(x.shape)")
    var pass = Pass(
      parameters: weights ?? views(of: self.weights), statistics: views(statistics.map(\.shape), of: runningStatistics),
      mode: mode)
    return layer.apply(x, &pass)
  }

  /// The same, with what the network's `Features` layer saw.
  public func evaluate(_ x: Tensor, weights: [Tensor]? = nil, mode: Mode) -> (output: Tensor, features: Tensor?) {
    (self(x, weights: weights, mode: mode), nil)
  }

  /// The parameters as variables of a tape.
  public func watched(on tape: Tape) -> [Tensor] { views(of: weights).map(tape.watch) }

  /// The parts of a flat tensor that correspond to the parameters: of the weights, an average, a gradient.
  public func views(of flat: Tensor) -> [Tensor] { views(parameters.map(\.shape), of: flat) }

  /// Gradients of the parameters, one after the other in one flat tensor.
  public func flattened(_ gradients: [Tensor]) -> Tensor {
    let flat = Tensor(uninitialized: weights.shape, on: weights.device)
    for (view, gradient) in zip(views(of: flat), gradients) { view.assign(gradient) }
    return flat
  }

  private func views(_ shapes: [Shape], of flat: Tensor) -> [Tensor] {
    var start = 0
    return shapes.map { shape in
      defer { start += shape.count }
      return flat.view(from: start, shape: shape)
    }
  }
}
