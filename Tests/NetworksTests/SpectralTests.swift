import Foundation
import Testing

@testable import Networks

private let random = RandomStream(seed: 6, stream: 2)

/// A diagonal weight has its largest entry as its spectral norm, whatever its scale; it is found by the iteration.
@Test func theSpectralNormIsTheLargestSingularValue() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = Sequential([Dense(3, bias: false, initializer: .he)]).spectrallyNormalized()
  let network = try Network(layer, input: [4], random: random, on: device)
  #expect(network.statistics.map(\.name) == ["0.weight_u"])
  network.weights.write([0.5, 0, 0, 0, -4, 0, 0, 0, 1, 0, 0, 0])
  let x = Tensor([1.0, 2, 3, 4], shape: [1, 4], on: device)
  for _ in 0..<20 { _ = network(x, mode: .training) }
  let y: [Double] = try network(x, mode: .inference).scalars()
  for (ours, expected) in zip(y, [0.125, -2, 0.75]) { #expect(abs(ours - expected) < 1e-9) }
}

/// Only a pass that updates averages stores the vector, and no gradient reaches it.
@Test func onlyUpdatingPassesMoveTheVector() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let network = try Network(
    SpectralNormalization(Dense(3, initializer: .he)), input: [4], random: random, on: device)
  let x = random.normal([2, 4], step: 30, on: device)
  func vector() throws -> [Double] { try network.runningStatistics.scalars() }
  let first = try vector()
  for mode in [Mode.inference, Mode(statistics: .batch(updating: false))] { _ = network(x, mode: mode) }
  #expect(try vector() == first)
  _ = network(x, mode: .training)
  let second = try vector()
  #expect(second != first)
  #expect(abs(second.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
}

/// A gradient penalty's gradient through a spectrally normalized discriminator, against a central difference in double
/// along a random direction. The vectors are at rest, where they do not count as functions of the weights.
@Test(arguments: [0.0, 1])
func penaltiesOfSpectralCriticsAgreeWithCentralDifferences(target: Double) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layers: [any Layer] = [
    Convolution(4, kernel: 3, .init(stride: 2, padding: 1), initializer: .he), Activation.softplus,
    Residual(main: [Convolution(4, kernel: 3, .init(padding: 1), initializer: .he), Activation.tanh]),
    TransposedConvolution(3, kernel: 4, .init(stride: 2, padding: 1), initializer: .he), Activation.tanh,
    GlobalPooling.sum, ProjectionHead(classes: 3, initializer: .he),
  ]
  let discriminator = try Network(
    Sequential(layers).spectrallyNormalized(), input: [6, 6, 2], random: random, on: device)
  var mode = Mode.training
  mode.labels = Tensor([0.0, 2, 1], shape: [3], on: device)
  let images = random.normal([3, 6, 6, 2], step: 40, on: device)
  for _ in 0..<3000 { _ = discriminator(images, mode: mode) }
  mode.statistics = .batch(updating: false)

  func penalty(_ tape: Tape, _ weights: [Tensor]) -> Tensor {
    let x = tape.watch(images)
    let slope = gradient(of: discriminator(x, weights: weights, mode: mode).summed(), wrt: [x], createGraph: true)[0]
    return ((slope.squared().summed(over: [1, 2, 3]) + 1e-8).squareRoot() - target).squared().mean()
  }
  let tape = Tape()
  let weights = discriminator.watched(on: tape)
  let analytic = discriminator.flattened(gradient(of: penalty(tape, weights), wrt: weights))
  let direction = random.normal(discriminator.weights.shape, step: 41, on: device)
  let slope = try (analytic * direction).summed().scalars(as: Double.self)[0]
  func value(_ t: Double) throws -> Double {
    let tape = Tape()
    let weights = discriminator.views(of: discriminator.weights + t * direction).map(tape.watch)
    return try penalty(tape, weights).scalars(as: Double.self)[0]
  }
  let h = 1e-3
  let numeric = try (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
  #expect(abs(slope - numeric) <= 1e-6 * abs(numeric), "\(slope), by differences \(numeric)")
  #expect(abs(numeric) > 1e-4)
}

/// |W^T W * (1 - I)|^2 of each linear map, biases and scales left out, by loops; its gradient by a central difference.
@Test func orthogonalRegularizationComparesOutputs() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layers: [any Layer] = [
    Convolution(4, kernel: 2, initializer: .he), BatchNormalization(),
    TransposedConvolution(3, kernel: 2, initializer: .he), Reshape.flat, Dense(2, initializer: .he),
  ]
  let network = try Network(Sequential(layers), input: [3, 3, 2], random: random, on: device)
  func expected(_ flat: [Double]) -> Double {
    var (sum, start) = (0.0, 0)
    for parameter in network.parameters {
      let shape = parameter.shape
      defer { start += shape.count }
      guard parameter.name.hasSuffix("weight"), shape.rank > 1 else { continue }
      // Filter o, element e: a transposed convolution's outputs are its last axis but one.
      let isTransposed = parameter.name.hasPrefix("2.")
      let outputs = isTransposed ? shape[2] : shape[-1]
      func element(_ e: Int, _ o: Int) -> Double {
        let inputs = shape[-1]
        return isTransposed
          ? flat[start + (e / inputs * outputs + o) * inputs + e % inputs] : flat[start + e * outputs + o]
      }
      for a in 0..<outputs {
        for b in 0..<outputs where a != b {
          let product = (0..<(shape.count / outputs)).reduce(0) { $0 + element($1, a) * element($1, b) }
          sum += product * product
        }
      }
    }
    return sum
  }
  let tape = Tape()
  let weights = network.watched(on: tape)
  let term = network.orthogonality(of: weights)
  let flat: [Double] = try network.weights.scalars()
  #expect(abs(try term.scalars(as: Double.self)[0] - expected(flat)) < 1e-12 * expected(flat))
  let direction: [Double] = try random.normal(network.weights.shape, step: 50, on: device).scalars()
  let gradient: [Double] = try network.flattened(gradient(of: term, wrt: weights)).scalars()
  func value(_ t: Double) -> Double { expected(zip(flat, direction).map { $0 + t * $1 }) }
  let numeric = (8 * (value(1e-3) - value(-1e-3)) - (value(2e-3) - value(-2e-3))) / 12e-3
  #expect(abs(zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 } - numeric) < 1e-9 * abs(numeric))
}
