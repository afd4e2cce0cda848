import Foundation
import Testing

@testable import Devices

/// A function of Kernels/cl/elementary.cl and the double function that it is held against (glibc's, within 1 double
/// ulp).
struct ElementaryFunction: Sendable, CustomTestStringConvertible {
  let name: String
  let exact: @Sendable (Double) -> Double
  /// In ulp.
  let bound: Double
  var testDescription: String { name }

  init(_ name: String, within bound: Double = 2, _ exact: @escaping @Sendable (Double) -> Double) {
    (self.name, self.exact, self.bound) = (name, exact, bound)
  }

  static let all = [
    ElementaryFunction("exp") { exp($0) },
    // Where e^x - 1 is taken as a difference, e^x is not far from 1. Ours of -0 is +0.
    ElementaryFunction("expm1", within: 4) { $0 == 0 ? 0 : expm1($0) },
    ElementaryFunction("log") { log($0) },
    ElementaryFunction("tanh") { tanh($0) },
    // These two forms lose nothing to cancellation or overflow.
    ElementaryFunction("sigmoid") { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) },
    ElementaryFunction("softplus") { ($0 > 0 ? $0 : 0) + log1p(exp(-abs($0))) },
    ElementaryFunction("erf") { erf($0) },
    ElementaryFunction("sin") { sin($0) },
    ElementaryFunction("cos") { cos($0) },
  ]
}

/// One unit in the last place of a float next to `exact`; 2^-149 among the denormals.
private func ulp(of exact: Double) -> Double {
  let exponent = exact == 0 ? -126 : max(Int(exact.exponent), -126)
  return Double(sign: .plus, exponent: exponent - 23, significand: 1)
}

/// The distance of `y` from the exact value in ulp; infinite where y is of the wrong kind or a zero of the wrong sign.
private func ulps(_ y: Float, _ exact: Double) -> Double {
  if exact.isNaN || y.isNaN { return exact.isNaN && y.isNaN ? 0 : .infinity }
  let rounded = Float(exact)
  if rounded.isInfinite || y.isInfinite { return rounded == y ? 0 : .infinity }
  if exact == 0 { return y == 0 && y.sign == exact.sign ? 0 : .infinity }
  return abs(Double(y) - exact) / ulp(of: exact)
}

/// Runs a kernel of elementary.cl over floats, a chunk at a time, and keeps the worst error.
private struct Sweep {
  static let chunk = 1 << 16
  let kernel: Kernel
  let device: Device
  private(set) var count = 0
  private(set) var worst = 0.0
  private(set) var place = ""

  init(_ name: String) throws {
    kernel = .named(name + "_check")
    device = try Device.cpu(threads: 1)  // the rows themselves run side by side
  }

  func results(_ inputs: [[Float]]) throws -> [Float] {
    let buffers = inputs.map { device.buffer(count: $0.count) }
    for (buffer, values) in zip(buffers, inputs) { device.write(values, to: buffer) }
    let y = device.buffer(count: inputs[0].count)
    let all = buffers + [y]
    let arguments = kernel.arguments(all.count) { (kernel.bufferNames[$0], .buffer(all[$0], at: 0)) }
    device.launch(kernel, arguments, over: Extent(inputs[0].count))
    return try device.read(y, count: inputs[0].count)
  }

  mutating func check(_ inputs: [[Float]], _ error: (_ i: Int, _ y: Float) -> Double) throws {
    let y = try results(inputs)
    count += y.count
    for i in y.indices {
      let error = error(i, y[i])
      if error > worst { (worst, place) = (error, "\(inputs.map { $0[i] }) -> \(y[i])") }
    }
  }

  func expect(within bound: Double) {
    #expect(count >= 10_000_000)
    #expect(worst <= bound, "\(kernel.name): \(worst) ulp at \(place)")
  }
}

/// Calls `body` with every `step`-th bit pattern of a range as floats, chunk by chunk.
private func forFloats(_ range: Range<UInt64>, step: UInt64, _ body: ([Float]) throws -> Void) rethrows {
  let chunk = UInt64(Sweep.chunk) * step
  for begin in stride(from: range.lowerBound, to: range.upperBound, by: Int(chunk)) {
    let bits = stride(from: begin, to: min(begin + chunk, range.upperBound), by: Int(step))
    try body(bits.map { Float(bitPattern: UInt32($0)) })
  }
}

@Test(arguments: ElementaryFunction.all)
func elementaryFunctionsKeepTheirBounds(function: ElementaryFunction) throws {
  var sweep = try Sweep(function.name)
  try forFloats(0..<(1 << 32), step: 397) { x in
    try sweep.check([x]) { ulps($1, function.exact(Double(x[$0]))) }
  }
  sweep.expect(within: function.bound)
}

/// One Newton step from the kernel's answer z, by the distribution function alone: (Phi(z) - u) / density(z) is the
/// distance to the quantile, but for its square.
@Test func inverseNormalIsWithinFourUlp() throws {
  var sweep = try Sweep("inverse_normal")
  try forFloats(1..<0x3f80_0000, step: 101) { x in
    try sweep.check([x]) { i, y in
      let (u, z) = (Double(x[i]), Double(y))
      guard z.isFinite else { return .infinity }
      let t = z / 2.0.squareRoot()
      // Each part of (0, 1) by the form that does not cancel there.
      let excess =
        abs(u - 0.5) < 0.25 ? 0.5 * erf(t) - (u - 0.5) : u < 0.5 ? 0.5 * erfc(-t) - u : (1 - u) - 0.5 * erfc(t)
      return abs(excess) * (2 * Double.pi).squareRoot() * exp(z * z / 2) / ulp(of: z)
    }
  }
  sweep.expect(within: 4)
}

