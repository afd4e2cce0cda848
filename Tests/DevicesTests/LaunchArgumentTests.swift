import Testing

@testable import Devices

@Suite("Arguments of a launch")
struct LaunchArgumentTests {
  /// In the signature's order, whatever the order of kinds there: partial, y, blocks, inner, factor, adds.
  @Test func order() throws {
    let device = try Device.cpu(threads: 1), kernel = Kernel.named("add_partials")
    let x = device.buffer(count: 1), y = device.buffer(count: 1)
    let arguments = kernel.arguments(
      ["partial": .buffer(x, at: 3), "y": .buffer(y, at: 0)], sizes: ["blocks": 5, "inner": 6, "adds": 1],
      reals: ["factor": 0.5])
    let told = arguments.map { argument in
      switch argument {
      case .buffer(_, let at): "buffer \(at)"
      case .real(let value): "real \(value)"
      case .uint(let value): "uint \(value)"
      case .size(let value): "size \(value)"
      }
    }
    #expect(told == ["buffer 3", "buffer 0", "size 5", "size 6", "real 0.5", "uint 1"])
  }

  @Test("names that are not the signature's trap: swapped, misspelt, too few, too many, of another kind")
  func names() async {
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("power").arguments(["y": .size(0), "x": .size(0)], reals: ["exponent": 1])
    }
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("affine").arguments(["x": .size(0), "y": .size(0)], reals: ["term": 1, "factor": 2])
    }
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("power").arguments(["x": .size(0), "y": .size(0)], reals: ["exponents": 1])
    }
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("power").arguments(["x": .size(0), "y": .size(0)])
    }
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("power").arguments(["x": .size(0), "y": .size(0)], reals: ["exponent": 1, "term": 1])
    }
    await #expect(processExitsWith: .failure) {
      _ = Kernel.named("power").arguments(["x": .size(0), "y": .size(0)], sizes: ["exponent": 1])
    }
  }

  @Test("what is no buffer in a buffer's place traps")
  func kinds() async {
    await #expect(processExitsWith: .failure) {
      let device = try Device.cpu(threads: 1)
      device.launch(.named("negate"), ["x": .size(0), "y": .size(0)], over: Extent(1))
    }
  }
}
