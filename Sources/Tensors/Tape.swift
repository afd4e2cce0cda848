/// What was computed, in order, so that gradients can be: an append-only array of nodes, dropped after each step.
///
/// A gradient is more tape: every vjp is written in recorded ops, so that a gradient can be differentiated again. A
/// tape belongs to one thread.
public final class Tape {
  /// An input of a node: its node on this tape, if it has one, and its values, if the gradient needs them.
  struct Edge {
    let node: Int?
    let shape: Shape
    let value: Saved?
  }

  /// A value that a gradient needs, and how often its memory had been written to when it was saved. It is without its
  /// tape: a tensor that knew it would keep the tape alive for ever.
  struct Saved {
    let tensor: Tensor
    let version: Int

    init(_ x: Tensor) { (tensor, version) = (x.detached(), x.buffer.version) }
  }

  struct Node {
    /// Nil for what is watched.
    let op: Op?
    let inputs: [Edge]
    let shape: Shape
    /// The output, if the gradient needs it.
    let value: Saved?
    var isReleased = false
  }

  private(set) var nodes: [Node] = []
  /// The first value that a gradient read although it was written to since it was saved.
  private var overwritten: TensorError?

  /// Keeps an error of a gradient inside a gradient, for the latter to throw.
  func fail(_ error: TensorError) { overwritten = overwritten ?? error }
  /// Sees every op as it is recorded: its inputs and its output, on this tape.
  private let observer: ((Op, [Tensor], Tensor) -> Void)?

  public init() { observer = nil }
  init(observer: @escaping (Op, [Tensor], Tensor) -> Void) { self.observer = observer }

  /// The tensor as a variable of this tape, with respect to which gradients can be asked for.
  public func watch(_ x: Tensor) -> Tensor {
    append(Node(op: nil, inputs: [], shape: x.shape, value: nil), x.detached())
  }

  func record(_ op: Op, _ inputs: [Tensor], _ output: Tensor) -> Tensor {
    let edges = inputs.enumerated().map { i, x in
      Edge(node: x.tape == nil ? nil : x.node, shape: x.shape, value: op.saved.input(i) ? Saved(x) : nil)
    }
    let y = append(
      Node(op: op, inputs: edges, shape: output.shape, value: op.saved.output ? Saved(output) : nil), output)
    observer?(op, inputs, y)
    return y
  }

  private func append(_ node: Node, _ value: Tensor) -> Tensor {
    nodes.append(node)
    return value.on(self, at: nodes.count - 1)
  }

  /// A saved value; that it is still the one that was saved is checked where it is read.
  func value(_ saved: Saved, _ what: String, of node: Node) -> Tensor {
    if saved.version != saved.tensor.buffer.version, overwritten == nil {
      overwritten = .overwritten(op: node.op?.name ?? "", what: what, shape: saved.tensor.shape)
    }
    return saved.tensor
  }

  /// What the free function `gradient` gives, for callers that go on.
  ///
  /// - Throws: `gradient` where the tape does not know y or a variable, or a part of it was released; `overwritten`;
  ///   `shape` where the cotangent is not of y's shape.
  public func gradient(
    of y: Tensor, wrt variables: [Tensor], gradOutput: Tensor? = nil, createGraph: Bool = false,
    retainGraph: Bool = true
  ) throws(TensorError) -> [Tensor] {
    guard y.tape === self, variables.allSatisfy({ $0.tape === self }) else {
      throw .gradient("it is asked of, or with respect to, a tensor that this tape does not know")
    }
    if let gradOutput, gradOutput.shape != y.shape {
      throw .shape(ShapeError("gradient", [y.shape, gradOutput.shape], "the cotangent must have the tensor's shape"))
    }
    let retains = retainGraph || createGraph
    // Only what lies between the variables and y gets a gradient: weights that it merely went
    // through cost nothing.
    let end = y.node
    let first = variables.map(\.node).min() ?? end
    var isNeeded = [Bool](repeating: false, count: end + 1)
    for variable in variables where variable.node <= end { isNeeded[variable.node] = true }
    let isVariable = isNeeded
    for i in first...max(first, end) where i <= end && !isNeeded[i] {
      isNeeded[i] = nodes[i].inputs.contains { edge in edge.node.map { $0 >= first && isNeeded[$0] } ?? false }
    }

    var cotangents: [Int: Tensor] = [:]
    if end >= first, isNeeded[end] { cotangents[end] = gradOutput ?? Tensor(1, shape: y.shape, on: y.device) }
    for i in stride(from: end, through: first, by: -1) {
      guard let dy = cotangents[i] else { continue }
      let node = nodes[i]
      if let op = node.op,
        node.inputs.contains(where: { edge in edge.node.map { $0 >= first && isNeeded[$0] } ?? false })
      {
        if node.isReleased { throw .gradient("this part of the tape was released by an earlier gradient") }
        let pullback = Pullback(tape: self, node: node, number: i, dy: dy, createGraph: createGraph) {
          $0.node.map { $0 >= first && isNeeded[$0] } ?? false
        }
        let gradients = op.vjp(pullback)
        if let overwritten {
          self.overwritten = nil
          throw overwritten
        }
        for (edge, dx) in zip(node.inputs, gradients) {
          guard let number = edge.node, number >= first, isNeeded[number], let dx else { continue }
          precondition(
            dx.shape == edge.shape, "\(op.name): its gradient has shape \(dx.shape), its input \(edge.shape)")
          cotangents[number] = cotangents[number].map { $0 + dx } ?? dx
        }
      }
      if !isVariable[i] { cotangents[i] = nil }
      if !retains {
        // Which nodes the inputs were stays known, so that another gradient through here is refused and not taken for
        // zero.
        let inputs = node.inputs.map { Edge(node: $0.node, shape: $0.shape, value: nil) }
        nodes[i] = Node(op: node.op, inputs: inputs, shape: node.shape, value: nil, isReleased: true)
      }
    }
    return variables.map { cotangents[$0.node] ?? Tensor(0, shape: $0.shape, on: $0.device) }
  }
}

/// The gradient of the sum of `y` with respect to each variable: their vector-Jacobian products with ones, or with
/// `gradOutput`.
///
/// - Parameters:
///   - y: The tensor to differentiate; it and the variables are on one tape.
///   - variables: Tensors that were watched or computed on the tape. Those that `y` does not depend on get zeros.
///   - gradOutput: The cotangent of `y`, of its shape; ones where it is nil.
///   - createGraph: Whether the gradient itself is recorded, to be differentiated again.
///   - retainGraph: Whether the tape's nodes stay; the last gradient of a step frees them as they are passed.
public func gradient(
  of y: Tensor, wrt variables: [Tensor], gradOutput: Tensor? = nil, createGraph: Bool = false, retainGraph: Bool = true
) -> [Tensor] {
  guard let tape = y.tape else { preconditionFailure("gradient: no tape recorded the tensor to differentiate") }
  do throws(TensorError) {
    return try tape.gradient(
      of: y, wrt: variables, gradOutput: gradOutput, createGraph: createGraph, retainGraph: retainGraph)
  } catch { preconditionFailure(error.description) }
}

extension Tensor {
  /// Whether a tape knows how this tensor came about.
  public var isRecorded: Bool { tape != nil }

  func on(_ tape: Tape, at node: Int) -> Tensor {
    var x = self
    (x.tape, x.node) = (tape, node)
    return x
  }
}
