import Testing

@testable import Networks

@Suite struct R3GANTests {
  let device: Device
  let architecture: Architecture
  let random = RandomStream(seed: 5, stream: 1)

  init() throws {
    device = try Device.cpu(precision: .double)
    architecture = try #require(Architecture.all.first { $0.name == "r3gan" })
  }

  private func options(size: Int, width: Int, latent: Int = 64) -> Architecture.Options {
    var options = Architecture.Options()
    (options.size, options.width, options.latent) = (size, width, latent)
    return options
  }

  /// Outputs, first gradients of the relativistic losses and R1's second gradients, from the same weights.
  @Test func agreesWithPyTorch() throws {
    let reference = try Reference.load("r3gan64")
    let options = options(size: 64, width: 32, latent: 8)
    func build(_ layers: Sequential, _ input: Shape, _ player: String) throws -> (Network, [String]) {
      let network = try Network(layers, input: input, random: random, on: device)
      let entries = reference.tensors.filter { $0.name.hasPrefix(player) }
      try #require(entries.map { Shape($0.shape) } == network.parameters.map(\.shape))
      for (entry, view) in zip(entries, network.views(of: network.weights)) {
        view.assign(try reference.tensor(entry.name, on: device))
      }
      return (network, entries.map(\.name))
    }
    let (generator, generatorNames) = try build(architecture.generator(options), [8], "generator")
    let (discriminator, criticNames) = try build(architecture.discriminator(options), [64, 64, 3], "discriminator")
    func expect(_ loss: Tensor, _ name: String, _ weights: [Tensor], _ names: [String]) throws {
      try reference.expect(loss, is: "loss/" + name)
      for (parameter, dw) in zip(names, gradient(of: loss, wrt: weights)) {
        try reference.expect(dw, is: name + "/" + parameter)
      }
    }

    let tape = Tape()
    let (g, d) = (generator.watched(on: tape), discriminator.watched(on: tape))
    let images = tape.watch(try reference.tensor("images", on: device))
    let fake = generator(try reference.tensor("latents", on: device), weights: g, mode: .training)
    let realLogits = discriminator(images, weights: d, mode: .training)
    try reference.expect(fake, is: "generator/output")
    try reference.expect(realLogits, is: "discriminator/real_logits")
    let fakeLogits = discriminator(fake.detached(), weights: d, mode: .training)
    try expect((fakeLogits - realLogits).softplus().mean(), "discriminator_loss", d, criticNames)
    let fooling = (realLogits - discriminator(fake, weights: d, mode: .training)).softplus().mean()
    try expect(fooling, "generator_loss", g, generatorNames)
    let slopes = gradient(of: realLogits.summed(), wrt: [images], createGraph: true)[0]
    try reference.expect(slopes, is: "r1/slopes")
    try expect(0.5 * slopes.squared().summed(over: [1, 2, 3]).mean(), "r1", d, criticNames)
  }

  /// The published counts for CIFAR-10: 768 channels in each of four stages, 1536 inside blocks in 96 groups of 16.
  @Test func theFullWidthHasThePapersShapes() throws {
    let options = options(size: 32, width: 768)
    var declarations = Declarations(input: [64])
    #expect(try architecture.generator(options).declare([64], &declarations) == [32, 32, 3])
    let block = 768 * 1536 + 1536 + 9 * 16 * 1536 + 1536 + 1536 * 768
    let counted = { (declarations: Declarations) in declarations.parameters.map(\.shape.count).reduce(0, +) }
    #expect(counted(declarations) == 16 * 768 + 64 * 768 + 8 * block + 768 * 3)
    declarations = Declarations(input: [32, 32, 3])
    #expect(try architecture.discriminator(options).declare([32, 32, 3], &declarations) == [1])
    #expect(counted(declarations) == 3 * 768 + 8 * block + 16 * 768 + 768)
  }

  /// Every parameter's first deviation, computed from its fans: gain sqrt(2 / 1.04) L^(-1/4) inside the L blocks, 0 at
  /// their ends, 1 elsewhere; the generator's basis is standard normal, biases are 0.
  @Test(arguments: [(32, 8.0), (64, 10)])
  func weightsStartAsPublished(size: Int, blocks: Double) throws {
    let options = options(size: size, width: 64)
    let inside = (2 / 1.04).squareRoot() / blocks.squareRoot().squareRoot()
    let players: [(Sequential, Shape)] = [
      (try architecture.generator(options), [64]), (try architecture.discriminator(options), [size, size, 3]),
    ]
    for (layers, input) in players {
      let network = try Network(layers, input: input, random: random, on: device)
      for (parameter, view) in zip(network.parameters, network.views(of: network.weights)) {
        let values = try view.scalars(as: Double.self)
        let standardDeviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        let shape = parameter.shape
        let isInside = parameter.name.contains("main")
        let expected: Double =
          if parameter.name.hasSuffix("bias") || (isInside && parameter.name.hasSuffix("main.4.weight")) {
            0
          } else if parameter.name.hasSuffix("basis") {
            input.rank == 1 ? 1 : 0.25
          } else {
            (isInside ? inside : 1) / Double(shape.count / shape[-1]).squareRoot()
          }
        // Five standard errors of a deviation: there are some sixty parameters.
        #expect(
          abs(standardDeviation - expected) <= 5 * expected / Double(2 * values.count).squareRoot(),
          "\(parameter.name) \(shape): \(standardDeviation), not \(expected)")
      }
    }
  }

  /// The blocks' last filters are 0, so that at first the generator is its basis, resampled and projected.
  @Test func blocksStartAsTheIdentity() throws {
    let block = try #require(architecture.discriminator(options(size: 32, width: 16)).layers.first { $0 is Residual })
    let network = try Network(block, input: [4, 4, 16], random: random, on: device)
    let x = random.normal([2, 4, 4, 16], step: 3, on: device)
    #expect(try network(x, mode: .training).scalars(as: Double.self) == x.scalars())
  }

  @Test(arguments: [(48, 64, "32 or 64 pixels"), (32, 40, "multiple of 16")])
  func sizesThatDoNotFitAreNamed(size: Int, width: Int, words: String) throws {
    let error = #expect(throws: NetworkError.self) { try architecture.discriminator(options(size: size, width: width)) }
    #expect(error?.description.contains(words) == true && error?.description.contains("set model.") == true)
  }
}
