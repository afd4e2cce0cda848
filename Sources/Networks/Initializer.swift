/// How a parameter gets its first values: from Philox on the device, the same on every device.
public struct Initializer: Sendable {
  public let name: String
  private let body: @Sendable (Shape, RandomStream, Int, Device) throws(DeviceError) -> Tensor

  init(_ name: String, _ body: @escaping @Sendable (Shape, RandomStream, Int, Device) throws(DeviceError) -> Tensor) {
    (self.name, self.body) = (name, body)
  }

  func draw(_ shape: Shape, _ random: RandomStream, step: Int, on device: Device) throws(DeviceError) -> Tensor {
    try body(shape, random, step, device)
  }

  public static func constant(_ value: Double) -> Initializer {
    Initializer("constant") { shape, _, _, device in Tensor(value, shape: shape, on: device) }
  }
  /// These values, row by row.
  public static func values(_ values: [Double]) -> Initializer {
    Initializer("values") { shape, _, _, device in Tensor(values, shape: shape, on: device) }
  }
  public static func normal(mean: Double = 0, standardDeviation: Double) -> Initializer {
    Initializer("normal") { shape, random, step, device in
      standardDeviation * random.normal(shape, step: step, on: device) + mean
    }
  }
  /// DCGAN's (Radford et al. 2016): normal with deviation 0.02.
  public static let dcgan = Initializer("dcgan", Initializer.normal(standardDeviation: 0.02).body)
  /// He et al. 2015, for ReLU: normal with variance 2 / fan-in.
  public static let he = Initializer("he") { shape, random, step, device in
    (2 / Double(fans(shape).in)).squareRoot() * random.normal(shape, step: step, on: device)
  }
  /// Glorot and Bengio 2010: uniform on ±sqrt(6 / (fan-in + fan-out)).
  public static let glorot = Initializer("glorot") { shape, random, step, device in
    let (fanIn, fanOut) = fans(shape)
    let limit = (6 / Double(fanIn + fanOut)).squareRoot()
    return 2 * limit * random.uniform(shape, step: step, on: device) - limit
  }
  /// Saxe et al. 2014: the filter as a matrix [inputs, outputs] with orthonormal rows or columns, whichever are fewer.
  public static let orthogonal = Initializer("orthogonal") { shape, random, step, device throws(DeviceError) in
    let outputs = shape[-1]
    let inputs = shape.count / max(outputs, 1)
    let (count, length) = (min(inputs, outputs), max(inputs, outputs))
    // On the host in double, from + - * / and square roots only: a start, not a step, and the same bits everywhere.
    var vectors: [[Double]] = []
    let draws = try random.normal([count, length], step: step, on: device).scalars(as: Double.self)
    for i in 0..<count {
      var v = Array(draws[i * length..<(i + 1) * length])
      for _ in 0..<2 {  // Gram and Schmidt, twice, which is enough (Giraud et al. 2005)
        for u in vectors {
          let share = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
          for k in v.indices { v[k] -= share * u[k] }
        }
      }
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vectors.append(v.map { $0 / norm })
    }
    let values = (0..<inputs).flatMap { i in (0..<outputs).map { o in inputs < outputs ? vectors[i][o] : vectors[o][i] }
    }
    return Tensor(values, shape: shape, on: device)
  }

  /// The initializers that a configuration can name.
  public static let all = [dcgan, glorot, he, orthogonal]

  /// Inputs that an output sees, and outputs that an input reaches: [.., in, out], with the taps of a filter before
  /// them.
  private static func fans(_ shape: Shape) -> (in: Int, out: Int) {
    let taps = shape.sizes.dropLast(2).reduce(1, *)
    return (taps * shape[-2], taps * shape[-1])
  }
}

extension Initializer: SettingValue {
  public init?(settingText: String) {
    guard let row = Self.all.first(where: { $0.name == settingText }) else { return nil }
    self = row
  }
  public var settingText: String { name }
}
