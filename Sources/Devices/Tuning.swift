import Foundation

/// What `saddle tune` found, in one JSON file of the user's cache folder: for each device and driver the tiles of each
/// kernel, by name.
struct Tuning: Codable, Equatable {
  /// Of the file's meaning: other versions are ignored.
  static let version = 2
  static let fileName = "tuning.json"

  /// What tiles were measured on. Any of it may change which tiles are fast, or right.
  struct Key: Codable, Hashable {
    /// The platform's version, the device's name, the driver's version.
    let platform, device, driver: String
    /// The hash of the kernels' texts.
    let sources: String
  }

  struct Entry: Codable, Equatable {
    let key: Key
    let tiles: [String: [TileParameters]]
  }

  /// Why a file is ignored.
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  private(set) var version = Tuning.version
  private(set) var devices: [Entry] = []

  /// The tiles found for a device; nil where it was not tuned.
  func tiles(for key: Key) -> Tiles? { devices.first { $0.key == key }.map { Tiles($0.tiles) } }

  /// Takes in what was found, in place of what was known of this device with this driver.
  mutating func set(_ tiles: Tiles, for key: Key) {
    devices.removeAll { ($0.key.platform, $0.key.device, $0.key.driver) == (key.platform, key.device, key.driver) }
    devices.append(Entry(key: key, tiles: tiles.byKernel))
  }

  init() {}

  // MARK: File

  /// Reads a folder's file; nothing is known where there is none.
  init(readingFrom folder: CacheFolder) throws(Unusable) {
    guard let bytes = folder.read(Self.fileName) else { return }
    let path = "\(folder.path)/\(Self.fileName)"
    struct Version: Decodable {
      let version: Int
    }
    guard let version = try? JSONDecoder().decode(Version.self, from: Data(bytes)).version else {
      throw Unusable(description: "\(path) is damaged; run `saddle tune` again")
    }
    guard version == Self.version else {
      throw Unusable(description: "\(path) has version \(version), not \(Self.version); run `saddle tune` again")
    }
    guard let tuning = try? JSONDecoder().decode(Tuning.self, from: Data(bytes)) else {
      throw Unusable(description: "\(path) is damaged; run `saddle tune` again")
    }
    self = tuning
  }

  /// Replaces a folder's file; tells whether it worked.
  func write(to folder: CacheFolder) -> Bool {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return false }
    return folder.write(Array(data) + [10], to: Self.fileName)
  }
}

extension OpenCLDevice {
  var tuningKey: Tuning.Key {
    Tuning.Key(
      platform: platformVersion, device: description.name, driver: description.driver, sources: Self.sourcesHash)
  }

  /// Of the texts that tuned kernels are built from.
  private static let sourcesHash: String = {
    let files = Set(Tiles.kernels.map { Kernel.named($0).file })
    let texts = OpenCLPrograms.embedded.filter { $0.name.hasSuffix(".h") || files.contains($0.name) }
    return ProgramCache.digits(ProgramCache.hash(texts.map { $0.name + "\n" + $0.text }.joined().utf8))
  }()

  /// The tiles that this device takes, and where they are from.
  func tiles(from folder: CacheFolder? = .user) -> (tiles: Tiles, origin: Tiles.Origin) {
    let shipped = Tiles.shipped(for: vendor)
    guard let folder else { return (shipped, .shipped(vendor)) }
    do throws(Tuning.Unusable) {
      let tuning = try Tuning(readingFrom: folder)
      guard let tuned = tuning.tiles(for: tuningKey) else { return (shipped, .shipped(vendor)) }
      return (tuned.completed(by: shipped, localMemory: localMemory, largestGroup: largestGroup), .tuned)
    } catch {
      return (shipped, .ignored(error.description))
    }
  }
}

extension Tiles {
  /// Where a device's tiles are from.
  public enum Origin: Equatable, Sendable, CustomStringConvertible {
    case tuned
    case shipped(Vendor)
    /// A file is there, and cannot be used.
    case ignored(String)

    public var description: String {
      switch self {
      case .tuned: "tuned"
      case .shipped(let vendor): "not tuned: tiles for \(vendor.devices) are used (`saddle tune` finds its own)"
      case .ignored(let reason): "tuning is ignored: \(reason)"
      }
    }
  }
}
