import Foundation
import Networks

/// Probabilistic principal component analysis, x = W z + μ + noise of variance σ², fitted by EM.
///
/// Source: Tipping and Bishop 1999, "Probabilistic Principal Component Analysis" (J. R. Statist. Soc. B 61), the EM
/// algorithm of its appendix B. Products over samples and features are the device's; what is left are q x q systems of
/// the latent dimension, which are read back and solved in double.
public struct PrincipalComponents {
  /// W, [d, q].
  public private(set) var weights: Tensor
  /// σ².
  public private(set) var variance: Double
  /// μ, the samples' mean, [d].
  public let mean: Tensor
  /// EM steps done.
  public private(set) var step = 0
  /// Samples less their mean, [N, d].
  private let centred: Tensor
  /// The trace of the samples' covariance S.
  private let total: Double

  private var features: Int { weights.shape[0] }
  private var latent: Int { weights.shape[1] }

  /// Starts from random weights and half the mean variance of a feature.
  ///
  /// - Parameters:
  ///   - samples: [N, d].
  ///   - latent: q, below d.
  ///   - random: Where W is drawn.
  /// - Throws: The device's first failure.
  public init(_ samples: Tensor, latent: Int, random: RandomStream) throws(DeviceError) {
    let (count, features) = (samples.shape[0], samples.shape[1])
    precondition(
      latent > 0 && latent < features, "\(latent) components of \(features) features: at least 1, and fewer than those")
    mean = samples.mean(over: [0])
    centred = samples.adding(bias: -mean)
    total = try centred.squared().summed().scalars(as: Double.self)[0] / Double(count)
    variance = total / Double(2 * features)
    weights = (variance / Double(latent)).squareRoot() * random.normal([features, latent], step: 0, on: samples.device)
  }

  /// One EM step: W ← S W (σ² + M⁻¹ Wᵀ S W)⁻¹ and σ² ← tr(S - S W M⁻¹ Wᵀ) / d with the new W, where M = Wᵀ W + σ².
  ///
  /// - Returns: The mean log-likelihood of the samples before the step, in nats.
  /// - Throws: The device's first failure.
  public mutating func advance() throws(DeviceError) -> Double {
    step += 1
    let (product, inner, spread) = try covarianceProduct(centred)
    let square = try SquareMatrix(matmul(product, product, transposingA: true))
    let inverse = inner.plus(variance).inverse
    let likelihood = logLikelihood(inner, spread: spread, total: total)
    let solution = (inverse * spread).plus(variance).inverse
    weights = matmul(product, solution.tensor(on: weights.device))
    // tr(S W M⁻¹ Wᵀ) with the new W = S W B is tr(M⁻¹ Bᵀ (S W)ᵀ S W).
    variance = (total - (inverse * solution.transposed * square).trace) / Double(features)
    return likelihood
  }

  /// The mean log-likelihood of samples [N, d], in nats.
  ///
  /// - Throws: The device's first failure.
  public func logLikelihood(of samples: Tensor) throws(DeviceError) -> Double {
    let centred = samples.adding(bias: -mean)
    let total = try centred.squared().summed().scalars(as: Double.self)[0] / Double(samples.shape[0])
    let (_, inner, spread) = try covarianceProduct(centred)
    return logLikelihood(inner, spread: spread, total: total)
  }

  /// S W [d, q] on the device, and Wᵀ W and Wᵀ S W [q, q] on the host: S itself is never formed.
  private func covarianceProduct(
    _ centred: Tensor
  ) throws(DeviceError) -> (product: Tensor, inner: SquareMatrix, spread: SquareMatrix) {
    let projected = matmul(centred, weights)
    let product = matmul(centred, projected, transposingA: true) / Double(centred.shape[0])
    return (
      product, try SquareMatrix(matmul(weights, weights, transposingA: true)),
      try SquareMatrix(matmul(weights, product, transposingA: true))
    )
  }

  /// -(d log 2π + log |C| + tr(C⁻¹ S)) / 2 with C = W Wᵀ + σ² (the paper's equation 4): by the determinant lemma
  /// |C| = σ²^(d - q) |M|, and by Woodbury's identity C⁻¹ = (1 - W M⁻¹ Wᵀ) / σ².
  private func logLikelihood(_ inner: SquareMatrix, spread: SquareMatrix, total: Double) -> Double {
    let m = inner.plus(variance)
    let logDeterminant = Double(features - latent) * log(variance) + m.logDeterminant
    let distance = (total - (m.inverse * spread).trace) / variance
    return -0.5 * (Double(features) * log(2 * Double.pi) + logDeterminant + distance)
  }

  /// W M⁻¹ Wᵀ (x - μ) + μ: the mean of x given the mean of its latents, [N, d].
  ///
  /// - Throws: The device's first failure.
  public func reconstructions(of samples: Tensor) throws(DeviceError) -> Tensor {
    let inverse = try SquareMatrix(matmul(weights, weights, transposingA: true)).plus(variance).inverse
    let latents = matmul(matmul(samples.adding(bias: -mean), weights), inverse.tensor(on: weights.device))
    return matmul(latents, weights, transposingB: true).adding(bias: mean)
  }
}
