/// Layers one after the other.
public struct Sequential: Layer {
  public let layers: [any Layer]
  /// The same with neighbours fused, which declare nothing beyond what the first of them does; by its number.
  private let steps: [(number: Int, layer: any Layer)]
  public init(_ layers: [any Layer]) {
    self.layers = layers
    steps = layers.enumerated().reduce(into: []) { steps, next in
      if let last = steps.last, let both = last.layer.fused(with: next.element) {
        steps[steps.count - 1].layer = both
      } else {
        steps.append((next.offset, next.element))
      }
    }
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    var shape = input
    for (number, layer) in layers.enumerated() {
      shape = try declarations.nested("\(number)") { (nested) throws(NetworkError) in try layer.declare(shape, &nested)
      }
    }
    return shape
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let anomalyDetector = x.device.anomalyDetector
    return steps.reduce(x) { x, step in
      anomalyDetector?.place.append("layer \(step.number) (\(type(of: step.layer)))")
      defer { anomalyDetector?.place.removeLast() }
      return step.layer.apply(x, &pass)
    }
  }
}

/// `x W + b`: [in] to [out], with W [in, out].
public struct Dense: Layer {
  public let outputs: Int
  public let hasBias: Bool
  public let initializer: Initializer
  public init(_ outputs: Int, bias: Bool = true, initializer: Initializer) {
    (self.outputs, hasBias, self.initializer) = (outputs, bias, initializer)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 1 else {
      throw NetworkError(
        "\(declarations.place): Dense takes flat inputs [features], not \(input); put Reshape.flat before it")
    }
    declarations.parameter("weight", [input[0], outputs], initializer, outputAxis: -1)
    if hasBias { declarations.parameter("bias", [outputs], .constant(0)) }
    return [outputs]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let weight = pass.parameter()
    return hasBias ? affineProduct(x, weight, bias: pass.parameter()) : matmul(x, weight)
  }
}

/// A convolution: [H, W, in] to [P, Q, out], with a filter [kernel, kernel, in, out].
public struct Convolution: Layer {
  public let outputs: Int
  public let kernel: Int
  public let geometry: ConvolutionGeometry
  public let hasBias: Bool
  public let initializer: Initializer
  public init(
    _ outputs: Int, kernel: Int, _ geometry: ConvolutionGeometry = .init(), bias: Bool = true, initializer: Initializer
  ) {
    (self.outputs, self.kernel, self.geometry, hasBias, self.initializer) = (
      outputs, kernel, geometry, bias, initializer
    )
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let (height, width) = try imageSize("Convolution", input, declarations) {
      geometry.output($0, $1, taps: (kernel, kernel))
    }
    declarations.parameter("weight", [kernel, kernel, input[2], outputs], initializer, outputAxis: -1)
    if hasBias { declarations.parameter("bias", [outputs], .constant(0)) }
    return [height, width, outputs]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let y = conv2d(x, pass.parameter(), geometry)
    return hasBias ? y.adding(bias: pass.parameter()) : y
  }
}

/// A transposed convolution: [P, Q, in] to [H, W, out], with the filter [kernel, kernel, out, in] of the convolution
/// whose input gradient it is.
public struct TransposedConvolution: Layer {
  public let outputs: Int
  public let kernel: Int
  public let geometry: ConvolutionGeometry
  public let hasBias: Bool
  public let initializer: Initializer
  public init(
    _ outputs: Int, kernel: Int, _ geometry: ConvolutionGeometry = .init(), bias: Bool = true, initializer: Initializer
  ) {
    (self.outputs, self.kernel, self.geometry, hasBias, self.initializer) = (
      outputs, kernel, geometry, bias, initializer
    )
  }

  private func size(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
    let (padding, reach) = (geometry.padding, geometry.dilation * (kernel - 1) + 1)
    return (
      (height - 1) * geometry.stride - padding.top - padding.bottom + reach,
      (width - 1) * geometry.stride - padding.left - padding.right + reach
    )
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let (height, width) = try imageSize("TransposedConvolution", input, declarations, size)
    declarations.parameter("weight", [kernel, kernel, outputs, input[2]], initializer, outputAxis: -2)
    if hasBias { declarations.parameter("bias", [outputs], .constant(0)) }
    return [height, width, outputs]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let filter = pass.parameter()
    let (n, (height, width)) = (x.shape[0], size(x.shape[1], x.shape[2]))
    // A single pixel reaches each output by one tap: a matrix product, without the taps that lie outside.
    let y =
      x.shape[1] == 1 && x.shape[2] == 1 && geometry.padding == 0 && geometry.dilation == 1
      ? matmul(
        x.reshaped(to: [n, x.shape[3]]), filter.reshaped(to: [kernel * kernel * outputs, x.shape[3]]),
        transposingB: true
      ).reshaped(to: [n, height, width, outputs])
      : transposedConv2d(x, filter, geometry, height: height, width: width)
    return hasBias ? y.adding(bias: pass.parameter()) : y
  }
}

