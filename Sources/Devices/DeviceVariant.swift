/// A device as it is with larger arrays, or when launches take another of its tiles: small tests would never see it so.
public struct DeviceVariant: Sendable {
  /// In words, behind "with".
  public let name: String
  /// Whether only kernels whose tile form is tuned differ.
  public let isOfTiles: Bool
  private let device: OpenCLDevice
  private let form: KernelForm
  private let tiles: Tiles
  private let isWide: Bool

  /// - Throws: `DeviceError`.
  public func open() throws(DeviceError) -> Device {
    try .probed(OpenCLBackend(device, form: form, tiles: tiles, alwaysWide: isWide))
  }

  fileprivate init(_ name: String, _ device: OpenCLDevice, _ form: KernelForm, _ tiles: Tiles, isWide: Bool) {
    (self.name, self.device, self.form, self.tiles, self.isWide) = (name, device, form, tiles, isWide)
    isOfTiles = !isWide
  }
}

extension OpenCLBackend {
  /// With 64-bit indices; with each tile that launches may take, taken by all of them.
  var variants: [DeviceVariant] {
    let wide = DeviceVariant("64-bit indices", device, form, tiles, isWide: true)
    let count = form == .tile ? tiles.byKernel.values.map(\.count).max() ?? 0 : 0
    // Where there is but one, launches take it anyway.
    return [wide]
      + (count > 1 ? 0..<count : 0..<0).map { number in
        let one = tiles.byKernel.mapValues { [$0[number % $0.count]] }
        let names = one.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value[0])" }
        return DeviceVariant(names.joined(separator: "; "), device, form, Tiles(one), isWide: false)
      }
  }

  /// With the smallest tiles: an interpreter takes as long for an item that multiplies zeros.
  var smallest: DeviceVariant? {
    guard form == .tile else { return nil }
    let tiles = Tiles(tiles.byKernel.mapValues { _ in [Tiles.smallest] })
    return DeviceVariant("the smallest tiles", device, form, tiles, isWide: false)
  }
}

extension Device {
  /// This device's variants; none where its launches have no choice.
  public var variants: [DeviceVariant] { (backend as? OpenCLBackend)?.variants ?? [] }

  /// The variant that computes tiny samples with the least waste; nil where there is but one.
  public var smallestVariant: DeviceVariant? { (backend as? OpenCLBackend)?.smallest }
}
