@_exported import Devices

/// An array of reals on a device, row-major; perhaps a node of a tape.
///
/// A tensor is a value: operations return new ones. Those that write in place (optimizers, running statistics) say so.
public struct Tensor {
  public let device: Device
  public let shape: Shape
  let buffer: Buffer
  /// Where the tensor begins in its buffer, in elements: the parameters of a network share one buffer.
  let offset: Int
  /// The tape that knows how this tensor came about, if one is recording.
  var tape: Tape?
  var node = 0

  init(device: Device, shape: Shape, buffer: Buffer, offset: Int = 0) {
    (self.device, self.shape, self.buffer, self.offset) = (device, shape, buffer, offset)
  }

  /// A tensor whose content is undefined: its first user must be a kernel that writes all of it.
  public init(uninitialized shape: Shape, on device: Device) {
    self.init(device: device, shape: shape, buffer: device.buffer(count: shape.count))
  }

  /// A tensor of these values in row-major order, converted to the device's precision.
  ///
  /// - Precondition: There are as many values as the shape has elements.
  public init<Scalar: BinaryFloatingPoint>(_ values: [Scalar], shape: Shape, on device: Device) {
    precondition(values.count == shape.count, "\(values.count) values do not fill a tensor of shape \(shape)")
    self.init(uninitialized: shape, on: device)
    device.write(values, to: buffer)
  }

  /// A tensor of one value throughout.
  public init(_ value: Double, shape: Shape = [], on device: Device) {
    self.init(uninitialized: shape, on: device)
    fill(value)
  }

  /// The values in row-major order; waits for the device.
  ///
  /// - Throws: The first failure since the device was opened.
  public func scalars<Scalar: BinaryFloatingPoint>(as type: Scalar.Type = Scalar.self) throws(DeviceError) -> [Scalar] {
    try device.read(buffer, at: offset, count: shape.count)
  }

  /// The same values, unknown to any tape: no gradient flows through.
  public func detached() -> Tensor { Tensor(device: device, shape: shape, buffer: buffer, offset: offset) }

  /// `count` elements from `start` on, as a tensor of another shape over the same memory, unknown to any tape.
  public func view(from start: Int, shape: Shape) -> Tensor {
    precondition(
      start >= 0 && start + shape.count <= self.shape.count,
      "a view of shape \(shape) from element \(start) on does not fit a tensor of shape \(self.shape)")
    return Tensor(device: device, shape: shape, buffer: buffer, offset: offset + start)
  }

  /// What follows element `start`, for a launch that writes or reads from there on.
  func from(_ start: Int) -> Tensor { view(from: start, shape: [shape.count - start]) }

  // MARK: Writing in place

  /// Writes one value throughout, in place.
  public func fill(_ value: Double) { launch(.fill, ["y": self], reals: ["value": value], over: Extent(shape.count)) }

  /// Copies another tensor's values here, in place.
  public func assign(_ source: Tensor) {
    precondition(source.shape.count == shape.count, "assign: \(source.shape) does not fill \(shape)")
    launch(.copy, ["x": source, "y": self], over: Extent(shape.count))
  }

  /// Copies other tensors' values here, one tensor after the other, in place.
  public func assign(joining sources: [Tensor]) {
    let sizes = sources.map(\.shape.count)
    precondition(sizes.reduce(0, +) == shape.count, "assign: tensors of \(sizes) elements do not fill \(shape)")
    // A launch costs a GPU microseconds; a processor had better copy long pieces.
    let together = device.form == .tile ? 8 : 1
    var start = 0
    for first in stride(from: 0, to: sources.count, by: together) {
      let some = sources[first..<min(first + together, sources.count)], count = some.map(\.shape.count).reduce(0, +)
      let part = view(from: start, shape: [count])
      if some.count == 1 { part.assign(some[first]) } else { part.join(Array(some)) }
      start += count
    }
  }

  /// Copies at most eight tensors here.
  private func join(_ sources: [Tensor]) {
    var ends: [Int] = []
    for source in sources { ends.append((ends.last ?? 0) + source.shape.count) }
    func x(_ i: Int) -> Tensor { sources[min(i, sources.count - 1)] }
    func end(_ i: Int) -> Int { i < ends.count ? ends[i] : shape.count }
    launch(
      .join,
      ["x0": x(0), "x1": x(1), "x2": x(2), "x3": x(3), "x4": x(4), "x5": x(5), "x6": x(6), "x7": x(7), "y": self],
      sizes: [
        "end0": end(0), "end1": end(1), "end2": end(2), "end3": end(3), "end4": end(4), "end5": end(5), "end6": end(6),
      ], over: Extent(shape.count))
  }

  /// Writes host values, in place.
  public func write<Scalar: BinaryFloatingPoint>(_ values: [Scalar]) {
    precondition(values.count == shape.count, "\(values.count) values do not fill a tensor of shape \(shape)")
    device.write(values, to: buffer, at: offset)
  }

  /// This tensor as a kernel's argument.
  package var argument: LaunchArgument { .buffer(buffer, at: offset) }

  /// Launches a kernel on the device of this tensor, its arguments by the names of its signature.
  package func launch(
    _ kernel: Kernel, _ tensors: NamedArguments<Tensor>, sizes: NamedArguments<Int> = [:],
    reals: NamedArguments<Double> = [:], over extent: Extent, first: Int = 0
  ) {
    let arguments = kernel.arguments(tensors.count, sizes: sizes, reals: reals) { i in
      let (name, tensor) = tensors.elements[i]
      return (name, tensor.argument)
    }
    device.launch(kernel, arguments, over: extent, first: first)
  }
}

extension Kernel {
  fileprivate static let fill = named("fill")
  fileprivate static let copy = named("copy")
  fileprivate static let join = named("join")
}
