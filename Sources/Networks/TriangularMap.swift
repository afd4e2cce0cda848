/// x = (z ⊙ exp s) (1 + U) + b with U strictly upper triangular: every invertible linear map that a normal distribution
/// needs, since any covariance is Aᵀ A of such an A = diag(exp s) (1 + U), its Cholesky factor.
///
/// log |det ∂x/∂z| is the sum of s. Only what lies above the diagonal of the parameter "upper" is used.
public struct TriangularMap: Bijection {
  public init() {}

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let size = try flatSize(input, declarations)
    declarations.parameter("logarithms", [size], .constant(0))
    declarations.parameter("upper", [size, size], .constant(0))
    declarations.parameter("shift", [size], .constant(0))
    return input
  }

  public func map(_ pass: inout Pass) -> BijectiveMap {
    let (s, matrix, b) = (pass.parameter(), pass.parameter(), pass.parameter())
    let (size, device) = (s.shape[0], s.device)
    let isAbove = (0..<size * size).map { $0 % size > $0 / size ? 1.0 : 0 }
    let upper = matrix * Tensor(isAbove, shape: [size, size], on: device)
    return BijectiveMap { z in
      let scaled = z * s.exponential()
      return (scaled + matmul(scaled, upper)).adding(bias: b)
    } inverse: { x in
      let scaled = matmul(x.adding(bias: -b), Self.inverseOfOnePlus(upper))
      return (scaled * (-s).exponential(), (-s).summed().broadcast(to: [x.shape[0]]))
    }
  }

  /// (1 + U)⁻¹ = (1 - U) (1 + U²) (1 + U⁴) ..., which ends since a strictly triangular matrix of n rows has Uⁿ = 0.
  private static func inverseOfOnePlus(_ upper: Tensor) -> Tensor {
    let one = Tensor.identity(upper.shape[0], on: upper.device)
    var (inverse, power, exponent) = (one - upper, upper, 2)
    while exponent < upper.shape[0] {
      power = matmul(power, power)
      inverse = matmul(inverse, one + power)
      exponent *= 2
    }
    return inverse
  }
}
