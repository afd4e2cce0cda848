/// What was computed, in order, so that gradients can be: an append-only array of nodes, dropped after each step.
///
/// A gradient is more tape: every vjp is written in recorded ops, so that a gradient can be differentiated again. A
/// tape belongs to one thread.
public final class Tape {
  /// An input of a node: its node on this tape, if it has one, and its values, if the gradient needs them.
  struct Edge {
    let node: Int?
    let shape: Shape
    let value: Tensor?
  }

  struct Node {
    /// Nil for what is watched.
    let op: Op?
    let inputs: [Edge]
    let shape: Shape
    /// The output, if the gradient needs it. Kept without its tape: a tensor that knew it would keep the tape alive for
    /// ever.
    let value: Tensor?
    var isReleased = false
  }

  private(set) var nodes: [Node] = []
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
      precondition(x.tape == nil || x.tape === self, "\(op.name): its inputs are on two tapes")
      return Edge(node: x.tape == nil ? nil : x.node, shape: x.shape, value: op.saved.input(i) ? x.detached() : nil)
    }
    let y = append(Node(op: op, inputs: edges, shape: output.shape, value: op.saved.output ? output : nil), output)
    observer?(op, inputs, y)
    return y
  }

  private func append(_ node: Node, _ value: Tensor) -> Tensor {
    nodes.append(node)
    return value.on(self, at: nodes.count - 1)
  }

  /// See the free function `gradient`.
  func gradient(of y: Tensor, wrt variables: [Tensor], gradOutput: Tensor?, createGraph: Bool, retainGraph: Bool)
    -> [Tensor]
  {
    // Only what lies between the variables and y gets a gradient: nobody asks for the discriminator's weights in the
    // generator's step.
    let end = y.node
    let first = variables.map(\.node).min() ?? end
    var isNeeded = [Bool](repeating: false, count: end + 1)
    for variable in variables {
      precondition(
        variable.tape === self, "gradient: it is asked with respect to a tensor that this tape does not know")
      if variable.node <= end { isNeeded[variable.node] = true }
    }
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
        precondition(!node.isReleased, "gradient: this part of the tape was released by an earlier gradient")
        let pullback = Pullback(tape: self, node: node, number: i, dy: dy, createGraph: createGraph) {
          $0.node.map { $0 >= first && isNeeded[$0] } ?? false
        }
        for (edge, dx) in zip(node.inputs, op.vjp(pullback)) {
          guard let number = edge.node, number >= first, isNeeded[number], let dx else { continue }
          precondition(
            dx.shape == edge.shape, "\(op.name): its gradient has shape \(dx.shape), its input \(edge.shape)")
          cotangents[number] = cotangents[number].map { $0 + dx } ?? dx
        }
      }
      if !isVariable[i] { cotangents[i] = nil }
      if !retainGraph {
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
  return tape.gradient(
    of: y, wrt: variables, gradOutput: gradOutput, createGraph: createGraph, retainGraph: retainGraph || createGraph)
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
