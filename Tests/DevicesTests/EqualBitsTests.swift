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

  let kernel: String
  let operands: [Operand]
  let extent: Extent

  init(_ kernel: String, _ operands: [Operand], over extent: Extent) {
    (self.kernel, self.operands, self.extent) = (kernel, operands, extent)
  }

  var testDescription: String { kernel }

  /// The bytes of the outputs after the launch.
  func run(on device: Device) throws -> [UInt8] {
    var outputs: [(buffer: Buffer, at: Int, count: Int)] = []
    var state: UInt32 = 1
    func number() -> Float {
      state = state &* 1_664_525 &+ 1_013_904_223  // Numerical Recipes' generator
      return Float(Int32(bitPattern: state) >> 8) / Float(1 << 21)
    }
    let arguments = operands.map { operand -> LaunchArgument in
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
    device.launch(.named(kernel), arguments, over: extent)
    return try outputs.flatMap { try device.readBytes($0.buffer, at: $0.at, count: $0.count, of: UInt8.self) }
  }

  /// At least one kernel of each shape of item, each kind of argument and each way of adding.
  static let rows = [
    Launch("negate", [.input(1000), .output(1000)], over: Extent(1000)),
    Launch("divide", [.input(1000), .input(1000), .output(1000)], over: Extent(1000)),
    Launch("tanh_forward", [.input(1000), .output(1000)], over: Extent(1000)),
    Launch("affine", [.input(70_001), .output(70_001), .real(0.1), .real(-1.0 / 3)], over: Extent(70_001)),
    Launch("add_bias", [.input(77), .input(11), .output(77), .size(7), .size(11)], over: Extent(rows: 7, columns: 11)),
    Launch("sum_chunks", [.input(15_003), .output(6), .size(5001)], over: Extent(rows: 3, columns: 2)),
    Launch(
      "sum_columns", [.input(2 * 130 * 19), .output(2 * 3 * 19), .size(130), .size(19)],
      over: Extent(rows: 3, columns: 19, batches: 2)),
    Launch(
      "matmul",  // 13 x 600 times 600 x 35, the right one in two panels of 32 columns
      [.input(13 * 600), .input(2 * 600 * 32), .input(35), .output(13 * 35)]
        + [13, 35, 600, 600, 1, 0, 600 * 32, 32, 0, 0].map { .size($0) } + [.uint(0), .uint(0), .real(0)],
      over: Extent(rows: 13, columns: 35)),
    Launch(
      "matmul",  // 17 x 5, transposed, times 5 x 64 as it lies, the product cut to 0 ... 6 and written past the cache
      [.input(5 * 17), .input(5 * 64), .input(64), .output(17 * 64)]
        + [17, 64, 5, 1, 17, 0, 32, 64, 0, 0].map { .size($0) } + [.uint(0), .uint(1), .real(6)],
      over: Extent(rows: 17, columns: 64)),
    Launch(
      "normal", [.output(1001), .size(1001), .uint(0x9876_5432), .uint(1), .uint(7), .uint(3)], over: Extent(1001)),
    Launch("decode_images", [.bytes((0...255).map { UInt8($0) }), .output(256)], over: Extent(256)),
    Launch(
      "fma_chains", [.input(333), .output(333), .real(-0.7), .real(0.3), .size(5), .size(333)], over: Extent(333)),
    Launch(
      "stream_triad", [.input(5003), .input(5003), .output(5003), .real(0.1), .size(5003)], over: Extent(5003)),
    Launch("encode_images", [.input(500), .outputBytes(500)], over: Extent(500)),
  ]
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
      #expect(try launch.run(on: device) == launch.run(on: native), "\(launch.kernel)")
    }
  }

  @Test("a launch of a part leaves the rest alone", .enabled(if: Processors.openCL != nil, Processors.needed))
  func part() throws {
    for device in [try Device.cpu(), Device(try Processors.openCL())] {
      let x = device.buffer(count: 1000), y = device.buffer(count: 1000)
      device.write((0..<1000).map(Float.init), to: x)
      device.write([Float](repeating: 7, count: 1000), to: y)
      device.launch(.named("negate"), [.buffer(x, at: 0), .buffer(y, at: 0)], over: Extent(700), first: 301)
      let expected = (0..<1000).map { (301..<700).contains($0) ? -Float($0) : 7 }
      #expect(try device.read(y, count: 1000) == expected, "\(device.name)")
    }
  }
}
