import Comparison
import Testing

@testable import Baselines

/// A flow with weights that are far from the identity.
struct FlowRow: Sendable, CustomTestStringConvertible {
  let name: String
  let size: Int
  let flow: Flow
  var testDescription: String { name }

  static let all = [
    FlowRow(name: "affine 1", size: 1, flow: .affine),
    FlowRow(name: "affine 6", size: 6, flow: .affine),
    FlowRow(name: "real-nvp 2", size: 2, flow: .realNVP(couplings: 4, width: 5)),
    FlowRow(name: "real-nvp 5", size: 5, flow: .realNVP(couplings: 3, width: 4)),
  ]
}

@Suite struct FlowTests {
  let device: Device
  let reference: Reference

  init() throws { (device, reference) = (try .cpu(precision: .double, threads: 1), try .load()) }

  private func network(_ row: FlowRow) throws -> (Network, Reference.Flow) {
    let expected = try #require(reference.flows[row.name])
    let network = try Network(row.flow, input: [row.size], random: RandomStream(seed: 1, stream: 0), on: device)
    network.weights.write(expected.weights)
    return (network, expected)
  }

  private func points(_ values: [Double], _ row: FlowRow) -> Tensor {
    Tensor(values, shape: [values.count / row.size, row.size], on: device)
  }

  @Test(arguments: FlowRow.all)
  func samplesAndDensitiesAgreeWithPyTorch(row: FlowRow) throws {
    let (network, expected) = try network(row)
    let x = network(points(expected.z, row), mode: .inference)
    #expect(gap(try x.scalars(), expected.x) < 1e-12)
    // PyTorch's densities are of the Jacobian that it differentiates, not of a formula.
    #expect(gap(try network.logDensity(points(expected.x, row)).scalars(), expected.densities) < 1e-11)
  }

  @Test(arguments: FlowRow.all)
  func theInverseUndoesTheFlow(row: FlowRow) throws {
    let (network, _) = try network(row)
    let z = RandomStream(seed: 2, stream: 0).normal([64, row.size], step: 0, on: device)
    let there = network.inverse(network(z, mode: .inference)).z
    #expect(gap(try there.scalars(), try z.scalars()) < 1e-10)
    let back = network(network.inverse(z).z, mode: .inference)
    #expect(gap(try back.scalars(), try z.scalars()) < 1e-10)
  }

  /// log |det ∂z/∂x| beside the determinant of central differences of z.
  @Test(arguments: FlowRow.all)
  func theDeterminantIsTheJacobians(row: FlowRow) throws {
    let (network, expected) = try network(row)
    let step = 1e-5
    for start in stride(from: 0, to: expected.x.count, by: row.size) {
      let point = Array(expected.x[start..<start + row.size])
      let ends = (0..<2 * row.size).flatMap { i in
        point.enumerated().map { $0 == i / 2 ? $1 + (i % 2 == 0 ? step : -step) : $1 }
      }
      let z: [Double] = try network.inverse(points(ends, row)).z.scalars()
      let jacobian = SquareMatrix(
        size: row.size,
        (0..<row.size * row.size).map { i in
          let (axis, output) = (i / row.size, i % row.size)
          return (z[2 * axis * row.size + output] - z[(2 * axis + 1) * row.size + output]) / (2 * step)
        })
      let (latents, density) = network.inverse(points(point, row))
      let ours = try (density - latents.standardNormalLogDensity()).scalars(as: Double.self)[0]
      #expect(abs(ours - jacobian.logDeterminant) < 1e-7)
    }
  }

  /// The step of a player that descends at rate 1 is the gradient itself.
  @Test(arguments: FlowRow.all)
  func theLikelihoodRisesAlongItsGradient(row: FlowRow) throws {
    let (network, expected) = try network(row)
    var player = try TrainableNetwork(descending: network)
    let likelihood = player.raiseLikelihood(of: points(expected.x, row))
    let mean = expected.densities.reduce(0, +) / Double(expected.densities.count)
    #expect(abs(try likelihood.scalars(as: Double.self)[0] - mean) < 1e-11)
    let after: [Double] = try network.weights.scalars()
    let along = zip(zip(after, expected.weights), expected.slope.along).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 }
    #expect(abs(along - expected.slope.value) < 1e-6 * max(1, abs(expected.slope.value)))
  }

  @Test(arguments: [
    (Flow.realNVP(), [1], "AffineCoupling takes flat inputs [features] with at least 2, not [1]"),
    (Flow.affine, [4, 4, 1], "layer 0: TriangularMap takes flat inputs [features] with at least 1, not [4, 4, 1]"),
  ])
  func inputsThatDoNotFitAreRefused(flow: Flow, sizes: [Int], message: String) {
    #expect {
      try Network(flow, input: Shape(sizes), random: RandomStream(seed: 1, stream: 0), on: device)
    } throws: {
      "\($0)".contains(message)
    }
  }
}
