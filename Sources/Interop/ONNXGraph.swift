import Tensors

/// An ONNX graph while it is built: values with their layouts, from which nodes are made as they are needed.
///
/// Tensors are NHWC inside and NCHW in ONNX. Each image is held in the order in which its node made it, and turned only
/// where a node needs the other one, so that a chain of convolutions and activations has no turns at all.
struct ONNXGraph {
  /// The size of an axis for two samples and for three: where both differ, the axis counts samples.
  struct Size: Hashable {
    let two, three: Int
    init(_ two: Int, _ three: Int) { (self.two, self.three) = (two, three) }
    init(_ fixed: Int) { self.init(fixed, fixed) }
    /// Nil where it depends on the number of samples.
    var fixed: Int? { two == three ? two : nil }
  }

  enum Layout { case rows, channelsFirst }

  /// What a node of the graph makes.
  struct Wire {
    var name: String
    /// In the order of Saddle. Axes of size 1 may stand for more: ONNX repeats them by itself, as NumPy does.
    var sizes: [Size]
    var layout = Layout.rows
    var isInteger = false
    /// How many steps read it.
    var uses = 1
  }

  struct Constant {
    /// Row-major, for two samples.
    var values: [Float]
    var sizes: [Size]
  }

  enum Operand { case wire(Wire), constant(Constant) }

  private(set) var nodes: [ONNXModel.Node] = []
  private(set) var initializers: [ONNXModel.Initializer] = []
  private var names: [Content: String] = [:]
  /// The other layout, or another type, of a value.
  private var variants: [String: String] = [:]
  /// What a Reshape node was made of.
  private(set) var origins: [String: Wire] = [:]

  private struct Content: Hashable {
    let sizes: [Int]
    let values: ONNXModel.Values
  }

  // MARK: Nodes and constants

