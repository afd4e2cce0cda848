import COpenCL
import Glibc
import Kernels

/// Which form of a kernel an OpenCL device runs, for kernels that have both.
public enum KernelForm: String, Sendable, CaseIterable {
  /// A work-item owns a block of outputs: for processors.
  case block
  /// A work-group owns a tile of outputs: for GPUs.
  case tile
}

/// A processor behind an OpenCL driver: one context and one in-order queue.
final class OpenCLBackend: Backend {
  /// A kernel, ready to be launched.
  private final class Prepared {
    let handle: OpenCLObject<OpenCLKernel>
    let localSize: Int
    /// The bits of the numbers that its arguments are set to, by place: what stays need not be set again.
    var numbers: [UInt64?]

    init(_ handle: OpenCLObject<OpenCLKernel>, of kernel: Kernel, localSize: Int) {
      (self.handle, self.localSize) = (handle, localSize)
      numbers = Array(repeating: nil, count: 2 * kernel.signature.count + 1)
    }
  }

  /// What is timed.
  private typealias Launch = (kernel: String, extent: Extent, tile: TileParameters?)

  private struct Key: Hashable {
    let kernel: ObjectIdentifier
    let wide: Bool
    let tile: TileParameters?
  }

  let name: String
  let precision = Precision.single
  var usesHostMemory: Bool { device.description.kind == .processor }
  let memoryLimit: Int?
  let programs: OpenCLPrograms
  let device: OpenCLDevice
  private let call: OpenCLFunctions
  let form: KernelForm
  /// How many elements one work-item of an elementwise kernel does: a run of them, or on GPUs ABREAST of them.
  private let runItems: Int
  /// What the tuner changes from one candidate to the next.
  var tiles: Tiles
  private let alwaysWide: Bool
  private let context: OpenCLObject<OpenCLContext>
  /// The queue in use: `plainQueue`, or `timingQueue` while launches are timed.
  private var queue: OpenCLObject<OpenCLQueue>
  private let plainQueue: OpenCLObject<OpenCLQueue>
  /// Some drivers are slower at a queue that notes times: it is made when somebody measures.
  private var timingQueue: OpenCLObject<OpenCLQueue>?
  private var timed: [(launch: Launch, event: OpenCLObject<OpenCLEvent>)] = []
  private var kernels: [Key: Prepared] = [:]
  private var uploads: [UnsafeMutableRawPointer] = []
  private var uploadedBytes = 0
  private(set) var uploadWaitCount = 0
  private var launchesSinceFlush = 0

  /// - Parameters:
  ///   - form: By default blocks on processors, tiles elsewhere.
  ///   - tiles: For kernels whose tile form is tuned; by default those shipped for the device's vendor.
  ///   - alwaysWide: Use 64-bit indices for small arrays too.
  ///   - extraOptions: Further options for the driver's compiler.
  /// - Throws: `DeviceError.callFailed` where the driver gives no context or queue.
  init(
    _ device: OpenCLDevice, form: KernelForm? = nil, tiles: Tiles? = nil, cache: ProgramCache? = ProgramCache(),
    alwaysWide: Bool = false, sources: [OpenCLPrograms.Source] = OpenCLPrograms.embedded, extraOptions: String = ""
  ) throws(DeviceError) {
    let about = device.description
    (self.device, self.alwaysWide, call, memoryLimit) = (device, alwaysWide, device.opencl.call, about.memory)
    self.form = form ?? device.form
    self.tiles = (tiles ?? .shipped(for: device.vendor)).completed(
      localMemory: device.localMemory, largestGroup: device.largestGroup)
    name = "\(about.name) (\(about.platform), \(about.selector), \(self.form) form)"
    runItems = self.form == .block ? 1024 : Int(ABREAST)

    var status: cl_int = 0
    var target: cl_device_id? = device.handle
    guard let context = call.clCreateContext(nil, 1, &target, nil, nil, &status) else {
      throw .callFailed(device: name, call: "clCreateContext", status: OpenCLStatus.name(status))
    }
    self.context = OpenCLObject(context, call.clReleaseContext)
    plainQueue = try Self.queue(on: device, self.context, 0, name: name)
    queue = plainQueue
    programs = OpenCLPrograms(
      device, name: name, context: self.context, cache: cache, sources: sources,
      formOptions: self.form == .block ? "-D RUN_ITEMS=\(runItems) -D LANES=\(device.lanes)" : "-D TILES_ONLY",
      extraOptions: extraOptions)
  }

