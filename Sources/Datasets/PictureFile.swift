import Foundation
import Records

/// Where one picture of a data set lies.
struct PictureFile: Sendable {
  private enum Place: Sendable {
    case file(RawPath)
    case archive(ZipArchive, String)
  }

  /// Its path below the data set.
  let name: String
  /// Whether the name says which file it is; a name that is no UTF-8 is told with its bytes in other words.
  let isNamed: Bool
  private let place: Place

  init(_ name: RawPath, below folder: RawPath) {
    self.name = name.description
    isNamed = name.text != nil
    place = .file(folder.appending(name))
  }

  init(_ name: String, in archive: ZipArchive) {
    (self.name, isNamed) = (name, true)
    place = .archive(archive, name)
  }

  /// As messages name it.
  var path: String {
    switch place {
    case .file(let path): path.description
    case .archive(let archive, let name): "\(archive.path) (\(name))"
    }
  }

  /// - Parameter mapped: Whether only the beginning is wanted.
  func contents(mapped: Bool = false) throws(DatasetError) -> Data {
    switch place {
    case .file(let path): return try ImageCodec.contents(of: path, mapped: mapped)
    case .archive(let archive, let name):
      do {
        return Data(try archive.contents(of: name))
      } catch {
        throw DatasetError(path: path, problem: "cannot be unpacked: \(error)", remedy: "make the archive again")
      }
    }
  }
}

/// What a file's first bytes say it is: kinds of pictures, read or not.
enum PictureKind: String, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case gif = "GIF"
  case webp = "WebP"
  case tiff = "TIFF"
  case heif = "HEIF or AVIF"
  case jpegXL = "JPEG XL"
  case jpeg2000 = "JPEG 2000"
  case bmp = "BMP"
  case photoshop = "Photoshop"
  case openEXR = "OpenEXR"
  case svg = "SVG"

  /// The first bytes of each kind; nil stands for any byte.
  private var signatures: [[UInt8?]] {
    func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
    let any = [UInt8?](repeating: nil, count: 4)
    return switch self {
    case .png: [[0x89, 0x50, 0x4e, 0x47]]
    case .jpeg: [[0xff, 0xd8]]
    case .gif: [text("GIF8")]
    case .webp: [text("RIFF") + any + text("WEBP")]
    case .tiff: [[0x49, 0x49, 42, 0], [0x4d, 0x4d, 0, 42]]
    case .heif: ["heic", "heix", "mif1", "msf1", "avif", "avis"].map { any + text("ftyp" + $0) }
    case .jpegXL: [[0xff, 0x0a], [0, 0, 0, 12] + text("JXL ")]
    case .jpeg2000: [[0, 0, 0, 12] + text("jP  ")]
    case .bmp: [text("BM") + any + [0, 0, 0, 0]]
    case .photoshop: [text("8BPS")]
    case .openEXR: [[0x76, 0x2f, 0x31, 1]]
    case .svg: [text("<svg")]
    }
  }

  /// Enough bytes to know every kind.
  static let length = 16

  init?(_ bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(Self.length))
    func begins(with signature: [UInt8?]) -> Bool {
      head.count >= signature.count && zip(head, signature).allSatisfy { $1 == nil || $0 == $1 }
    }
    guard let kind = Self.allCases.first(where: { $0.signatures.contains(where: begins) }) else { return nil }
    self = kind
  }

  /// The kind of a file; nil where it is none of them, or cannot be read.
  init?(of path: RawPath) {
    var head = [UInt8](repeating: 0, count: Self.length)
    guard let file = try? ForeignFile(path.cString) else { return nil }
    let count = head.withUnsafeMutableBytes { (try? file.read(into: $0)) ?? 0 }
    self.init(head.prefix(count))
  }

  var isRead: Bool { self == .png || self == .jpeg }
}
