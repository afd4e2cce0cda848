// Image bytes and reals (Kernels/cl/image.cl).

extension Tensor {
  /// Images in [-1, 1] from bytes in the same order.
  ///
  /// - Precondition: There are as many bytes as the shape has elements.
  public init(imageBytes bytes: [UInt8], shape: Shape, on device: Device) {
    self.init(decoding: bytes, by: .decodeImages, shape: shape, on: device)
  }

  /// Images in 0 ... 255 from bytes in the same order.
  ///
  /// - Precondition: There are as many bytes as the shape has elements.
  public init(imageLevels bytes: [UInt8], shape: Shape, on device: Device) {
    self.init(decoding: bytes, by: .imageLevels, shape: shape, on: device)
  }

  private init(decoding bytes: [UInt8], by kernel: Kernel, shape: Shape, on device: Device) {
    precondition(bytes.count == shape.count, "\(bytes.count) bytes are no images of shape \(shape)")
    let raw = device.buffer(byteCount: bytes.count)
    device.writeBytes(bytes, to: raw)
    self.init(uninitialized: shape, on: device)
    device.launch(kernel, ["x": .buffer(raw, at: 0), "y": argument], over: Extent(shape.count))
  }

  /// These images, in [-1, 1], as bytes in the same order: rounded, and clamped to 0 ... 255.
  ///
  /// - Throws: The first failure since the device was opened.
  public func imageBytes() throws(DeviceError) -> [UInt8] {
    let raw = device.buffer(byteCount: shape.count)
    device.launch(.encodeImages, ["x": argument, "y": .buffer(raw, at: 0)], over: Extent(shape.count))
    return try device.readBytes(raw, count: shape.count, of: UInt8.self)
  }
}

extension Kernel {
  fileprivate static let decodeImages = named("decode_images")
  fileprivate static let imageLevels = named("image_levels")
  fileprivate static let encodeImages = named("encode_images")
}
