/// A convolution of each channel with a filter of its own: [H, W, channels] to [P, Q, channels], with a filter [kernel,
/// kernel, channels]. Its zeros may differ by side, as TensorFlow's "SAME" wants.
public struct DepthwiseConvolution: Layer {
  public let kernel: Int
  public let geometry: ConvolutionGeometry
  public let hasBias: Bool
  public let initializer: Initializer
  public init(kernel: Int, _ geometry: ConvolutionGeometry = .init(), bias: Bool = true, initializer: Initializer) {
    (self.kernel, self.geometry, hasBias, self.initializer) = (kernel, geometry, bias, initializer)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let (height, width) =
      input.rank == 3 ? geometry.output(input[0], input[1], taps: (kernel, kernel)) : (height: 0, width: 0)
    guard height > 0, width > 0 else {
      throw NetworkError(
        "\(declarations.place): DepthwiseConvolution takes images [height, width, channels] that its filter of \(kernel) "
          + "x \(kernel) fits into, not \(input)")
    }
    declarations.parameter("weight", [kernel, kernel, input[2]], initializer)
    if hasBias { declarations.parameter("bias", [input[2]], .constant(0)) }
    return [height, width, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (channels, filter) = (x.shape[3], pass.parameter().reshaped(to: [kernel, kernel, 1, x.shape[3]]))
    return hasBias
      ? conv2d(x, filter, bias: pass.parameter(), geometry, groups: channels, activation: .none)
      : conv2d(x, filter, geometry, groups: channels)
  }
}
