import Foundation
import Records

/// What a data set holds, picture by picture, and all that is wrong with it.
public struct DatasetSurvey: Sendable {
  /// One picture that could be read.
  public struct Picture: Sendable {
    /// The path below the data set, or the data set's name and the image's number.
    public var name: String
    /// The part that it lies in, train or held-out for example; empty where the data set comes in one.
    public var part: String
    /// The class, where there are classes.
    public var label: String?
    public var format: String
    /// As it is seen.
    public var width, height: Int
    /// Bits of a stored sample.
    public var depth: Int
    /// Whether the file stores no colour.
    public var isGrey: Bool
    public var hasAlpha: Bool
    /// Whether the pixels are stored in another direction than they are seen (EXIF).
    public var isTurned: Bool
    /// What the decoder found odd about the file and read nevertheless.
    public var warning: String?
    public var pixels: PixelFacts
    /// For some pictures, spread evenly over the data set: [96][96][3] bytes of their middle.
    public var thumbnail: [UInt8]?
  }

  public let name: String
  public let pictures: [Picture]
  /// Every file that cannot be read, with the reason.
  public let problems: [DatasetError]
  /// What was taken in another way than one might think, such as files that were passed over.
  public let notes: [String]
  /// Places in `pictures` whose pixels are equal: at least two each.
  public let duplicates: [[Int]]

  init(name: String, pictures: [Picture], problems: [DatasetError], notes: [String]) {
    (self.name, self.pictures, self.problems, self.notes) = (name, pictures, problems, notes)
    var places: [SHA256.Digest: [Int]] = [:]
    for (place, picture) in pictures.enumerated() { places[picture.pixels.digest, default: []].append(place) }
    duplicates = places.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }

  /// Height and width of a thumbnail.
  public static let thumbnailSide = 96

  /// Reads every picture of the data set at `url`, whatever its kind, and stops at none.
  ///
  /// - Parameter thumbnails: How many pictures to keep a small copy of.
  /// - Throws: `DatasetError` where there is nothing at `url`, or it is no data set.
  public init(of url: URL, thumbnails: Int = 0, progress: ReadingProgress? = nil) throws(DatasetError) {
    var (sources, problems, notes): ([Source], [DatasetError], [String]) = ([], [], [])
    let place = try DatasetPlace(url)
    for part in try DatasetFormat.found(at: place).parts where place.folder != nil || part.split == .train {
      do throws(DatasetError) {
        switch part.content {
        case .images(let open):
          let dataset = try open(DatasetRequest(memoryLimit: 0))
          try (dataset as? PackedDataset)?.verify()
          sources.append(Source(dataset, part: place.folder == nil ? "" : part.name))
        case .pictures(let list):
          let listing = try list()
          problems += listing.problems
          notes += listing.notes.map { part.name.isEmpty ? $0 : "\(part.name): \($0)" }
          sources.append(Source(listing, part: part.name))
        }
      } catch {
        // A path that leads to no data set is the caller's mistake, a file that is damaged is a finding.
        if place.folder == nil && !PackedDataset.isPacked(url) { throw error }
        problems.append(error)
      }
    }
    let total = sources.reduce(0) { $0 + $1.count }
    do throws(FileFault) {
      try FileMemory.allow(Self.pictureCost * total, for: "the facts of \(total) images")
    } catch {
      throw DatasetError(url.path, error)
    }
    var pictures: [Picture] = []
    var before = 0
    for source in sources {
      let first = before
      let report: ReadingProgress = { done, _ in progress?(first + done, total) }
      let read = mapInParallel(source.count, progress: report) { index throws(DatasetError) in
        // Where the share of thumbnails passes a whole number, one is made.
        let place = first + index
        let isShown = total <= thumbnails || (place + 1) * thumbnails / total > place * thumbnails / total
        return try source.picture(index, withThumbnail: isShown)
      }
      pictures += read.compactMap { try? $0.get() }
      problems += read.compactMap { $0.failure }
      before += source.count
    }
    self.init(name: url.lastPathComponent, pictures: pictures, problems: problems, notes: notes)
  }

  /// About as many bytes are kept of each image until all are counted.
  private static let pictureCost = 512
}

/// One part of a data set, with a way to read each of its pictures.
private struct Source: Sendable {
  let count: Int
  private let read: @Sendable (Int, _ withThumbnail: Bool) throws(DatasetError) -> DatasetSurvey.Picture

