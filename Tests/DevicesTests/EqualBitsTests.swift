import Testing

@testable import Devices

/// One launch with inputs of its own: numbers in [-4, 4), drawn the same everywhere.
struct Launch: Sendable, CustomTestStringConvertible {
  /// What an argument is before there is a device to hold it.
  enum Operand: Sendable {
    /// A buffer of so many numbers, at an offset that no vector is aligned to.
    case input(Int)
    case zeros(Int)
    case bytes([UInt8])
    case output(Int)
    /// An output that holds so many numbers before.
    case updated(Int)
    case outputBytes(Int)
    case real(Double)
    case uint(Int)
    case size(Int)
  }

  let kernel: Kernel
  let extent: Extent
  private let operands: [Operand]
  /// All arguments from those of the operands.
  private let arguments: @Sendable ([LaunchArgument]) -> [LaunchArgument]

  /// Of any kernel, all its arguments by name.
  init(_ kernel: String, _ operands: KeyValuePairs<String, Operand>, over extent: Extent) {
    (self.kernel, self.operands, self.extent) = (.named(kernel), operands.map(\.value), extent)
    arguments = { $0 }
    precondition(self.kernel.parameters.map(\.name) == operands.map(\.key), "\(kernel): \(self.kernel.parameters)")
  }

  /// Of a kernel whose tile form is tuned.
  init(_ tuned: some TunedLaunch, isUpdating: Bool = false) {
    (kernel, extent) = (tuned.kernel, tuned.extent)
    operands =
      tuned.inputs.map { input in
        switch input {
        case .values(let count): .input(count)
        case .zeros(let count): .zeros(count)
        }
      } + [isUpdating ? .updated(tuned.outputCount) : .output(tuned.outputCount)]
    arguments = { tuned.arguments(Array($0.dropLast()), output: $0[$0.count - 1]) }
  }

  var testDescription: String { kernel.name }

  /// The bytes of the outputs after the launch.
  func run(on device: Device) throws -> [UInt8] {
    var outputs: [(buffer: Buffer, at: Int, count: Int)] = []
    var state: UInt32 = 1
    func number() -> Float {
      state = state &* 1_664_525 &+ 1_013_904_223  // Numerical Recipes' generator
      return Float(Int32(bitPattern: state) >> 8) / Float(1 << 21)
    }
    let prepared = operands.map { operand -> LaunchArgument in
      switch operand {
      case .input(let count):
        let buffer = device.buffer(count: count + 3)
        // From the start: Oclgrind 21.10 takes what is written further on for uninitialised.
        device.write([0, 0, 0] + (0..<count).map { _ in number() }, to: buffer)
        return .buffer(buffer, at: 3)
      case .zeros(let count): return .buffer(device.zeros(count: count), at: 0)
      case .bytes(let bytes):
        let buffer = device.buffer(byteCount: bytes.count + 5)
        device.writeBytes([0, 0, 0, 0, 0] + bytes, to: buffer)
        return .buffer(buffer, at: 5)
      case .output(let count):
        let buffer = device.buffer(count: count + 7)
        device.write([Float](repeating: .nan, count: count + 7), to: buffer)
        outputs.append((buffer, 28, 4 * count))
        return .buffer(buffer, at: 7)
      case .updated(let count):
        let buffer = device.buffer(count: count + 3)
        device.write([0, 0, 0] + (0..<count).map { _ in number() }, to: buffer)
        outputs.append((buffer, 12, 4 * count))
        return .buffer(buffer, at: 3)
      case .outputBytes(let count):
        let buffer = device.buffer(byteCount: count + 1)
        outputs.append((buffer, 1, count))
        return .buffer(buffer, at: 1)
      case .real(let value): return .real(value)
      case .uint(let value): return .uint(value)
      case .size(let value): return .size(value)
      }
    }
    device.launch(kernel, arguments(prepared), over: extent)
    return try outputs.flatMap { try device.readBytes($0.buffer, at: $0.at, count: $0.count, of: UInt8.self) }
  }

