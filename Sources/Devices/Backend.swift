/// What a kind of device must provide: memory and launch. `Device` adds what all of them share.
///
/// Work is in order: a launch, upload or download sees all that was asked for before it.
protocol Backend: AnyObject {
  /// One line for people: the processor or board, and what matters of its set-up.
  var name: String { get }
  var precision: Precision { get }
  /// The rules that it computes by.
  var contract: NumericalContract { get }
  /// Whether its memory is the host's.
  var usesHostMemory: Bool { get }
  /// Threads of the host that share out each launch.
  var threadCount: Int { get }
  /// Bytes that the device has in all, where known.
  var memoryLimit: Int? { get }

  /// Memory of this many bytes, its content undefined.
  ///
  /// - Throws: `DeviceError.outOfMemory`.
  func allocate(byteCount: Int) throws(DeviceError) -> Memory
  /// Copies bytes from the host; they may be changed as soon as this returns.
  func upload(_ bytes: UnsafeRawBufferPointer, to memory: Memory, at byteOffset: Int) throws(DeviceError)
  /// Waits for the work before it, then copies bytes to the host.
  func download(_ memory: Memory, at byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError)
  /// Runs the items `first ..< items` of a kernel. Arguments are in the order of its signature, and were checked
  /// against it.
  func launch(_ kernel: Kernel, _ arguments: [LaunchArgument], extent: Extent, first: Int) throws(DeviceError)
  /// Which form of a kernel it runs: blocks, one after the other on a processor, or tiles, all at once on a GPU.
  var form: KernelForm { get }
  /// Whether the chains of a sum over `k` had better be computed apart, each as a batch of a launch of this extent.
  func computesChainsApart(_ kernel: Kernel, k: Int, over extent: Extent) -> Bool
  /// Elements that scratch between two launches should have at most: what a cache holds, or what keeps a GPU's units
  /// busy.
  var scratchElements: Int { get }
  /// Waits until all work is done.
  func synchronize() throws(DeviceError)

  /// How often an upload had to wait for the work before it.
  var uploadWaitCount: Int { get }
  /// Begins to time launches, once all work before is done.
  func beginTiming() throws(DeviceError)
  /// Waits, then tells how long each launch since `beginTiming` took, in order, and times no more.
  func endTiming() throws(DeviceError) -> [LaunchTime]
}

/// How long one launch took on the device: by the device's own events where it has them, else by the host's clock.
public struct LaunchTime: Sendable {
  public let kernel: String
  public let extent: Extent
  /// Of a kernel whose tile form is tuned.
  public let tile: TileParameters?
  public let time: Duration
}

/// Terms of one chain of a sum of products (rule 4 of the numerical contract).
package let chainTerms = 512

extension Extent {
  /// Whether there are so few outputs for so many chains that on a processor the chains are better computed one after
  /// the other: the operands of each are then read once, and serve all outputs from a cache.
  func suitsACache(k: Int) -> Bool { k >= 8 * chainTerms && rows * columns * batches <= 1 << 18 }
}

extension Backend {
  var threadCount: Int { 1 }
  var contract: NumericalContract { .strict }
  var usesHostMemory: Bool { false }
  var form: KernelForm { .block }
  var scratchElements: Int { 1 << 22 }
  func computesChainsApart(_ kernel: Kernel, k: Int, over extent: Extent) -> Bool { extent.suitsACache(k: k) }
}

/// A piece of a device's memory, freed when the last reference goes.
final class Memory {
  /// An address on the CPU device, a cl_mem on an OpenCL device.
  let handle: UnsafeMutableRawPointer
  let byteCount: Int
  private let release: (UnsafeMutableRawPointer) -> Void

  init(handle: UnsafeMutableRawPointer, byteCount: Int, release: @escaping (UnsafeMutableRawPointer) -> Void) {
    (self.handle, self.byteCount, self.release) = (handle, byteCount, release)
  }

  deinit { release(handle) }
}