  private static func queue(
    on device: OpenCLDevice, _ context: OpenCLObject<OpenCLContext>, _ properties: Int32, name: String
  ) throws(DeviceError) -> OpenCLObject<OpenCLQueue> {
    let call = device.opencl.call
    var status: cl_int = 0
    let properties = cl_command_queue_properties(properties)
    guard let queue = call.clCreateCommandQueue(context.handle, device.handle, properties, &status) else {
      throw .callFailed(device: name, call: "clCreateCommandQueue", status: OpenCLStatus.name(status))
    }
    return OpenCLObject(queue, call.clReleaseCommandQueue)
  }

  deinit {
    _ = call.clFinish(queue.handle)
    releaseUploads()
  }

  // MARK: Memory

  func allocate(byteCount: Int) throws(DeviceError) -> Memory {
    let most = device.description.maxAllocation
    guard byteCount <= most else { throw .tooLarge(device: name, asked: byteCount, limit: most) }
    var status: cl_int = 0
    let memory = call.clCreateBuffer(
      context.handle, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &status)
    let release = call.clReleaseMemObject
    let held = memory.map { memory in
      Memory(handle: UnsafeMutableRawPointer(memory), byteCount: byteCount) { _ = release(OpaquePointer($0)) }
    }
    // Drivers promise memory and look for it at the first use, where nobody could tell what failed: so use it now. (By
    // reading: where the host wrote a part, Oclgrind 21.10 takes what kernels write later for uninitialised.)
    if held != nil {
      var byte: UInt8 = 0
      status = call.clEnqueueReadBuffer(queue.handle, memory, cl_bool(CL_TRUE), byteCount - 1, 1, &byte, 0, nil, nil)
    }
    guard let held, status == CL_SUCCESS else {
      if OpenCLStatus.isOutOfMemory(status) {
        throw .outOfMemory(device: name, asked: byteCount, held: 0, limit: memoryLimit)
      }
      throw .callFailed(device: name, call: "clCreateBuffer", status: OpenCLStatus.name(status))
    }
    return held
  }

  /// The host's bytes are kept aside until the queue has passed them, so that no upload waits for the work before it.
  func upload(_ bytes: UnsafeRawBufferPointer, to memory: Memory, at byteOffset: Int) throws(DeviceError) {
    if uploadedBytes > 1 << 26 {
      uploadWaitCount += 1
      try synchronize()
    }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
    uploads.append(copy)
    uploadedBytes += bytes.count
    try check(
      "clEnqueueWriteBuffer",
      call.clEnqueueWriteBuffer(
        queue.handle, OpaquePointer(memory.handle), cl_bool(CL_FALSE), byteOffset, bytes.count, copy, 0, nil, nil))
  }

  func download(_ memory: Memory, at byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
    try check(
      "clEnqueueReadBuffer",
      call.clEnqueueReadBuffer(
        queue.handle, OpaquePointer(memory.handle), cl_bool(CL_TRUE), byteOffset, bytes.count, bytes.baseAddress, 0,
        nil, nil))
    releaseUploads()  // the queue is in order, and the last of it is done
  }

  func synchronize() throws(DeviceError) {
    try check("clFinish", call.clFinish(queue.handle))
    releaseUploads()
  }

  private func releaseUploads() {
    for copy in uploads { copy.deallocate() }
    uploads.removeAll(keepingCapacity: true)
    uploadedBytes = 0
  }

  // MARK: Launches

