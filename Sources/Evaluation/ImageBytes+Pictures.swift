import Features

// What is measured of images themselves.

extension ImageBytes {
  /// The mean of (4 b - its four neighbours)² over inner pixels, channels and images.
  var meanSquaredLaplacian: Double {
    guard height > 2, width > 2, count > 0 else { return 0 }
    let (row, size) = (width * channels, height * width * channels)
    var sum = 0
    bytes.withUnsafeBufferPointer { bytes in
      for image in 0..<count {
        for y in 1..<height - 1 {
          let start = image * size + y * row
          for place in start + channels..<start + row - channels {
            let around =
              Int(bytes[place - row]) + Int(bytes[place + row]) + Int(bytes[place - channels])
              + Int(bytes[place + channels])
            let laplacian = 4 * Int(bytes[place]) - around
            sum += laplacian * laplacian
          }
        }
      }
    }
    return Double(sum) / Double(count * (height - 2) * (width - 2) * channels)
  }

  /// The images in at most 16 x 16 blocks of pixels, each the mean of its pixels, from 0 to 1: distances between such
  /// small pictures tell copies, whatever their noise.
  public var thumbnails: Features {
    let block = (max(height, width) + 15) / 16
    let (rows, columns) = (height / block, width / block)
    var values: [Float] = []
    values.reserveCapacity(count * rows * columns * channels)
    for image in 0..<count {
      for row in 0..<rows {
        for column in 0..<columns {
          for channel in 0..<channels {
            var sum = 0
            for y in 0..<block {
              let start = ((image * height + row * block + y) * width + column * block) * channels + channel
              for x in 0..<block { sum += Int(bytes[start + x * channels]) }
            }
            values.append(Float(sum) / Float(255 * block * block))
          }
        }
      }
    }
    return Features(count: count, width: rows * columns * channels, values: values)
  }

  /// As many of the images, spread evenly over their order; all where there are no more.
  public func spread(_ count: Int) -> ImageBytes {
    guard count < self.count else { return self }
    let size = height * width * channels
    let places = (0..<count).map { $0 * self.count / count * size }
    return ImageBytes(
      places.flatMap { bytes[$0..<$0 + size] }, count: count, height: height, width: width, channels: channels)
  }
}
