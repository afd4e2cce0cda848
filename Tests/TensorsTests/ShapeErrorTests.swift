import Testing

@testable import Tensors

/// Shapes that an op cannot take. The message must name the op and each of the shapes.
struct Misfit: Sendable, CustomTestStringConvertible {
  let op: Op
  let shapes: [Shape]
  /// What else the message must show: the attribute that does not fit.
  let words: [String]
  var testDescription: String { "\(op.name) of \(shapes)" }

  init(_ op: Op, _ shapes: [Shape], _ words: String...) { (self.op, self.shapes, self.words) = (op, shapes, words) }

  static let all = [
    Misfit(.add, [[2, 3], [3, 2]]),
    Misfit(.divide, [[2, 3], [2, 3, 1]]),
    Misfit(.reluGradient, [[4], [5]]),
    Misfit(.matmul(false, false), [[2, 3], [4, 5]], "a's columns must be b's rows"),
    Misfit(.matmul(true, false), [[2, 3], [3, 5]], "a transposed's columns"),
    Misfit(.matmul(false, true), [[2, 3], [3, 5]], "b transposed's rows"),
    Misfit(.matmul(false, false), [[2, 3, 5], [3, 5, 7]]),
    Misfit(.matmul(false, false), [[3], [3]]),
    Misfit(.affineProduct, [[2, 3], [3, 5], [3]], "the bias"),
    Misfit(.affineProduct, [[2, 3], [4, 5], [5]], "a's columns"),
    Misfit(.conv2d(.init()), [[1, 5, 5, 2], [3, 3, 4, 1]], "agree in C"),
    Misfit(.conv2d(.init()), [[5, 5, 2], [3, 3, 2, 1]]),
    Misfit(.conv2d(.init(padding: 1)), [[1, 1, 5, 2], [4, 4, 2, 1]], "padding: 1", "fit into the padded image"),
    // One row short, where rounding the quotient towards 0 would find room for one output.
    Misfit(.conv2d(.init(stride: 2)), [[1, 3, 8, 2], [4, 4, 2, 1]], "stride: 2"),
    Misfit(.conv2dInputGradient(.init(), height: 6, width: 6), [[1, 3, 3, 5], [3, 3, 2, 5]], "6 x 6"),
    Misfit(.conv2dInputGradient(.init(), height: 5, width: 5), [[1, 3, 3, 5], [3, 3, 5, 2]], "agree in K"),
    Misfit(.conv2dFilterGradient(.init(), rows: 3, columns: 2), [[1, 5, 5, 2], [1, 3, 3, 4]], "3 x 2"),
    Misfit(.conv2dFilterGradient(.init(), rows: 3, columns: 3), [[2, 5, 5, 2], [1, 3, 3, 4]], "agree in N"),
    Misfit(.conv2d(.init(), groups: 3), [[1, 5, 5, 4], [3, 3, 2, 6]], "3 groups"),
    Misfit(.conv2d(.init(), groups: 2), [[1, 5, 5, 4], [3, 3, 4, 6]], "agree in C"),
    Misfit(.conv2d(.init(), groups: 2), [[1, 5, 5, 4], [6, 3, 2, 6]], "fit into the padded image"),
    Misfit(.conv2d(.init(), groups: 0), [[], []]),
    Misfit(
      .conv2dInputGradient(.init(), groups: 4, height: 5, width: 5), [[1, 3, 3, 6], [3, 3, 2, 6]], "4 groups"),
    Misfit(
      .conv2dInputGradient(.init(), groups: 2, height: 6, width: 6), [[1, 3, 3, 6], [3, 3, 2, 6]], "6 x 6"),
    Misfit(
      .conv2dFilterGradient(.init(), groups: 2, rows: 3, columns: 3), [[1, 5, 5, 3], [1, 3, 3, 6]], "2 groups"),
    Misfit(
      .conv2dFilterGradient(.init(), groups: 2, rows: 3, columns: 2), [[1, 5, 5, 4], [1, 3, 3, 6]], "3 x 2"),
    Misfit(.bilinearDown(factor: 1), [[1, 1, 4, 2]], "two pixels"),
    Misfit(.bilinearUp(height: 8, width: 6, factor: 1), [[1, 4, 4, 2]], "8 x 6"),
    Misfit(.filterAxis(1, AxisFilter(inputs: 3, runs: [(0, [1, 2])])), [[3, 4]], "3 along axis 1"),
    Misfit(
      .conv2dBiasActivation(.init(padding: .init(rows: 1))), [[1, 2, 2, 3], [3, 3, 3, 4], [4]], "top: 1, left: 0"),
    Misfit(.conv2dBiasActivation(.init()), [[1, 5, 5, 3], [3, 3, 3, 4], [3]], "in K"),
    Misfit(.conv2dBiasActivation(.init(), groups: 2, .relu6), [[1, 5, 5, 2], [3, 3, 1, 2], [3]], "the bias"),
    Misfit(.concatenate(axis: 1), [[2, 3], [3, 3]], "all axes but axis 1"),
    Misfit(.concatenate(axis: 2), [[2, 3], [2, 3]], "axis 2"),
    Misfit(.translate, [[3, 4, 4, 2], [3, 1]], "shifts [N, 2]"),
    Misfit(
      .conv2d(.init(padding: .init(before: 1, after: 0)), groups: 2), [[1, 3, 5, 2], [5, 3, 1, 2]], "top: 1, left: 1",
      "fit into the padded image"),
    Misfit(
      .conv2d(.init(padding: .init(before: 1, after: 0))), [[1, 5, 5, 2], [3, 3, 2, 2]], "the same on every side"),
    Misfit(.maximumTaps(.init(3, stride: 2)), [[1, 2, 5, 1]], "size: 3", "fit into"),
    Misfit(.averagePool(.init(2, stride: 2, padding: 2), countsPadding: true), [[1, 5, 5, 1]], "more than padding"),
    Misfit(.averagePool(.init(2, stride: 2), countsPadding: true), [[5, 5, 1]], "[N, H, W, C]"),
    Misfit(.takeTaps(.init(2, stride: 2)), [[1, 4, 4, 3], [1, 2, 2, 1]], "a tap for each"),
    Misfit(.putTaps(.init(2, stride: 2), height: 4, width: 4), [[1, 2, 2, 3], [1, 2, 2, 1]], "a tap for each"),
    Misfit(.putTaps(.init(2, stride: 2), height: 4, width: 6), [[1, 2, 2, 3], [1, 2, 2, 3]], "4 x 6"),
    Misfit(.spreadAverage(.init(2, stride: 2), countsPadding: true, height: 6, width: 4), [[1, 2, 2, 3]], "6 x 4"),
    Misfit(.sum([2]), [[3, 4]], "[2]"),
    Misfit(.sum([0, 0]), [[3, 4]], "[0, 0]"),
    Misfit(.reshape([5, 5]), [[3, 8]], "[5, 5]"),
    Misfit(.broadcast([2, 3]), [[2]], "[2, 3]"),
    Misfit(.transpose([0, 0]), [[3, 4]], "[0, 0]"),
    Misfit(.slice([1, 2], [2, 3]), [[4, 4]], "[1, 2]", "[2, 3]"),
    Misfit(.slice([-1, 0], [2, 3]), [[4, 4]], "[-1, 0]"),
    Misfit(.pad([1], [3]), [[3]], "[1]"),
    Misfit(.addBias, [[2, 3], [2]]),
    Misfit(.concatenate(axis: 0), [[2, 3], [2, 4]]),
    Misfit(.concatenate(axis: 0), [[], []]),
    Misfit(.moments(groups: 1), [[3]]),
    Misfit(.moments(groups: 1), [[0, 3]]),
    Misfit(.moments(groups: 2), [[3, 3]], "each of 2"),
    Misfit(.normalize(.init(epsilon: 0.1)), [[5, 3], [3, 2], [3], [3]]),
    Misfit(.batchNormalize(.init(epsilon: 0.1)), [[5, 3], [1, 2, 3], [3], [5], [1, 3]]),
    Misfit(.batchNormalize(.init(epsilon: 0.1)), [[5, 3], [2, 2, 3], [3], [3], [2, 3]]),
    Misfit(.batchNormalize(.init(epsilon: 0.1)), [[6, 3], [2, 2, 3], [3], [3], [1, 3]], "the scale [groups, C]"),
    Misfit(.batchNormalizeSums(.init(epsilon: 0.1)), [[4, 3], [5, 3], [1, 2, 3], [3], [3], [1, 3]]),
    Misfit(.betaGradient, [[2, 3]]),
    Misfit(.batchNormalizeGradient(.init(epsilon: 0.1)), [[5, 3], [5, 3], [1, 2, 3], [3], [3], [2, 3]]),
    Misfit(.gammaGradient(epsilon: 0.1), [[1, 2, 3], [2, 2, 3]]),
    Misfit(.gather, [[5], [2]]),
    Misfit(.gather, [[0, 3], [2]]),
    Misfit(.scatter(rows: 4), [[5, 3], [4]]),
  ]
}

@Test(arguments: Misfit.all)
func misfitsAreNamed(row: Misfit) {
  let error = #expect(throws: ShapeError.self) { try row.op.shape(row.shapes) }
  let message = error?.description ?? ""
  for word in [row.op.name + ": "] + row.shapes.map(\.description) + row.words {
    #expect(message.contains(word), "'\(message)' does not show \(word)")
  }
}

@Test func misfitsTrap() async {
  await #expect(processExitsWith: .failure) {
    let device = try Device.cpu(threads: 1)
    _ = Op.add(Tensor(1, shape: [2, 3], on: device), Tensor(1, shape: [3, 2], on: device))
  }
  await #expect(processExitsWith: .failure) {
    let device = try Device.cpu(threads: 1)
    _ = Tensor(1, shape: [2, 3], on: device) * Tensor(1, shape: [4, 3], on: device)
  }
  await #expect(processExitsWith: .success) {  // shapes that broadcast
    let device = try Device.cpu(threads: 1)
    _ = Tensor(1, shape: [2, 3], on: device) * Tensor(1, shape: [2, 1], on: device)
  }
}
