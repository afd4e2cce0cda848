// Layers by which a discriminator sees how its samples differ from each other, so that a lack of variety shows.

/// Appends one feature or one plane: how much the samples of a small group deviate from each other (Karras et al.
/// 2018), the mean over places and channels of sqrt(variance + 1e-8), as in StyleGAN.
public struct MinibatchStandardDeviation: Layer {
  /// The most samples of a group; a batch, or each part of it, is divided into groups of the largest size up to this
  /// that divides it.
  public let group: Int
  public init(group: Int = 4) { self.group = group }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank > 0, group > 0 else {
      throw NetworkError(
        "\(declarations.place): MinibatchStandardDeviation by groups of \(group) takes features or images, not \(input)"
      )
    }
    return Shape(input.sizes.dropLast() + [input[-1] + 1])
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    pass.forEachBatch(of: x) { x in
      let count = x.shape[0]
      let size = (1...max(group, 1)).last { count % $0 == 0 } ?? 1
      // As in StyleGAN, a group is not neighbours, but every (count / size)-th sample.
      let groups = x.reshaped(to: [size, count / size, x.shape.count / max(count, 1)])
      let centred = groups - groups.mean(over: [0]).reshaped(to: [1, count / size, groups.shape[2]])
      let standardDeviation = (centred.squared().mean(over: [0]) + 1e-8).squareRoot().mean(over: [1])
      let ones = [Int](repeating: 1, count: x.shape.rank - 1)
      let plane = Shape(x.shape.sizes.dropLast() + [1])
      return x.concatenated(
        with: standardDeviation.reshaped(to: [1, count / size]).broadcast(to: [size, count / size])
          .reshaped(to: Shape([count] + ones)).broadcast(to: plane), axis: -1)
    }
  }
}

/// Appends features that say how close each sample is to the others of its batch (Salimans et al. 2016), in the form of
/// openai/improved-gan: with rows m[b] = x W[b] of a few dimensions for each of the kernels b,
/// o[i][b] = bias[b] + the sum over j != i of exp(-|m[i][b] - m[j][b]|), distances being sums of magnitudes. The
/// columns of W have a trained length and a trained direction.
///
/// Improved-gan sets lengths and bias by a first batch, so that the mean nearest distance is 2 and o is 0 on average;
/// here they start at 1 and -1, as there before that batch.
public struct MinibatchDiscrimination: Layer {
  public let kernels: Int
  public let dimensions: Int
  public init(kernels: Int = 100, dimensions: Int = 5) { (self.kernels, self.dimensions) = (kernels, dimensions) }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 1, kernels > 0, dimensions > 0 else {
      throw NetworkError(
        "\(declarations.place): MinibatchDiscrimination with \(kernels) kernels of \(dimensions) dimensions takes flat "
          + "inputs [features], not \(input); put Reshape.flat before it")
    }
    declarations.parameter("weight", [input[0], kernels * dimensions], .normal(standardDeviation: 0.05))
    declarations.parameter("log_length", [kernels * dimensions], .constant(0))
    declarations.parameter("bias", [kernels], .constant(-1))
    return [input[0] + kernels]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (weight, logLength, bias) = (pass.parameter(), pass.parameter(), pass.parameter())
    let length = weight.squared().summed(over: [0]).squareRoot()
    let directions = weight * (logLength.exponential() / length)
    return pass.forEachBatch(of: x) { x in
      let count = x.shape[0]
      let m = matmul(x, directions)
      let differences =
        m.reshaped(to: [count, 1, kernels * dimensions]) - m.reshaped(to: [1, count, kernels * dimensions])
      let distances = differences.absolute().reshaped(to: [count, count, kernels, dimensions]).summed(over: [3])
      let others = 1 - Tensor.identity(count, on: x.device).reshaped(to: [count, count, 1])
      let closeness = ((-distances).exponential() * others).summed(over: [1]).adding(bias: bias)
      return x.concatenated(with: closeness, axis: -1)
    }
  }
}

extension Pass {
  /// What a layer makes of each batch in turn: of the reference batch, if there is one, and of each of the mode's
  /// parts.
  func forEachBatch(of x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
    let count = x.shape[0] - references
    precondition(count % mode.groups == 0, "\(count) samples are not \(mode.groups) equal parts")
    let size = count / mode.groups
    let sizes = (references > 0 ? [references] : []) + [Int](repeating: size, count: mode.groups)
    if sizes.count == 1 { return body(x) }
    var start = 0
    let results = sizes.map { size in
      defer { start += size }
      return body(x.rows(from: start, count: size))
    }
    return Tensor.concatenated(results, axis: 0)
  }
}
