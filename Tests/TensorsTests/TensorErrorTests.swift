import Testing

@testable import Devices
@testable import Tensors

/// What does not fit is thrown where the caller asks for it, with the words of the trap.
struct ThrownRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let words: String
  let work: @Sendable (Device) throws -> Void

  static let all = [
    ThrownRow(testDescription: "shapes", words: "add: the shapes must be equal, not [2, 3] and [3, 2]") { device in
      _ = try Op.add.applied(Tensor(1, shape: [2, 3], on: device), Tensor(1, shape: [3, 2], on: device))
    },
    ThrownRow(testDescription: "shapes that do not broadcast", words: "must broadcast to each other") { device in
      _ = try Op.multiply.applied(
        broadcasting: Tensor(1, shape: [2, 3], on: device), Tensor(1, shape: [2], on: device))
    },
    ThrownRow(testDescription: "devices", words: "matmul: its inputs are on two devices, CPU") { device in
      let other = try Device.cpu(threads: 1)
      _ = try Op.matmul(false, false).applied(
        Tensor(1, shape: [2, 2], on: device), Tensor(1, shape: [2, 2], on: other))
    },
    ThrownRow(testDescription: "precisions", words: "1 thread, double)") { device in
      let other = try Device.cpu(precision: .double, threads: 1)
      _ = try Op.add.applied(Tensor(1, on: device), Tensor(1, on: other))
    },
    ThrownRow(testDescription: "tapes", words: "add: its inputs are on two tapes") { device in
      _ = try Op.add.applied(Tape().watch(Tensor(1, on: device)), Tape().watch(Tensor(1, on: device)))
    },
    ThrownRow(testDescription: "a variable of no tape", words: "this tape does not know") { device in
      let tape = Tape(), x = tape.watch(Tensor(1, on: device))
      _ = try tape.gradient(of: x * x, wrt: [Tensor(1, on: device)])
    },
    ThrownRow(testDescription: "a tensor of no tape", words: "this tape does not know") { device in
      let tape = Tape(), x = tape.watch(Tensor(1, on: device))
      _ = try tape.gradient(of: Tensor(1, on: device), wrt: [x])
    },
    ThrownRow(testDescription: "a released tape", words: "released by an earlier gradient") { device in
      let tape = Tape(), x = tape.watch(Tensor(1, on: device)), y = x * x
      _ = try tape.gradient(of: y, wrt: [x], retainGraph: false)
      _ = try tape.gradient(of: y, wrt: [x])
    },
    ThrownRow(testDescription: "a cotangent", words: "the cotangent must have the tensor's shape") { device in
      let tape = Tape(), x = tape.watch(Tensor(1, on: device))
      _ = try tape.gradient(of: x * x, wrt: [x], gradOutput: Tensor(1, shape: [2], on: device))
    },
  ]
}

@Test(arguments: ThrownRow.all)
func whatDoesNotFitIsThrown(row: ThrownRow) throws {
  let device = try Device.cpu(threads: 1)
  let error = #expect(throws: TensorError.self) { try row.work(device) }
  #expect(error?.description.contains(row.words) == true, "\(error?.description ?? "")")
  #expect(device.failure == nil)
}

@Test func aTapeGoesOnAfterAMisfit() throws {
  let device = try Device.cpu(threads: 1), tape = Tape()
  let x = tape.watch(Tensor([1, 2, 3], shape: [3], on: device))
  #expect(throws: TensorError.self) { try Op.add.applied(x, Tensor(1, shape: [2], on: device)) }
  let y = try Op.multiply.applied(x, x)
  #expect(try tape.gradient(of: y, wrt: [x])[0].scalars() == [2, 4, 6] as [Float])
}

