import Networks

extension ONNXModel {
  /// A network with these weights, as it makes samples: batch normalization by its running averages, spectral norms
  /// divided out, and whatever else does not depend on its inputs computed.
  ///
  /// The input is called `input`, [batch, features] or [batch, channels, height, width]; networks that know classes
  /// have `labels`, int64 [batch], beside it. The graph is what a tape saw of a run, so that it has every layer, also a
  /// user's own. Two runs, of two samples and of three, tell which sizes are the batch's.
  ///
  /// - Parameter weights: Flat, such as a moving average; else the network's own.
  /// - Throws: `InteropError` where a layer cannot be said in ONNX, `DeviceError`.
  public init(of network: Network, weights: Tensor? = nil, input: String, output: String) throws {
    let device = network.weights.device
    let views = network.views(of: weights ?? network.weights)
    func trace(_ count: Int) -> Trace {
      let x = Tensor(0, shape: Shape([count] + network.input.sizes), on: device)
      let labels = network.classes.map { _ in Tensor(0, shape: [count], on: device) }
      return Trace([x] + (labels.map { [$0] } ?? []), on: device) { inputs in
        network(inputs[0], weights: views, mode: Mode(statistics: .running, labels: labels.map { _ in inputs[1] }))
      }
    }
    let lowering = try ONNXLowering(trace(2), trace(3), [input, "labels"])
    (name, nodes, initializers) = ("saddle", [], [])
    inputs = [Port(name: input, type: 1, sizes: [nil] + network.input.channelsFirst)]
    if network.classes != nil { inputs.append(Port(name: "labels", type: 7, sizes: [nil])) }
    outputs = [Port(name: output, type: 1, sizes: [nil] + network.output.channelsFirst)]
    (nodes, initializers) = try lowering.graph(output: output)
  }
}

/// Two traces of a network, of two samples and of three, on their way into a graph.
private struct ONNXLowering {
  let two, three: Trace
  let inputs: [String]

  /// - Throws: `InteropError` where the network does not compute alike for both.
  init(_ two: Trace, _ three: Trace, _ inputs: [String]) throws {
    (self.two, self.three, self.inputs) = (two, three, inputs)
    let differing = zip(two.steps, three.steps).first {
      $0.op.name != $1.op.name || $0.op.attributes != $1.op.attributes
    }
    if let differing { throw Self.error(differing.0, InteropError("what it does depends on the number of samples")) }
    guard two.steps.count == three.steps.count else {
      throw InteropError("what the network does depends on the number of samples: ONNX has no word for that")
    }
  }

  func graph(output: String) throws -> ([ONNXModel.Node], [ONNXModel.Initializer]) {
    var graph = ONNXGraph()
    var made: [ONNXGraph.Wire] = []
    let uses = uses
    for (number, (step, other)) in zip(two.steps, three.steps).enumerated() {
      do {
        guard let row = ONNXOperators.rows[step.op.name] else { throw InteropError("ONNX has no word for it here") }
        let operands = try zip(step.inputs, other.inputs).enumerated().map { i, sources in
          try operand(sources.0, Self.sizes(step.inputShapes[i], other.inputShapes[i]), made)
        }
        let inputSizes = zip(step.inputShapes, other.inputShapes).map(Self.sizes)
        var wire = try row(
          &graph,
          ONNXStep(
            attributes: step.op.attributes, operands: operands, inputSizes: inputSizes,
            sizes: Self.sizes(step.shape, other.shape)))
        wire.uses = uses[number]
        made.append(wire)
      } catch let error as InteropError {
        throw Self.error(step, error)
      }
    }
    let sizes = Self.sizes(two.outputShape, three.outputShape)
    guard case .wire(let last) = try operand(two.output, sizes, made), case .step = two.output else {
      throw InteropError("the network's outputs do not depend on its inputs")
    }
    let name = try graph.name(of: .wire(last), sizes, sizes.count == 4 ? .channelsFirst : .rows)
    graph.finish(name, as: output)
    return (graph.nodes, graph.initializers)
  }

  /// How many steps read what each makes.
  private var uses: [Int] {
    var uses = [Int](repeating: 0, count: two.steps.count)
    for source in two.steps.flatMap(\.inputs) + [two.output] {
      if case .step(let number) = source { uses[number] += 1 }
    }
    return uses
  }

  private func operand(
    _ source: Trace.Source, _ sizes: [ONNXGraph.Size], _ made: [ONNXGraph.Wire]
  ) throws -> ONNXGraph.Operand {
    switch source {
    case .step(let number): .wire(made[number])
    case .input(let number):
      .wire(
        .init(
          name: inputs[number], sizes: sizes, layout: sizes.count == 4 ? .channelsFirst : .rows, isInteger: number == 1)
      )
    case .constant(let tensor): .constant(.init(values: try tensor.scalars(), sizes: sizes))
    }
  }

  private static func sizes(_ two: Shape, _ three: Shape) -> [ONNXGraph.Size] {
    zip(two.sizes, three.sizes).map { ONNXGraph.Size($0, $1) }
  }

  private static func error(_ step: Trace.Step, _ error: InteropError) -> InteropError {
    let place = step.place.isEmpty ? "" : step.place.joined(separator: ", ") + ": "
    return InteropError(
      "\(place)the op \(step.op.name) cannot be said in ONNX: \(error). Use --format pytorch, which holds the weights of "
        + "every network.")
  }
}

extension Shape {
  /// An image's sizes in ONNX's order; others as they are.
  package var channelsFirst: [Int] { rank == 3 ? [self[2], self[0], self[1]] : sizes }
}
