import Foundation

/// What a data set looks like, known before its pictures are decoded: what a choice of networks depends on.
public struct DatasetOutline: Equatable, Sendable {
  /// Width and height of a picture, in pixels.
  public struct Size: Hashable, Sendable, CustomStringConvertible {
    public let width, height: Int

    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    public var shorterSide: Int { min(width, height) }
    public var description: String { "\(width) x \(height)" }
  }

  public let name: String
  /// How many images there are of each size.
  public let sizes: [Size: Int]
  /// 1 where all images are grey, else 3.
  public let channels: Int
  /// Whether a file's name says that it holds many images: packed ones, or an archive.
  public static func isNamedAsImages(_ path: String) -> Bool {
    PackedDataset.isPacked(URL(fileURLWithPath: path)) || DatasetFormat.isArchive(path)
  }

  /// The names of the classes; empty where the images have none.
  public let classNames: [String]

  /// - Precondition: There is at least one image.
  public init(name: String, sizes: [Size: Int], channels: Int, classNames: [String] = []) {
    precondition(sizes.values.contains { $0 > 0 }, "a data set has at least one image")
    (self.name, self.sizes, self.channels, self.classNames) = (name, sizes, channels, classNames)
  }

  /// Looks at the data set at `url`, of any kind that `openDataset` reads. Of pictures only the headers are read.
  ///
  /// - Parameter skipsUnreadable: Whether pictures that cannot be read are left out.
  /// - Throws: `DatasetError` that names the file or folder at fault.
  public init(at url: URL, skipsUnreadable: Bool = false) throws(DatasetError) {
    let part = try DatasetFormat.part(.train, at: url)
    switch part.content {
    case .images(let open):
      let images = try open(DatasetRequest())
      self.init(
        name: images.name, sizes: [Size(width: images.width, height: images.height): images.count],
        channels: images.channels, classNames: images.classNames)
    case .pictures(let list):
      let pictures = try ReadablePictures(try list(), of: url, skipping: skipsUnreadable)
      self.init(
        name: url.standardizedFileURL.lastPathComponent,
        sizes: pictures.headers.reduce(into: [:]) { $0[Size(width: $1.width, height: $1.height), default: 0] += 1 },
        channels: pictures.headers.allSatisfy(\.isGrey) ? 1 : 3, classNames: pictures.classNames)
    }
  }

  public var count: Int { sizes.values.reduce(0, +) }

  /// How many images have a shorter side below this.
  public func count(smallerThan side: Int) -> Int {
    sizes.reduce(0) { $0 + ($1.key.shorterSide < side ? $1.value : 0) }
  }

  /// The smallest and the largest size by their shorter sides, then by their areas.
  public var extremes: (smallest: Size, largest: Size) {
    let ordered = sizes.keys.sorted {
      ($0.shorterSide, $0.width * $0.height, $0.width) < ($1.shorterSide, $1.width * $1.height, $1.width)
    }
    return (ordered[0], ordered[ordered.count - 1])
  }
}
