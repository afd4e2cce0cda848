/// A layer whose linear maps are divided by their spectral norms (Miyato et al. 2018): every parameter in it
/// that is declared with an `outputAxis`, such as the weights of `Dense` and `Convolution`.
///
/// The norm is that of the weight as a matrix [outputs, everything else]. Beside each weight a vector is kept, the
/// statistic `weight_u`, and each pass takes one step of the power iteration from it; only passes that update running
/// averages store the new vector. A weight of zeros only has no spectral norm to divide by: it gives NaN.
public struct SpectralNormalization: Layer {
  public let layer: any Layer
  public init(_ layer: any Layer) { self.layer = layer }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    try declarations.spectral { (inner) throws(NetworkError) in try layer.declare(input, &inner) }
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { layer.apply(x, &pass) }
}

extension Sequential {
  /// The same layers, each spectrally normalized; their parameters keep their names.
  public func spectrallyNormalized() -> Sequential { Sequential(layers.map(SpectralNormalization.init)) }
}

extension Tensor {
  /// This weight divided by its largest singular value, which one step of the power iteration estimates:
  /// v = W^T u / |W^T u|, u' = W v / |W v|, sigma = u'^T W v, with u' and v as constants.
  ///
  /// - Parameters:
  ///   - vector: u [outputs], of any length but 0.
  ///   - isUpdating: Whether u' is stored there, in place.
  func spectrallyNormalized(outputAxis: Int, vector: Tensor, isUpdating: Bool) -> Tensor {
    let (image, u, _) = powerIteration(outputAxis: outputAxis, from: vector)
    if isUpdating { vector.assign(u) }
    return self * (image * u).summed().reciprocal()
  }

  /// One step of the power iteration from u [outputs]: W v [1, outputs], the next u [1, outputs] and v [1, everything
  /// else]; the vectors are constants.
  package func powerIteration(outputAxis: Int, from u: Tensor) -> (image: Tensor, u: Tensor, v: Tensor) {
    let transposed = matrix(outputAxis: outputAxis)  // [everything else, outputs]
    let v = matmul(u.reshaped(to: [1, u.shape.count]), transposed.detached(), transposingB: true).unit()
    let image = matmul(v, transposed)
    return (image, image.detached().unit(), v)
  }

  /// A weight as a matrix [everything else, outputs].
  func matrix(outputAxis: Int) -> Tensor {
    let outputs = shape[outputAxis]
    var axes = Array(0..<shape.rank)
    axes.append(axes.remove(at: shape.rank + outputAxis))
    let last = outputAxis == -1 ? self : transposed(axes)
    return last.reshaped(to: [shape.count / max(outputs, 1), outputs])
  }

  /// This vector at length 1; one of zeros only stays as it is.
  private func unit() -> Tensor { self / (squared().summed() + 1e-24).squareRoot() }
}

extension Network {
  /// How far the outputs' filters are from being orthogonal to each other: the sum over all linear maps of
  /// |W^T W * (1 - I)|^2 in the Frobenius norm, with W [everything else, outputs] (Brock et al. 2017; without the
  /// diagonal as in Brock et al. 2019). A scalar.
  ///
  /// - Parameter weights: The parameters, such as `watched(on:)` ones.
  public func orthogonality(of weights: [Tensor]) -> Tensor {
    zip(parameters, weights).reduce(Tensor(0, on: self.weights.device)) { sum, pair in
      guard let outputAxis = pair.0.outputAxis else { return sum }
      let matrix = pair.1.matrix(outputAxis: outputAxis)
      let others = 1 - Tensor.identity(matrix.shape[1], on: matrix.device)
      return sum + (matmul(matrix, matrix, transposingA: true) * others).squared().summed()
    }
  }
}

extension Tensor {
  /// The identity matrix [n, n].
  public static func identity(_ n: Int, on device: Device) -> Tensor {
    // A one in front of n zeros, n times: in rows of n, each one stands a place further to the right.
    Tensor(1, shape: [n, 1], on: device).padded(to: [n, n + 1], at: [0, 0]).reshaped(to: [n * (n + 1)])
      .sliced(from: [0], shape: [n * n]).reshaped(to: [n, n])
  }
}
