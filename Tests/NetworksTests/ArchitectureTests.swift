import Foundation
import Testing

@testable import Networks

/// Both fully connected players with one hidden unit a layer and every weight 1/2, against their closed forms.
struct ActivationRow: Sendable, CustomTestStringConvertible {
  let name: String
  let generator, discriminator: @Sendable (Double) -> Double
  var testDescription: String { name }

  static let all: [ActivationRow] = [
    ActivationRow(name: "relu", generator: { max($0, 0) }, discriminator: { $0 > 0 ? $0 : 0.2 * $0 }),
    ActivationRow(name: "tanh", generator: { tanh($0) }, discriminator: { tanh($0) }),
  ]
}

@Suite struct ArchitectureTests {
  let device: Device

  init() throws { device = try Device.cpu() }

  private func options(_ activation: String) -> Architecture.Options {
    var options = Architecture.Options()
    (options.latent, options.width, options.initializer) = (1, 1, .constant(0.5))
    options.settings[Architecture.activation] = activation
    return options
  }

  @Test(arguments: ActivationRow.all)
  func hiddenLayersHaveTheActivationThatIsAskedFor(row: ActivationRow) throws {
    let pair = try #require(Architecture.all.first { $0.name == "mlp-points" })
    let random = RandomStream(seed: 1, stream: 1)
    let generator = try Network(pair.generator(options(row.name)), input: [1], random: random, on: device)
    let discriminator = try Network(pair.discriminator(options(row.name)), input: [2], random: random, on: device)
    for x in [-2.0, -0.3, 0.7, 3] {
      let inputs = (Tensor([Float(x)], shape: [1, 1], on: device), Tensor([Float(x), 1], shape: [1, 2], on: device))
      func expected(_ x: Double, _ activation: (Double) -> Double) -> Double {
        activation(activation(x / 2) / 2) / 2
      }
      let point = try generator(inputs.0, mode: .inference).scalars(as: Float.self)[0]
      let logit = try discriminator(inputs.1, mode: .inference).scalars(as: Float.self)[0]
      #expect(abs(Double(point) - expected(x, row.generator)) < 1e-6)
      #expect(abs(Double(logit) - expected(x + 1, row.discriminator)) < 1e-6)
    }
  }

  @Test(arguments: ["mlp", "mlp-points"])
  func anUnknownActivationIsNamed(architecture: String) throws {
    let pair = try #require(Architecture.all.first { $0.name == architecture })
    for build in [pair.generator, pair.discriminator] {
      let error = #expect(throws: NetworkError.self) { try build(options("sine")) }
      #expect("\(try #require(error))".contains("no activation is called 'sine'"))
    }
  }
}