  /// At least one kernel of each shape of item, each kind of argument and each way of adding.
  static let rows = [
    Launch("negate", ["x": .input(1000), "y": .output(1000)], over: Extent(1000)),
    Launch("divide", ["a": .input(1000), "b": .input(1000), "y": .output(1000)], over: Extent(1000)),
    Launch("tanh_forward", ["x": .input(1000), "y": .output(1000)], over: Extent(1000)),
    Launch(
      "affine", ["x": .input(70_001), "y": .output(70_001), "factor": .real(0.1), "term": .real(-1.0 / 3)],
      over: Extent(70_001)),
    Launch(
      "add_bias",
      ["x": .input(77), "b": .input(11), "y": .output(77), "rows": .size(7), "columns": .size(11)],
      over: Extent(rows: 7, columns: 11)),
    Launch(
      "sum_chunks", ["x": .input(15_003), "partial": .output(6), "length": .size(5001)],
      over: Extent(rows: 3, columns: 2)),
    Launch(
      "sum_columns",
      ["x": .input(2 * 130 * 19), "partial": .output(2 * 3 * 19), "length": .size(130), "inner": .size(19)],
      over: Extent(rows: 3, columns: 19, batches: 2)),
    // The right one in two panels of 32 columns.
    Launch(ProductLaunch(m: 13, n: 35, k: 600, aRow: 600, aTerm: 1)),
    // The left one transposed, the right one as it lies, the product cut to 0 ... 6 and written past the cache.
    Launch(streamed),
    Launch(
      "normal",
      [
        "y": .output(1001), "length": .size(1001), "seed_low": .uint(0x9876_5432), "seed_high": .uint(1),
        "step": .uint(7), "stream": .uint(3),
      ], over: Extent(1001)),
    Launch("decode_images", ["x": .bytes((0...255).map { UInt8($0) }), "y": .output(256)], over: Extent(256)),
    Launch(
      "fma_chains",
      [
        "x": .input(333), "y": .output(333), "factor": .real(-0.7), "term": .real(0.3), "rounds": .size(5),
        "length": .size(333),
      ], over: Extent(333)),
    Launch(
      "stream_triad",
      ["a": .input(5003), "b": .input(5003), "y": .output(5003), "factor": .real(0.1), "length": .size(5003)],
      over: Extent(5003)),
    Launch("encode_images", ["x": .input(500), "y": .outputBytes(500)], over: Extent(500)),
  ]

  private static let streamed = {
    var product = ProductLaunch(m: 17, n: 64, k: 5, aRow: 1, aTerm: 17)
    (product.bPanel, product.bTerm, product.isStreaming, product.limit) = (32, 64, true, 6)
    return product
  }()
}

@Suite("Every device gives the same bits", .serialized)
struct EqualBitsTests {
  @Test("builds and threads of the CPU device", arguments: Launch.rows)
  func processor(launch: Launch) throws {
    let bytes = try launch.run(on: .cpu(isa: "baseline", threads: 1))
    for build in Processors.builds {
      for threads in [1, 2, 3] {
        #expect(try launch.run(on: .cpu(isa: build, threads: threads)) == bytes, "\(build), \(threads) threads")
      }
    }
  }

  @Test(
    "forms and index widths of OpenCL", .enabled(if: Processors.openCL != nil, Processors.needed),
    arguments: KernelForm.allCases, [false, true])
  func openCL(form: KernelForm, wide: Bool) throws {
    let native = try Device.cpu(), device = Device(try Processors.openCL(form: form, alwaysWide: wide))
    for launch in Launch.rows {
      #expect(try launch.run(on: device) == launch.run(on: native), "\(launch.kernel.name)")
    }
  }

  @Test("a launch of a part leaves the rest alone", .enabled(if: Processors.openCL != nil, Processors.needed))
  func part() throws {
    for device in [try Device.cpu(), Device(try Processors.openCL())] {
      let x = device.buffer(count: 1000), y = device.buffer(count: 1000)
      device.write((0..<1000).map(Float.init), to: x)
      device.write([Float](repeating: 7, count: 1000), to: y)
      device.launch(.named("negate"), ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)], over: Extent(700), first: 301)
      let expected = (0..<1000).map { (301..<700).contains($0) ? -Float($0) : 7 }
      #expect(try device.read(y, count: 1000) == expected, "\(device.name)")
    }
  }
}
