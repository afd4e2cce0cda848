import Testing

@testable import Tensors

/// Numbers for tests: SplitMix64, uniform on [0, 1).
struct Numbers {
  var state: UInt64
  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}

/// Gradients against central differences, in double, along one random direction: first the op's vjp, then the vjp of
/// the vjp (the recursion of JAX's check_grads).
@Test(arguments: Op.all)
func gradientsOfOpsAgreeWithCentralDifferences(row: OpRow) throws {
  let device = try Device.cpu(precision: .double)
  for (number, sample) in row.samples.enumerated() {
    let inputs = sample.inputs(on: device, seed: UInt64(number))
    // Large samples are there for the kernels, all of Winograd's among them: their gradients are compared with plain
    // loops instead (ReferenceTests). Empty ones have no gradient.
    if inputs.contains(where: { $0.shape.count > 2000 || $0.shape.count == 0 }) { continue }
    let smooth = inputs.indices.filter { sample.domains[$0].isSmooth }
    if smooth.isEmpty { continue }
    func filled(_ variables: [Tensor]) -> [Tensor] {
      var all = inputs
      for (i, variable) in zip(smooth, variables) { all[i] = variable }
      return all
    }
    try checkGradient(
      of: { sample.apply(filled($0)) }, at: smooth.map { inputs[$0] }, order: row.order, name: "\(row.name) \(number)")
  }
}

/// Checks <dy, f'(x) v> = d/dt <dy, f(x + t v)> for random dy and v, then the same for x, dy -> vjp.
func checkGradient(of f: @escaping ([Tensor]) -> Tensor, at x: [Tensor], order: Int, name: String) throws {
  var numbers = Numbers(state: 99)
  let device = x[0].device
  func random(_ shape: Shape) -> Tensor {
    Tensor((0..<shape.count).map { _ in 2 * numbers.next() - 1 }, shape: shape, on: device)
  }
  let y = f(x)
  let dy = random(y.shape)
  let v = x.map { random($0.shape) }
  func pull(_ x: [Tensor], _ dy: Tensor, createGraph: Bool) -> [Tensor] {
    let tape = x.lazy.compactMap(\.tape).first ?? dy.tape ?? Tape()
    let watched = x.map { $0.tape == nil ? tape.watch($0) : $0 }
    let y = f(watched)
    if y.tape == nil { return x.map { Tensor(0, shape: $0.shape, on: device) } }
    return gradient(of: y, wrt: watched, gradOutput: dy, createGraph: createGraph)
  }
  func inner(_ a: [Tensor], _ b: [Tensor]) throws -> Double {
    try zip(a, b).reduce(0) { try $0 + ($1.0 * $1.1).summed().scalars(as: Double.self)[0] }
  }
  let analytic = try inner(pull(x, dy, createGraph: false), v)
  // A fourth-order central difference: error h^4 f^(5) / 30.
  let h = 1e-3
  func value(_ t: Double) throws -> Double { try inner([f(zip(x, v).map { $0 + t * $1 })], [dy]) }
  let numeric = try (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
  #expect(
    abs(analytic - numeric) / max(1, abs(analytic)) < 1e-6,
    "\(name), order \(order) to go: \(analytic), by differences \(numeric)")
  if order > 1 {
    // The vjp as a function of x and dy, its outputs added up with random weights of its own.
    let weights = x.map { random($0.shape) }
    try checkGradient(
      of: { inputs in
        let gradients = pull(Array(inputs.dropLast()), inputs[inputs.count - 1], createGraph: true)
        return zip(gradients, weights).map { ($0 * $1).summed() }.reduce(Tensor(0, on: device)) { $0 + $1 }
      }, at: x + [dy], order: order - 1, name: name + "'")
  }
}
