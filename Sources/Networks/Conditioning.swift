/// Inputs with their class beside them, as one-hot features, or as one plane a class beside images (Mirza and Osindero
/// 2014).
public struct LabelConcatenation: Layer {
  public let classes: Int
  public init(classes: Int) { self.classes = classes }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    try declarations.labels(classes: classes)
    guard input.rank > 0 else {
      throw NetworkError("\(declarations.place): LabelConcatenation takes features or images, not single numbers []")
    }
    return Shape(input.sizes.dropLast() + [input[-1] + classes])
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let ones = [Int](repeating: 1, count: x.shape.rank - 2)
    let labels = Tensor.identity(classes, on: x.device).gathered(pass.labels)
      .reshaped(to: Shape([x.shape[0]] + ones + [classes]))
      .broadcast(to: Shape(x.shape.sizes.dropLast() + [classes]))
    return x.concatenated(with: labels, axis: -1)
  }
}

/// Batch normalization whose scale and shift depend on each sample's class (Dumoulin et al. 2017), on a part of the
/// network's own latents (Brock et al. 2019), or on both: gamma = g[class] + z G and beta = b[class] + z B, with 1 and
/// 0 for tables that are not there.
public struct ConditionalBatchNormalization: Layer {
  /// Rows of the tables; nil for no classes.
  public let classes: Int?
  /// Which of the network's inputs [latent] the scale and shift depend on; nil for none.
  public let latent: Range<Int>?
  /// Of the maps G and B.
  public let initializer: Initializer
  private let base: BatchNormalization

  public init(
    classes: Int? = nil, latent: Range<Int>? = nil, epsilon: Double = 1e-5, momentum: Double = 0.1,
    initializer: Initializer = .glorot
  ) {
    (self.classes, self.latent, self.initializer) = (classes, latent, initializer)
    base = BatchNormalization(epsilon: epsilon, momentum: momentum)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let channels = input[-1]
    if let classes {
      try declarations.labels(classes: classes)
      declarations.parameter("weight", [classes, channels], .constant(1))
      declarations.parameter("bias", [classes, channels], .constant(0))
    }
    if let latent {
      guard declarations.input.rank == 1, latent.lowerBound >= 0, latent.upperBound <= declarations.input[0] else {
        throw NetworkError(
          "\(declarations.place): ConditionalBatchNormalization reads the latents \(latent) of the network's inputs, which are "
            + "\(declarations.input)")
      }
      declarations.parameter("latent_weight", [latent.count, channels], initializer, outputAxis: -1)
      declarations.parameter("latent_bias", [latent.count, channels], initializer, outputAxis: -1)
    }
    base.declareRunningMoments(channels, &declarations)
    return input
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (n, channels) = (x.shape[0], x.shape[-1])
    var (gamma, beta): (Tensor?, Tensor?)
    if classes != nil {
      gamma = pass.parameter().gathered(pass.labels)
      beta = pass.parameter().gathered(pass.labels)
    }
    if let latent {
      let z = pass.input.features(latent)
      let (scale, shift) = (matmul(z, pass.parameter()), matmul(z, pass.parameter()))
      gamma = gamma.map { $0 + scale } ?? 1 + scale
      beta = beta.map { $0 + shift } ?? shift
    }
    let (one, zero) = (Tensor(1, shape: [channels], on: x.device), Tensor(0, shape: [channels], on: x.device))
    var y = base.normalized(x, one, zero, running: pass.statistic(), pass.mode)
    let each = Shape([n] + x.shape.sizes.dropFirst().dropLast().map { _ in 1 } + [channels])
    if let gamma { y = y * gamma.reshaped(to: each) }
    if let beta { y = y + beta.reshaped(to: each) }
    return y
  }
}

/// A discriminator's last layer that knows classes: psi(phi) + <V[class], phi> for features phi [features], with psi
/// affine and V a table of the classes (Miyato and Koyama 2018).
///
/// Further outputs are affine only.
public struct ProjectionHead: Layer {
  public let classes: Int
  public let outputs: Int
  public let initializer: Initializer
  public init(classes: Int, outputs: Int = 1, initializer: Initializer) {
    (self.classes, self.outputs, self.initializer) = (classes, outputs, initializer)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    try declarations.labels(classes: classes)
    guard input.rank == 1, outputs > 0 else {
      throw NetworkError(
        "\(declarations.place): ProjectionHead takes flat inputs [features], not \(input); put Reshape.flat or GlobalPooling "
          + "before it")
    }
    declarations.parameter("weight", [input[0], outputs], initializer, outputAxis: -1)
    declarations.parameter("bias", [outputs], .constant(0))
    declarations.parameter("embedding", [classes, input[0]], initializer, outputAxis: -2)
    return [outputs]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (weight, bias, table) = (pass.parameter(), pass.parameter(), pass.parameter())
    let projection = (x * table.gathered(pass.labels)).summed(over: [1]).reshaped(to: [x.shape[0], 1])
    return affineProduct(x, weight, bias: bias) + projection.padded(to: [x.shape[0], outputs], at: [0, 0])
  }
}
