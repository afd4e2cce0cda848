import Testing

@testable import Tensors

/// Tensors of two devices, or of two precisions, never meet. (A build with optimisation does not print why.)
@Test func tensorsOfTwoDevicesTrap() async throws {
  await #expect(processExitsWith: .failure) {
    let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(precision: .double, threads: 1))
    _ = Tensor(1, shape: [2], on: one) + Tensor(1, shape: [2], on: other)
  }
  await #expect(processExitsWith: .failure) {
    let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(threads: 1))
    Tensor(1, shape: [2], on: one).assign(Tensor(1, shape: [2], on: other))
  }
  await #expect(processExitsWith: .failure) {
    let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(precision: .double, threads: 1))
    _ = Tensor(1, shape: [2, 3], on: one).concatenated(with: Tensor(1, shape: [2, 3], on: other), axis: 0)
  }
  await #expect(processExitsWith: .failure) {
    let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(precision: .double, threads: 1))
    _ = matmul(Tensor(1, shape: [2, 3], on: one), Tensor(1, shape: [3, 2], on: other))
  }
  await #expect(processExitsWith: .success) {
    let one = try Device.cpu(threads: 1)
    #expect(try (Tensor(1, shape: [2], on: one) + Tensor(2, shape: [2], on: one)).scalars(as: Float.self) == [3, 3])
  }
}

/// Numbers of a draw have 32 bits; beyond, they would repeat.
@Test func drawsBeyond32BitsTrap() async {
  await #expect(processExitsWith: .success) {
    let device = try Device.cpu(threads: 1)
    let random = RandomStream(seed: 1, stream: 2)
    let last: [Float] = try random.uniform([4], step: Int(UInt32.max), on: device).scalars()
    #expect(try last != random.uniform([4], step: 0, on: device).scalars(as: Float.self))
  }
  await #expect(processExitsWith: .failure) {
    _ = RandomStream(seed: 1, stream: 2).uniform([4], step: 1 << 32, on: try Device.cpu(threads: 1))
  }
  await #expect(processExitsWith: .failure) {
    _ = RandomStream(seed: 1, stream: 2).normal([4], step: -1, on: try Device.cpu(threads: 1))
  }
}