  /// Files of pictures.
  init(_ listing: PictureListing, part: String) {
    count = listing.files.count
    read = { index, isShown throws(DatasetError) in
      let file = listing.files[index]
      let bytes = try file.contents()
      let header = try ImageCodec.header(of: bytes, path: file.path)
      return try ImageCodec.withDecoded(bytes, path: file.path) { pixels, warning in
        DatasetSurvey.Picture(
          name: part.isEmpty ? file.name : part + "/" + file.name, part: part,
          label: listing.labels.map { listing.classNames[$0[index]] }, format: header.format.rawValue,
          width: header.width, height: header.height, depth: header.depth, isGrey: header.isGrey,
          hasAlpha: header.hasAlpha, isTurned: header.orientation != .topLeft, warning: warning,
          pixels: PixelFacts(pixels), thumbnail: isShown ? Self.thumbnail(of: pixels) : nil)
      }
    }
  }

  /// Images of another kind of data set.
  init(_ dataset: any ImageDataset, part: String) {
    count = dataset.count
    let (labels, classNames) = (dataset.labels, dataset.classNames)
    let packed = dataset as? PackedDataset
    let names = packed?.fileNames ?? []
    read = { index, isShown throws(DatasetError) in
      let pixels = ImageCodec.Picture(
        width: dataset.width, height: dataset.height, channels: dataset.channels, pixels: try dataset.read([index]))
      return DatasetSurvey.Picture(
        name: index < names.count ? names[index] : "\(dataset.name) \(index)", part: part,
        label: labels.map { classNames[$0[index]] }, format: packed == nil ? "IDX or CIFAR" : "packed",
        width: dataset.width, height: dataset.height, depth: 8, isGrey: dataset.channels == 1, hasAlpha: false,
        isTurned: false, pixels: PixelFacts(pixels), thumbnail: isShown ? Self.thumbnail(of: pixels) : nil)
    }
  }
}

extension Source {
  func picture(_ index: Int, withThumbnail isShown: Bool) throws(DatasetError) -> DatasetSurvey.Picture {
    try read(index, isShown)
  }

  private static func thumbnail(of picture: ImageCodec.Picture) -> [UInt8] {
    let side = DatasetSurvey.thumbnailSide
    return [UInt8](unsafeUninitializedCapacity: side * side * 3) { thumbnail, filled in
      picture.pixels.withUnsafeBufferPointer {
        Fitting(channels: 3, size: side, fit: .resize).apply(
          $0, width: picture.width, height: picture.height, channels: picture.channels,
          into: UnsafeMutableBufferPointer(rebasing: thumbnail[..<(side * side * 3)]))
      }
      filled = side * side * 3
    }
  }
}

/// What is said of a picture's pixels when they have been looked at once.
public struct PixelFacts: Sendable {
  /// Whether some pixel is not opaque.
  public private(set) var isTransparent = false
  /// Whether every pixel is grey.
  public private(set) var isColourless = true
  /// The means of red, green and blue, 0 to 255, over white.
  public let means: SIMD3<Double>
  /// The means of their squares.
  public let squares: SIMD3<Double>
  /// Of the size and the pixels: red, green, blue and, where it is not everywhere 255, alpha.
  package let digest: SHA256.Digest

  init(_ picture: ImageCodec.Picture) {
    let (count, channels) = (picture.width * picture.height, picture.channels)
    var opaque: [UInt8] = []
    var (sums, squareSums): (SIMD3<UInt64>, SIMD3<UInt64>) = (.zero, .zero)
    var (isTransparent, isColourless) = (false, true)
    picture.pixels.withUnsafeBufferPointer { pixels in
      opaque = [UInt8](unsafeUninitializedCapacity: count * 3) { opaque, filled in
        for i in 0..<count {
          let at = i * channels
          let (red, green, blue) = (
            pixels[at], pixels[at + (channels > 1 ? 1 : 0)], pixels[at + (channels > 1 ? 2 : 0)]
          )
          opaque.initializeElement(at: 3 * i, to: red)
          opaque.initializeElement(at: 3 * i + 1, to: green)
          opaque.initializeElement(at: 3 * i + 2, to: blue)
          var seen = SIMD3(UInt64(red), UInt64(green), UInt64(blue))
          if channels == 4, pixels[at + 3] != 255 {
            isTransparent = true
            let alpha = pixels[at + 3]
            seen = SIMD3(
              UInt64(blend(red, 255, alpha)), UInt64(blend(green, 255, alpha)), UInt64(blend(blue, 255, alpha)))
          }
          if seen.x != seen.y || seen.y != seen.z { isColourless = false }
          sums &+= seen
          squareSums &+= seen &* seen
        }
        filled = count * 3
      }
    }
    means = SIMD3<Double>(sums) / Double(count)
    squares = SIMD3<Double>(squareSums) / Double(count)
    var hash = SHA256()
    hash.add(Array("\(picture.width) \(picture.height) \(isTransparent ? 4 : 3) ".utf8))
    hash.add(isTransparent ? picture.pixels : opaque)
    digest = hash.digest
    (self.isTransparent, self.isColourless) = (isTransparent, isColourless)
  }
}
