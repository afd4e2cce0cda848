/// One differentiable operation with its attributes: a row of the table `Op.all`.
///
/// A row says what shape comes out, how it is computed on any device, and its gradient in ops again.
public struct Op: Sendable {
  /// What the gradient needs to see again.
  struct SavedForBackward: Sendable {
    let inputs: [Bool]?
    let output: Bool
    static let nothing = SavedForBackward(inputs: [], output: false)
    static let inputs = SavedForBackward(inputs: nil, output: false)
    static let output = SavedForBackward(inputs: [], output: true)
    static func inputs(_ which: Int...) -> SavedForBackward {
      SavedForBackward(inputs: (0...(which.max() ?? 0)).map { which.contains($0) }, output: false)
    }

    func input(_ i: Int) -> Bool { inputs.map { i < $0.count && $0[i] } ?? true }
  }

  public let name: String
  /// What it is told besides its tensors, by name, so that others can say the op in their own words. What the shapes
  /// tell is left out.
  public let attributes: [String: [Double]]
  let saved: SavedForBackward
  /// The output's shape.
  let shape: @Sendable (_ inputs: [Shape]) throws(ShapeError) -> Shape
  /// Computes the output, of the given shape.
  let run: @Sendable (_ inputs: [Tensor], _ shape: Shape) -> Tensor
  /// The cotangents of the inputs, for those that are wanted.
  let vjp: @Sendable (Pullback) -> [Tensor?]

  init(
    _ name: String, _ attributes: [String: [Double]] = [:], saved: SavedForBackward,
    shape: @escaping @Sendable ([Shape]) throws(ShapeError) -> Shape,
    run: @escaping @Sendable ([Tensor], Shape) -> Tensor, vjp: @escaping @Sendable (Pullback) -> [Tensor?]
  ) {
    (self.name, self.attributes, self.saved, self.shape, self.run, self.vjp) = (
      name, attributes, saved, shape, run, vjp
    )
  }

  /// An op with a kernel of its own whose gradient is that of its definition in simpler ops: fusing never ends
  /// differentiability.
  init(
    fused name: String, _ attributes: [String: [Double]] = [:],
    shape: @escaping @Sendable ([Shape]) throws(ShapeError) -> Shape,
    run: @escaping @Sendable ([Tensor], Shape) -> Tensor, definition: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.init(name, attributes, saved: .inputs, shape: shape, run: run) { $0.cotangents(of: definition) }
  }

  /// Applies the op, and records it where an input is on a tape.
  ///
  /// - Precondition: The shapes fit, and the tensors are on one device; the message names the op and what does not fit.
  public func callAsFunction(_ inputs: Tensor...) -> Tensor { self(inputs) }

  /// The same for callers that go on: nothing was computed or recorded where it throws, but for `device`.
  ///
  /// - Precondition: There are as many inputs as the op takes.
  /// - Throws: What does not fit; the device's failure, which later work would run into.
  public func applied(_ inputs: Tensor...) throws(TensorError) -> Tensor {
    let y = try evaluated(inputs)
    if let failure = y.device.failure { throw .device(failure) }
    return y
  }

  func callAsFunction(_ inputs: [Tensor]) -> Tensor {
    do throws(TensorError) { return try evaluated(inputs) } catch { preconditionFailure(error.description) }
  }

  private func evaluated(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    var tape: Tape?
    for x in inputs {
      if x.device !== inputs[0].device { throw .devices(op: name, inputs[0].device.name, x.device.name) }
      if let one = x.tape {
        if let tape, tape !== one { throw .tapes(op: name) }
        tape = one
      }
    }
    let output: Shape
    do throws(ShapeError) { output = try shape(inputs.map(\.shape)) } catch { throw .shape(error) }
    let y = run(inputs, output)
    y.device.anomalyDetector?.look(name, y.buffer, from: y.offset, sizes: y.shape.sizes, on: y.device)
    return tape?.record(self, inputs, y.detached()) ?? y
  }
}

/// What an op's gradient sees: the saved inputs and output, and the output's cotangent.
struct Pullback {
  private let tape: Tape
  private let node: Tape.Node
  private let number: Int
  /// The cotangent of the output.
  let dy: Tensor
  private let createGraph: Bool
  private let wanted: [Bool]

  init(tape: Tape, node: Tape.Node, number: Int, dy: Tensor, createGraph: Bool, isNeeded: (Tape.Edge) -> Bool) {
    (self.tape, self.node, self.number, self.dy, self.createGraph) = (tape, node, number, dy, createGraph)
    wanted = node.inputs.map(isNeeded)
  }

  /// Input `i`, which was saved.
  func x(_ i: Int) -> Tensor {
    let edge = node.inputs[i]
    guard let saved = edge.value else { preconditionFailure("\(node.op?.name ?? ""): input \(i) was not saved") }
    let value = tape.value(saved, "input \(i)", of: node)
    guard createGraph, let number = edge.node else { return value }
    return value.on(tape, at: number)
  }
  var x: Tensor { x(0) }

  /// The output, which was saved.
  var y: Tensor {
    guard let saved = node.value else { preconditionFailure("\(node.op?.name ?? ""): the output was not saved") }
    let value = tape.value(saved, "the output", of: node)
    return createGraph ? value.on(tape, at: number) : value
  }

  func shape(_ i: Int) -> Shape { node.inputs[i].shape }
  var shapes: [Shape] { node.inputs.map(\.shape) }

  /// A cotangent, computed only if somebody asks for it.
  func ifWanted(_ i: Int, _ dx: () -> Tensor) -> Tensor? { wanted[i] ? dx() : nil }

  /// The cotangents of the inputs by differentiating a definition of the op.
  func cotangents(of definition: ([Tensor]) -> Tensor) -> [Tensor?] {
    let tape = createGraph ? self.tape : Tape()
    // Each wanted input gets a node of its own, so that inputs which depend on each other are not differentiated
    // through.
    let inputs = wanted.indices.map { i in wanted[i] ? tape.record(.identity, [x(i)], x(i).detached()) : x(i) }
    let variables = wanted.indices.filter { wanted[$0] }
    var cotangents = [Tensor?](repeating: nil, count: wanted.count)
    do throws(TensorError) {
      let gradients = try tape.gradient(
        of: definition(inputs), wrt: variables.map { inputs[$0] }, gradOutput: dy, createGraph: createGraph)
      for (i, dx) in zip(variables, gradients) { cotangents[i] = dx }
    } catch {
      self.tape.fail(error)
    }
    return cotangents
  }
}
