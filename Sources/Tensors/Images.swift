// Image bytes and reals (Kernels/image.cl).

extension Tensor {
  /// Images [N, H, W, C] in [-1, 1] from bytes in the same order; image i is mirrored left to right where `flips[i]`.
  ///
  /// - Precondition: There are N H W C bytes, and N flips or none.
  public init(imageBytes bytes: [UInt8], flips: [Bool] = [], shape: Shape, on device: Device) {
    precondition(shape.rank == 4 && bytes.count == shape.count, "\(bytes.count) bytes are no images of shape \(shape)")
    precondition(flips.isEmpty || flips.count == shape[0], "\(flips.count) flips for \(shape[0]) images")
    let (raw, mirrored) = (device.buffer(byteCount: bytes.count), device.buffer(byteCount: max(shape[0], 1)))
    device.writeBytes(bytes, to: raw)
    device.writeBytes(flips.isEmpty ? [UInt8](repeating: 0, count: shape[0]) : flips.map { $0 ? 1 : 0 }, to: mirrored)
    self.init(uninitialized: shape, on: device)
    device.launch(
      .named("decode_images"),
      [.buffer(raw, at: 0), .buffer(mirrored, at: 0), argument, .size(shape[1]), .size(shape[2]), .size(shape[3])],
      over: Extent(rows: shape[0] * shape[1], columns: 1))
  }

  /// These images, in [-1, 1], as bytes in the same order: rounded, and clamped to 0 ... 255.
  ///
  /// - Throws: The first failure since the device was opened.
  public func imageBytes() throws(DeviceError) -> [UInt8] {
    let raw = device.buffer(byteCount: shape.count)
    device.launch(.named("encode_images"), [argument, .buffer(raw, at: 0)], over: Extent(shape.count))
    return try device.readBytes(raw, count: shape.count, of: UInt8.self)
  }
}
