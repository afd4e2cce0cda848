/// Where each element of a permuted tensor, in row-major order, lies in one of the given sizes.
///
/// - Parameters:
///   - axes: Axis i of the permuted tensor is axis `axes[i]`.
///   - indices: For each axis of the unpermuted tensor, its places in the order in which they are to come; all in
///     ascending order where they are not given.
func elementOrder(_ sizes: [Int], _ axes: [Int], _ indices: [[Int]]? = nil) -> [Int] {
  var strides = [Int](repeating: 1, count: sizes.count)
  for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
  return axes.reduce([0]) { offsets, axis in
    let places = (indices?[axis] ?? Array(0..<sizes[axis])).map { $0 * strides[axis] }
    return offsets.flatMap { offset in places.map { offset + $0 } }
  }
}

extension [Float] {
  /// These elements of a tensor of the given sizes in the order of one whose axis i is axis `axes[i]` of it.
  func permuted(_ sizes: [Int], _ axes: [Int]) -> (values: [Float], sizes: [Int]) {
    if axes == [Int](axes.indices) { return (self, sizes) }
    return (elementOrder(sizes, axes).map { self[$0] }, axes.map { sizes[$0] })
  }
}
