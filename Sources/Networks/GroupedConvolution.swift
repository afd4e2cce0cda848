/// A convolution whose channels lie in groups of neighbours, each group's outputs seeing that group alone: [H, W, in]
/// to [P, Q, out], with a filter [kernel, kernel, in / groups, out].
public struct GroupedConvolution: Layer {
  public let outputs: Int
  public let kernel: Int
  public let groups: Int
  public let geometry: ConvolutionGeometry
  public let hasBias: Bool
  public let initializer: Initializer
  public init(
    _ outputs: Int, kernel: Int, groups: Int, _ geometry: ConvolutionGeometry = .init(), bias: Bool = true,
    initializer: Initializer
  ) {
    (self.outputs, self.kernel, self.groups, self.geometry, hasBias, self.initializer) = (
      outputs, kernel, groups, geometry, bias, initializer
    )
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3, groups > 0, input[2] % groups == 0, outputs % groups == 0 else {
      throw NetworkError(
        "\(declarations.place): GroupedConvolution takes images [height, width, channels] whose channels, like its "
          + "\(outputs) outputs, are a multiple of its \(groups) groups, not \(input)")
    }
    let (height, width) = geometry.output(input[0], input[1], taps: (kernel, kernel))
    guard height > 0, width > 0 else {
      throw NetworkError(
        "\(declarations.place): the filter of GroupedConvolution is larger than its images \(input)")
    }
    declarations.parameter("weight", [kernel, kernel, input[2] / groups, outputs], initializer, outputAxis: -1)
    if hasBias { declarations.parameter("bias", [outputs], .constant(0)) }
    return [height, width, outputs]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let y = conv2d(x, pass.parameter(), geometry, groups: groups)
    return hasBias ? y.adding(bias: pass.parameter()) : y
  }
}

/// Images of twice or half the size by bilinear interpolation, the filter (1 3 3 1); what lies outside an image is 0,
/// so that the outermost pixels are darker, as in StyleGAN's and R3GAN's.
public enum BilinearResampling: Layer {
  case doubling, halving

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let fits = input.rank == 3 && (self == .doubling || (input[0] % 2 == 0 && input[1] % 2 == 0))
    guard fits, input.sizes.allSatisfy({ $0 > 0 }) else {
      throw NetworkError(
        "\(declarations.place): BilinearResampling takes images [height, width, channels]"
          + "\(self == .halving ? " of even height and width" : ""), not \(input)")
    }
    return self == .doubling
      ? [2 * input[0], 2 * input[1], input[2]] : [input[0] / 2, input[1] / 2, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    self == .doubling ? x.bilinearlyUpsampled() : x.bilinearlyDownsampled()
  }
}
