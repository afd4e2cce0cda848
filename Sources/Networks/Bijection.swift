/// A layer of flat samples [N, d] that can be undone, with what it does to volumes: x = f(z), z = f⁻¹(x).
///
/// As layers go, it computes x from z: a network of such layers is a generator like any other, whose samples have a
/// density that is known (`Network.logDensity`).
public protocol Bijection: Layer {
  /// The layer with its parameters in hand, for either direction.
  func map(_ pass: inout Pass) -> BijectiveMap
}

/// Both directions of a bijection, in recorded ops.
public struct BijectiveMap {
  /// Samples x [N, d] of latents z [N, d].
  let forward: (_ z: Tensor) -> Tensor
  /// Latents z [N, d] of samples x [N, d], and log |det ∂z/∂x| at each of them, [N].
  let inverse: (_ x: Tensor) -> (z: Tensor, logDeterminant: Tensor)
}

extension Bijection {
  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { map(&pass).forward(x) }

  /// Checks that inputs are flat.
  ///
  /// - Parameter least: The fewest features that the layer can do with.
  func flatSize(_ input: Shape, _ declarations: Declarations, atLeast least: Int = 1) throws(NetworkError) -> Int {
    guard input.rank == 1, input[0] >= least else {
      throw NetworkError(
        "\(declarations.place): \(Self.self) takes flat inputs [features] with at least \(least), not \(input)")
    }
    return input[0]
  }
}

/// Bijections one after the other, from the latents to the samples: a normalizing flow.
///
/// Its density is the change of variables, log q(x) = log N(z; 0, 1) + log |det ∂z/∂x| (Dinh et al. 2017, equation 3).
public struct Flow: Bijection {
  public let bijections: [any Bijection]
  public init(_ bijections: [any Bijection]) { self.bijections = bijections }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    for (number, bijection) in bijections.enumerated() {
      _ = try declarations.nested("\(number)") { (nested) throws(NetworkError) in
        try bijection.declare(input, &nested)
      }
    }
    return input
  }

  public func map(_ pass: inout Pass) -> BijectiveMap {
    var maps: [BijectiveMap] = []
    for bijection in bijections { maps.append(bijection.map(&pass)) }
    return BijectiveMap { [maps] z in
      maps.reduce(z) { $1.forward($0) }
    } inverse: { [maps] x in
      let start = (z: x, logDeterminant: Tensor(0, shape: [x.shape[0]], on: x.device))
      return maps.reversed().reduce(start) { after, map in
        let (z, logDeterminant) = map.inverse(after.z)
        return (z, after.logDeterminant + logDeterminant)
      }
    }
  }

  /// x = z A + b, whose samples are normal with mean b and covariance Aᵀ A.
  public static var affine: Flow { Flow([TriangularMap()]) }

  /// A Real NVP for points (Dinh et al. 2017): couplings that keep either half of the features in turn.
  ///
  /// - Parameters:
  ///   - couplings: How many; fewer than two leave features as they were drawn.
  ///   - width: Hidden units of their networks.
  public static func realNVP(couplings: Int = 8, width: Int = 32) -> Flow {
    Flow((0..<couplings).map { AffineCoupling(keepsFirst: $0 % 2 == 0, width: width) })
  }
}

extension Network {
  /// The latents of samples [N, d], and the samples' log densities [N] in nats where latents are standard normal.
  ///
  /// - Parameter weights: As for a call.
  /// - Precondition: The network's layer is a `Bijection`.
  public func inverse(_ x: Tensor, weights: [Tensor]? = nil) -> (z: Tensor, logDensity: Tensor) {
    guard let bijection = layer as? any Bijection else {
      preconditionFailure("the density of a network's samples is known where its layer is a Bijection, such as a Flow")
    }
    precondition(x.shape.rank == 2 && x.shape[1] == output[0], "samples must be [N] + \(output), not \(x.shape)")
    var pass = Pass(
      parameters: weights ?? views(of: self.weights), declared: parameters, statistics: [], mode: .inference, input: x)
    let (z, logDeterminant) = bijection.map(&pass).inverse(x)
    return (z, z.standardNormalLogDensity() + logDeterminant)
  }

  /// Log densities [N] of samples [N, d], in nats.
  ///
  /// - Precondition: As for `inverse`.
  public func logDensity(_ x: Tensor, weights: [Tensor]? = nil) -> Tensor { inverse(x, weights: weights).logDensity }
}

extension Tensor {
  /// log N(x; 0, 1) of rows [N, d], [N].
  public func standardNormalLogDensity() -> Tensor {
    // log 2π
    -0.5 * squared().summed(over: [1]) - 0.5 * 1.8378770664093453 * Double(shape[1])
  }
}