  /// Adds a node; returns the name of what it makes.
  mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute.Value] = [:]
  ) -> String {
    let name = "\(type.lowercased())_\(nodes.count { $0.type == type })"
    let attributes = attributes.sorted { $0.key < $1.key }.map { ONNXModel.Attribute(name: $0.key, value: $0.value) }
    nodes.append(.init(type: type, inputs: inputs, output: name, attributes: attributes))
    return name
  }

  /// The name of a constant; equal ones are kept once.
  mutating func constant(_ values: ONNXModel.Values, _ sizes: [Int]) -> String {
    let content = Content(sizes: sizes, values: values)
    if let name = names[content] { return name }
    let name = "constant_\(initializers.count)"
    initializers.append(.init(name: name, sizes: sizes, values: values))
    names[content] = name
    return name
  }

  mutating func constant(_ integers: [Int]) -> String { constant(.integers(integers), [integers.count]) }
  mutating func constant(_ real: Double) -> String { constant(.reals([Float(real)]), []) }

  /// Gives the node that makes a value one more input: a convolution its bias. False where it cannot take it.
  mutating func extend(_ wire: Wire, ofTypes types: [String], by input: String) -> Bool {
    guard wire.uses == 1, let node = nodes.lastIndex(where: { $0.output == wire.name }),
      types.contains(nodes[node].type), nodes[node].inputs.count == 2
    else { return false }
    nodes[node].inputs.append(input)
    return true
  }

  // MARK: Values as nodes need them

  /// The name of an operand in full: with these sizes, in this layout.
  mutating func name(of operand: Operand, _ sizes: [Size], _ layout: Layout = .rows) throws -> String {
    switch operand {
    case .wire(let wire): return turned(try repeated(real(wire), sizes), layout).name
    case .constant(let constant):
      return try name(of: constant, permuted: layout == .rows ? Array(sizes.indices) : [0, 3, 1, 2])
    }
  }

  /// The name of an operand whose axis i is axis `axes[i]` of Saddle's.
  mutating func name(of operand: Operand, _ sizes: [Size], permuted axes: [Int]) throws -> String {
    switch operand {
    case .wire: node("Transpose", [try name(of: operand, sizes)], ["perm": .integers(axes)])
    case .constant(let constant): try name(of: constant, permuted: axes)
    }
  }

  private mutating func name(of constant: Constant, permuted axes: [Int]) throws -> String {
    guard constant.sizes.allSatisfy({ $0.fixed != nil }) else {
      throw InteropError("a constant of it has as many rows as there are samples")
    }
    let (values, sizes) = constant.values.permuted(constant.sizes.map(\.two), axes)
    return self.constant(.reals(values), sizes)
  }

  /// A node of elementwise arithmetic. Its operands need not be repeated to full size: ONNX does that.
  mutating func elementwise(
    _ type: String, _ operands: [Operand], _ sizes: [Size], _ attributes: [String: ONNXModel.Attribute.Value] = [:]
  ) throws -> Wire {
    let rank = sizes.count
    let isImage =
      rank == 4 && operands.contains { if case .wire(let wire) = $0 { wire.layout == .channelsFirst } else { false } }
    let layout = isImage ? Layout.channelsFirst : .rows
    var actual = [Bool](repeating: false, count: rank)
    var inputs: [String] = []
    for operand in operands {
      let own: [Size]
      switch operand {
      case .constant(let constant):
        var small = constant.withoutRepeats()
        if isImage { small = small.aligned(rank) }
        inputs.append(try name(of: small, permuted: isImage ? [0, 3, 1, 2] : Array(small.sizes.indices)))
        own = small.sizes
      case .wire(let wire):
        let wire = isImage ? aligned(real(wire), rank) : real(wire)
        inputs.append(turned(wire, layout).name)
        own = wire.sizes
      }
      for (axis, size) in own.enumerated() {
        let axis = rank - own.count + axis
        if size == sizes[axis] { actual[axis] = true }
      }
    }
    let result = zip(sizes, actual).map { $1 ? $0 : Size(1) }
    return Wire(name: node(type, inputs, attributes), sizes: result, layout: layout)
  }

  /// A node of one operand after another.
  mutating func then(_ type: String, _ wire: Wire, _ attributes: [String: ONNXModel.Attribute.Value] = [:]) -> Wire {
    var result = wire
    result.name = node(type, [wire.name], attributes)
    return result
  }

  /// `factor x + term`.
  mutating func affine(_ x: Wire, factor: Double, term: Double) -> Wire {
    var result = real(x)
    if factor != 1 { result.name = node("Mul", [result.name, constant(factor)]) }
    if term != 0 { result.name = node("Add", [result.name, constant(term)]) }
    return result
  }

  /// Whole numbers, as the labels are, as reals.
  private mutating func real(_ wire: Wire) -> Wire {
    guard wire.isInteger else { return wire }
    var result = wire
    result.isInteger = false
    result.name = variant(wire.name) { $0.node("Cast", [wire.name], ["to": .integer(1)]) }
    return result
  }

  /// An image in the other layout.
  mutating func turned(_ wire: Wire, _ layout: Layout) -> Wire {
    guard wire.layout != layout else { return wire }
    var result = wire
    result.layout = layout
    let axes = layout == .channelsFirst ? [0, 3, 1, 2] : [0, 2, 3, 1]
    result.name = variant(wire.name) { $0.node("Transpose", [wire.name], ["perm": .integers(axes)]) }
    variants[result.name] = wire.name
    return result
  }

  private mutating func variant(_ name: String, _ make: (inout ONNXGraph) -> String) -> String {
    if let known = variants[name] { return known }
    let made = make(&self)
    variants[name] = made
    return made
  }

  /// With axes of size 1 in front.
  private mutating func aligned(_ wire: Wire, _ rank: Int) -> Wire {
    let missing = rank - wire.sizes.count
    guard missing > 0 else { return wire }
    return reshaped(wire, [Size](repeating: Size(1), count: missing) + wire.sizes)
  }

  /// The value with axes of size 1 repeated to these sizes.
  mutating func repeated(_ wire: Wire, _ sizes: [Size]) throws -> Wire {
    var result = aligned(wire, sizes.count)
    guard result.sizes != sizes else { return result }
    for (own, wanted) in zip(result.sizes, sizes) where own != wanted && wanted.fixed == nil {
      throw InteropError("it repeats one value for every sample")
    }
    result = turned(result, .rows)
    result.name = node("Expand", [result.name, constant(sizes.map { $0.fixed ?? 1 })])
    result.sizes = sizes
    return result
  }

  /// The same elements in another shape: a Reshape node, but for a Reshape of a Reshape.
  mutating func reshaped(_ wire: Wire, _ sizes: [Size]) -> Wire {
    let source = origins[wire.name] ?? turned(wire, .rows)
    guard source.sizes != sizes else { return source }
    let shape = constant(sizes.map { $0.fixed ?? -1 })
    let result = Wire(name: node("Reshape", [source.name, shape]), sizes: sizes)
    origins[result.name] = source
    return result
  }

  // MARK: The end

  /// The graph without what nobody reads, its last value called as a user would call it.
  mutating func finish(_ output: String, as name: String) {
    // A network that does nothing hands its input on.
    let output = nodes.contains { $0.output == output } ? output : node("Identity", [output])
    var needed: Set = [output]
    var kept: [ONNXModel.Node] = []
    for var node in nodes.reversed() where needed.contains(node.output) {
      needed.formUnion(node.inputs)
      if node.output == output { node.output = name }
      node.inputs = node.inputs.map { $0 == output ? name : $0 }
      kept.append(node)
    }
    nodes = kept.reversed()
    initializers = initializers.filter { needed.contains($0.name) }
  }
}

extension ONNXGraph.Constant {
  /// Axes along which all values repeat at size 1: as constants are before they are broadcast.
  fileprivate func withoutRepeats() -> ONNXGraph.Constant {
    var (result, shape) = (self, sizes.map(\.two))
    for axis in shape.indices where shape[axis] > 1 {
      let inner = shape[(axis + 1)...].reduce(1, *)
      let slice = shape[axis] * inner
      let values = result.values
      guard values.indices.allSatisfy({ values[$0] == values[$0 - $0 % slice + $0 % inner] }) else { continue }
      result.values = values.indices.filter { $0 % slice < inner }.map { values[$0] }
      result.sizes[axis] = .init(1)
      shape[axis] = 1
    }
    return result
  }

  fileprivate func aligned(_ rank: Int) -> ONNXGraph.Constant {
    var result = self
    result.sizes = [ONNXGraph.Size](repeating: .init(1), count: rank - sizes.count) + sizes
    return result
  }
}
