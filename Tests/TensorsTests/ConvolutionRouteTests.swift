import Testing

@testable import Tensors

/// A convolution of each kind, and the route that it takes.
struct RouteRow: Sendable, CustomTestStringConvertible {
  let geometry: ConvolutionGeometry
  let image, filter: Shape
  let route: any (ConvolutionRoute & Sendable).Type
  var testDescription: String { "\(image) by \(filter), stride \(geometry.stride)" }

  var shape: ConvolutionShape {
    let (p, q) = (geometry.output(image[1], filter[0]), geometry.output(image[2], filter[1]))
    return ConvolutionShape(geometry, image: image, filter: filter, output: [image[0], p, q, filter[3]])
  }

  private static let half = ConvolutionGeometry(stride: 2, padding: 1)
  static let all = [
    RouteRow(geometry: half, image: [1, 64, 64, 3], filter: [4, 4, 3, 64], route: ColumnConvolution.self),
    RouteRow(geometry: half, image: [1, 32, 32, 64], filter: [4, 4, 64, 128], route: WinogradConvolution.self),
    RouteRow(geometry: half, image: [1, 8, 16, 32], filter: [4, 4, 32, 32], route: WinogradConvolution.self),
    // Not whole tiles, not whole panels, another filter, another stride, no padding.
    RouteRow(geometry: half, image: [1, 12, 8, 32], filter: [4, 4, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: half, image: [1, 8, 8, 32], filter: [4, 4, 32, 48], route: DirectConvolution.self),
    RouteRow(geometry: half, image: [1, 16, 16, 32], filter: [3, 3, 32, 32], route: DirectConvolution.self),
    RouteRow(
      geometry: .init(padding: 1), image: [1, 16, 16, 32], filter: [4, 4, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: .init(), image: [1, 4, 4, 512], filter: [4, 4, 512, 1], route: DirectConvolution.self),
  ]
}

/// The order of additions is the route's: it may depend on the shape alone, and not on the batch.
@Test(arguments: RouteRow.all)
func routesAreChosenByShape(row: RouteRow) {
  for n in [1, 3, 64] {
    let batch = RouteRow(
      geometry: row.geometry, image: [n, row.image[1], row.image[2], row.image[3]], filter: row.filter, route: row.route
    )
    #expect("\(type(of: batch.shape.route))" == "\(row.route)")
  }
}

/// Winograd's transforms round more than a plain sum of products. The errors of both against double, relative to the
/// root mean square, stand in Kernels/README.md.
@Test func winogradRoundsLittleMoreThanDirectly() throws {
  let (single, double) = (try Device.cpu(), try Device.cpu(precision: .double))
  let row = RouteRow(
    geometry: .init(stride: 2, padding: 1), image: [8, 16, 16, 64], filter: [4, 4, 64, 64],
    route: WinogradConvolution.self)
  let shape = row.shape
  let random = RandomStream(seed: 5, stream: 1)
  /// Of the three directions, on inputs that are the same floats.
  func results(_ route: any ConvolutionRoute, on device: Device) throws -> [[Double]] {
    let inputs = try [shape.image, shape.filter, shape.output].enumerated().map { step, shape in
      Tensor(
        try random.normal(shape, step: step, on: single).scalars(as: Float.self).map(Double.init), shape: shape,
        on: device)
    }
    let (x, w, dy) = (inputs[0], inputs[1], inputs[2])
    return try [route.forward(x, w), route.inputGradient(dy, w), route.filterGradient(x, dy)].map { try $0.scalars() }
  }
  func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }
  let direct = DirectConvolution(shape: shape)
  let exact = try results(direct, on: double)
  let errors = try [direct, try #require(WinogradConvolution(shape))].map { (route: any ConvolutionRoute) in
    zip(try results(route, on: single), exact).map { ours, exact in
      rootMeanSquare(zip(ours, exact).map { $0 - $1 }) / rootMeanSquare(exact)
    }
  }
  print("relative errors (forward, input gradient, filter gradient): direct \(errors[0]), Winograd \(errors[1])")
  for (plain, transformed) in zip(errors[0], errors[1]) {
    #expect(plain < 5e-7 && transformed < 4 * plain, "\(plain) directly, \(transformed) by Winograd")
  }
}

/// Scratch is made in shares, of images, columns or phases; 600 tiles are a chain of 512 and a rest.
@Test func sharesChangeNoBit() throws {
  let device = try Device.cpu()
  let shape = RouteRow(
    geometry: .init(stride: 2, padding: 1), image: [600, 8, 8, 32], filter: [4, 4, 32, 64],
    route: WinogradConvolution.self
  ).shape
  let random = RandomStream(seed: 5, stream: 2)
  let inputs = [shape.image, shape.filter, shape.output].enumerated().map { random.normal($1, step: $0, on: device) }
  func results(shareElements: Int) throws -> [[Float]] {
    let route = try #require(WinogradConvolution(shape, shareElements: shareElements))
    return try [
      route.forward(inputs[0], inputs[1]), route.inputGradient(inputs[2], inputs[1]),
      route.filterGradient(inputs[0], inputs[2]),
    ].map { try $0.scalars() }
  }
  let whole = try results(shareElements: 1 << 30)
  for shareElements in [1 << 21, 1 << 17, 1] { #expect(try results(shareElements: shareElements) == whole) }
}
