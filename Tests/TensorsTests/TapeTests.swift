import Foundation
import Testing

@testable import Tensors

/// A function, its third derivative in closed form, and where both are compared.
struct ThirdDerivative: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let function: @Sendable (Tensor) -> Tensor
  let exact: @Sendable (Double) -> Double

  static let all = [
    ThirdDerivative(testDescription: "x^4 by products", function: { ($0 * $0) * ($0 * $0) }, exact: { 24 * $0 }),
    ThirdDerivative(testDescription: "x^4 by power", function: { $0.power(4) }, exact: { 24 * $0 }),
    ThirdDerivative(
      testDescription: "tanh", function: { $0.tanh() },
      exact: {
        let t = tanh($0)
        return (1 - t * t) * (6 * t * t - 2)
      }),
    ThirdDerivative(
      testDescription: "softplus", function: { $0.softplus() },
      exact: {
        let s = 1 / (1 + exp(-$0))
        return s * (1 - s) * (1 - 2 * s)
      }),
    ThirdDerivative(testDescription: "log", function: { $0.logarithm() }, exact: { 2 / ($0 * $0 * $0) }),
    ThirdDerivative(testDescription: "1 / x", function: { 1 / $0 }, exact: { -6 / ($0 * $0 * $0 * $0) }),
    ThirdDerivative(testDescription: "sin", function: { $0.sine() }, exact: { -cos($0) }),
  ]
}

private let points = [0.25, 0.5, 1, 1.75]

@Test(arguments: ThirdDerivative.all)
func thirdDerivatives(row: ThirdDerivative) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let tape = Tape()
  let x = tape.watch(Tensor(points, shape: [4], on: device))
  var y = row.function(x)
  for _ in 0..<3 { y = gradient(of: y, wrt: [x], createGraph: true)[0] }
  for (x, third) in zip(points, try y.scalars(as: Double.self)) {
    #expect(abs(third - row.exact(x)) <= 1e-12 * max(1, abs(row.exact(x))), "at \(x): \(third), not \(row.exact(x))")
  }
}

@Test func variablesThatNothingDependsOnGetZeros() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let tape = Tape()
  let before = tape.watch(Tensor(3, shape: [2, 3], on: device))
  let x = tape.watch(Tensor(2, on: device))
  let y = x * x
  let after = tape.watch(Tensor(4, shape: [5], on: device))
  let blocked = tape.watch(Tensor(2, on: device))
  let gradients = gradient(of: y + blocked.step(), wrt: [before, x, after, blocked])
  let expected: [[Double]] = [.init(repeating: 0, count: 6), [4], .init(repeating: 0, count: 5), [0]]
  #expect(try gradients.map { try $0.scalars(as: Double.self) } == expected)
  #expect(gradients.map(\.shape) == [[2, 3], [], [5], []])
}

@Test func gradientsByIntermediates() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let tape = Tape()
  let x = tape.watch(Tensor(points, shape: [4], on: device))
  let h = x * x
  let gradients = gradient(of: h.sine() + 3 * h, wrt: [x, h])
  for (i, x) in points.enumerated() {
    let slope = cos(x * x) + 3
    #expect(abs(try gradients[0].scalars(as: Double.self)[i] - slope * 2 * x) < 1e-12)
    #expect(abs(try gradients[1].scalars(as: Double.self)[i] - slope) < 1e-12)
  }
}

@Test func aSeedWeighsTheOutputs() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let tape = Tape()
  let x = tape.watch(Tensor(points, shape: [4], on: device))
  let seed = Tensor([1.0, 0, -2, 0.5], shape: [4], on: device)
  let dx = gradient(of: x * x, wrt: [x], gradOutput: seed)[0]
  #expect(try dx.scalars(as: Double.self) == [0.5, 0, -4, 1.75])
}

/// The launches of a gradient through a small discriminator by its samples, and by its weights if they are asked for.
@Test func nobodyComputesGradientsThatNobodyAsksFor() throws {
  let device = try Device.cpu(threads: 1)
  func launches(watchingWeights: Bool, askingForWeights: Bool) -> Int {
    let tape = Tape()
    var weights = [Tensor(0.5, shape: [3, 4], on: device), Tensor(0.25, shape: [4, 1], on: device)]
    if watchingWeights { weights = weights.map(tape.watch) }
    let fake = tape.watch(Tensor(1, shape: [2, 3], on: device))
    let loss = matmul(matmul(fake, weights[0]).tanh(), weights[1]).summed()
    let start = device.launchCount
    _ = gradient(of: loss, wrt: [fake] + (askingForWeights ? weights : []))
    return device.launchCount - start
  }
  let constants = launches(watchingWeights: false, askingForWeights: false)
  // The seed, its broadcast, two products of two launches each, and tanh.
  #expect(constants == 7)
  #expect(launches(watchingWeights: true, askingForWeights: false) == constants)
  // Two more products.
  #expect(launches(watchingWeights: true, askingForWeights: true) == constants + 4)
}

@Test func releasingFreesWhatWasKept() throws {
  let device = try Device.cpu(threads: 1)
  func isHeld(retainGraph: Bool) throws -> (before: Bool, after: Bool) {
    let tape = Tape()
    let x = tape.watch(Tensor(1, shape: [64], on: device))
    weak var kept: Buffer?
    func build() -> Tensor {
      let h = x.exponential()
      kept = h.buffer
      return (h * h).summed()
    }
    let y = build()
    let before = kept != nil
    let dx = gradient(of: y, wrt: [x], retainGraph: retainGraph)[0]
    #expect(abs(try dx.scalars(as: Double.self)[0] - 2 * exp(2)) < 1e-5)
    return withExtendedLifetime(tape) { (before, kept != nil) }
  }
  let kept = try isHeld(retainGraph: true)
  #expect(kept.before && kept.after)
  let released = try isHeld(retainGraph: false)
  #expect(released.before && !released.after)
}

@Test func misusedTapesTrap() async {
  await #expect(processExitsWith: .failure) {  // a released tape
    let device = try Device.cpu(threads: 1)
    let tape = Tape()
    let x = tape.watch(Tensor(1, on: device))
    let y = x.exponential()
    _ = gradient(of: y, wrt: [x], retainGraph: false)
    _ = gradient(of: y, wrt: [x])
  }
  await #expect(processExitsWith: .failure) {  // two tapes
    let device = try Device.cpu(threads: 1)
    _ = Tape().watch(Tensor(1, on: device)) * Tape().watch(Tensor(1, on: device))
  }
  await #expect(processExitsWith: .failure) {  // no tape
    let device = try Device.cpu(threads: 1)
    _ = gradient(of: Tensor(1, on: device), wrt: [])
  }
}