  func launch(_ kernel: Kernel, _ arguments: [LaunchArgument], extent: Extent, first: Int) throws(DeviceError) {
    precondition(first == 0 || kernel.isElementwise, "kernel '\(kernel.name)': only elements can be launched in part")
    let tuned = tile(of: kernel, over: extent), tile = tuned?.geometry ?? (form == .tile ? kernel.tile : nil)
    let items = extent.items(tile ?? kernel.geometry)
    guard first < items else { return }
    // Items are numbered up to the end of the last group, which must fit as well.
    let wide = alwaysWide || items > 1 << 32 - 1 << 16 || arguments.contains(where: \.isWide)
    let prepared = try prepare(kernel, tile, tuned, wide: wide)
    try check(
      "clSetKernelArg for kernel '\(kernel.name)'",
      set(arguments, count: tile?.isFlat == true ? extent.cells : items, of: kernel, as: prepared, wide: wide))
    var localSize = prepared.localSize
    var offset = first
    let run = localSize * (kernel.isElementwise ? runItems : 1)
    var globalSize = tile == nil ? (items - first + run - 1) / run * localSize : items * localSize
    var event: OpaquePointer?
    let isTimed = queue === timingQueue
    try check(
      "kernel '\(kernel.name)'",
      withUnsafeMutablePointer(to: &event) {
        call.clEnqueueNDRangeKernel(
          queue.handle, prepared.handle.handle, 1, &offset, &globalSize, &localSize, 0, nil, isTimed ? $0 : nil)
      })
    if let event { timed.append(((kernel.name, extent, tuned), OpenCLObject(event, call.clReleaseEvent))) }
    // Some drivers start nothing before they are told to.
    launchesSinceFlush += 1
    if launchesSinceFlush == 32 {
      launchesSinceFlush = 0
      try check("clFlush", call.clFlush(queue.handle))
    }
  }

  /// On GPUs, where there are no more tiles than units.
  func computesChainsApart(_ kernel: Kernel, k: Int, over extent: Extent) -> Bool {
    guard let tile = tile(of: kernel, over: extent) else { return extent.suitsACache(k: k) }
    return k > chainTerms && extent.items(tile.geometry) <= device.description.computeUnits
  }

  /// A GPU's memory is fast, and each launch costs it microseconds.
  var scratchElements: Int { form == .tile ? 1 << 24 : 1 << 22 }

  // MARK: Timing

  func beginTiming() throws(DeviceError) {
    try synchronize()
    if timingQueue == nil {
      timingQueue = try Self.queue(on: device, context, CL_QUEUE_PROFILING_ENABLE, name: name)
    }
    queue = timingQueue ?? plainQueue
  }

  func endTiming() throws(DeviceError) -> [LaunchTime] {
    defer { (timed, queue) = ([], plainQueue) }
    try synchronize()
    return try timed.map { launch, event throws(DeviceError) in
      let start = try time(CL_PROFILING_COMMAND_START, of: event)
      let end = try time(CL_PROFILING_COMMAND_END, of: event)
      return LaunchTime(
        kernel: launch.kernel, extent: launch.extent, tile: launch.tile, time: .nanoseconds(max(0, end - start)))
    }
  }

  /// When something happened to a command, in nanoseconds of the device's clock.
  private func time(_ moment: Int32, of event: OpenCLObject<OpenCLEvent>) throws(DeviceError) -> Int {
    var time: cl_ulong = 0
    try check(
      "clGetEventProfilingInfo",
      call.clGetEventProfilingInfo(
        event.handle, cl_profiling_info(moment), MemoryLayout<cl_ulong>.size, &time, nil))
    return Int(truncatingIfNeeded: time)
  }

  // MARK: Preparing

  /// Compiles a kernel in this device's form, as its first launch would.
  func prepare(_ kernel: Kernel) throws(DeviceError) {
    let tuned = tile(of: kernel, over: Extent(1))
    _ = try prepare(kernel, tuned?.geometry ?? (form == .tile ? kernel.tile : nil), tuned, wide: alwaysWide)
  }

  /// The tile of a kernel whose tile form is tuned.
  private func tile(of kernel: Kernel, over extent: Extent) -> TileParameters? {
    guard form == .tile, kernel.hasTunedTile else { return nil }
    return tiles.tile(for: kernel, over: extent, units: device.tileUnits)
  }