/// A batch that is too large, then a smaller one on the same device.
@Test func aSmallerBatchFitsAfterALargerOneDidNot() throws {
  let device = Device(try CPUBackend(precision: .single, isa: nil, threads: 1), memoryLimit: 48 << 20)
  let w = Tensor(0.5, shape: [4, 2], on: device)
  func outputs(_ batch: Int) throws -> [Float] {
    let x = try Op.affine(2, 1).applied(Tensor(1, shape: [batch, 4], on: device))
    return try Op.matmul(false, false).applied(x, w).scalars()
  }
  let error = #expect(throws: TensorError.self) { try outputs(1 << 22) }
  guard case .device(.outOfMemory) = error else { return #expect(Bool(false), "\(error?.description ?? "")") }
  #expect(throws: TensorError.self) { try outputs(3) }  // until it is cleared
  guard case .outOfMemory = device.clearFailure() else { return #expect(Bool(false), "not out of memory") }
  #expect(try outputs(3) == [Float](repeating: 6, count: 6))
}

/// A write in place between an op and its gradient.
struct OverwriteRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Of the variable x [4] and a constant c [4].
  let op: @Sendable (_ x: Tensor, _ c: Tensor) -> Tensor
  let write: @Sendable (_ x: Tensor, _ c: Tensor, _ y: Tensor) -> Void
  /// What the message says; nil where the write is legal.
  let words: String?

  static let all = [
    OverwriteRow(
      testDescription: "fill of an input", op: { $0 * $1 }, write: { _, c, _ in c.fill(3) },
      words: "gradient of multiply: input 1, of shape [4], was written to in place"),
    OverwriteRow(
      testDescription: "assign to an input", op: { $0 * $1 },
      write: { x, c, _ in c.assign(Tensor(2, shape: [4], on: x.device)) }, words: "input 1"),
    OverwriteRow(
      testDescription: "host values", op: { $0 / $1 }, write: { _, c, _ in c.write([1, 2, 3, 4]) }, words: "divide"),
    OverwriteRow(
      testDescription: "a part of an input", op: { $0 * $1 },
      write: { _, c, _ in c.view(from: 2, shape: [1]).fill(3) }, words: "input 1"),
    OverwriteRow(
      testDescription: "the variable itself", op: { x, _ in x.sine() }, write: { x, _, _ in x.detached().fill(0) },
      words: "gradient of sine: input 0"),
    OverwriteRow(
      testDescription: "the output", op: { x, _ in x.tanh() }, write: { _, _, y in y.detached().fill(0) },
      words: "gradient of tanh: the output"),
    OverwriteRow(
      testDescription: "inside a fused op's definition",
      op: { x, c in conv2d(x.reshaped(to: [1, 2, 2, 1]), c.reshaped(to: [1, 1, 1, 4]), bias: c, activation: .relu) },
      write: { _, c, _ in c.fill(1) }, words: "gradient of conv2d_bias_activation: input"),
    // Nobody reads it again.
    OverwriteRow(testDescription: "an input of a sum", op: { $0 + $1 }, write: { _, c, _ in c.fill(3) }, words: nil),
    OverwriteRow(
      testDescription: "an input's copy", op: { $0 * ($1 + 0) }, write: { _, c, _ in c.fill(3) }, words: nil),
    OverwriteRow(
      testDescription: "the output of a product", op: { $0 * $1 }, write: { _, _, y in y.detached().fill(3) },
      words: nil),
  ]
}

@Test(arguments: OverwriteRow.all)
func writesToSavedValuesAreRefused(row: OverwriteRow) throws {
  let device = try Device.cpu(threads: 1)
  for createGraph in [false, true] {
    let tape = Tape()
    let c = Tensor([1, 2, 3, 4], shape: [4], on: device)
    let x = tape.watch(Tensor([5, 6, 7, 8], shape: [4], on: device))
    let y = row.op(x, c)
    let before = try tape.gradient(of: y, wrt: [x], createGraph: createGraph)[0].scalars(as: Float.self)
    row.write(x, c, y)
    if let words = row.words {
      let error = #expect(throws: TensorError.self) { try tape.gradient(of: y, wrt: [x], createGraph: createGraph) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    } else {
      #expect(try tape.gradient(of: y, wrt: [x], createGraph: createGraph)[0].scalars() == before)
    }
  }
}

@Test func writesAfterTheGradientAreLegal() throws {
  let device = try Device.cpu(threads: 1)
  let weights = Tensor([1, 2], shape: [2], on: device)
  for step in 0..<3 {
    let tape = Tape(), w = tape.watch(weights.view(from: 0, shape: [2]))
    let gradient = gradient(of: w * w, wrt: [w], retainGraph: false)[0]
    weights.assign(weights - 0.25 * gradient)
    #expect(try weights.scalars() == [0.5, 1].map { Float($0) / Float(1 << step) })
  }
}
