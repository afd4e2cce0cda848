import Testing

@testable import Tensors

/// A product whose chains are computed apart.
struct ChainRow: Sendable, CustomTestStringConvertible {
  let m, n, k: Int
  var isTransposed = false
  var activation: FusedActivation?
  /// Chains that are computed at one time.
  let share: Int
  var testDescription: String {
    "\(m) x \(n) x \(k)\(isTransposed ? ", transposed" : ""), \(share) chains at a time"
  }

  /// Whole chains and a rest, panels that are not full, all at once and in shares that end anywhere.
  static let all = [
    ChainRow(m: 7, n: 5, k: 513, share: 9), ChainRow(m: 3, n: 40, k: 2048, share: 4),
    ChainRow(m: 3, n: 40, k: 2048, isTransposed: true, share: 3), ChainRow(m: 13, n: 32, k: 2600, share: 1),
    ChainRow(m: 13, n: 33, k: 2600, isTransposed: true, share: 2),
    ChainRow(m: 5, n: 3, k: 1100, activation: .relu, share: 2),
    ChainRow(m: 5, n: 3, k: 1100, activation: .relu6, share: 9),
  ]
}

/// What many units compute at one time is what one launch adds up (rule 4).
@Test(arguments: ChainRow.all)
func chainsApartAreTheWhole(row: ChainRow) throws {
  let device = try Device.cpu(), random = RandomStream(seed: 4, stream: 9)
  let a = random.normal(row.isTransposed ? [row.k, row.m] : [row.m, row.k], step: 0, on: device)
  let panels = Panels(rows: random.normal([row.k, row.n], step: 1, on: device), k: row.k, n: row.n)
  let bias = row.activation.map { _ in random.normal([row.n], step: 2, on: device) }
  let (rowStride, kStride) = row.isTransposed ? (1, row.m) : (row.k, 1)
  let whole = Tensor(uninitialized: [row.m, row.n], on: device)
  let apart = Tensor(uninitialized: [row.m, row.n], on: device)
  whole.setProduct(
    a, rowStride: rowStride, kStride: kStride, panels, k: row.k, bias: bias, activation: row.activation ?? .none)
  apart.setProductByChains(
    a, rowStride: rowStride, kStride: kStride, panels, k: row.k, bias: bias, activation: row.activation ?? .none,
    most: row.share * row.m * row.n)
  #expect(try (apart.scalars() as [Float]) == whole.scalars())
}

/// A weight gradient in shares of its chains: four of 512 pixels and a rest.
@Test func gradientsOfChainsAreTheWhole() throws {
  let device = try Device.cpu(), random = RandomStream(seed: 4, stream: 10)
  let shape = ConvolutionShape(
    .init(padding: 1), image: [3, 27, 26, 9], filter: [3, 3, 9, 5], output: [3, 27, 26, 5])
  let (x, dy) = (random.normal(shape.image, step: 0, on: device), random.normal(shape.output, step: 1, on: device))
  let route = DirectConvolution(shape: shape)
  let panels = Panels(rows: dy, k: 3 * 27 * 26, n: 5)
  let whole: [Float] = try route.filterGradient(x, dy).scalars()
  for share in [1, 2, 3, 9] {
    #expect(try route.filterGradientByChains(x, panels, most: share * shape.filter.count).scalars() == whole)
  }
}
