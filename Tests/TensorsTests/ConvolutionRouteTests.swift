import Testing

@testable import Tensors

/// A convolution of each kind, and the route that it takes.
struct RouteRow: Sendable, CustomTestStringConvertible {
  let geometry: ConvolutionGeometry
  let image, filter: Shape
  let route: any (ConvolutionRoute & Sendable).Type
  var testDescription: String { "\(image) by \(filter), stride \(geometry.stride)" }

  var shape: ConvolutionShape {
    let (p, q) = geometry.output(image[1], image[2], taps: (filter[0], filter[1]))
    return ConvolutionShape(geometry, image: image, filter: filter, output: [image[0], p, q, filter[3]])
  }

  private static let half = ConvolutionGeometry(stride: 2, padding: 1)
  private static let same = ConvolutionGeometry(padding: 1)
  static let all = [
    RouteRow(geometry: half, image: [1, 64, 64, 3], filter: [4, 4, 3, 64], route: ColumnConvolution.self),
    RouteRow(geometry: half, image: [1, 32, 32, 64], filter: [4, 4, 64, 128], route: WinogradConvolution.self),
    RouteRow(geometry: half, image: [1, 8, 16, 32], filter: [4, 4, 32, 32], route: WinogradConvolution.self),
    RouteRow(geometry: same, image: [1, 32, 32, 128], filter: [3, 3, 128, 128], route: Winograd3Convolution.self),
    RouteRow(geometry: same, image: [1, 8, 12, 32], filter: [3, 3, 32, 64], route: Winograd3Convolution.self),
    // Not whole tiles, not whole panels, another filter, another stride, no padding, a single tile.
    RouteRow(geometry: half, image: [1, 12, 8, 32], filter: [4, 4, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: half, image: [1, 8, 8, 32], filter: [4, 4, 32, 48], route: DirectConvolution.self),
    RouteRow(geometry: half, image: [1, 16, 16, 32], filter: [3, 3, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: same, image: [1, 16, 16, 32], filter: [4, 4, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: .init(), image: [1, 4, 4, 512], filter: [4, 4, 512, 1], route: DirectConvolution.self),
    RouteRow(geometry: same, image: [1, 18, 16, 32], filter: [3, 3, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: same, image: [1, 16, 16, 32], filter: [3, 3, 32, 16], route: DirectConvolution.self),
    RouteRow(geometry: same, image: [1, 16, 16, 32], filter: [1, 1, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: .init(), image: [1, 18, 18, 32], filter: [3, 3, 32, 32], route: DirectConvolution.self),
    RouteRow(geometry: same, image: [1, 4, 4, 512], filter: [3, 3, 512, 512], route: DirectConvolution.self),
  ]

  func withImages(_ n: Int) -> RouteRow {
    RouteRow(geometry: geometry, image: [n, image[1], image[2], image[3]], filter: filter, route: route)
  }
}

/// Winograd's routes on a layer each, with scratch for some elements.
struct WinogradRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let route: @Sendable (ConvolutionShape, Int?) -> (any ConvolutionRoute)?
  let layer: RouteRow
  /// Its error, in those of a plain sum of products.
  let worst: Double
  /// Many small images of it: their tiles are more than a chain of 512.
  let images: Int

  static let all = [
    WinogradRow(
      testDescription: "4x4, stride 2", route: { WinogradConvolution($0, shareElements: $1) },
      layer: RouteRow(
        geometry: .init(stride: 2, padding: 1), image: [8, 16, 16, 64], filter: [4, 4, 64, 64],
        route: WinogradConvolution.self),
      worst: 4, images: 600),
    WinogradRow(
      testDescription: "3x3", route: { Winograd3Convolution($0, shareElements: $1) },
      layer: RouteRow(
        geometry: .init(padding: 1), image: [8, 16, 16, 64], filter: [3, 3, 64, 64], route: Winograd3Convolution.self),
      worst: 3, images: 150),
  ]
}

/// The order of additions is the route's: it may depend on the shape alone, and not on the batch.
@Test(arguments: RouteRow.all)
func routesAreChosenByShape(row: RouteRow) {
  for n in [1, 3, 64] {
    #expect("\(type(of: row.withImages(n).shape.route))" == "\(row.route)")
  }
}

/// Winograd's transforms round more than a plain sum of products. The errors of both against double, relative to the
/// root mean square, stand in Kernels/README.md.
@Test(arguments: WinogradRow.all)
func winogradRoundsLittleMoreThanDirectly(row: WinogradRow) throws {
  let (single, double) = (try Device.cpu(), try Device.cpu(precision: .double))
  let shape = row.layer.shape
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
  let errors = try [direct, try #require(row.route(shape, nil))].map { (route: any ConvolutionRoute) in
    zip(try results(route, on: single), exact).map { ours, exact in
      rootMeanSquare(zip(ours, exact).map { $0 - $1 }) / rootMeanSquare(exact)
    }
  }
  print(
    "\(row.testDescription), relative errors (forward, input gradient, filter gradient): direct \(errors[0]), "
      + "Winograd \(errors[1])")
  for (plain, transformed) in zip(errors[0], errors[1]) {
    #expect(plain < 5e-7 && transformed < row.worst * plain, "\(plain) directly, \(transformed) by Winograd")
  }
}

/// Scratch is made in shares, of images, columns, channels or phases; 600 tiles are a chain of 512 and a rest.
@Test(arguments: WinogradRow.all)
func sharesChangeNoBit(row: WinogradRow) throws {
  let device = try Device.cpu()
  let (geometry, r) = (row.layer.geometry, row.layer.filter[0])
  let shape = RouteRow(
    geometry: geometry, image: [row.images, 8, 8, 64], filter: [r, r, 64, 96], route: row.layer.route
  ).shape
  let random = RandomStream(seed: 5, stream: 2)
  let inputs = [shape.image, shape.filter, shape.output].enumerated().map { random.normal($1, step: $0, on: device) }
  func results(shareElements: Int) throws -> [[Float]] {
    let route = try #require(row.route(shape, shareElements))
    return try [
      route.forward(inputs[0], inputs[1]), route.inputGradient(inputs[2], inputs[1]),
      route.filterGradient(inputs[0], inputs[2]),
    ].map { try $0.scalars() }
  }
  let whole = try results(shareElements: 1 << 30)
  for shareElements in [1 << 21, 1 << 17, 1] { #expect(try results(shareElements: shareElements) == whole) }
}

/// One image, whose filter is transformed as it is used, and the first of many: 640 channels are a chain of 512 and a
/// rest.
@Test(arguments: [[8, 8], [16, 16], [8, 24]])
func oneImageIsAsMany(size: [Int]) throws {
  let device = try Device.cpu()
  let random = RandomStream(seed: 5, stream: 3)
  let (p, q) = (size[0] / 2, size[1] / 2)
  let dy = random.normal([8, p, q, 640], step: 0, on: device), w = random.normal([4, 4, 64, 640], step: 1, on: device)
  func first(of images: Int) throws -> [Float] {
    let dx = transposedConv2d(
      dy.view(from: 0, shape: [images, p, q, 640]), w, .init(stride: 2, padding: 1), height: size[0], width: size[1])
    return Array(try dx.scalars(as: Float.self).prefix(size[0] * size[1] * 64))
  }
  #expect(try first(of: 1) == first(of: 8))
}
