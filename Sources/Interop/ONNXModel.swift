import Records

/// A graph in the Open Neural Network Exchange format, as a value.
///
/// Source of names and field numbers: onnx/onnx.proto, https://github.com/onnx/onnx.
public struct ONNXModel: Sendable {
  /// The version of the operators, https://github.com/onnx/onnx/blob/main/docs/Operators.md, and of the file format
  /// that goes with it.
  public static let opset = 17
  static let formatVersion = 8

  /// An operator applied to values, all by name.
  struct Node: Sendable, Equatable {
    var type: String
    var inputs: [String]
    var output: String
    var attributes: [Attribute]
  }

  struct Attribute: Sendable, Equatable {
    enum Value: Sendable, Equatable { case real(Double), integer(Int), integers([Int]) }
    let name: String
    let value: Value
  }

  enum Values: Sendable, Hashable {
    case reals([Float])
    case integers([Int])

    /// `TensorProto.DataType`.
    var type: Int { if case .reals = self { 1 } else { 7 } }
  }

  /// A constant.
  struct Initializer: Sendable, Equatable {
    let name: String
    let sizes: [Int]
    let values: Values
  }

  /// An input or output of the graph.
  struct Port: Sendable, Equatable {
    let name: String
    /// `TensorProto.DataType`: 1 is float, 7 is int64.
    let type: Int
    /// Nil is the number of samples.
    let sizes: [Int?]
  }

  var name: String
  var inputs: [Port]
  var outputs: [Port]
  var nodes: [Node]
  var initializers: [Initializer]
  /// What the file says about itself.
  public var metadata: [String: String] = [:]

  /// Protocol Buffers end at 2 GiB, some of which the graph takes.
  private static let mostBytes = 2_000_000_000

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `InteropError` where the weights are more than the format holds, `RecordError`.
  public func write(to path: String) throws {
    let size = initializers.reduce(0) { $0 + $1.sizes.reduce(1, *) * 4 }
    guard size < Self.mostBytes else {
      throw InteropError("\(path): an ONNX file holds 2 GiB, the weights are \(size >> 20) MiB; use --format pytorch")
    }
    try AtomicFile.write(message.bytes, to: path)
  }

  var message: ProtobufMessage {
    var model = ProtobufMessage()
    model.add(1, Self.formatVersion)
    model.add(2, "saddle")
    model.add(7, graph)
    var opset = ProtobufMessage()
    opset.add(1, "")
    opset.add(2, Self.opset)
    model.add(8, opset)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model
  }

  private var graph: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for initializer in initializers { graph.add(5, initializer.message) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    return graph
  }
}

extension ONNXModel.Node {
  var message: ProtobufMessage {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    node.add(2, output)
    node.add(3, output)  // a node is called as what it makes
    node.add(4, type)
    for attribute in attributes { node.add(5, attribute.message) }
    return node
  }
}

extension ONNXModel.Attribute {
  var message: ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.add(1, name)
    switch value {
    case .real(let value):
      attribute.add(2, Float(value))
      attribute.add(20, 1)
    case .integer(let value):
      attribute.add(3, value)
      attribute.add(20, 2)
    case .integers(let values):
      for value in values { attribute.add(8, value) }
      attribute.add(20, 7)
    }
    return attribute
  }
}

extension ONNXModel.Initializer {
  var message: ProtobufMessage {
    var tensor = ProtobufMessage()
    for size in sizes { tensor.add(1, size) }
    tensor.add(2, values.type)
    tensor.add(8, name)
    // As they lie in memory: every host of Swift on Linux is little-endian, as the format is.
    switch values {
    case .reals(let values): values.withUnsafeBytes { tensor.add(9, bytes: $0) }
    case .integers(let values): values.withUnsafeBytes { tensor.add(9, bytes: $0) }
    }
    return tensor
  }
}

extension ONNXModel.Port {
  var message: ProtobufMessage {
    var shape = ProtobufMessage()
    for size in sizes {
      var dimension = ProtobufMessage()
      if let size { dimension.add(1, size) } else { dimension.add(2, "batch") }
      shape.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, type)
    tensor.add(2, shape)
    var kind = ProtobufMessage()
    kind.add(1, tensor)
    var port = ProtobufMessage()
    port.add(1, name)
    port.add(2, kind)
    return port
  }
}
