import Foundation
import Saddle

/// What the step bench found: one line of JSON, or a page of text.
public struct StepReport: Codable, Sendable {
  /// One kernel's share of a step, or that of its launches over one extent.
  public struct Kernel: Codable, Sendable {
    /// The kernel; then the extent's rows, columns and batches, and the tile.
    public let name: String
    public let launches: Int
    /// Seconds on the device in one step.
    public let seconds: Double
  }

  public let device: String
  public let preset: String
  public let batch: Int
  public let imagesPerSecond: Double
  /// Of a step, the median.
  public let seconds: Double
  /// The most memory that the process ever held, in MiB; taken before the kernels are measured.
  public let peakRssMib: Double
  /// The most memory that was held on the device, in MiB.
  public let deviceMib: Int
  public let launches: Int
  /// How often the device was asked for memory in the counted steps, and for how many bytes.
  public let allocations: Int
  public let allocatedBytes: Int
  /// How often the host waited for the device inside the counted steps.
  public let waits: Int
  /// Host time of a launch, in microseconds: what the step does on the host when nothing is computed...
  public let hostMicrosecondsPerLaunch: Double
  /// ... and what handing a launch to the device costs besides.
  public let handoverMicrosecondsPerLaunch: Double
  /// Floating-point operations of a step's products and convolutions, counted directly.
  public let productFlops: Int
  /// The device's peak, as `Roofline` measures it.
  public let peakFlopsPerSecond: Double
  /// Every kernel of a step, the longest first.
  public let kernels: [Kernel]
  /// The same by extents, the longest first, forty.
  public let slowest: [Kernel]
  /// What of a step is in no kernel, in seconds; measured with the kernels.
  public let secondsBetweenKernels: Double

  /// The time that the products take at the device's peak, over the step's time.
  public var share: Double { Double(productFlops) / peakFlopsPerSecond / seconds }

  /// One line.
  public func json() throws -> String { try encoded() }

  public var text: String {
    let gigaflops = Double(productFlops) / 1e9
    var lines = [
      String(format: "%.1f images/s, %.1f ms a step of %d images", imagesPerSecond, 1000 * seconds, batch),
      String(
        format: "%.0f%% of the roofline: %.2f GFLOP an image in products at a peak of %.0f GFLOP/s", 100 * share,
        gigaflops / Double(batch), peakFlopsPerSecond / 1e9),
      "\(deviceMib) MiB on the device, \(Int(peakRssMib)) MiB in the process at most",
      "\(launches) launches a step; in all counted steps \(allocations) device allocations "
        + "(\(allocatedBytes) bytes) and \(waits) waits",
      String(
        format: "%.2f µs of host time a launch: %.2f to decide on it, %.2f to hand it over",
        hostMicrosecondsPerLaunch + handoverMicrosecondsPerLaunch, hostMicrosecondsPerLaunch,
        handoverMicrosecondsPerLaunch),
      "", "      time   share  launches  kernel",
    ]
    let total = kernels.map(\.seconds).reduce(secondsBetweenKernels, +)
    func row(_ seconds: Double, _ launches: String, _ name: String) -> String {
      let share = String(format: "%.1f%%", 100 * seconds / total)
      return [(KernelReport.time(seconds), 10), (share, 8), (launches, 10)]
        .map { cell, width in String(repeating: " ", count: max(1, width - cell.count)) + cell }.joined() + "  " + name
    }
    lines += kernels.prefix(10).map { row($0.seconds, "\($0.launches)", $0.name) }
    let rest = kernels.dropFirst(10)
    if !rest.isEmpty {
      let launches = rest.map(\.launches).reduce(0, +)
      lines.append(row(rest.map(\.seconds).reduce(0, +), "\(launches)", "\(rest.count) other kernels"))
    }
    let between = 1e6 * secondsBetweenKernels / Double(max(1, launches))
    lines.append(row(secondsBetweenKernels, "", String(format: "between kernels: %.1f µs a launch", between)))
    lines += ["", "      time   share  launches  over"]
    lines += slowest.prefix(5).map { row($0.seconds, "\($0.launches)", $0.name) }
    return lines.joined(separator: "\n")
  }
}
