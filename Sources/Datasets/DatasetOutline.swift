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
  /// The names of the classes; empty where the images have none.
  public let classNames: [String]

  /// - Precondition: There is at least one image.
  public init(name: String, sizes: [Size: Int], channels: Int, classNames: [String] = []) {
    precondition(sizes.values.contains { $0 > 0 }, "a data set has at least one image")
    (self.name, self.sizes, self.channels, self.classNames) = (name, sizes, channels, classNames)
  }

  /// Looks at the data set at `url`, of any kind that `openDataset` reads. Of a folder's pictures only the headers are
  /// read.
  ///
  /// - Throws: `DatasetError` that names the file or folder at fault.
  public init(at url: URL) throws(DatasetError) {
    // Where there are no pictures, whoever opens data sets of other kinds finds one or says what is wrong.
    if let folder = try Self.pictures(at: url), let listing = try? FolderListing(of: folder) {
      let headers = try FolderDataset.headers(of: listing.files)
      self.init(
        name: url.standardizedFileURL.lastPathComponent,
        sizes: headers.reduce(into: [:]) { $0[Size(width: $1.width, height: $1.height), default: 0] += 1 },
        channels: headers.allSatisfy(\.isGrey) ? 1 : 3, classNames: listing.classNames)
    } else {
      let images = try openDataset(at: url)
      self.init(
        name: images.name, sizes: [Size(width: images.width, height: images.height): images.count],
        channels: images.channels, classNames: images.classNames)
    }
  }

  /// The folder of PNG and JPEG files behind a path; nil where it is a data set of another kind, or nothing.
  private static func pictures(at url: URL) throws(DatasetError) -> URL? {
    guard FolderListing.isDirectory(url) else { return nil }
    let names = try FolderListing.names(in: url)
    guard IDXFiles(in: url, names: names, split: .train) == nil,
      !names.contains(where: { name in CIFARVersion.all.contains { $0.owns(name) } || name == "data_batch_1" })
    else { return nil }
    return try folder(of: .train, in: url, names: names)
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