  private func prepare(
    _ kernel: Kernel, _ tile: Geometry?, _ tuned: TileParameters?, wide: Bool
  ) throws(DeviceError) -> Prepared {
    let key = Key(kernel: ObjectIdentifier(kernel), wide: wide, tile: tuned)
    if let prepared = kernels[key] { return prepared }
    let program = try programs.program(kernel.file, wide: wide, tile: tuned)
    var status: cl_int = 0
    let symbol = tile == nil ? kernel.name : kernel.name + "_tile"
    guard let handle = call.clCreateKernel(program.handle, symbol, &status) else {
      throw .callFailed(device: name, call: "clCreateKernel for '\(symbol)'", status: OpenCLStatus.name(status))
    }
    func property(_ property: Int32) -> Int {
      var value = 0
      let status = call.clGetKernelWorkGroupInfo(
        handle, device.handle, cl_kernel_work_group_info(property), MemoryLayout<Int>.size, &value, nil)
      return status == CL_SUCCESS ? max(1, value) : 1
    }
    let localSize: Int
    if let tile {
      localSize = tile.group
    } else if kernel.isElementwise && form == .tile {
      localSize = min(256, property(CL_KERNEL_WORK_GROUP_SIZE))
    } else {
      // A processor's work-item fills its vector units alone; elsewhere items run side by side in the hardware's step.
      localSize =
        device.description.kind == .processor ? 1 : property(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE)
    }
    let prepared = Prepared(OpenCLObject(handle, call.clReleaseKernel), of: kernel, localSize: localSize)
    kernels[key] = prepared
    return prepared
  }

  /// Sets the arguments as `Kernels/cl/dialect.h` lays them out; returns the first status that is not success.
  private func set(
    _ arguments: [LaunchArgument], count: Int, of kernel: Kernel, as prepared: Prepared, wide: Bool
  ) -> cl_int {
    var (status, index) = (CL_SUCCESS, cl_uint(0))
    func set<Value: BitwiseCopyable>(_ value: Value) {
      let result = withUnsafePointer(to: value) {
        call.clSetKernelArg(prepared.handle.handle, index, MemoryLayout<Value>.size, $0)
      }
      if status == CL_SUCCESS { status = result }
      index += 1
    }
    func set<Number: BitwiseCopyable>(_ number: Number, bits: UInt64) {
      let place = Int(index)
      guard prepared.numbers[place] != bits else { return index += 1 }
      set(number)
      prepared.numbers[place] = status == CL_SUCCESS ? bits : nil
    }
    func setIndex(_ value: Int) {
      if wide {
        set(cl_ulong(value), bits: UInt64(value))
      } else {
        set(cl_uint(value), bits: UInt64(value))
      }
    }
    for (parameter, argument) in zip(kernel.signature, arguments) {
      switch argument {
      case .buffer(let buffer, let offset):
        set(buffer.memory.handle)  // a cl_mem: always, since another may have come to the same address
        let place = buffer.start / parameter.kind.elementSize(in: precision) + offset
        set(cl_ulong(truncatingIfNeeded: place), bits: UInt64(truncatingIfNeeded: place))
      case .real(let value): set(Float(value), bits: UInt64(Float(value).bitPattern))
      case .uint(let value):
        let value = cl_uint(truncatingIfNeeded: value)
        set(value, bits: UInt64(value))
      case .size(let value): setIndex(value)
      }
    }
    setIndex(count)
    return status
  }

  private func check(_ what: @autoclosure () -> String, _ status: cl_int) throws(DeviceError) {
    if status == CL_SUCCESS { return }
    if OpenCLStatus.isOutOfResources(status) {
      throw .outOfResources(device: name, call: what(), status: OpenCLStatus.name(status))
    }
    throw .callFailed(device: name, call: what(), status: OpenCLStatus.name(status))
  }
}

extension LaunchArgument {
  /// Whether a kernel needs 64-bit indices for this argument.
  fileprivate var isWide: Bool {
    switch self {
    case .buffer(let buffer, _): buffer.byteCount >= 1 << 32
    case .size(let value): value >= 1 << 32
    case .real, .uint: false
    }
  }
}
