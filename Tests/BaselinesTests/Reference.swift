import Foundation
import Testing

@testable import Baselines

/// PyTorch's answers in float64, made by tools/reference/baselines.py.
struct Reference: Decodable {
  struct Flow: Decodable {
    let weights, z, x, densities: [Double]
    let slope: Slope
  }
  /// The derivative of the mean log density along one direction in the space of weights.
  struct Slope: Decodable {
    let along: [Double]
    let value: Double
  }
  struct Autoencoder: Decodable {
    let encoder, decoder, x, epsilon, bounds, encoderSlopes, decoderSlopes: [Double]
  }
  struct Components: Decodable {
    let x, other, covariance, reconstructions: [Double]
    let variance, likelihood, otherLikelihood: Double
  }
  let flows: [String: Flow]
  let autoencoders: [String: Autoencoder]
  let components: Components

  static func load() throws -> Reference {
    let url = try #require(
      Bundle.module.url(forResource: "baselines", withExtension: "json", subdirectory: "Reference"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Reference.self, from: Data(contentsOf: url))
  }
}

extension TrainableNetwork {
  /// A player that follows its gradient at rate 1.
  init(descending network: Network) throws {
    let sgd = try #require(OptimizerRule.all.first { $0.name == "sgd" })
    self.init(network, sgd, OptimizerSettings(rate: 1))
  }
}
