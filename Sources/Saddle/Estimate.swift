import Adversaries
import Foundation

/// What a run will take, known before it starts. Memory is that of a dry run of a step, so it is exact; the disk's share
/// is what pictures and checkpoints take at most at a time.
public struct Estimate: Sendable {
  public let dryRun: Configuration.DryRun
  /// Of all checkpoints that lie there at a time, the next one being written included.
  public let checkpointBytes: Int
  public let pictureBytes: Int
  /// Of metrics and the rest.
  public let recordBytes: Int
  /// Decoded images in the host's memory; 0 where they are not known.
  public let imageBytes: Int

  public var memoryBytes: Int { dryRun.peakBytes }
  public var diskBytes: Int { checkpointBytes + pictureBytes + recordBytes }

  /// What there is to take it from, in bytes; nil where unknown.
  public struct Means: Sendable {
    public var deviceName: String
    /// All that the device has.
    public var device: Int?
    /// What is free of the machine's memory, where the device's is the machine's; else nil.
    public var host: Int?
    /// The folder of the run, and what is free on its disk.
    public var folder: String
    public var disk: Int?

    public init(deviceName: String, device: Int?, host: Int?, folder: String, disk: Int?) {
      (self.deviceName, self.device, self.host) = (deviceName, device, host)
      (self.folder, self.disk) = (folder, disk)
    }

    /// The means of a device and of the disk on which a folder lies or will lie.
    public init(_ device: Device, folder: String) {
      self.init(
        deviceName: device.name, device: device.memoryLimit, host: device.usesHostMemory ? Self.freeMemory() : nil,
        folder: folder,
        disk: Self.freeDisk(folder))
    }

    /// Bytes that programs may still take without swapping: Linux's own estimate, or a container's limit.
    static func freeMemory() -> Int? {
      let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
      let line = text?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
      let machine = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
      return [machine, HostLimits.current.freeMemory].compactMap(\.self).min()
    }

    /// Bytes that this user may still write where `path` lies, or would lie if it were made.
    static func freeDisk(_ path: String) -> Int? {
      var url = URL(fileURLWithPath: path).standardizedFileURL
      while url.path != "/" && !FileManager.default.fileExists(atPath: url.path) { url.deleteLastPathComponent() }
      var status = statvfs()
      // What is no disk, such as /proc, has no blocks.
      guard statvfs(url.path, &status) == 0, status.f_blocks > 0 else { return nil }
      return Int(status.f_bavail) * Int(status.f_frsize)
    }
  }

  /// What is short, each with what to set.
  ///
  /// - Parameters:
  ///   - means: What there is.
  ///   - smaller: The memory of a step with a smaller batch.
  ///   - batch: The batch as it is set.
  public func shortages(_ means: Means, smaller: (_ batch: Int) -> Int? = { _ in nil }, batch: Int) -> [String] {
    var shortages: [String] = []
    let (wanted, free) = (memoryBytes + (means.host == nil ? 0 : imageBytes), means.host ?? .max)
    let room = min(means.device ?? .max, free)
    if wanted > room {
      var remedy = "set a smaller training.batch or model.width, or choose another --device"
      var tried = batch / 2
      while tried >= 1 {
        if let bytes = smaller(tried), bytes + wanted - memoryBytes <= room {
          remedy = "--set training.batch=\(tried) would take \(Self.text(bytes + wanted - memoryBytes))"
          break
        }
        tried /= 2
      }
      shortages.append(
        "training takes \(Self.text(wanted)) of memory, and "
          + (room == free ? "this machine has \(Self.text(room)) free" : "\(means.deviceName) has \(Self.text(room))")
          + ": \(remedy)")
    }
    if let disk = means.disk, diskBytes > disk {
      shortages.append(
        "checkpoints and pictures take up to \(Self.text(diskBytes)), and the disk of \(means.folder) has "
          + "\(Self.text(disk)) free: choose another --out, or set output.keep=1, output.sample-every=0")
    }
    return shortages
  }

  /// Bytes as people read them: 512 KiB, 1.5 GiB.
  public static func text(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1023.95 && unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    let digits = value < 10 && unit > 0 ? 1 : 0
    return "\(String(format: "%.\(digits)f", value)) \(units[unit])"
  }
}

extension Configuration {
  /// What a run of this configuration will take.
  ///
  /// - Parameters:
  ///   - count: How many images there are, where known: they lie decoded in memory up to 2 GiB.
  ///   - step: Where it starts.
  ///   - device: Where it will run; else on the processor.
  /// - Throws: `NetworkError` where the architecture does not fit.
  public func estimate(images count: Int? = nil, from step: Int = 0, on device: Device? = nil) throws -> Estimate {
    let dryRun = try dryRun(on: device)
    let steps = max(0, training.steps - step)
    func times(_ every: Int) -> Int { every > 0 ? steps / every + 2 : 1 }
    let saved = times(output.checkpointEvery)
    let checkpoints = output.keep == 0 ? saved : min(saved, output.keep + 1)
    // Pixels compress to about half of their bytes or less, and repeated ones to nearly nothing.
    let picture = sampleShape.rank == 1 ? 20_000 : output.grid * sampleShape.sizes.reduce(1, *) + 4096
    let imageBytes = sampleShape.sizes.reduce(1, *) * (count ?? 0)
    return Estimate(
      dryRun: dryRun, checkpointBytes: checkpoints * dryRun.checkpointBytes,
      pictureBytes: output.sampleEvery > 0 ? times(output.sampleEvery) * picture : 0,
      recordBytes: times(output.logEvery) * 800 + 20_000, imageBytes: imageBytes > 2 << 30 ? 0 : imageBytes)
  }

  /// What is short for a run, each with what to set.
  public func shortages(_ estimate: Estimate, _ means: Estimate.Means) -> [String] {
    estimate.shortages(
      means,
      smaller: { batch in
        var smaller = self
        smaller.training.batch = batch
        return batch % max(1, input.pack) == 0 ? (try? smaller.dryRun())?.peakBytes : nil
      }, batch: training.batch)
  }
}