private func imageSize(
  _ layer: String, _ input: Shape, _ declarations: Declarations,
  _ size: (_ height: Int, _ width: Int) -> (height: Int, width: Int)
) throws(NetworkError) -> (height: Int, width: Int) {
  guard input.rank == 3 else {
    throw NetworkError("\(declarations.place): \(layer) takes images [height, width, channels], not \(input)")
  }
  let (height, width) = size(input[0], input[1])
  guard height > 0, width > 0 else {
    throw NetworkError("\(declarations.place): the filter of \(layer) is larger than its images \(input)")
  }
  return (height, width)
}

/// An elementwise function.
public struct Activation: Layer {
  public let name: String
  /// What values below zero are multiplied by, where that is all there is to it.
  let negativeSlope: Double?
  private let function: @Sendable (Tensor) -> Tensor
  init(_ name: String, negativeSlope: Double? = nil, _ function: @escaping @Sendable (Tensor) -> Tensor) {
    (self.name, self.negativeSlope, self.function) = (name, negativeSlope, function)
  }

  public static let relu = Activation("relu", negativeSlope: 0) { $0.relu() }
  public static let relu6 = Activation("relu6") { $0.relu6() }
  public static let tanh = Activation("tanh") { $0.tanh() }
  public static let sigmoid = Activation("sigmoid") { $0.sigmoid() }
  public static let softplus = Activation("softplus") { $0.softplus() }
  public static let swish = Activation("swish") { $0.swish() }
  public static let gelu = Activation("gelu") { $0.gelu() }
  public static func leakyReLU(slope: Double = 0.2) -> Activation {
    .init("leaky_relu", negativeSlope: slope) { $0.leakyReLU(slope: slope) }
  }
  public static func elu(alpha: Double = 1) -> Activation { .init("elu") { $0.elu(alpha: alpha) } }

  public func declare(_ input: Shape, _ declarations: inout Declarations) -> Shape { input }
  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { function(x) }
}

/// The same elements in another shape; `Reshape.flat` makes one axis of all.
public struct Reshape: Layer {
  let shape: Shape?
  public init(_ shape: Shape) { self.shape = shape }
  private init() { shape = nil }
  public static let flat = Reshape()

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard let shape else { return [input.count] }
    guard shape.count == input.count else {
      throw NetworkError("\(declarations.place): \(input) cannot be reshaped to \(shape)")
    }
    return shape
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let count = x.shape.count / max(x.shape[0], 1)
    return x.reshaped(to: Shape([x.shape[0]] + (shape ?? [count]).sizes))
  }
}

/// Sets each element to 0 with this probability in training and scales the others up (Srivastava et al. 2014).
public struct Dropout: Layer {
  public let rate: Double
  public init(_ rate: Double) { self.rate = rate }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard rate >= 0, rate < 1 else {
      throw NetworkError("\(declarations.place): a dropout rate lies in [0, 1), not at \(rate)")
    }
    return input
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let draw = pass.draw()
    guard let dropout = pass.mode.dropout, rate > 0 else { return x }
    let random = RandomStream(seed: dropout.random.seed, stream: dropout.random.stream + UInt32(draw))
    let kept = (random.uniform(x.shape, step: dropout.step, on: x.device) - rate).step()
    return x * (kept / (1 - rate))
  }
}

/// Numbers of rows, as reals [], to the rows of a table [rows, features].
public struct Embedding: Layer {
  public let rows: Int
  public let features: Int
  public let initializer: Initializer
  public init(rows: Int, features: Int, initializer: Initializer = .normal(standardDeviation: 1)) {
    (self.rows, self.features, self.initializer) = (rows, features, initializer)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 0 else {
      throw NetworkError("\(declarations.place): Embedding takes single numbers [], not \(input)")
    }
    declarations.parameter("weight", [rows, features], initializer)
    return [features]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { pass.parameter().gathered(x) }
}
