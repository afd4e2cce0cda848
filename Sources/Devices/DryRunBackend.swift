/// A device that computes nothing: it counts the memory and the launches of work before the work is done.
///
/// The pool above it hands out and takes back as on any device, so that the peak is exact.
final class DryRunBackend: Backend {
  let name = "rehearsal"
  let precision = Precision.single
  let memoryLimit: Int? = nil
  /// The device whose way of sharing out work is rehearsed.
  private let model: (any Backend)?

  init(_ model: (any Backend)? = nil) { self.model = model }

  func allocate(byteCount: Int) -> Memory {
    Memory(handle: UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1), byteCount: byteCount) {
      $0.deallocate()
    }
  }
  func upload(_ bytes: UnsafeRawBufferPointer, to memory: Memory, at byteOffset: Int) {}
  func download(_ memory: Memory, at byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer) {}
  func launch(_ kernel: Kernel, _ arguments: [LaunchArgument], extent: Extent, first: Int) {}
  var form: KernelForm { model?.form ?? .block }
  func computesChainsApart(_ kernel: Kernel, k: Int, over extent: Extent) -> Bool {
    model?.computesChainsApart(kernel, k: k, over: extent) ?? false
  }
  var scratchElements: Int { model?.scratchElements ?? 1 << 22 }
  func synchronize() {}
  let uploadWaitCount = 0
  func beginTiming() {}
  func endTiming() -> [LaunchTime] { [] }
}

extension Device {
  /// A device on which work costs nothing and gives nothing, to learn what memory it will take: on the processor, or on
  /// a device like this one.
  public static func dryRun(like device: Device? = nil) -> Device { Device(DryRunBackend(device?.backend)) }
}