/// Floats on which every function has an opinion of its own.
private let specialValues: [Float] =
  [
    0, 0x1p-149, 0x1p-126, 0.5, 1, 1.5, 2, 3, 16_777_215, 0x1p24, 0x1.fffffep-1, 0x1.000002p0, .infinity,
    0x1.fffffep127,
  ]
  .flatMap { [$0, -$0] } + [.nan]

/// Pairs of four kinds in turn: any bits; any x > 0, or x near 1, with a result between 2^-152 and 2^130; x < 0 with a
/// whole y. And all pairs of special values.
@Test func powerIsWithinFourUlp() throws {
  var sweep = try Sweep("pow")
  func check(_ x: [Float], _ y: [Float]) throws {
    try sweep.check([x, y]) { ulps($1, pow(Double(x[$0]), Double(y[$0]))) }
  }
  try check(specialValues.flatMap { x in specialValues.map { _ in x } }, specialValues.flatMap { _ in specialValues })
  var state: UInt64 = 7
  for _ in 0..<154 {
    var (x, y) = ([Float](repeating: 0, count: Sweep.chunk), [Float](repeating: 0, count: Sweep.chunk))
    for i in 0..<Sweep.chunk {
      state &+= 0x9E37_79B9_7F4A_7C15  // SplitMix64 (Steele et al. 2014)
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      let (low, high) = (UInt32(truncatingIfNeeded: z), UInt32(z >> 32))
      let exponent = -152 + 282 * 0x1p-32 * Double(high)
      (x[i], y[i]) = (Float(bitPattern: low), Float(bitPattern: high))
      if i % 4 == 1 { x[i] = abs(x[i]) }
      if i % 4 == 2 { x[i] = Float(bitPattern: low % 0x0100_0000 + 0x3f00_0000) }
      if i % 4 == 1 || i % 4 == 2 { y[i] = Float(exponent / log2(Double(x[i]))) }
      if i % 4 == 3 { (x[i], y[i]) = (-abs(x[i]), Float(exponent / log2(abs(Double(x[i])))).rounded(.toNearestOrEven)) }
    }
    try check(x, y)
  }
  sweep.expect(within: 4)
}

/// What IEEE 754 and the functions' limits ask for, to the bit; a NaN may have any bits.
struct SpecialValue: Sendable, CustomTestStringConvertible {
  let name: String
  let x: Float
  let expected: Float
  var testDescription: String { "\(name)(\(x))" }

  private static let table: [(String, [(Float, Float)])] = [
    ("exp", [(-.infinity, 0), (.infinity, .infinity), (0, 1), (-0, 1), (-104, 0), (89, .infinity), (.nan, .nan)]),
    ("expm1", [(-.infinity, -1), (.infinity, .infinity), (0, 0), (-104, -1), (0x1p-149, 0x1p-149), (.nan, .nan)]),
    (
      "log",
      [(0, -.infinity), (-0, -.infinity), (1, 0), (-1, .nan), (.infinity, .infinity), (-.infinity, .nan), (.nan, .nan)]
    ),
    ("tanh", [(.infinity, 1), (-.infinity, -1), (0, 0), (-0, -0), (0x1p-149, 0x1p-149), (30, 1), (.nan, .nan)]),
    ("sigmoid", [(.infinity, 1), (-.infinity, 0), (0, 0.5), (-0, 0.5), (-110, 0), (.nan, .nan)]),
    ("softplus", [(.infinity, .infinity), (-.infinity, 0), (-110, 0), (1e30, 1e30), (.nan, .nan)]),
    ("erf", [(.infinity, 1), (-.infinity, -1), (0, 0), (-0, -0), (5, 1), (.nan, .nan)]),
    ("sin", [(0, 0), (-0, -0), (.infinity, .nan), (-.infinity, .nan), (0x1p-149, 0x1p-149), (.nan, .nan)]),
    ("cos", [(0, 1), (-0, 1), (.infinity, .nan), (-.infinity, .nan), (.nan, .nan)]),
    ("inverse_normal", [(0.5, 0), (0, .nan), (1, .nan), (-1, .nan), (2, .nan), (.nan, .nan)]),
  ]

  static let all = table.flatMap { name, values in
    values.map { SpecialValue(name: name, x: $0.0, expected: $0.1) }
  }
}

@Test(arguments: SpecialValue.all)
func elementaryFunctionsOfSpecialValues(row: SpecialValue) throws {
  let y = try Sweep(row.name).results([[row.x]])[0]
  #expect(y.bitPattern == row.expected.bitPattern || (y.isNaN && row.expected.isNaN), "\(row.testDescription) is \(y)")
}

/// sin and cos of huge arguments, worked out from 140 digits of pi; 16367173 x 2^72 is the float nearest to a multiple
/// of pi / 2 (Muller, Elementary Functions, 2016).
@Test(arguments: [
  (Float(0x1p100), -0.8721836054182673, 0.48917865697472146),
  (.greatestFiniteMagnitude, -0.5218765233336585, 0.8530210398303042),
  (16_777_215, -0.9482326677687481, -0.31757645973239707),
  (355, -3.014435335948845e-05, -0.999999999545659),
  (16_367_173 * 0x1p72, 1, -1.6147697982476211e-09),
])
func sineAndCosineOfHugeArguments(x: Float, sine: Double, cosine: Double) throws {
  #expect(ulps(try Sweep("sin").results([[x]])[0], sine) <= 2)
  #expect(ulps(try Sweep("cos").results([[x]])[0], cosine) <= 2)
}
