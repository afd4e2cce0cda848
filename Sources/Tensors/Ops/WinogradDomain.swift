/// The transform domain of a Winograd convolution: `points` products of matrices (Kernels/cl/winograd.h).
struct WinogradDomain {
  let points: Int
  /// What is transformed at once has about this many elements, else as many as suit the device: scratch would else be
  /// several times the images.
  let shareElements: Int?

  /// 0 ..< count in shares of about equal size, multiples of `step` but for the last, of which each has its part of
  /// `elements` a point.
  func shares(of count: Int, step: Int = 1, weighing elements: Int, on device: Device) -> [Range<Int>] {
    let units = (count + step - 1) / step, shareElements = shareElements ?? device.scratchElements
    let number = max(1, min(units, (points * elements + shareElements / 2) / shareElements))
    return (0..<number).map { ($0 * units / number * step)..<min(($0 + 1) * units / number * step, count) }
  }

  /// Images whose tiles are whole chains of 512, the last ones excepted: what they add to a filter's gradient can be
  /// computed apart.
  func strips(of images: Int, tiles tilesPerImage: Int, weighing elements: Int, on device: Device) -> [Range<Int>] {
    shares(
      of: images, step: Chains.terms / greatestCommonDivisor(Chains.terms, tilesPerImage), weighing: elements,
      on: device)
  }

  /// A matrix for each point. Neither they nor the rows of what becomes the left side of products lie at a power of two
  /// from each other, which a cache would put into few places.
  func planes(_ rows: Int, _ columns: Int, isLeft: Bool = false, on device: Device) -> Matrices {
    let rowStride = isLeft && columns % 256 == 0 ? columns + Panels.columns / 2 : columns
    let stride = rows * rowStride + Panels.columns
    let tensor = Tensor(uninitialized: [points, stride], on: device)
    return Matrices(
      tensor: tensor, batches: points, rows: rows, columns: columns, rowStride: rowStride, stride: stride)
  }
}

extension Matrices {
  /// A kernel whose extent they are.
  func launch(_ kernel: Kernel, _ tensors: NamedArguments<Tensor>, _ sizes: NamedArguments<Int>) {
    tensor.launch(kernel, tensors, sizes: sizes, over: Extent(rows: rows, columns: columns))
  }

  /// Themselves, which lie [columns / 32][k][32], as the right side of products.
  func panels(k: Int) -> Panels {
    let across = Panels.columns
    return Panels(tensor: tensor, panelStride: k * across, kStride: across, batchStride: stride)
  }

  /// Themselves [rows][k] as the left side: makes `products` those with `b`.
  func multiply(_ b: Panels, into products: Matrices) {
    products.setProduct(tensor, rowStride: rowStride, kStride: 1, batchStride: stride, b, k: columns)
  }

  /// Themselves [k][rows] as the left side; `isAdding` goes on from the k before.
  func multiplyTransposed(_ b: Panels, into products: Matrices, isAdding: Bool) {
    products.setProduct(
      tensor, rowStride: 1, kStride: rowStride, batchStride: stride, b, k: rows, isAdding: isAdding)
  }
}
